import { AuthorizationServer, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Latch, Layer, Ref, Schema, Scope } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { HttpRouter } from "effect/http"
import { Agent, createServer, request } from "node:http"
import { freePort } from "./standing/soak/children.ts"

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "Forbidden",
    arguments: {},
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1.0.0" }
    }
  }
})

const headers = {
  "content-type": "application/json",
  "accept": "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "Forbidden"
}

/** The status of one call, or 0 if the connection ended without a response. */
const call = (port: number, agent: Agent, token: string, patience = 1_000) =>
  Effect.callback<number>((resume) => {
    const sent = request(`http://127.0.0.1:${port}/mcp`, {
      agent,
      method: "POST",
      // A server that has shut down does not answer on connections that are still open.
      timeout: patience,
      headers: { ...headers, authorization: `Bearer ${token}` }
    }, (response) => {
      response.resume()
      response.on("close", () => resume(Effect.succeed(response.statusCode ?? 0)))
    })
    sent.on("timeout", () => sent.destroy())
    sent.on("error", () => resume(Effect.succeed(0)))
    sent.end(body)
  })

const about = { name: "notes", version: "1.0.0", path: "/mcp" } as const

const forbidden = (ran: Ref.Ref<number>) => {
  const toolkit = Toolkit.make(
    Policy.tool(Policy.scopes("notes:delete"))(Tool.make("Forbidden", { success: Schema.String }))
  )
  return McpServer.toolkit(toolkit).pipe(
    Layer.provide(toolkit.toLayer({ Forbidden: () => Effect.as(Ref.update(ran, (n) => n + 1), "done") }))
  )
}

const layers = {
  layerHttp: (ran: Ref.Ref<number>) =>
    McpServer.layerHttp({
      ...about,
      protocols: [McpProtocol.v2026_07_28, McpProtocol.v2025_11_25],
      registrations: forbidden(ran)
    }),
  layerHttpRequestScoped: (ran: Ref.Ref<number>) =>
    McpServer.layerHttpRequestScoped({
      ...about,
      protocols: [McpProtocol.v2026_07_28],
      registrations: forbidden(ran)
    })
} as const

describe("HttpRouter.serve on Node", () => {
  for (const kind of ["layerHttp", "layerHttpRequestScoped"] as const) {
    it.live(`runs no forbidden call while it shuts down under load (${kind})`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const ran = yield* Ref.make(0)
        const port = yield* freePort
        const app = layers[kind](ran).pipe(McpAuth.protect({
          resource: "https://api.test/mcp",
          authorizationServers: [AuthorizationServer.discover("https://as.test", { type: "oauth" })]
        }))
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(
          HttpRouter.serve(app, { disableLogger: true, disableListenLog: true }).pipe(
            Layer.provide(NodeHttpServer.layer(createServer, {
              port,
              host: "127.0.0.1",
              // Clients that never stop keep their connections open for as long as the server waits.
              gracefulShutdownTimeout: "100 millis"
            }))
          ),
          scope
        )
        const token = yield* provider.mint()
        const agent = yield* Effect.acquireRelease(
          Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 16 })),
          (agent) => Effect.sync(() => agent.destroy())
        )
        assert.strictEqual(yield* call(port, agent, token, 60_000), 403)
        const closed = yield* Ref.make(false)
        const busy = yield* Latch.make()
        const client = Effect.gen(function*() {
          const statuses: Array<number> = []
          for (let after = 0; after < 5;) {
            statuses.push(yield* call(port, agent, token))
            yield* busy.open
            if (yield* Ref.get(closed)) after++
          }
          return statuses
        })
        const clients = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 16 }, () => client), { concurrency: "unbounded" })
        )
        yield* busy.await
        yield* Scope.close(scope, Exit.void)
        yield* Ref.set(closed, true)
        const statuses = (yield* Fiber.join(clients)).flat()
        assert.deepStrictEqual(statuses.filter((status) => ![403, 503, 0].includes(status)), [])
        assert.strictEqual(yield* Ref.get(ran), 0)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})
