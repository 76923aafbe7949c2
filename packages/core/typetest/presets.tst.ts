import { AuthorizationServer, IssuerLookup, McpAuth, type TokenVerifier } from "@effect-mcp-auth/core"
import * as Keycloak from "@effect-mcp-auth/core/presets/Keycloak"
import type * as Preset from "@effect-mcp-auth/core/presets/Preset"
import type * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { Data, Effect, type Layer } from "effect"
import type * as HttpClient from "effect/http/HttpClient"
import { describe, expect, it } from "tstyche"

class TableDown extends Data.TaggedError("TableDown") {}

describe("presets", () => {
  it("a preset demands its parameters, and accepts no others", () => {
    expect(Keycloak.preset).type.toBeCallableWith({ url: "https://id.example.com", realm: "notes" })
    expect(Keycloak.preset).type.not.toBeCallableWith({ url: "https://id.example.com" })
    expect(Keycloak.preset).type.not.toBeCallableWith({ url: "https://id.example.com", realm: 7 })
    expect(Keycloak.preset).type.not.toBeCallableWith({ url: "https://id.example.com", realm: "notes", tenant: "a" })
  })

  it("a preset is a trusted server whose errors are those of the layer", () => {
    const layer = McpAuth.layer({
      resource: "https://notes.example.com/mcp",
      authorizationServers: [Keycloak.preset({ url: "https://id.example.com", realm: "notes" })]
    })
    expect<Preset.InvalidPreset extends Layer.Error<typeof layer> ? true : false>().type.toBe<true>()
    expect<Layer.Services<typeof layer>>().type.toBe<HttpClient.HttpClient>()
  })

  it("the names of presets are known", () => {
    expect<"keycloak">().type.toBeAssignableTo<Presets.Name>()
    expect<"no-such-preset">().type.not.toBeAssignableTo<Presets.Name>()
  })
})

describe("servers with their own rules", () => {
  it("issuers of access tokens are never an empty list", () => {
    expect<readonly []>().type.not.toBeAssignableTo<AuthorizationServer.TokenIssuers>()
    expect<readonly ["https://a.test"]>().type.toBeAssignableTo<AuthorizationServer.TokenIssuers>()
  })

  it("the error of configured keys is the error of the server", () => {
    const server = AuthorizationServer.make({
      type: "oauth",
      metadata: { issuer: "https://as.test" },
      keys: Effect.fail(new TableDown())
    })
    expect<Effect.Success<typeof server>>().type.toBe<AuthorizationServer.AuthorizationServer<TableDown>>()
  })

  it("a verifier that looks up issuers is a method, whatever its lookup fails with", () => {
    expect(
      IssuerLookup.make({ lookup: () => Effect.fail(new TableDown()) })
    ).type.toBeAssignableTo<TokenVerifier.Method>()
  })
})
