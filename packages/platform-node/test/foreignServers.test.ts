import { AuthorizationServer, type McpAuthOptions } from "@effect-mcp-auth/core"
import * as ExpressServer from "@effect-mcp-auth/examples/expressServer"
import * as HonoServer from "@effect-mcp-auth/examples/honoServer"
import { NodeFetchAuth } from "@effect-mcp-auth/platform-node"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const resource = "https://api.test/mcp"

/** A handler of requests for the resource, wherever it listens. */
type Fetch = (path: string, init: RequestInit) => Promise<Response>

const options = Effect.gen(function*() {
  const { client, providers: [provider] } = yield* TestProvider.makeNetwork({})
  if (provider === undefined) return yield* Effect.die("one provider was asked for")
  return {
    provider,
    options: {
      resource,
      authorizationServers: [AuthorizationServer.discover("https://as.test")],
      scopesSupported: ["notes:read"],
      client: Layer.succeed(HttpClient.HttpClient, client)
    }
  }
})

type Options = Effect.Success<typeof options>["options"] & {
  readonly failureLimit?: McpAuthOptions.FailureLimit
}

const express = Effect.fnUntraced(function*(options: Options) {
  const { app } = yield* Effect.acquireRelease(
    Effect.promise(() => ExpressServer.makeApp(options)),
    ({ close }) => Effect.promise(close)
  )
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(app)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )
  const { port } = server.address() as AddressInfo
  const ask: Fetch = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)
  return ask
})

const hono = Effect.fnUntraced(function*(options: Options) {
  const { app } = yield* Effect.acquireRelease(
    Effect.promise(() => HonoServer.makeApp(options, () => ({ remote: { address: "203.0.113.7" } }))),
    ({ close }) => Effect.promise(close)
  )
  const ask: Fetch = async (path, init) => app.fetch(new Request(`https://api.test${path}`, init))
  return ask
})

for (const [name, start] of [["Express", express], ["Hono", hono]] as const) {
  describe(`a server of ${name}`, () => {
    it.live("answers a request without a token with 401 and the metadata URL", () =>
      Effect.gen(function*() {
        const ask = yield* start((yield* options).options)
        const refused = yield* Effect.promise(() => ask("/mcp", { method: "POST" }))
        assert.strictEqual(refused.status, 401)
        assert.strictEqual(
          refused.headers.get("www-authenticate"),
          "Bearer scope=\"notes:read\", resource_metadata=\"https://api.test/.well-known/oauth-protected-resource/mcp\""
        )
        const metadata = yield* Effect.promise(() => ask("/.well-known/oauth-protected-resource/mcp", {}))
        const document = yield* Effect.promise(() => metadata.json())
        assert.strictEqual(document.resource, resource)
      }))

    it.live("accepts a valid token, and no other", () =>
      Effect.gen(function*() {
        const { options: given, provider } = yield* options
        const ask = yield* start(given)
        const call = (token: string) =>
          Effect.promise(() => ask("/mcp", { method: "POST", headers: { authorization: `Bearer ${token}` } }))
        const answered = yield* call(yield* provider.mint())
        assert.strictEqual(answered.status, 200)
        assert.deepStrictEqual(yield* Effect.promise(() => answered.json()), { subject: "user-1" })
        assert.strictEqual(answered.headers.get("access-control-allow-origin"), "*")
        const forged = yield* call(yield* provider.mint({ forged: true }))
        assert.strictEqual(forged.status, 401)
        assert.include(forged.headers.get("www-authenticate"), "error=\"invalid_token\"")
      }))

    it.live("answers 429 after as many failures of one client as the limit", () =>
      Effect.gen(function*() {
        const { options: given, provider } = yield* options
        const ask = yield* start({ ...given, failureLimit: { limit: 3, window: "1 hour" } })
        const forged = `Bearer ${yield* provider.mint({ forged: true })}`
        const call = Effect.promise(() => ask("/mcp", { method: "POST", headers: { authorization: forged } }))
        const statuses = yield* Effect.replicateEffect(Effect.map(call, ({ status }) => status), 50)
        assert.deepStrictEqual(statuses, [401, 401, 401, ...Array.from({ length: 47 }, () => 429)])
        const authorization = `Bearer ${yield* provider.mint()}`
        const locked = yield* Effect.promise(() => ask("/mcp", { method: "POST", headers: { authorization } }))
        assert.strictEqual(locked.status, 429)
        assert.isAbove(Number(locked.headers.get("retry-after")), 0)
      }))

    it.live("answers preflights", () =>
      Effect.gen(function*() {
        const ask = yield* start((yield* options).options)
        const headers = { "origin": "https://app.test", "access-control-request-headers": "authorization" }
        const preflight = yield* Effect.promise(() => ask("/mcp", { method: "OPTIONS", headers }))
        assert.strictEqual(preflight.status, 204)
        assert.strictEqual(preflight.headers.get("access-control-allow-headers"), "authorization")
      }))
  })
}

describe("NodeFetchAuth", () => {
  it("is not built with invalid options, and the error names the mistake", async () => {
    const started = NodeFetchAuth.start({ resource: `${resource}#x`, authorizationServers: [] })
    const error = await started.then(() => undefined, (error: unknown) => error)
    assert.propertyVal(error, "_tag", "InvalidResourceIdentifier")
  })

  it("accepts http on a loopback host in development, and not without it", async () => {
    const local = {
      resource: "http://localhost:3000/mcp",
      authorizationServers: [AuthorizationServer.discover("http://localhost:4444")]
    }
    const error = await NodeFetchAuth.start(local).then(() => undefined, (error: unknown) => error)
    assert.propertyVal(error, "_tag", "InvalidIssuer")
    const auth = await NodeFetchAuth.start({ ...local, development: true })
    const outcome = await auth.authenticate(new Request(local.resource, { method: "POST" }))
    await auth.close()
    assert.isTrue(outcome._tag === "Answered" && outcome.response.status === 401)
  })
})
