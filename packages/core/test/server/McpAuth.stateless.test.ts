import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref } from "effect"
import { McpProtocol, McpServer } from "effect/ai"
import { bearer, mcpHeaders, options, post, registrations, resource, send, serve, stateless } from "./harness.ts"

describe("an MCP server without sessions", () => {
  it.effect("answers GET and DELETE with 405, ignores session identifiers and makes none", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const server = McpServer.layerHttp({
        name: "notes",
        version: "1.0.0",
        path: "/mcp",
        protocols: [McpProtocol.v2026_07_28],
        registrations: registrations(reached)
      })
      const handle = yield* serve(server.pipe(McpAuth.protect(options())))
      const token = yield* provider.mint()
      for (const method of ["GET", "DELETE"]) {
        const headers = { ...mcpHeaders, ...bearer(token), "mcp-session-id": "of-another-caller" }
        assert.strictEqual((yield* send(handle, resource, { method, headers })).status, 405)
        assert.strictEqual((yield* send(handle, resource, { method })).status, 401)
      }
      const { body, headers } = stateless(1, "tools/call", { name: "WhoAmI", arguments: {} })
      const answer = yield* post(handle, body, {
        token,
        headers: { ...headers, "mcp-session-id": "of-another-caller" }
      })
      assert.strictEqual(answer.status, 200)
      assert.isNull(answer.headers.get("mcp-session-id"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
