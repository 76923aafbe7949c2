import { McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, type Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import {
  type Answer,
  type Handle,
  initialize,
  mcpHeaders,
  origin,
  post,
  request,
  resource,
  send,
  serve,
  serverWith,
  stateless,
  withSessions
} from "../server/harness.ts"
import { arrive, fromPolicies, mint, plainTool, toolOf } from "./harness.ts"

const start = Effect.fnUntraced(function*(changes: Parameters<typeof fromPolicies>[0]) {
  const ran = yield* Ref.make<ReadonlyArray<string>>([])
  const tools = Layer.mergeAll(
    toolOf("Public", Policy.anonymous, arrive(ran, "public")),
    toolOf("Read", Policy.scopes("notes:read"), arrive(ran, "read")),
    toolOf("Write", Policy.scopes("notes:write"), arrive(ran, "write")),
    plainTool("Plain", arrive(ran, "plain"))
  )
  return yield* serve(serverWith(tools).pipe(McpAuth.protect(fromPolicies(changes))))
})

const list = (handle: Handle, token?: string) => {
  const { body, headers } = stateless(1, "tools/list")
  return post(handle, body, { token, headers })
}

const call = (handle: Handle, name: string, token?: string) => {
  const { body, headers } = stateless("the-call", "tools/call", { name, arguments: {} })
  return post(handle, body, { token, headers })
}

const toolsOf = ({ messages }: Answer) => (messages[0]?.result?.["tools"] ?? []) as ReadonlyArray<Schema.JsonObject>

const on = { openAiTools: true, anonymousLists: true } as const

describe("tools for OpenAI hosts", () => {
  it.effect("carry security schemes that follow from the policies, with a copy in _meta", () =>
    Effect.gen(function*() {
      const tools = toolsOf(yield* list(yield* start(on)))
      const schemes = new Map(tools.map((tool) => [tool["name"], tool["securitySchemes"]]))
      assert.deepStrictEqual(schemes.get("Public"), [{ type: "noauth" }])
      assert.deepStrictEqual(schemes.get("Read"), [{ type: "oauth2", scopes: ["notes:read"] }])
      assert.deepStrictEqual(schemes.get("Plain"), [{ type: "oauth2", scopes: [] }])
      for (const tool of tools) assert.deepInclude(tool["_meta"], { securitySchemes: tool["securitySchemes"] })
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("name scopes in the form in which clients request them", () =>
    Effect.gen(function*() {
      const handle = yield* start({ ...on, scopeRequestForm: (scope) => `api://notes/${scope}` })
      const read = toolsOf(yield* list(handle)).find((tool) => tool["name"] === "Read")
      assert.deepStrictEqual(read?.["securitySchemes"], [{ type: "oauth2", scopes: ["api://notes/notes:read"] }])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("are refused with the challenge in the body of a call without a token, and status and header as before", () =>
    Effect.gen(function*() {
      const [before, after] = [
        yield* call(yield* start({ anonymousLists: true }), "Read"),
        yield* call(yield* start(on), "Read")
      ]
      assert.deepStrictEqual([after.status, before.status], [401, 401])
      const header = after.headers.get("www-authenticate") ?? ""
      assert.strictEqual(header, before.headers.get("www-authenticate"))
      const [message] = after.messages
      assert.strictEqual(message?.id, "the-call")
      assert.strictEqual(message?.result?.["isError"], true)
      assert.deepStrictEqual(message?.result?.["_meta"], {
        "mcp/www_authenticate": [`${header}, error="insufficient_scope", error_description="This tool needs a login"`]
      })
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("are refused with the challenge in the body if the token lacks scopes, in every revision", () =>
    Effect.gen(function*() {
      const handle = yield* start(on)
      const token = yield* mint("notes:read")
      const headers = yield* initialize(handle, "2025-11-25", token)
      const older = yield* post(handle, request(7, "tools/call", { name: "Write", arguments: {} }), { token, headers })
      for (const refused of [yield* call(handle, "Write", token), older]) {
        assert.strictEqual(refused.status, 403)
        const challenge = refused.headers.get("www-authenticate")
        assert.include(challenge, "error=\"insufficient_scope\"")
        assert.deepStrictEqual(refused.messages[0]?.result?.["_meta"], { "mcp/www_authenticate": [challenge] })
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  for (const revision of withSessions) {
    it.effect(`are refused with the challenge in the body in ${revision}, also in a session that has ended`, () =>
      Effect.gen(function*() {
        const handle = yield* start(on)
        const session = yield* initialize(handle, revision, undefined)
        const body = request("the-call", "tools/call", { name: "Read", arguments: {} })
        for (const id of [session["mcp-session-id"], "ended"]) {
          const { messages, status } = yield* post(handle, body, { headers: { ...session, "mcp-session-id": id } })
          assert.strictEqual(status, 401)
          assert.containsAllKeys(messages[0]?.result?.["_meta"], ["mcp/www_authenticate"])
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("are as before without the option", () =>
    Effect.gen(function*() {
      const handle = yield* start({ anonymousLists: true })
      for (const tool of toolsOf(yield* list(handle))) assert.notProperty(tool, "securitySchemes")
      const refused = yield* call(handle, "Write", yield* mint("notes:read"))
      assert.isUndefined(refused.messages[0]?.result)
      assert.strictEqual(refused.messages[0]?.error?.data === undefined, false)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("do not make a server read the bodies of requests that it would refuse unread", () =>
    Effect.gen(function*() {
      const ran = yield* Ref.make<ReadonlyArray<string>>([])
      const handle = yield* serve(
        serverWith(plainTool("Plain", arrive(ran, "plain"))).pipe(McpAuth.protect(fromPolicies({ openAiTools: true })))
      )
      let isRead = false
      const body = new ReadableStream({
        pull: () => {
          isRead = true
        }
      }, { highWaterMark: 0 })
      const answer = yield* handle(
        new Request("https://api.test/mcp", { method: "POST", body, duplex: "half" } as RequestInit)
      )
      assert.strictEqual(answer.status, 401)
      assert.isFalse(isRead)
    }).pipe(Effect.provide(TestProvider.layer())))

  const protecting = Effect.fnUntraced(
    function*(changes: Parameters<typeof fromPolicies>[0], ...open: ReadonlyArray<string>) {
      const ran = yield* Ref.make<ReadonlyArray<string>>([])
      const tools = Layer.mergeAll(
        toolOf("Write", Policy.scopes("notes:write"), arrive(ran, "write")),
        ...open.map((name) => toolOf(name, Policy.anonymous, arrive(ran, name)))
      )
      return yield* serve(serverWith(tools).pipe(McpAuth.protect(fromPolicies({ openAiTools: true, ...changes }))))
    }
  )

  const challengeIn = ({ messages }: Answer) => messages[0]?.result?.["_meta"]

  const servers: ReadonlyArray<
    readonly [name: string, changes: Parameters<typeof fromPolicies>[0], open: ReadonlyArray<string>]
  > = [
    ["has a public tool and no public lists", {}, ["Public"]],
    ["has public lists and no public tool", { anonymousLists: true }, []]
  ]
  for (const [name, changes, open] of servers) {
    it.effect(`are refused with the challenge in the body by a server that ${name}`, () =>
      Effect.gen(function*() {
        const refused = yield* call(yield* protecting(changes, ...open), "Write")
        assert.strictEqual(refused.status, 401)
        assert.property(challengeIn(refused), "mcp/www_authenticate")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("work with a token if a server offers nothing without one", () =>
    Effect.gen(function*() {
      const handle = yield* protecting({})
      const tools = toolsOf(yield* list(handle, yield* mint("notes:write")))
      assert.deepStrictEqual(tools.map((tool) => tool["securitySchemes"]), [[{
        type: "oauth2",
        scopes: ["notes:write"]
      }]])
      const refused = yield* call(handle, "Write", yield* mint("notes:read"))
      assert.strictEqual(refused.status, 403)
      assert.property(challengeIn(refused), "mcp/www_authenticate")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("read a refused body up to the limit of callers with a token, if there is a valid one", () =>
    Effect.gen(function*() {
      const handle = yield* protecting({ maxBodySize: { anonymous: "1 KiB" }, anonymousLists: true })
      const { body, headers } = stateless(1, "tools/call", { name: "Write", arguments: { text: "x".repeat(2000) } })
      const valid = yield* post(handle, body, { token: yield* mint("notes:read"), headers })
      assert.strictEqual(valid.status, 403)
      assert.property(challengeIn(valid), "mcp/www_authenticate")
      const invalid = yield* post(handle, body, { token: "invalid", headers })
      assert.strictEqual(invalid.status, 401)
      assert.isUndefined(challengeIn(invalid))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("change nothing of requests other than POST, whatever their body says", () =>
    Effect.gen(function*() {
      const handle = yield* start(on)
      const { body, headers } = stateless(1, "tools/call", { name: "Write", arguments: {} })
      const init = { method: "DELETE", headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(body) }
      const refused = yield* send(handle, resource, init)
      assert.strictEqual(refused.status, 401)
      assert.isUndefined(challengeIn(refused))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("change nothing of plain routes", () =>
    Effect.gen(function*() {
      const route = HttpRouter.add("POST", "/me", Effect.succeed(HttpServerResponse.text("well"))).pipe(
        Layer.provide(McpAuth.middleware.layer),
        Layer.provide(McpAuth.layer(fromPolicies(on)))
      )
      const answer = yield* post(yield* serve(route), {}, { url: `${origin}/me`, token: yield* mint("notes:read") })
      assert.deepStrictEqual([answer.status, answer.body], [200, "well"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("keep the answer of calls that succeed, and of other methods", () =>
    Effect.gen(function*() {
      const handle = yield* start(on)
      const token = yield* mint("notes:read")
      const answer = yield* call(handle, "Read", token)
      assert.strictEqual(answer.status, 200)
      assert.notProperty(answer.messages[0]?.result?.["_meta"] ?? {}, "mcp/www_authenticate")
      const { body, headers } = stateless(3, "server/discover")
      assert.strictEqual((yield* post(handle, body, { token, headers })).status, 200)
    }).pipe(Effect.provide(TestProvider.layer())))
})
