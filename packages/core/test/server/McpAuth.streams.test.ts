import { AuthInfo, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Ref, Schema, Stream } from "effect"
import { McpServer, Tool, Toolkit } from "effect/ai"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { pass, settled } from "../time.ts"
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
  revisions,
  serve,
  serverWith,
  stateless,
  withSessions
} from "./harness.ts"

const Count = Tool.make("Count", {
  parameters: Schema.Struct({ until: Schema.Int }),
  success: Schema.Int,
  dependencies: [AuthInfo.AuthInfo]
})

/** A tool that reports progress every ten seconds, and records whether it was interrupted. */
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

/** Sends a request and reads its response as it arrives. */
const open = Effect.fnUntraced(function*(handle: Handle, body: unknown, headers: Readonly<Record<string, string>>) {
  const init = { method: "POST", headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(body) }
  return yield* arrivingOf(handle, new Request(resource, init))
})

/** Sends a request, and reads its response as it arrives. */
const arrivingOf = Effect.fnUntraced(function*(handle: Handle, request: Request) {
  const response = yield* handle(request)
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
  for (const revision of revisions) {
    it.effect(
      `of a tool call in ${revision} that reports progress beyond the expiry of its token ends with its result`,
      () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle, interrupted } = yield* begin()
          const arriving = yield* count(handle, revision, yield* provider.mint({ expiresIn: 60 }), 12)
          assert.strictEqual(arriving.status, 200)
          yield* pass(119)
          assert.isFalse(arriving.ended, arriving.text)
          yield* pass(2)
          assert.isTrue(arriving.ended)
          assert.strictEqual(progress(arriving), 12)
          assert.include(arriving.text, "\"text\":\"12\"")
          assert.isFalse(yield* interrupted)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
      300_000
    )

    it.effect(
      `of a tool call in ${revision} ends after maxAnswerDuration, and the call is interrupted`,
      () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle, interrupted } = yield* begin({ maxAnswerDuration: "2 minutes" })
          const arriving = yield* count(handle, revision, yield* provider.mint({ expiresIn: 3600 }), 1000)
          yield* pass(119)
          assert.isFalse(arriving.ended, arriving.text)
          yield* pass(2)
          assert.isTrue(arriving.ended)
          assert.isTrue(yield* interrupted)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
      300_000
    )

    it.effect(`of a tool in ${revision} that ends before its token expires is complete`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, interrupted } = yield* begin()
        const arriving = yield* count(handle, revision, yield* provider.mint({ expiresIn: 60 }), 3)
        yield* pass(31)
        assert.isTrue(arriving.ended)
        assert.include(arriving.text, "\"text\":\"3\"")
        assert.isFalse(yield* interrupted)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect(
    "with a token that was accepted after its expiry, within the clock tolerance, continues for half a minute",
    () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* begin()
        const token = yield* provider.mint({ expiresIn: 5 })
        yield* pass(10)
        const arriving = yield* listen(handle, token)
        assert.strictEqual(arriving.status, 200)
        yield* pass(29)
        assert.isFalse(arriving.ended)
        yield* pass(2)
        assert.isTrue(arriving.ended)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
    300_000
  )

  it.effect("of a subscription ends with its token, and not before", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      // Time does not begin with the test.
      yield* TestClock.adjust("1 hour")
      const arriving = yield* listen(handle, yield* provider.mint({ expiresIn: 300 }))
      assert.strictEqual(arriving.status, 200)
      yield* pass(299)
      assert.isFalse(arriving.ended)
      assert.include(arriving.text, "notifications/subscriptions/acknowledged")
      yield* pass(2)
      assert.isTrue(arriving.ended)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const expiresIn of [0, -10]) {
    it.effect(`of a subscription goes on for 30 seconds if its token expired ${-expiresIn} seconds before it began`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* begin()
        yield* TestClock.adjust("1 hour")
        const arriving = yield* listen(handle, yield* provider.mint({ expiresIn }))
        assert.strictEqual(arriving.status, 200)
        yield* pass(29)
        assert.isFalse(arriving.ended)
        yield* pass(2)
        assert.isTrue(arriving.ended)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("of each of two users ends with their own token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      const hers = yield* listen(handle, yield* provider.mint({ expiresIn: 20, claims: { sub: "ada" } }))
      const his = yield* listen(handle, yield* provider.mint({ expiresIn: 40, claims: { sub: "bob" } }))
      yield* pass(21)
      assert.deepStrictEqual([hers.ended, his.ended], [true, false])
      yield* pass(20)
      assert.isTrue(his.ended)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("with a token without expiry ends with its result", () =>
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
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("with a token that expires in the distant future is not cut at once", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      // More milliseconds than a platform timer can hold.
      const arriving = yield* count(handle, "2026-07-28", yield* provider.mint({ expiresIn: 100 * 365 * 86_400 }), 2)
      yield* pass(21)
      assert.include(arriving.text, "\"text\":\"2\"")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect(
    "of a tool call without maxAnswerDuration continues, and a duration of zero is refused when the server is built",
    () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* begin({ maxAnswerDuration: Duration.infinity })
        const arriving = yield* count(handle, "2026-07-28", yield* provider.mint({ expiresIn: 60 }), 12)
        yield* pass(121)
        assert.include(arriving.text, "\"text\":\"12\"")
        for (const maxAnswerDuration of [0, Duration.zero]) {
          const error = yield* Effect.flip(begin({ maxAnswerDuration }))
          assert.strictEqual(error._tag, "InvalidOptions")
          assert.include(error.message, "maxAnswerDuration")
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
    300_000
  )
})

describe("a standing stream", () => {
  /**
   * Endless server-sent events by GET, as MCP servers up to 2025-11-25 may offer them, and a long response beside
   * them.
   */
  const routes = Effect.sync(() => {
    const ticks = Stream.tick("10 seconds").pipe(Stream.map(() => new TextEncoder().encode(": tick\n\n")))
    return Layer.mergeAll(
      HttpRouter.add(
        "GET",
        "/mcp",
        HttpServerResponse.stream(ticks, { contentType: "text/event-stream; charset=utf-8" })
      ),
      HttpRouter.add("GET", "/file", HttpServerResponse.stream(Stream.take(ticks, 13), { contentType: "text/plain" })),
      HttpRouter.add(
        "POST",
        "/mcp",
        HttpServerResponse.stream(Stream.take(ticks, 13), { contentType: "text/event-stream" })
      )
    ).pipe(Layer.provide(McpAuth.middleware.layer), Layer.provide(McpAuth.layer(options())))
  })

  const answers: ReadonlyArray<readonly [what: string, method: string, path: string, endsWithToken: boolean]> = [
    ["by GET ends with its token", "GET", "/mcp", true],
    ["does not include the response to a POST, which continues to its end", "POST", "/mcp", false],
    ["does not include a file by GET, which continues to its end", "GET", "/file", false]
  ]
  for (const [what, method, path, endsWithToken] of answers) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const handle = yield* serve(yield* routes)
        const headers = bearer(yield* provider.mint({ expiresIn: 60 }))
        const arriving = yield* arrivingOf(handle, new Request(`https://api.test${path}`, { method, headers }))
        yield* pass(59)
        assert.isFalse(arriving.ended)
        yield* pass(2)
        assert.strictEqual(arriving.ended, endsWithToken)
        yield* pass(70)
        assert.isTrue(arriving.ended)
        assert.strictEqual(arriving.text.split("tick").length - 1, endsWithToken ? 6 : 13)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("cannot be opened with the name of another method, in any revision", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin()
      const token = yield* provider.mint({ expiresIn: 60 })
      const { body, headers } = stateless("sub", "subscriptions/listen", { notifications: { toolsListChanged: true } })
      const { "mcp-method": _, ...unnamed } = headers
      const named = ["tools/call", "Subscriptions/Listen", "subscriptions/listen, subscriptions/listen", ""]
      const tries: Array<Readonly<Record<string, string>>> = [
        unnamed,
        ...named.map((method) => ({ ...headers, "mcp-method": method }))
      ]
      for (const revision of withSessions) {
        const session = yield* initialize(handle, revision, token)
        tries.push(session, { ...session, "mcp-method": "tools/call" }, { ...headers, ...session })
      }
      for (const sent of tries) {
        for (const message of [body, request("sub", "subscriptions/listen", { notifications: {} }), [body]]) {
          const arriving = yield* open(handle, message, { ...bearer(token), ...sent })
          yield* settled
          assert.isTrue(arriving.ended, `${JSON.stringify(sent)} ${arriving.status} ${arriving.text}`)
          assert.notInclude(arriving.text, "notifications/subscriptions/acknowledged")
        }
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
