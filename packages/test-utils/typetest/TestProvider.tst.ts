import type { Issuer, ResourceIdentifier } from "@effect-mcp-auth/core"
import { Arbitraries, Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import type { Effect, Layer } from "effect"
import type * as Arbitrary from "effect/Arbitrary"
import type { HttpClient } from "effect/http"
import { describe, expect, it } from "tstyche"

type Service = TestProvider.TestProvider["Service"]

describe("TestProvider", () => {
  it("is a client and its own control, and needs nothing", () => {
    expect(TestProvider.layer()).type.toBe<Layer.Layer<TestProvider.TestProvider | HttpClient.HttpClient>>()
  })

  it("never fails a test by itself", () => {
    expect<Service["requests"]>().type.toBe<Effect.Effect<ReadonlyArray<TestProvider.Request>>>()
    expect<ReturnType<Service["mint"]>>().type.toBe<Effect.Effect<string>>()
    expect<ReturnType<Service["mintOpaque"]>>().type.toBe<Effect.Effect<string>>()
    expect<ReturnType<Service["revoke"]>>().type.toBe<Effect.Effect<void>>()
    expect<ReturnType<Service["fault"]>>().type.toBe<Effect.Effect<void>>()
    expect<ReturnType<Service["rotate"]>>().type.toBe<Effect.Effect<void>>()
  })

  it("suffers only what a fault can say", () => {
    expect(Fault.all(Fault.html, Fault.delay("1 second"))).type.toBe<Fault.Fault>()
    expect<Service["fault"]>().type.toBeCallableWith("introspection", Fault.document((answer) => answer))
    expect<Service["fault"]>().type.not.toBeCallableWith("token", Fault.html)
  })
})

describe("Arbitraries", () => {
  it("generate what the library accepts, with its brands", () => {
    expect(Arbitraries.issuer).type.toBe<Arbitrary.Arbitrary<Issuer.Issuer>>()
    expect(Arbitraries.resourceIdentifier).type.toBe<Arbitrary.Arbitrary<ResourceIdentifier.ResourceIdentifier>>()
    expect(Arbitraries.invalidIssuer).type.toBe<Arbitrary.Arbitrary<Arbitraries.Mutant>>()
  })
})
