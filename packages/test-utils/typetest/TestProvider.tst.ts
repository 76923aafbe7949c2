import type { Discovery, Issuer, IssuerPolicy, ResourceIdentifier, Transpiler, WellKnown } from "@effect-mcp-auth/core"
import { Arbitraries, Fault, Providers, TestProvider } from "@effect-mcp-auth/test-utils"
import type { Effect, Layer, Schema } from "effect"
import type * as Arbitrary from "effect/Arbitrary"
import type { HttpClient } from "effect/http"
import { describe, expect, it } from "tstyche"

type Service = TestProvider.TestProvider["Service"]

describe("TestProvider", () => {
  it("is a client and its control, and requires nothing", () => {
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

  it("removes its faults, and rotates its keys, for chosen endpoints and keys", () => {
    expect<Parameters<Service["heal"]>>().type.toBe<[endpoint?: TestProvider.Endpoint]>()
    expect<ReturnType<Service["heal"]>>().type.toBe<Effect.Effect<void>>()
    expect<Service["heal"]>().type.not.toBeCallableWith("userinfo")
    expect<Parameters<Service["addKey"]>>().type.toBe<[key: Schema.JsonObject]>()
    expect<ReturnType<Service["addKey"]>>().type.toBe<Effect.Effect<void>>()
    expect<Parameters<Service["removeKey"]>>().type.toBe<[kid: string]>()
    expect<ReturnType<Service["removeKey"]>>().type.toBe<Effect.Effect<void>>()
    expect<Service["rotate"]>().type.toBeCallableWith({ dropOld: true })
  })

  it("counts its requests, and knows its own URLs", () => {
    expect<ReturnType<Service["count"]>>().type.toBe<Effect.Effect<number>>()
    expect<Service["count"]>().type.toBeCallableWith("jwks")
    expect<Service["count"]>().type.toBeCallableWith("openid-configuration")
    expect<Service["count"]>().type.not.toBeCallableWith("unknown")
    expect<Service["inFlight"]>().type.toBe<Effect.Effect<number>>()
    expect<Service["bytesSent"]>().type.toBe<Effect.Effect<number>>()
    expect<Service["issuer"]>().type.toBe<string>()
    expect<Service["document"]>().type.toBe<Schema.JsonObject>()
    expect<TestProvider.Request["endpoint"]>().type.toBe<TestProvider.Endpoint | "unknown">()
    expect<TestProvider.Request["at"]>().type.toBe<number>()
  })

  it("mints tokens of three algorithms, and revokes them", () => {
    expect<TestProvider.Algorithm>().type.toBe<"RS256" | "ES256" | "EdDSA">()
    expect<Service["mint"]>().type.toBeCallableWith({ algorithm: "ES256", claims: { sub: undefined }, forged: true })
    expect<Service["mint"]>().type.not.toBeCallableWith({ algorithm: "HS256" })
    expect<ReturnType<Service["mintOpaque"]>>().type.toBe<Effect.Effect<string>>()
    expect<Service["mintOpaque"]>().type.not.toBeCallableWith({ algorithm: "ES256" })
    expect<ReturnType<Service["revoke"]>>().type.toBe<Effect.Effect<void>>()
  })

  it("may be one of several on a network", () => {
    expect(TestProvider.makeNetwork({ issuer: "" }, { serves: ["openid-configuration"] })).type.toBe<
      Effect.Effect<{
        readonly providers: ReadonlyArray<Service>
        readonly client: HttpClient.HttpClient
      }>
    >()
    expect(TestProvider.makeNetwork).type.not.toBeCallableWith({ serves: ["jwks"] })
  })

  it("overrides members by their wire names, and omits those that are undefined", () => {
    expect(TestProvider.layer).type.toBeCallableWith({
      issuer: "https://as.test",
      metadata: { jwks_uri: undefined, x: [1] },
      metadataAt: { "openid-configuration": { x: null } },
      headers: { "cache-control": "no-store" },
      introspectsJwts: false
    })
    expect(TestProvider.layer).type.not.toBeCallableWith({ metadataAt: { jwks: {} } })
  })

  it("has only the faults that Fault can describe", () => {
    expect(Fault.all(Fault.html, Fault.delay("1 second"))).type.toBe<Fault.Fault>()
    expect<Service["fault"]>().type.toBeCallableWith("introspection", Fault.document((answer) => answer))
    expect<Service["fault"]>().type.not.toBeCallableWith("userinfo", Fault.html)
  })
})

describe("Fault", () => {
  it("is data, for every fault", () => {
    expect(Fault.status(503, { "retry-after": "1" })).type.toBe<Fault.Fault>()
    expect(Fault.delay("1 second")).type.toBe<Fault.Fault>()
    expect(Fault.connectionError("ECONNRESET")).type.toBe<Fault.Fault>()
    expect(Fault.redirect("", 307)).type.toBe<Fault.Fault>()
    expect(Fault.redirectLoop).type.toBe<Fault.Fault>()
    expect(Fault.html).type.toBe<Fault.Fault>()
    expect(Fault.body(new Uint8Array(), "text/plain")).type.toBe<Fault.Fault>()
    expect(Fault.truncatedBody({ broken: true })).type.toBe<Fault.Fault>()
    expect(Fault.hugeBody(Infinity, { announced: false })).type.toBe<Fault.Fault>()
    expect(Fault.slowBody()).type.toBe<Fault.Fault>()
    expect(Fault.document((document) => document)).type.toBe<Fault.Fault>()
    expect(Fault.wrongIssuer("")).type.toBe<Fault.Fault>()
    expect(Fault.missing("jwks_uri", "issuer")).type.toBe<Fault.Fault>()
    expect(Fault.nulls("jwks_uri")).type.toBe<Fault.Fault>()
    expect(Fault.headers({ "content-type": "text/plain" })).type.toBe<Fault.Fault>()
    expect(Fault.all()).type.toBe<Fault.Fault>()
  })

  it("turns documents into documents only", () => {
    expect(Fault.document).type.not.toBeCallableWith(() => "a text")
    expect(Fault.delay).type.not.toBeCallableWith("a while")
    expect(Fault.all).type.not.toBeCallableWith("Delay")
  })
})

describe("Providers", () => {
  it("are records of one type", () => {
    expect(Providers.all).type.toBe<ReadonlyArray<Providers.Provider>>()
    expect<(typeof Providers)[Exclude<keyof typeof Providers, "all" | "fetchOptions" | "strategy" | "layer">]>()
      .type.toBe<Providers.Provider>()
    expect(Providers.cognito.documents[0]).type.toBe<Providers.Document>()
    expect<Providers.Document["form"]>().type.toBe<WellKnown.Form | "other">()
    expect<Providers.Policy["_tag"]>().type.toBe<"exact" | "rootSlash" | "expected" | "template">()
    expect<Providers.RepairName>().type.toBe<"pkce" | "nulls" | "empty-arrays" | "response-types">()
    expect<Providers.Provider["unaided"]>().type.toBe<"Found" | "IssuerMismatch" | "Miss">()
  })

  it("are served by a client that requires nothing", () => {
    expect(Providers.layer(Providers.google)).type.toBe<Layer.Layer<HttpClient.HttpClient>>()
    expect(Providers.strategy(Providers.google)).type.toBe<Discovery.Strategy>()
    expect(Providers.fetchOptions(Providers.google)).type.toBe<Providers.FetchOptions>()
    expect(Providers.fetchOptions(Providers.google)).type.toBeAssignableTo<Discovery.FetchOptions>()
    expect<Providers.FetchOptions["transpileData"]>().type.toBe<Transpiler.Transpiler>()
    expect<Providers.FetchOptions["issuerPolicy"]>().type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(Providers.layer).type.not.toBeCallableWith("google")
  })
})

describe("Arbitraries", () => {
  it("generate what the library accepts, with its brands", () => {
    expect(Arbitraries.issuer).type.toBe<Arbitrary.Arbitrary<Issuer.Issuer>>()
    expect(Arbitraries.resourceIdentifier).type.toBe<Arbitrary.Arbitrary<ResourceIdentifier.ResourceIdentifier>>()
    expect(Arbitraries.invalidIssuer).type.toBe<Arbitrary.Arbitrary<Arbitraries.Mutant>>()
    expect(Arbitraries.insecureLoopbackIssuer).type.toBe<Arbitrary.Arbitrary<Issuer.Issuer>>()
    expect<Arbitraries.Mutant["issuer"]>().type.toBe<string>()
    expect(Arbitraries.authorizationServerDocument).type.toBe<Arbitrary.Arbitrary<Schema.JsonObject>>()
    expect(Arbitraries.protectedResourceDocument).type.toBe<Arbitrary.Arbitrary<Schema.JsonObject>>()
  })
})
