import { AuthInfo, AuthorizationServer, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestClient, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { McpProtocol, McpSchema, McpServer, Tool, Toolkit } from "effect/ai"

const url = "https://api.test/mcp"

const WhoAmI = Tool.make("WhoAmI", { success: Schema.String, dependencies: [AuthInfo.AuthInfo] })
const Delete = Policy.tool(Policy.scopes("notes:write"))(
  Tool.make("Delete", { parameters: Schema.Struct({ id: Schema.String }), success: Schema.String })
)
const tools = Toolkit.make(WhoAmI, Delete)
const handlers = tools.toLayer({
  WhoAmI: () => Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "none"),
  Delete: ({ id }) => Effect.succeed(id)
})

const server = McpServer.layerHttp({
  name: "notes",
  version: "1.0.0",
  path: "/mcp",
  protocols: [
    McpProtocol.v2026_07_28,
    McpProtocol.v2025_11_25,
    McpProtocol.v2025_06_18,
    McpProtocol.v2025_03_26
  ],
  registrations: Layer.mergeAll(
    McpServer.toolkit(tools).pipe(Layer.provide(handlers)),
    McpServer.resource`notes://${McpSchema.param("id", Schema.String)}`({
      name: "note",
      content: (_, id) => Effect.succeed(`note ${id}`)
    }),
    McpServer.prompt({
      name: "greet",
      parameters: { name: Schema.String },
      content: ({ name }) => Effect.succeed(name)
    })
  )
}).pipe(
  McpAuth.protect({ resource: url, authorizationServers: [AuthorizationServer.discover("https://as.test")] })
)

const revisions: ReadonlyArray<TestClient.Revision> = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]

describe("TestClient", () => {
  it.effect.each(revisions)(
    "calls tools, reads resources and gets prompts in MCP %s",
    (revision) =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const client = yield* TestClient.make(server, { url, revision })
        const token = yield* provider.mint({ claims: { sub: "ada" } })

        const called = yield* client.callTool("WhoAmI", {}, { token })
        assert.strictEqual(called.status, 200)
        assert.include(JSON.stringify(called.result), "ada")
        const read = yield* client.readResource("notes://7", { token })
        assert.include(JSON.stringify(read.result), "note 7")
        const prompt = yield* client.getPrompt("greet", { name: "Bob" }, { token })
        assert.include(JSON.stringify(prompt.result), "Bob")
        const listed = yield* client.request("tools/list", {}, { token })
        assert.include(JSON.stringify(listed.result), "WhoAmI")
        assert.notInclude(JSON.stringify(listed.result), "Delete")
      }).pipe(Effect.provide(TestProvider.layer()))
  )

  it.effect("shows the challenge of a request without a token", () =>
    Effect.gen(function*() {
      const client = yield* TestClient.make(server, { url })
      const { challenge, status } = yield* client.callTool("WhoAmI")
      assert.strictEqual(status, 401)
      assert.deepStrictEqual(challenge, {
        scope: "notes:write",
        resource_metadata: "https://api.test/.well-known/oauth-protected-resource/mcp"
      })
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("shows the challenge and the JSON-RPC error of a call that lacks a scope", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const client = yield* TestClient.make(server, { url })
      const token = yield* provider.mint({ claims: { scope: "notes:read" } })
      const { challenge, error, status } = yield* client.callTool("Delete", { id: "7" }, { token })
      assert.strictEqual(status, 403)
      assert.strictEqual(challenge?.error, "insufficient_scope")
      assert.strictEqual(challenge?.scope, "notes:write")
      assert.strictEqual(error?.code, -32_001)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("sends any HTTP request", () =>
    Effect.gen(function*() {
      const client = yield* TestClient.make(server, { url })
      const response = yield* client.fetch(new Request("https://api.test/.well-known/oauth-protected-resource/mcp"))
      assert.strictEqual(response.status, 200)
    }).pipe(Effect.provide(TestProvider.layer())))
})
