import { Discovery, IssuerPolicy } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"

const mismatch = (search: Discovery.Search<unknown>) =>
  search.attempts.map(({ error, outcome }) => outcome === "Found" ? outcome : (error as { readonly _tag: string })._tag)

describe("fetchServerConfig", () => {
  const types: ReadonlyArray<readonly [Discovery.FetchOptions["type"], string]> = [
    ["oauth", "https://as.test/.well-known/oauth-authorization-server/t1"],
    ["oidc", "https://as.test/t1/.well-known/openid-configuration"],
    ["auto", "https://as.test/.well-known/oauth-authorization-server/t1"],
    [undefined, "https://as.test/.well-known/oauth-authorization-server/t1"]
  ]
  for (const [type, url] of types) {
    it.effect(`type ${type} requests ${url}`, () =>
      Effect.gen(function*() {
        const config = yield* Discovery.fetchServerConfig("https://as.test/t1", { type })
        assert.deepStrictEqual(config.locations, [url])
        assert.strictEqual(config.type, type === "oidc" ? "oidc" : "oauth")
      }).pipe(Effect.provide(TestProvider.layer({ issuer: "https://as.test/t1" }))))
  }

  it.effect("accepts a loopback issuer only when it is allowed", () =>
    Effect.gen(function*() {
      const issuer = "http://localhost:3000"
      const error = yield* Effect.flip(Discovery.fetchServerConfig(issuer))
      assert.strictEqual(error._tag, "InvalidIssuer")
      const config = yield* Discovery.fetchServerConfig(issuer, { allowInsecureLoopback: true })
      assert.strictEqual(config.issuer, issuer)
    }).pipe(Effect.provide(TestProvider.layer({ issuer: "http://localhost:3000" }))))

  it.effect("keeps unknown members in the configuration", () =>
    Effect.gen(function*() {
      const config = yield* Discovery.fetchServerConfig("https://as.test")
      assert.deepStrictEqual(config.metadata.additionalParameters, {
        resource_indicators_supported: true,
        vendor: { deep: [1, null] }
      })
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { vendor: { deep: [1, null] } } }))))
})

describe("fetchServerConfigByWellKnownUrl", () => {
  const layer = TestProvider.layer({ issuer: "https://as.test/t1" })
  const url = "https://as.test/t1/.well-known/openid-configuration"

  it.effect("requires that the document leads back to the URL, if no issuer is expected", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      assert.strictEqual((yield* Discovery.fetchServerConfigByWellKnownUrl(url)).issuer, "https://as.test/t1")
      for (const other of ["https://evil.test", "https://as.test", "https://as.test/t2", "not an issuer"]) {
        yield* provider.fault("metadata", Fault.wrongIssuer(other))
        const error = yield* Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(url))
        assert.strictEqual(error.outcome, "Refused")
        assert.strictEqual(error.attempts[0]?.error?._tag, "IssuerMismatch")
      }
    }).pipe(Effect.provide(layer)))

  it.effect("requires the expected issuer", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer("https://tenant.test/"))
      const expected = Discovery.fetchServerConfigByWellKnownUrl(url, { expectedIssuer: "https://tenant.test/" })
      assert.strictEqual((yield* expected).issuer, "https://tenant.test/")
      const slash = Discovery.fetchServerConfigByWellKnownUrl(url, { expectedIssuer: "https://tenant.test" })
      assert.strictEqual((yield* Effect.flip(slash)).outcome, "Refused")
    }).pipe(Effect.provide(layer)))
})

describe("issuer policies", () => {
  const claims: ReadonlyArray<
    readonly [IssuerPolicy.IssuerPolicy, asked: string, answered: string, accepted: boolean]
  > = [
    [IssuerPolicy.exact, "https://a.test", "https://a.test", true],
    [IssuerPolicy.exact, "https://a.test", "https://a.test/", false],
    [IssuerPolicy.exact, "https://a.test", "https://A.test", false],
    [IssuerPolicy.exact, "https://a.test", "https://a.test:443", false],
    [IssuerPolicy.exact, "https://a.test/%7e", "https://a.test/~", false],
    [IssuerPolicy.rootSlash, "https://a.test", "https://a.test/", true],
    [IssuerPolicy.rootSlash, "https://a.test/", "https://a.test", true],
    [IssuerPolicy.rootSlash, "https://a.test/x", "https://a.test/x/", false],
    [IssuerPolicy.rootSlash, "https://a.test", "https://a.test//", false],
    [IssuerPolicy.rootSlash, "https://a.test", "https://b.test/", false],
    [IssuerPolicy.expected("https://b.test"), "https://a.test", "https://b.test", true],
    [IssuerPolicy.expected("https://b.test"), "https://a.test", "https://a.test", false],
    [
      IssuerPolicy.template("https://l.test/{tenantid}/v2"),
      "https://l.test/common/v2",
      "https://l.test/{tenantid}/v2",
      true
    ],
    [
      IssuerPolicy.template("https://l.test/{tenantid}/v2"),
      "https://l.test/common/v2",
      "https://l.test/abc-1/v2",
      true
    ],
    [IssuerPolicy.template("https://l.test/{tenantid}/v2"), "https://l.test/common/v2", "https://l.test/a/b/v2", false],
    [IssuerPolicy.template("https://l.test/{tenantid}/v2"), "https://l.test/common/v2", "https://l.test/../v2", false],
    [IssuerPolicy.template("https://l.test/{tenantid}/v2"), "https://l.test/common/v2", "https://lxtest/abc/v2", false],
    [IssuerPolicy.template("https://l.test/{tenantid}/v2"), "https://l.test/common/v2", "https://l.test//v2", false],
    [IssuerPolicy.acceptAnyUnsafe, "https://a.test", "urn:anything", true]
  ]
  for (const [policy, asked, answered, accepted] of claims) {
    it(`${policy.name}: ${answered} for ${asked} is ${accepted ? "accepted" : "refused"}`, () => {
      assert.strictEqual(policy.accepts({ asked, answered }), accepted)
    })
  }

  it.effect("Entra's common document is accepted under its template, and under no other policy", () =>
    Effect.gen(function*() {
      const template = "https://login.test/{tenantid}/v2.0"
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer(template))
      const issuer = "https://login.test/common/v2.0"
      const config = yield* Discovery.fetchServerConfig(issuer, {
        type: "oidc",
        issuerPolicy: IssuerPolicy.template(template)
      })
      assert.strictEqual(config.issuer, template)
      assert.deepStrictEqual(mismatch(yield* Discovery.search(Discovery.oidc, issuer)), ["IssuerMismatch"])
    }).pipe(Effect.provide(TestProvider.layer({ issuer: "https://login.test/common/v2.0" }))))

  it.effect("no document of another issuer is ever returned, whatever the repairs do", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      for (
        const other of ["https://evil.test", "https://as.test/", "HTTPS://as.test", "https://as.test:443", "as.test"]
      ) {
        yield* provider.fault("metadata", Fault.wrongIssuer(other))
        const error = yield* Effect.flip(Discovery.fetchServerConfig("https://as.test", {
          transpileData: (document) => ({ ...document, issuer: "https://as.test" })
        }))
        assert.strictEqual(error._tag === "DiscoveryFailed" ? error.outcome : error._tag, "Refused")
      }
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("clients that follow redirects automatically", () => {
  it.effect("are refused a response from another origin", () =>
    Effect.gen(function*() {
      const client = HttpClient.make((request) => {
        const response = Response.json({ issuer: "https://as.test" })
        Object.defineProperty(response, "url", { value: "https://evil.test/x" })
        return Effect.succeed(HttpClientResponse.fromWeb(request, response))
      })
      const error = yield* Effect.flip(
        Effect.provideService(Discovery.fetchServerConfig("https://as.test"), HttpClient.HttpClient, client)
      )
      assert.include(error.message, "redirects to another origin")
    }))

  it.effect("are told not to follow redirects and to send no cookies", () =>
    Effect.gen(function*() {
      const seen: Array<RequestInit | undefined> = []
      const fetch: typeof globalThis.fetch = (_input, init) => {
        seen.push(init)
        return Promise.resolve(Response.json({ issuer: "https://as.test" }))
      }
      yield* Discovery.fetchServerConfig("https://as.test").pipe(
        Effect.provide(FetchHttpClient.layer),
        Effect.provideService(FetchHttpClient.Fetch, fetch)
      )
      assert.strictEqual(seen[0]?.redirect, "manual")
      assert.strictEqual(seen[0]?.credentials, "omit")
    }))
})

describe("error messages", () => {
  it.effect("cannot be made to forge a log line by a provider", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer("https://as.test\nERROR all is lost"))
      const error = yield* Effect.flip(Discovery.fetchServerConfig("https://as.test", { type: "oauth" }))
      assert.notInclude(error.message, "\nERROR")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("list every invalid member of a document by its wire name", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.nulls("jwks_uri", "token_endpoint"))
      const error = yield* Effect.flip(Discovery.fetchServerConfig("https://as.test", { type: "oauth" }))
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.include(error.message, "jwks_uri")
      assert.strictEqual(error.attempts[0]?.outcome, "Incomplete")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("recognize a discovery URL in place of an issuer", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Discovery.fetchServerConfig("https://as.test/.well-known/openid-configuration")
      )
      assert.include(error.message, "pass the issuer")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("never contain user information", () =>
    Effect.gen(function*() {
      for (const issuer of ["https://user:hunter2@as.test", "https://hunter2@as.test/?x", "http:\\\\hunter2@as.test"]) {
        const error = yield* Effect.flip(Discovery.fetchServerConfig(issuer))
        assert.notInclude(error.message + JSON.stringify(error), "hunter2")
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("never contain the query of a metadata URL", () =>
    Effect.gen(function*() {
      const url = "https://as.test/x?key=hunter2"
      const error = yield* Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(url))
      assert.notInclude(error.message, "hunter2")
    }).pipe(Effect.provide(TestProvider.layer())))
})
