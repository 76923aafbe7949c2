import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { inside, insideOnly } from "../insideNetwork.ts"

type Environment = Readonly<Record<string, string>>

const resource = "https://api.test/mcp"
const issuer = "https://as.test"

const layerOf = (env: Environment) =>
  Layer.provide(
    McpAuth.layerFromConfig(),
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: { MCP_AUTH_RESOURCE: resource, ...env } }))
  )

const authenticator = Effect.fnUntraced(function*(env: Environment) {
  const context = yield* Layer.build(layerOf(env))
  const { authenticate } = yield* Effect.provide(McpAuth.McpAuth, context)
  return (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    )
})

const publicUrlOf = (url: string) => url.replace(inside, issuer)

const wellKnown = "/.well-known/oauth-authorization-server"
const all = { metadata: `${inside}${wellKnown}`, jwks: `${inside}/jwks`, introspection: `${inside}/introspect` }
const variable = (value: unknown): Environment => ({ MCP_AUTH_UNSAFE_INTERNAL_URLS: JSON.stringify(value) })
const credentials = { MCP_AUTH_CLIENT_ID: "notes", MCP_AUTH_CLIENT_SECRET: "secret" }

describe("MCP_AUTH_UNSAFE_INTERNAL_URLS", () => {
  it.effect("names the only URLs that are requested, while the issuer is public", () =>
    Effect.gen(function*() {
      const { client, providers: [provider] } = yield* TestProvider.makeNetwork({ issuer })
      if (provider === undefined) return assert.fail("no provider")
      const { introspection: _, ...urls } = all
      const authenticate = yield* authenticator({ MCP_AUTH_ISSUER: issuer, ...variable(urls) }).pipe(
        Effect.provideService(HttpClient.HttpClient, insideOnly(client, publicUrlOf))
      )
      assert.strictEqual((yield* authenticate(yield* provider.mint({ claims: { aud: resource } }))).issuer, issuer)
      const wrong = yield* Effect.flip(authenticate(yield* provider.mint({ claims: { aud: resource, iss: inside } })))
      assert.strictEqual(wrong._tag, "InvalidToken", "the internal origin is no issuer")
    }).pipe(Effect.scoped))

  it.effect("sends opaque tokens to the internal introspection endpoint alone", () =>
    Effect.gen(function*() {
      const { client, providers: [provider] } = yield* TestProvider.makeNetwork({ issuer })
      if (provider === undefined) return assert.fail("no provider")
      const authenticate = yield* authenticator({ MCP_AUTH_ISSUER: issuer, ...variable(all), ...credentials }).pipe(
        Effect.provideService(HttpClient.HttpClient, insideOnly(client, publicUrlOf))
      )
      const token = yield* provider.mintOpaque({ claims: { aud: resource } })
      assert.strictEqual((yield* authenticate(token)).issuer, issuer)
    }).pipe(Effect.scoped))

  const malformed: ReadonlyArray<string> = [
    all.metadata,
    "{",
    "null",
    "[]",
    "{}",
    "\"http://keycloak/metadata\"",
    JSON.stringify([all.metadata]),
    JSON.stringify({ keys: all.jwks }),
    JSON.stringify({ ...all, Jwks: all.jwks }),
    JSON.stringify({ metadata: null }),
    JSON.stringify({ metadata: "" }),
    JSON.stringify({ metadata: "keycloak:8080/metadata" }),
    JSON.stringify({ metadata: "//keycloak/metadata" }),
    JSON.stringify({ metadata: "ftp://keycloak/metadata" }),
    JSON.stringify({ jwks: "file:///etc/keys" }),
    JSON.stringify({ jwks: "http://user:s3cret@keycloak/jwks" }),
    JSON.stringify({ jwks: "http://keycloak/jwks#a" }),
    JSON.stringify({ jwks: "http://keycloak/../jwks" }),
    JSON.stringify({ jwks: [all.jwks] })
  ]
  for (const value of malformed) {
    it.effect(`is an error that names it, and not its value: ${value}`, () =>
      Effect.gen(function*() {
        const env = { MCP_AUTH_ISSUER: issuer, ...credentials, MCP_AUTH_UNSAFE_INTERNAL_URLS: value }
        const error = yield* Effect.flip(authenticator(env))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, "MCP_AUTH_UNSAFE_INTERNAL_URLS is not a JSON object of URLs")
        assert.notInclude(error.message, "s3cret")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const withoutEffect: ReadonlyArray<readonly [env: Environment, message: string]> = [
    [{ MCP_AUTH_ISSUER: `${issuer} https://other.test` }, "applies to one issuer, but MCP_AUTH_ISSUER names 2"],
    [{ MCP_AUTH_ISSUER: issuer, MCP_AUTH_METADATA_URL: `${issuer}/m` }, "and MCP_AUTH_METADATA_URL is set"],
    [{ MCP_AUTH_ISSUER: issuer }, "which has no effect without MCP_AUTH_CLIENT_ID"],
    [
      { MCP_AUTH_API_KEYS: JSON.stringify([{ id: "a", hash: "a".repeat(64), subject: "ci", scopes: [] }]) },
      "has no effect without MCP_AUTH_ISSUER or MCP_AUTH_PRESET"
    ]
  ]
  for (const [env, message] of withoutEffect) {
    it.effect(`is an error where it has no effect or contradicts another variable: ${message}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(authenticator({ ...env, ...variable(all) }))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, `MCP_AUTH_UNSAFE_INTERNAL_URLS `)
        assert.include(error.message, message)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})
