import { AuthInfo, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, Schema } from "effect"
import { McpServer, Tool, Toolkit } from "effect/ai"
import { pass } from "../time.ts"
import {
  bearer,
  type Handle,
  initialize,
  mcpHeaders,
  options,
  type ProtectOptions,
  request,
  resource,
  type Revision,
  serve,
  serverWith,
  stateless
} from "./harness.ts"

const Count = Tool.make("Count", {
  parameters: Schema.Struct({ until: Schema.Int }),
  success: Schema.Int,
  dependencies: [AuthInfo.AuthInfo]
})

/** A tool that says how far it is every ten seconds, and whether it was interrupted. */
const counting = (interrupted: Ref.Ref<boolean>) => {
  const toolkit = Toolkit.make(Count)
  const handlers = toolkit.toLayer(Effect.gen(function*() {
    const { notifications } = yield* McpServer.McpServer
    return {
      Count: ({ until }) =>
        Effect.gen(function*() {
          for (let progress = 1; progress <= until; progress++) {
            yield* notifications["notifications/progress"]({ progressToken: "p", progress })
            yield* Effect.sleep("10 seconds")
          }
          return until
        }).pipe(Effect.onInterrupt(() => Ref.set(interrupted, true)))
    }
  }))
  return McpServer.toolkit(toolkit).pipe(Layer.provide(handlers))
}

const begin = Effect.fnUntraced(function*(changes: Partial<ProtectOptions> = {}) {
  const interrupted = yield* Ref.make(false)
  const handle = yield* serve(serverWith(counting(interrupted)).pipe(McpAuth.protect(options(changes))))
  return { handle, interrupted: Ref.get(interrupted) }
})

/** What has arrived of a stream, and whether it has ended. */
interface Arriving {
  readonly status: number
  text: string
  ended: boolean
}

/** Sends a request and reads its answer as it comes. */
const open = Effect.fnUntraced(function*(handle: Handle, body: unknown, headers: Readonly<Record<string, string>>) {
  const init = { method: "POST", headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(body) }
  const response = yield* handle(new Request(resource, init))
  const arriving: Arriving = { status: response.status, text: "", ended: false }
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) arriving.text += decoder.decode(chunk, { stream: true })
    arriving.ended = true
  }
  yield* Effect.forkChild(Effect.promise(read))
  return arriving
})

const count = Effect.fnUntraced(function*(handle: Handle, revision: Revision, token: string, until: number) {
  const params = { name: "Count", arguments: { until }, _meta: { progressToken: "p" } }
  if (revision !== "2026-07-28") {
    const session = yield* initialize(handle, revision, token)
    return yield* open(handle, request(1, "tools/call", params), { ...bearer(token), ...session })
  }
  const { body, headers } = stateless(1, "tools/call", params)
  const { _meta } = body.params
  const withProgress = { ...body, params: { ...body.params, _meta: { ...Object(_meta), progressToken: "p" } } }
  return yield* open(handle, withProgress, { ...bearer(token), ...headers })
})

const listen = (handle: Handle, token: string) => {
  const { body, headers } = stateless("sub", "subscriptions/listen", { notifications: { toolsListChanged: true } })
  return open(handle, body, { ...bearer(token), ...headers })
}

const progress = ({ text }: Arriving): number => text.split("notifications/progress").length - 1

describe("a stream", () => {
  for (const revision of ["2025-06-18", "2025-11-25", "2026-07-28"] as const) {
    it.effect(
      `of a tool in ${revision} ends with the token it was opened with, and not before`,
      () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle, interrupted } = yield* begin()
          const arriving = yield* count(handle, revision, yield* provider.mint({ expiresIn: 60 }), 1000)
          assert.strictEqual(arriving.status, 200)
          yield* pass(59)
          assert.isFalse(arriving.ended, arriving.text)
          assert.strictEqual(progress(arriving), 6)
          yield* pass(2)
          assert.isTrue(arriving.ended)
          assert.strictEqual(progress(arriving), 6)
          // There is nobody any more who wants to know.
          assert.isTrue(yield* interrupted)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
      60_000
    )

    it.effect(`of a tool in ${revision} that is done before its token expires is whole`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, interrupted } = yield* begin()
        const arriving = yield* count(handle, revision, yield* provider.mint({ expiresIn: 60 }), 3)
        yield* pass(31)
        assert.isTrue(arriving.ended)
        assert.include(arriving.text, "\"text\":\"3\"")
        assert.isFalse(yield* interrupted)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())), 60_000)
  }

  it.effect(
    "whose token was accepted after its end, because clocks differ, may go on for half a minute",
    () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* begin()
        const token = yield* provider.mint({ expiresIn: 5 })
        yield* pass(10)
        const arriving = yield* count(handle, "2026-07-28", token, 1000)
        assert.strictEqual(arriving.status, 200)
        yield* pass(29)
        assert.isFalse(arriving.ended)
        yield* pass(2)
        assert.isTrue(arriving.ended)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
    60_000
  )

  it.effect("of a subscription ends with its token, and not before", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      const arriving = yield* listen(handle, yield* provider.mint({ expiresIn: 300 }))
      assert.strictEqual(arriving.status, 200)
      yield* pass(299)
      assert.isFalse(arriving.ended)
      assert.include(arriving.text, "notifications/subscriptions/acknowledged")
      yield* pass(2)
      assert.isTrue(arriving.ended)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())), 60_000)

  it.effect("of one person ends with her token, and that of another with his", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      const hers = yield* listen(handle, yield* provider.mint({ expiresIn: 20, claims: { sub: "ada" } }))
      const his = yield* listen(handle, yield* provider.mint({ expiresIn: 40, claims: { sub: "bob" } }))
      yield* pass(21)
      assert.deepStrictEqual([hers.ended, his.ended], [true, false])
      yield* pass(20)
      assert.isTrue(his.ended)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())), 60_000)

  it.effect("with a token that lives for ever ends when it is done", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin({ verifier: TokenVerifier.jwt({ acceptWithoutExpiry: true }) })
      const token = yield* provider.mint({ claims: { exp: undefined } })
      const arriving = yield* count(handle, "2026-07-28", token, 12)
      yield* pass(119)
      assert.isFalse(arriving.ended)
      yield* pass(2)
      assert.isTrue(arriving.ended)
      assert.include(arriving.text, "\"text\":\"12\"")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())), 60_000)

  it.effect("with a token that lives for ages is not cut at once", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      // More milliseconds than a timer of the platform can hold.
      const arriving = yield* count(handle, "2026-07-28", yield* provider.mint({ expiresIn: 100 * 365 * 86_400 }), 2)
      yield* pass(21)
      assert.include(arriving.text, "\"text\":\"2\"")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())), 60_000)
})
