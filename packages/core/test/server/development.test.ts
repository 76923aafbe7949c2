/** The development mode: what it allows on loopback hosts, what it still refuses, and that production refuses it. */
import { AuthorizationServer, InsecureLoopback, McpAuth } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, ConfigProvider, Effect, Layer, Logger, Ref } from "effect"
import { HttpClient } from "effect/http"
import { buildError, callTool, type Handle, serve, server } from "./harness.ts"

type Environment = Readonly<Record<string, string>>

const environment = (env: Environment) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))

const resource = "http://localhost:3000/mcp"

const authOf = (issuer: string, own = resource) =>
  McpAuth.layer({ resource: own, authorizationServers: [AuthorizationServer.discover(issuer)] })

const appOf = <A, E, R>(auth: Layer.Layer<McpAuth.McpAuth | A, E, R>) =>
  Effect.map(
    Ref.make<ReadonlyArray<string>>([]),
    (reached) => server(reached).pipe(McpAuth.protect(), Layer.provide(auth))
  )

const developing = (issuer: string, own?: string) =>
  appOf(authOf(issuer, own).pipe(Layer.provide(McpAuth.development), Layer.provide(environment({}))))

const statusOf = Effect.fnUntraced(function*(handle: Handle, own: string) {
  const token = yield* (yield* TestProvider.TestProvider).mint({ claims: { aud: own } })
  return (yield* callTool(handle, token, "WhoAmI", own)).status
})

describe("McpAuth.development", () => {
  for (
    const [issuer, own] of [
      ["http://localhost:4444", resource],
      ["http://127.0.0.1:4444", "http://127.0.0.1:3000/mcp"],
      ["http://127.5.5.5:4444", resource],
      ["http://[::1]:4444", "http://[::1]:3000/mcp"],
      ["https://localhost:4444", resource],
      ["https://as.test", resource],
      ["http://localhost:4444", "https://api.test/mcp"]
    ] as const
  ) {
    it.effect(`accepts tokens of ${issuer} for ${own}`, () =>
      Effect.gen(function*() {
        const handle = yield* serve(yield* developing(issuer, own))
        assert.strictEqual(yield* statusOf(handle, own), 200)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer }))))
  }

  for (
    const issuer of [
      "http://10.0.0.1:4444",
      "http://192.168.1.10",
      "http://[fd00::1]",
      "http://169.254.169.254",
      "http://as.test",
      "http://localhost.example.com",
      "http://localhost@example.com",
      "http://127.0.0.1.nip.io"
    ]
  ) {
    it.effect(`still refuses the issuer ${issuer}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* buildError(yield* developing(issuer)))._tag, "InvalidIssuer")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("still refuses an http resource that is not on a loopback host", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* developing("http://localhost:4444", "http://10.0.0.1/mcp"))
      assert.strictEqual(error._tag, "InvalidResourceIdentifier")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("still follows no redirect from a loopback host to another origin", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("jwks", Fault.redirect("http://10.0.0.1/jwks"))
      const handle = yield* serve(yield* developing("http://localhost:4444"))
      assert.strictEqual(yield* statusOf(handle, resource), 503)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: "http://localhost:4444" }))))

  it.effect("accepts metadata at an http URL of a loopback host", () =>
    Effect.gen(function*() {
      const issuer = "http://localhost:4444"
      const url = `${issuer}/.well-known/oauth-authorization-server`
      const auth = McpAuth.layer({ resource, authorizationServers: [AuthorizationServer.fetchByUrl(url)] })
      const handle = yield* serve(
        yield* appOf(auth.pipe(Layer.provide(McpAuth.development), Layer.provide(environment({}))))
      )
      assert.strictEqual(yield* statusOf(handle, resource), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: "http://localhost:4444" }))))

  it.effect("without it, the error names it", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* appOf(authOf("http://localhost:4444")))
      assert.include(error.message, "McpAuth.development")
      assert.include(error.message, "MCP_AUTH_DEVELOPMENT=true")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("marks every request of its own McpAuth, and no request of another", () =>
    Effect.gen(function*() {
      const allowed: Array<readonly [origin: string, allowed: boolean]> = []
      const client = yield* HttpClient.HttpClient
      const watched = HttpClient.transform(client, (response, { url }) =>
        Effect.flatMap(InsecureLoopback.AllowInsecureLoopback, (isAllowed) => {
          allowed.push([new URL(url).origin, isAllowed])
          return response
        }))
      const issuer = "http://localhost:4444"
      const development = authOf(issuer).pipe(Layer.provide(McpAuth.development), Layer.provide(environment({})))
      const other = McpAuth.layer({
        resource,
        authorizationServers: [AuthorizationServer.discover(issuer, { allowInsecureLoopback: true })],
        allowInsecureLoopback: true
      })
      for (const [auth, expected] of [[development, true], [other, false]] as const) {
        allowed.length = 0
        const handle = yield* serve(
          yield* appOf(auth.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, watched))))
        )
        assert.strictEqual(yield* statusOf(handle, resource), 200)
        assert.isAbove(allowed.length, 1)
        assert.isTrue(
          allowed.every(([, isAllowed]) =>
            isAllowed === expected
          ),
          JSON.stringify(allowed)
        )
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: "http://localhost:4444" }))))

  it.effect("logs one warning when it is built", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) =>
        void lines.push(`${logLevel}: ${Arr.ensure(message).join()}`)
      )
      const both = Layer.merge(authOf("http://localhost:4444"), Layer.fresh(authOf("http://localhost:5555")))
      yield* Layer.build(both.pipe(Layer.provide(McpAuth.development), Layer.provide(environment({})))).pipe(
        Effect.provide(Logger.layer([logger]))
      )
      assert.deepStrictEqual(lines, [
        "Warn: Development mode is on: http and connections are allowed for loopback hosts"
      ])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (
    const nodeEnv of ["production", "Production", "PRODUCTION", "production ", " production", "prod", "production-eu"]
  ) {
    it.effect(`refuses to start with NODE_ENV=${JSON.stringify(nodeEnv)}`, () =>
      Effect.gen(function*() {
        const layer = McpAuth.development.pipe(Layer.provide(environment({ NODE_ENV: nodeEnv })))
        const error = yield* Effect.flip(Layer.build(layer))
        assert.isTrue(error._tag === "DevelopmentInProduction" && error.nodeEnv === nodeEnv, error.message)
        assert.match(error.message, /remove McpAuth\.development and MCP_AUTH_DEVELOPMENT/)
      }).pipe(Effect.scoped))
  }

  for (const nodeEnv of [undefined, "", "development", "test", "staging", "non-production"]) {
    it.effect(`starts with NODE_ENV ${nodeEnv === undefined ? "unset" : JSON.stringify(nodeEnv)}`, () =>
      Effect.gen(function*() {
        const env: Environment = nodeEnv === undefined ? {} : { NODE_ENV: nodeEnv }
        yield* Layer.build(McpAuth.development.pipe(Layer.provide(environment(env))))
      }).pipe(Effect.scoped))
  }
})

describe("MCP_AUTH_DEVELOPMENT", () => {
  const variables = { MCP_AUTH_RESOURCE: resource, MCP_AUTH_ISSUER: "http://localhost:4444" }
  const configured = (env: Environment) =>
    appOf(McpAuth.layerFromConfig().pipe(Layer.provide(environment({ ...variables, ...env }))))

  it.effect("is the development mode of layerFromConfig", () =>
    Effect.gen(function*() {
      const handle = yield* serve(yield* configured({ MCP_AUTH_DEVELOPMENT: "true" }))
      assert.strictEqual(yield* statusOf(handle, resource), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: "http://localhost:4444" }))))

  it.effect("allows loopback hosts for servers that the program gives instead of the environment", () =>
    Effect.gen(function*() {
      const auth = McpAuth.layerFromConfig({
        authorizationServers: [AuthorizationServer.discover("http://localhost:4444")]
      }).pipe(Layer.provide(environment({ MCP_AUTH_RESOURCE: resource, MCP_AUTH_DEVELOPMENT: "true" })))
      assert.strictEqual(yield* statusOf(yield* serve(yield* appOf(auth)), resource), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: "http://localhost:4444" }))))

  for (const env of [{}, { MCP_AUTH_DEVELOPMENT: "false" }]) {
    it.effect(`that is ${"MCP_AUTH_DEVELOPMENT" in env ? "false" : "not set"} allows no loopback host`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* buildError(yield* configured(env)))._tag, "InvalidIssuer")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("refuses to start in production", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* configured({ MCP_AUTH_DEVELOPMENT: "true", NODE_ENV: "production" }))
      assert.strictEqual(error._tag, "DevelopmentInProduction")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("that is not true or false is an error that names it", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* configured({ MCP_AUTH_DEVELOPMENT: "perhaps" }))
      assert.isTrue(error._tag === "ConfigError" && error.message.includes("MCP_AUTH_DEVELOPMENT"), error.message)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
