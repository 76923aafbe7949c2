import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpEffect, HttpRouter } from "effect/http"
import { readFile } from "node:fs/promises"
import { Mcp } from "../README.md?doctest=0.ts"

const call = (headers: Readonly<Record<string, string>>) =>
  new Request("https://api.example.com/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "WhoAmI",
      ...headers
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name: "WhoAmI",
        arguments: {},
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
          "io.modelcontextprotocol/clientInfo": { name: "reader", version: "1" }
        }
      }
    })
  })

const Answer = Schema.Struct({ result: Schema.Struct({ structuredContent: Schema.String }) })

it.effect("the server of the README asks to log in, and then says who calls", () =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const app = yield* HttpRouter.toHttpEffect(Mcp)
    const handle = HttpEffect.toWebHandler(Effect.provideContext(app, yield* Effect.context<never>()))

    const refused = yield* Effect.promise(() => handle(call({})))
    assert.strictEqual(refused.status, 401)
    assert.strictEqual(
      refused.headers.get("www-authenticate"),
      "Bearer resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource/mcp\""
    )

    const token = yield* provider.mint({ claims: { aud: "https://api.example.com/mcp" } })
    const answered = yield* Effect.promise(() => handle(call({ authorization: `Bearer ${token}` })))
    const { result } = yield* Schema.decodeUnknownEffect(Answer)(yield* Effect.promise(() => answered.json()))
    assert.strictEqual(result.structuredContent, "user-1")
  }).pipe(Effect.provide(TestProvider.layer({ issuer: "https://auth.example.com/oidc" }))))

it("the server of the README has at most fifteen lines", async () => {
  const readme = await readFile("README.md", "utf8")
  const [, example = ""] = /```ts import\.meta\.vitest\n([\s\S]*?)```/.exec(readme) ?? []
  assert.isAtMost(example.trimEnd().split("\n").length, 15)
})
