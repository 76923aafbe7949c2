import { AuthorizationServer, Repairs } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const url = "https://as.test/.well-known/openid-configuration"

describe("an authorization server by the URL of its metadata", () => {
  it.effect("is fetched at once, repaired, and trusted under the issuer of its document", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.fetchByUrl(url, { type: "oidc", transpileData: Repairs.pkce })
      assert.strictEqual(server.issuer, "https://as.test")
      const { locations, metadata } = yield* server.config
      assert.deepStrictEqual(locations, [url])
      assert.deepStrictEqual(metadata.codeChallengeMethodsSupported, ["S256"])
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { code_challenge_methods_supported: undefined } }))))

  it.effect("is refused if its document names an issuer that does not lead back to the URL", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer("https://evil.test"))
      const error = yield* Effect.flip(AuthorizationServer.fetchByUrl(url))
      assert.strictEqual(error._tag === "DiscoveryFailed" ? error.outcome : error._tag, "Refused")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is refused if its document does not name the expected issuer", () =>
    Effect.gen(function*() {
      const expected = { expectedIssuer: "https://other.test" }
      for (const eager of [true, false]) {
        const made = eager
          ? AuthorizationServer.fetchByUrl(url, expected)
          : AuthorizationServer.discoverByUrl(url, expected)
        const error = yield* Effect.flip(Effect.flatMap(made, ({ config }) => config))
        assert.strictEqual(error._tag === "DiscoveryFailed" ? error.outcome : error._tag, "Refused")
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("makes no request before its metadata is needed if it is discovered", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = yield* AuthorizationServer.discoverByUrl(url, { expectedIssuer: "https://as.test" })
      assert.strictEqual(yield* provider.count(), 0)
      const { issuer } = yield* server.config
      assert.strictEqual(issuer, "https://as.test")
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(TestProvider.layer())))
})
