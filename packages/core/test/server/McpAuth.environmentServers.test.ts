import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"

type Environment = Readonly<Record<string, string>>

const resource = "https://api.test/mcp"
const issuer = "https://as.test"

/** The authentication of a server that the environment configures. */
const authenticator = Effect.fnUntraced(function*(env: Environment) {
  const config = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { MCP_AUTH_RESOURCE: resource, ...env } }))
  const context = yield* Layer.build(Layer.provide(McpAuth.layerFromConfig(), config))
  const { authenticate } = yield* Effect.provide(McpAuth.McpAuth, context)
  return (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    )
})

const refusal = (env: Environment) =>
  Effect.map(Effect.flip(authenticator(env)), (error) => {
    assert.strictEqual(error._tag, "ConfigError")
    return error.message
  })

describe("the variables of an authorization server", () => {
  it.effect("find metadata at MCP_AUTH_METADATA_URL that names MCP_AUTH_EXPECTED_ISSUER", () =>
    Effect.gen(function*() {
      const { client, providers: [provider] } = yield* TestProvider.makeNetwork({ issuer })
      const network = Effect.provideService(HttpClient.HttpClient, client)
      const env = {
        MCP_AUTH_ISSUER: "https://proxy.test",
        MCP_AUTH_METADATA_URL: `${issuer}/.well-known/oauth-authorization-server`
      }
      const token = yield* provider?.mint({ claims: { aud: resource } }) ?? Effect.die("no provider")
      const expecting = yield* network(authenticator({ ...env, MCP_AUTH_EXPECTED_ISSUER: issuer }))
      assert.strictEqual((yield* expecting(token)).issuer, issuer)
      const exact = yield* network(authenticator(env))
      assert.strictEqual((yield* Effect.flip(exact(token)))._tag, "InvalidToken")
    }).pipe(Effect.scoped))

  it.effect("accept the issuers of MCP_AUTH_TOKEN_ISSUERS in tokens, and no longer that of the metadata", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const authenticate = yield* authenticator({
        MCP_AUTH_ISSUER: issuer,
        MCP_AUTH_TOKEN_ISSUERS: "http://adfs.test/trust, http://old.test/trust"
      })
      for (const iss of ["http://adfs.test/trust", "http://old.test/trust"]) {
        assert.strictEqual((yield* authenticate(yield* provider.mint({ claims: { aud: resource, iss } }))).issuer, iss)
      }
      const error = yield* Effect.flip(authenticate(yield* provider.mint({ claims: { aud: resource } })))
      assert.strictEqual(error._tag, "InvalidToken")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("read scopes, subject and client from the claims that they name, and from no other", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const authenticate = yield* authenticator({
        MCP_AUTH_ISSUER: issuer,
        MCP_AUTH_SCOPE_CLAIMS: "ias_apis permissions",
        MCP_AUTH_ROLE_CLAIMS: "groups teams",
        MCP_AUTH_SUBJECT_CLAIM: "username",
        MCP_AUTH_CLIENT_CLAIM: "app"
      })
      const claims = {
        aud: resource,
        scope: "admin",
        ias_apis: ["read"],
        permissions: ["write"],
        roles: ["owner"],
        groups: ["editor"],
        teams: "notes team",
        username: "ada",
        app: "notes"
      }
      const info = yield* authenticate(yield* provider.mint({ claims }))
      assert.deepStrictEqual([...info.scopes].toSorted(), ["read", "write"])
      assert.deepStrictEqual([...info.roles ?? []], ["editor", "notes team"])
      assert.strictEqual(info.subject, "ada")
      assert.strictEqual(info.clientId, "notes")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("read claims in other forms, as JSON", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const authenticate = yield* authenticator({
        MCP_AUTH_ISSUER: issuer,
        MCP_AUTH_SCOPE_CLAIMS: `["scp", ["ext", "scope"], { "path": ["rights"], "separator": "," }]`,
        MCP_AUTH_ROLE_CLAIMS: ` [["realm_access", "roles"],
          { "path": ["projects"], "keys": true }, { "path": ["https://example.com/roles"], "member": "key" }]`,
        MCP_AUTH_SUBJECT_CLAIM: `["ext", "user"]`,
        MCP_AUTH_CLIENT_CLAIM: `["ext", "app"]`
      })
      const claims = {
        aud: resource,
        scope: "admin",
        scp: ["a"],
        ext: { scope: "b c", user: "ada", app: "notes" },
        rights: "d,e",
        realm_access: { roles: ["editor"] },
        projects: { owner: { 1: "x" } },
        "https://example.com/roles": [{ key: "reader", name: "Reader" }]
      }
      const info = yield* authenticate(yield* provider.mint({ claims }))
      assert.deepStrictEqual([...info.scopes].toSorted(), ["a", "b", "c", "d", "e"])
      assert.deepStrictEqual([...info.roles ?? []], ["editor", "owner", "reader"])
      assert.deepStrictEqual([info.subject, info.clientId], ["ada", "notes"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const invalidClaims: ReadonlyArray<readonly [name: string, value: string]> = [
    ["MCP_AUTH_SCOPE_CLAIMS", "[]"],
    ["MCP_AUTH_SCOPE_CLAIMS", `["scope"`],
    ["MCP_AUTH_SCOPE_CLAIMS", `[""]`],
    ["MCP_AUTH_SCOPE_CLAIMS", `[[]]`],
    ["MCP_AUTH_SCOPE_CLAIMS", `[{ "path": ["scope"], "seperator": "," }]`],
    ["MCP_AUTH_ROLE_CLAIMS", `[{ "path": ["roles"], "member": "" }]`],
    ["MCP_AUTH_ROLE_CLAIMS", "[1]"],
    ["MCP_AUTH_SUBJECT_CLAIM", "[]"],
    ["MCP_AUTH_SUBJECT_CLAIM", `[["ext", "user"]]`],
    ["MCP_AUTH_CLIENT_CLAIM", `[{ "path": ["app"] }]`]
  ]
  for (const [name, value] of invalidClaims) {
    it.effect(`are refused with their name, if a claim has an invalid form: ${name}=${value}`, () =>
      Effect.gen(function*() {
        assert.include(yield* refusal({ MCP_AUTH_ISSUER: issuer, [name]: value }), name)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("give an issuer in MCP_AUTH_AUDIENCE_BY_ISSUER its own audience, and leave the others theirs", () =>
    Effect.gen(function*() {
      const other = "https://other.test"
      const { client, providers } = yield* TestProvider.makeNetwork({ issuer }, { issuer: other })
      const authenticate = yield* authenticator({
        MCP_AUTH_ISSUER: `${issuer} ${other}`,
        MCP_AUTH_AUDIENCE_BY_ISSUER: JSON.stringify({ [other]: ["api://notes"] })
      }).pipe(Effect.provideService(HttpClient.HttpClient, client))
      for (const provider of providers) {
        const [right, wrong] = provider.issuer === issuer ? [resource, "api://notes"] : ["api://notes", resource]
        const accepted = yield* authenticate(yield* provider.mint({ claims: { aud: right } }))
        assert.strictEqual(accepted.issuer, provider.issuer)
        const error = yield* Effect.flip(authenticate(yield* provider.mint({ claims: { aud: wrong } })))
        assert.strictEqual(error._tag, "InvalidToken")
      }
    }).pipe(Effect.scoped))

  const two = `${issuer} https://other.test`
  const wrong: ReadonlyArray<readonly [env: Environment, message: string]> = [
    [{ MCP_AUTH_ISSUER: two, MCP_AUTH_METADATA_URL: issuer }, "MCP_AUTH_METADATA_URL applies to one issuer"],
    [{ MCP_AUTH_ISSUER: two, MCP_AUTH_EXPECTED_ISSUER: issuer }, "MCP_AUTH_EXPECTED_ISSUER applies to one issuer"],
    [{ MCP_AUTH_ISSUER: two, MCP_AUTH_TOKEN_ISSUERS: issuer }, "MCP_AUTH_TOKEN_ISSUERS applies to one issuer"],
    [{ MCP_AUTH_ISSUER: issuer, MCP_AUTH_METADATA_URL: "as.test" }, "MCP_AUTH_METADATA_URL is not an https URL"],
    [{ MCP_AUTH_ISSUER: issuer, MCP_AUTH_METADATA_URL: "http://as.test/m" }, "MCP_AUTH_METADATA_URL is not an https"],
    [
      { MCP_AUTH_ISSUER: issuer, MCP_AUTH_AUDIENCE_BY_ISSUER: "{\"https://as.test/\":[\"a\"]}" },
      "MCP_AUTH_AUDIENCE_BY_ISSUER names \"https://as.test/\", which is not in MCP_AUTH_ISSUER"
    ],
    [
      { MCP_AUTH_ISSUER: issuer, MCP_AUTH_AUDIENCE_BY_ISSUER: "{\"https://as.test\":[]}" },
      "MCP_AUTH_AUDIENCE_BY_ISSUER"
    ],
    [{ MCP_AUTH_ISSUER: issuer, MCP_AUTH_AUDIENCE_BY_ISSUER: "api" }, "MCP_AUTH_AUDIENCE_BY_ISSUER"]
  ]
  for (const [env, message] of wrong) {
    it.effect(`that cannot be used together, or have an invalid value, are an error: ${JSON.stringify(env)}`, () =>
      Effect.gen(function*() {
        assert.include(yield* refusal(env), message)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})
