import { AuthInfo, McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Schema } from "effect"
import { McpServer, Tool, Toolkit } from "effect/ai"
import * as Arbitrary from "effect/Arbitrary"
import { settled } from "../time.ts"
import {
  caller,
  capabilities,
  connect,
  initialize,
  options,
  post,
  request,
  resultOf,
  revisions,
  serve,
  serverWith,
  start,
  stateless
} from "./harness.ts"

describe("AuthInfo", () => {
  for (const revision of revisions) {
    for (const { answer, method, name, params } of capabilities) {
      it.effect(`reaches a ${name} in ${revision}`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle, reached } = yield* start()
          const client = yield* connect(handle, revision, yield* provider.mint())
          const answered = yield* client.call(method, params)
          assert.strictEqual(answered.status, 200, answered.body)
          assert.deepInclude(resultOf(answered), answer("user-1 by client-1"), answered.body)
          assert.deepStrictEqual(yield* reached, [`${name}: user-1 by client-1`])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }

  it.effect("reaches each entry of a batch of 2025-03-26", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* start()
      const token = yield* provider.mint({ claims: { sub: "ada", client_id: "notebook" } })
      const headers = yield* initialize(handle, "2025-03-26", token)
      const batch = capabilities.map(({ method, params }, index) => request(index, method, params))
      const answered = yield* post(handle, batch, { token, headers })
      assert.strictEqual(answered.status, 200, answered.body)
      for (const [index, { answer, name }] of capabilities.entries()) {
        const message = answered.messages.find(({ id }) => id === index)
        assert.deepInclude(message?.result, answer("ada by notebook"), name)
      }
      assert.sameMembers([...yield* reached], capabilities.map(({ name }) => `${name}: ada by notebook`))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const revision of ["2025-06-18", "2025-11-25"] as const) {
    it.effect(`reaches no handler in a batch in ${revision}, which has no batches`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, reached } = yield* start()
        const token = yield* provider.mint()
        const headers = yield* initialize(handle, revision, token)
        const answered = yield* post(handle, [request(1, "tools/call", { name: "WhoAmI" })], { token, headers })
        assert.strictEqual(answered.status, 400)
        assert.deepStrictEqual(yield* reached, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("is that of the request, not that of the request that began the session", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const client = yield* connect(handle, "2025-11-25", yield* provider.mint())
      const wider = yield* provider.mint({ claims: { scope: "notes:read notes:write" } })
      const answered = yield* client.call("tools/call", { name: "WhoAmI" }, wider)
      assert.include(answered.body, "notes:write")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has everything that the token says, and the token itself redacted", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const seen = yield* Deferred.make<AuthInfo.AuthInfo["Service"]>()
      const look = McpServer.resource({
        uri: "notes://look",
        name: "look",
        content: Effect.as(Effect.flatMap(AuthInfo.AuthInfo, (info) => Deferred.succeed(seen, info)), "seen")
      })
      const handle = yield* serve(serverWith(look).pipe(McpAuth.protect(options())))
      const token = yield* provider.mint({ claims: { email: "ada@example.com" } })
      const client = yield* connect(handle, "2026-07-28", token)
      yield* client.call("resources/read", { uri: "notes://look" })
      const info = yield* Deferred.await(seen)
      assert.deepInclude(info, { issuer: "https://as.test", subject: "user-1", clientId: "client-1", expiresAt: 3600 })
      assert.deepStrictEqual([info.scopes, info.audience], [new Set(["notes:read"]), ["https://api.test/mcp"]])
      assert.strictEqual(info.claims["email"], "ada@example.com")
      assert.notInclude(`${JSON.stringify(info)}${info.token}`, token.slice(-20))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

/** The order in which the callers are answered: a permutation of them, made from any numbers. */
const order = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))), {
    minLength: 2,
    maxLength: 6
  }),
  (keys) => keys.map((key, index) => ({ key, index })).toSorted((a, b) => a.key - b.key).map(({ index }) => index)
)

const Wait = Tool.make("Wait", {
  success: Schema.Struct({ before: Schema.String, after: Schema.String }),
  dependencies: [AuthInfo.AuthInfo]
})

/** A tool that starts, waits until its caller may continue, and ends. */
const waiting = Effect.fnUntraced(function*(subjects: ReadonlyArray<string>) {
  const turns = new Map<string, { readonly begun: Deferred.Deferred<void>; readonly turn: Deferred.Deferred<void> }>()
  for (const subject of subjects) {
    turns.set(`${subject} by client-1`, { begun: yield* Deferred.make<void>(), turn: yield* Deferred.make<void>() })
  }
  const toolkit = Toolkit.make(Wait)
  const handlers = toolkit.toLayer({
    Wait: () =>
      Effect.gen(function*() {
        const before = yield* caller
        const turn = turns.get(before)
        if (turn !== undefined) {
          yield* Deferred.succeed(turn.begun, undefined)
          yield* Deferred.await(turn.turn)
        }
        return { before, after: yield* caller }
      })
  })
  return { turns, registrations: McpServer.toolkit(toolkit).pipe(Layer.provide(handlers)) }
})

describe("concurrent requests", () => {
  for (const revision of ["2025-11-25", "2026-07-28"] as const) {
    it.effect.prop(
      `never receive each other's AuthInfo in ${revision}, in whatever order they end`,
      [order],
      ([order]) =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const subjects = order.map((_, index) => `user-${index}`)
          const { registrations, turns } = yield* waiting(subjects)
          const handle = yield* serve(serverWith(registrations).pipe(McpAuth.protect(options())))
          const calls = yield* Effect.forEach(subjects, (sub) =>
            Effect.gen(function*() {
              const client = yield* connect(handle, revision, yield* provider.mint({ claims: { sub } }))
              return yield* Effect.forkChild(client.call("tools/call", { name: "Wait", arguments: {} }))
            }))
          for (const { begun } of turns.values()) yield* Deferred.await(begun)
          for (const index of order) {
            const turn = turns.get(`user-${index} by client-1`)?.turn
            if (turn !== undefined) yield* Deferred.succeed(turn, undefined)
            yield* settled
          }
          const answers = yield* Effect.forEach(calls, Fiber.join)
          for (const [index, answer] of answers.entries()) {
            const who = `${subjects[index]} by client-1`
            assert.deepInclude(resultOf(answer), { structuredContent: { before: who, after: who } }, answer.body)
          }
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
      { arbitrary: { runs: 20 } }
    )
  }

  it.effect("with valid and invalid tokens are each answered according to their own token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* start()
      const good = yield* provider.mint()
      const bad = yield* provider.mint({ forged: true })
      const tokens = Array.from({ length: 40 }, (_, index) => index % 2 === 0 ? good : bad)
      const answers = yield* Effect.forEach(tokens, (token) => {
        const { body, headers } = stateless(1, "tools/call", { name: "WhoAmI" })
        return post(handle, body, { token, headers })
      }, { concurrency: "unbounded" })
      assert.deepStrictEqual(answers.map(({ status }) => status), tokens.map((token) => token === good ? 200 : 401))
      assert.strictEqual((yield* reached).length, 20)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
