import { AddressPolicy, CheckReport, NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import type { Effect, Layer, Option } from "effect"
import type { HttpClient } from "effect/http"
import type * as Dns from "effect/net/Dns"
import { describe, expect, it } from "tstyche"

describe("NodeMcpAuth", () => {
  it("the default layer requires nothing and cannot fail", () => {
    expect(NodeMcpAuth.layer).type.toBe<Layer.Layer<HttpClient.HttpClient>>()
  })

  it("a layer with a wrong allowance fails with a typed error", () => {
    expect(NodeMcpAuth.layerWith({})).type.toBe<
      Layer.Layer<HttpClient.HttpClient, NodeMcpAuth.InvalidOption>
    >()
    expect(NodeMcpAuth.layerNoDns()).type.toBe<
      Layer.Layer<HttpClient.HttpClient, NodeMcpAuth.InvalidOption, Dns.Dns>
    >()
  })
})

describe("AddressPolicy", () => {
  it("is made with one typed error, and decides without effects", () => {
    expect(AddressPolicy.allow("loopback")).type.toBe<
      Effect.Effect<AddressPolicy.AddressPolicy, AddressPolicy.InvalidAddressPolicy>
    >()
    expect(AddressPolicy.refusedRange(AddressPolicy.publicOnly, "")).type.toBe<
      Option.Option<AddressPolicy.Range | "unreadable">
    >()
  })
})

describe("CheckReport", () => {
  it("has three verdicts and three exit codes", () => {
    expect<CheckReport.CheckReport["verdict"]>().type.toBe<"valid" | "invalid" | "unavailable">()
    expect(CheckReport.exitCode).type.toBe<(report: CheckReport.CheckReport) => 0 | 1 | 2>()
  })
})
