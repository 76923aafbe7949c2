import * as NotesServer from "@effect-mcp-auth/examples/NotesServer"
import { TestClient, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const resource = "https://api.test/mcp"

describe("the notes of the example server", () => {
  it.effect("do not merge for tokens that name neither a subject nor a client, nor for subjects that are numbers", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = NotesServer.layer({ resource, issuer: provider.issuer })
      const client = yield* TestClient.make(server, { url: resource })
      const add = (token: string) => client.callTool("AddNote", { text: "x" }, { token })
      for (const _ of [1, 2]) {
        const token = yield* provider.mint({ claims: { sub: undefined, client_id: undefined } })
        assert.deepStrictEqual((yield* add(token)).result?.["structuredContent"], { count: 1 })
        assert.deepStrictEqual((yield* add(token)).result?.["structuredContent"], { count: 2 })
      }
      for (const sub of [42, 43]) {
        assert.strictEqual((yield* add(yield* provider.mint({ claims: { sub } }))).status, 401)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
