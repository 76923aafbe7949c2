import { CredentialStore, McpOAuth, type UserAgent } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer } from "effect"
import { issuer, post, server, World } from "./world.ts"

type Environment = Readonly<Record<string, string>>

const variables: Environment = { MCP_OAUTH_SERVER: server, MCP_OAUTH_CLIENT_NAME: "test" }

const connect = (
  world: World,
  env: Environment,
  overrides: Partial<McpOAuth.Options<UserAgent.UserAgent>> = {}
) =>
  Layer.build(
    McpOAuth.layerFromConfig(overrides).pipe(
      Layer.provide(Layer.mergeAll(world.http, world.userAgent, CredentialStore.layerMemory)),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
    )
  ).pipe(Effect.map(Context.get(McpOAuth.McpOAuth)))

const without = (env: Environment, ...names: ReadonlyArray<string>): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))

/** The message of the `ConfigError` that prevents the start. */
const refusal = (env: Environment, overrides?: Partial<McpOAuth.Options<UserAgent.UserAgent>>) =>
  Effect.map(Effect.flip(connect(new World(), env, overrides)), (error) => {
    assert.strictEqual(error._tag, "ConfigError", error.message)
    return error.message
  })

const machine: Environment = {
  MCP_OAUTH_SERVER: server,
  MCP_OAUTH_GRANT: "client_credentials",
  MCP_OAUTH_ISSUER: issuer,
  MCP_OAUTH_CLIENT_ID: "sync",
  MCP_OAUTH_CLIENT_SECRET: "s3cret-of-sync"
}

const names = [
  "MCP_OAUTH_SERVER",
  "MCP_OAUTH_GRANT",
  "MCP_OAUTH_ISSUER",
  "MCP_OAUTH_CLIENT_ID",
  "MCP_OAUTH_CLIENT_SECRET",
  "MCP_OAUTH_CLIENT_METADATA_URL",
  "MCP_OAUTH_CLIENT_NAME",
  "MCP_OAUTH_SCOPES",
  "MCP_OAUTH_INTERACTIVE",
  "MCP_OAUTH_DPOP",
  "MCP_OAUTH_LOGIN_TIMEOUT",
  "MCP_OAUTH_LEGACY",
  "MCP_OAUTH_ALLOW_INSECURE_LOOPBACK"
]

describe("McpOAuth.layerFromConfig", () => {
  it.effect("logs in as the client that registers itself, with the scopes of MCP_OAUTH_SCOPES", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* connect(world, { ...variables, MCP_OAUTH_SCOPES: "notes:read, notes:write" })
      assert.strictEqual(yield* post(oauth), 200)
      assert.strictEqual(world.registrations, 1)
      const scopes = (world.pages[0]?.searchParams.get("scope") ?? "").split(" ")
      assert.includeMembers(scopes, ["notes:read", "notes:write"])
    }))

  it.effect("prefers the client that is registered by hand, and its metadata document, to a registration", () =>
    Effect.gen(function*() {
      const byHand = { ...variables, MCP_OAUTH_ISSUER: issuer, MCP_OAUTH_CLIENT_ID: "c1" }
      const document = "https://app.test/client.json"
      const byDocument = { ...variables, MCP_OAUTH_CLIENT_METADATA_URL: document }
      for (const [env, clientId] of [[byHand, "c1"], [byDocument, document]] as const) {
        const world = new World()
        world.serverMetadata = { client_id_metadata_document_supported: true }
        assert.strictEqual(yield* post(yield* connect(world, env)), 200)
        assert.strictEqual(world.pages[0]?.searchParams.get("client_id"), clientId)
        assert.strictEqual(world.registrations, 0)
      }
    }))

  it.effect("authenticates a service by its secret, without a page", () =>
    Effect.gen(function*() {
      const world = new World()
      assert.strictEqual(yield* post(yield* connect(world, machine)), 200)
      const [request] = world.grants("client_credentials")
      assert.strictEqual(request?.headers["authorization"], `Basic ${btoa("sync:s3cret-of-sync")}`)
      assert.strictEqual(world.pages.length, 0)
    }))

  it.effect("never asks a user if MCP_OAUTH_INTERACTIVE is never", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* connect(world, { ...variables, MCP_OAUTH_INTERACTIVE: "never" })
      assert.strictEqual((yield* Effect.flip(oauth.authorize))._tag, "LoginRequired")
      assert.strictEqual(world.pages.length, 0)
    }))

  it.effect("lets options of the program replace variables, which are then not required", () =>
    Effect.gen(function*() {
      const world = new World()
      const oauth = yield* connect(world, {}, { server, grant: world.dynamic })
      assert.strictEqual(yield* post(oauth), 200)
      assert.include(yield* refusal({}, { server }), "MCP_OAUTH_CLIENT_NAME")
      assert.include(
        yield* refusal({}, { grant: world.dynamic }),
        "MCP_OAUTH_SERVER is not set"
      )
    }))

  it.effect.each(names)(
    "refuses an empty %s, and a name that differs from it by one letter",
    (name) =>
      Effect.gen(function*() {
        assert.include(yield* refusal({ ...variables, [name]: "  " }), `${name} is empty`)
        const message = yield* refusal({ ...variables, [`${name}S`]: "x" })
        assert.include(message, `${name}S is not a known variable: rename it to ${name}`)
      })
  )

  const refused: ReadonlyArray<readonly [what: string, env: Environment, says: string]> = [
    ["no server", without(variables, "MCP_OAUTH_SERVER"), "MCP_OAUTH_SERVER is not set"],
    ["no client", without(variables, "MCP_OAUTH_CLIENT_NAME"), "MCP_OAUTH_CLIENT_NAME are not set"],
    ["a client ID without its issuer", { ...variables, MCP_OAUTH_CLIENT_ID: "c1" }, "MCP_OAUTH_ISSUER is not set"],
    ["an issuer without a client ID", { ...variables, MCP_OAUTH_ISSUER: issuer }, "MCP_OAUTH_CLIENT_ID is not set"],
    ["a secret without a client ID", { ...variables, MCP_OAUTH_CLIENT_SECRET: "x" }, "MCP_OAUTH_CLIENT_ID is not set"],
    ["a service without a secret", without(machine, "MCP_OAUTH_CLIENT_SECRET"), "MCP_OAUTH_CLIENT_SECRET is not set"],
    ["a service that registers itself", { ...machine, MCP_OAUTH_CLIENT_NAME: "x" }, "have no effect"],
    ["an unknown grant", { ...variables, MCP_OAUTH_GRANT: "password" }, "MCP_OAUTH_GRANT"],
    ["a time limit that is no duration", { ...variables, MCP_OAUTH_LOGIN_TIMEOUT: "soon" }, "MCP_OAUTH_LOGIN_TIMEOUT"],
    ["no scope in the list", { ...variables, MCP_OAUTH_SCOPES: "," }, "MCP_OAUTH_SCOPES has no entry"]
  ]
  it.effect.each(refused)("refuses %s", ([, env, says]) =>
    Effect.gen(function*() {
      const message = yield* refusal(env)
      assert.include(message, says)
      assert.notInclude(message, "s3cret")
    }))
})
