import { McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, Predicate, Ref } from "effect"
import { McpServer } from "effect/ai"
import { Headers, HttpRouter, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { arrive, plainTool, type Ran, toolOf } from "../policy/harness.ts"
import { settled } from "../time.ts"
import {
  buildError,
  type Handle,
  handleWith,
  initializeRequest,
  options,
  post,
  type ProtectOptions,
  protocols,
  request,
  resource,
  send,
  server,
  stateless,
  type withSessions
} from "./harness.ts"

const addressHeader = "x-address-of-the-test"

interface Started {
  readonly handle: Handle
  /** Lets the waiting tool continue. */
  readonly goOn: Effect.Effect<unknown>
  readonly waits: Effect.Effect<unknown>
  /** Whether the server keeps a session. It ends it. */
  readonly keeps: (id: string) => Effect.Effect<boolean>
}

/** The part of Effect's server that ends a session: 204 for a session that it keeps, and 404 for one that it does not know. */
interface Runtime {
  readonly terminateHttpSession: (
    headers: Headers.Headers
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse>
}

const isRuntime = (service: unknown): service is Runtime => Predicate.hasProperty(service, "terminateHttpSession")

const currentRuntime = Effect.map(Effect.context<never>(), ({ mapUnsafe }) => {
  const service: unknown = mapUnsafe.get("effect/ai/McpRuntime/ServerRuntime")
  return isRuntime(service) ? service : assert.fail("Effect's server has no runtime by this name any more")
})

/** A server with a public tool, a private one, and one that waits. Requests come from the address that they name. */
const start = Effect.fnUntraced(function*(
  sessionLimits: ProtectOptions["sessionLimits"],
  allowSessionTermination = true
) {
  const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
  const [waiting, gone] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const wait = Effect.as(Effect.andThen(Deferred.succeed(waiting, undefined), Deferred.await(gone)), "waited")
  const runtime = yield* Deferred.make<Runtime>()
  const registrations = Layer.mergeAll(
    Layer.effectDiscard(Effect.flatMap(currentRuntime, (found) => Deferred.succeed(runtime, found))),
    toolOf("public", Policy.anonymous, arrive(ran, "public")),
    toolOf("waits", Policy.anonymous, wait),
    plainTool("private", arrive(ran, "private"))
  )
  const app = McpServer.layerHttp({
    name: "notes",
    version: "1.0.0",
    path: "/mcp",
    protocols,
    allowSessionTermination,
    registrations
  }).pipe(McpAuth.protect(options({ scopesSupported: undefined, sessionLimits })))
  const http = yield* HttpRouter.toHttpEffect(app)
  const handle = yield* handleWith(Effect.updateService(
    http,
    HttpServerRequest.HttpServerRequest,
    (request) => request.modify({ remoteAddress: Option.fromUndefinedOr(request.headers[addressHeader]) })
  ))
  const keeps = (id: string) =>
    Deferred.await(runtime).pipe(
      Effect.flatMap(({ terminateHttpSession }) => terminateHttpSession(Headers.fromInput({ "mcp-session-id": id }))),
      Effect.map(({ status }) => status === 204)
    )
  const started: Started = { handle, goOn: Deferred.succeed(gone, undefined), waits: Deferred.await(waiting), keeps }
  return started
})

interface From {
  readonly token?: string | undefined
  readonly address?: string
  /** The length of the client's name. */
  readonly length?: number
}

const headersOf = ({ address = "192.0.2.1" }: From) => ({ [addressHeader]: address })

const begin = (handle: Handle, from: From = {}, revision: (typeof withSessions)[number] = "2025-11-25") => {
  const opening = initializeRequest(revision)
  const name = "n".repeat(from.length ?? 1)
  const body = { ...opening, params: { ...opening.params, clientInfo: { name, version: "1.0.0" } } }
  return post(handle, body, { token: from.token, headers: headersOf(from) })
}

/** Begins a session, and returns its id. */
const session = Effect.fnUntraced(function*(handle: Handle, from: From = {}) {
  const answer = yield* begin(handle, from)
  return answer.headers.get("mcp-session-id") ?? (yield* Effect.die(`no session: ${answer.status} ${answer.body}`))
})

const ping = (handle: Handle, id: string, from: From = {}) =>
  Effect.map(
    post(handle, request(1, "ping"), {
      token: from.token,
      headers: { ...headersOf(from), "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" }
    }),
    ({ status }) => status
  )

const call = (handle: Handle, id: string, name: string) =>
  post(handle, request(1, "tools/call", { name, arguments: {} }), {
    headers: { ...headersOf({}), "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" }
  })

describe("sessions begun without a token", () => {
  it.effect("are not what requests without a session are, so their bounds do not limit the size of those", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymous: 1 })
      const { body, headers } = stateless(1, "tools/call", { name: "public", arguments: { text: "x".repeat(9000) } })
      const answer = yield* post(handle, body, { headers: { ...headersOf({}), ...headers } })
      assert.strictEqual(answer.status, 200, answer.body)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const allowsTermination of [true, false]) {
    it.effect(`are bounded in number, ${allowsTermination ? "" : "also "}if clients may ${allowsTermination ? "" : "not "}end them`, () =>
      Effect.gen(function*() {
        const { handle } = yield* start({ anonymous: 3 }, allowsTermination)
        const ids = yield* Effect.forEach([1, 2, 3, 4, 5], () => Effect.tap(session(handle), () => TestClock.adjust(1)))
        const statuses = yield* Effect.forEach(ids, (id) => ping(handle, id))
        assert.deepStrictEqual(statuses, [404, 404, 200, 200, 200])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("that make room for others are ended in the server, which frees their memory", () =>
    Effect.gen(function*() {
      const { handle, keeps } = yield* start({ anonymous: 2 })
      const ids = yield* Effect.forEach([1, 2, 3], () => Effect.tap(session(handle), () => TestClock.adjust(1)))
      assert.deepStrictEqual(yield* Effect.forEach(ids, keeps), [false, true, true])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of other clients outlive a flood from one address, or from one IPv6 network", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymous: 20 })
      const honest = [{ address: "192.0.2.7" }, { address: "2001:db8:7::1" }]
      const ids = yield* Effect.forEach(honest, (from) => session(handle, from))
      for (let n = 1; n <= 60; n++) {
        yield* TestClock.adjust(1)
        yield* session(handle, { address: n % 2 === 0 ? "198.51.100.1" : `2001:db8:0:1::${n.toString(16)}` })
      }
      for (const [index, id] of ids.entries()) assert.strictEqual(yield* ping(handle, id, honest[index]), 200)
      // New clients find room as well.
      const newcomer = { address: "192.0.2.8" }
      assert.strictEqual(yield* ping(handle, yield* session(handle, newcomer), newcomer), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("count by the size of their first message, which the server keeps", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymous: 100 })
      const honest = yield* Effect.forEach(
        Array.from({ length: 30 }, (_, n) => ({ address: `192.0.2.${n}` })),
        (from) => Effect.map(session(handle, from), (id) => ({ id, from }))
      )
      // Each counts as fifty sessions.
      for (let n = 0; n < 10; n++) yield* begin(handle, { address: "198.51.100.1", length: 100_000 })
      for (const { from, id } of honest) assert.strictEqual(yield* ping(handle, id, from), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are refused with 413 if one alone would be too large", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymous: 10 })
      const answer = yield* begin(handle, { length: 30_000 })
      assert.strictEqual(answer.status, 413, answer.body)
      assert.include(answer.body, "larger than 20480 bytes")
      assert.isNull(answer.headers.get("mcp-session-id"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are refused with 503 if there is no room for one of this size", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymous: 10 })
      for (let n = 0; n < 5; n++) yield* session(handle, { address: `192.0.2.${n}` })
      // The second is as large as all sessions together may be.
      for (const length of [15_000, 19_500]) {
        const answer = yield* begin(handle, { address: "198.51.100.1", length })
        assert.strictEqual(answer.status, 503, answer.body)
        assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/)
        assert.isNull(answer.headers.get("mcp-session-id"))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("end after half an hour without use, and not before", () =>
    Effect.gen(function*() {
      const { handle } = yield* start(undefined)
      const [idle, used] = [yield* session(handle), yield* session(handle)]
      yield* TestClock.adjust("29 minutes")
      assert.strictEqual(yield* ping(handle, used), 200)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([yield* ping(handle, idle), yield* ping(handle, used)], [404, 200])
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual(yield* ping(handle, used), 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("do not end while a call is in progress", () =>
    Effect.gen(function*() {
      const { goOn, handle, waits } = yield* start(undefined)
      const id = yield* session(handle)
      const answer = yield* Effect.forkChild(call(handle, id, "waits"))
      yield* waits
      yield* TestClock.adjust("5 hours")
      yield* settled
      yield* goOn
      assert.include((yield* Fiber.join(answer)).body, "waited")
      assert.strictEqual(yield* ping(handle, id), 200)
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual(yield* ping(handle, id), 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("count for the principal from the first token on", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mint()
      const { handle } = yield* start({ anonymous: 1 })
      const id = yield* session(handle)
      assert.strictEqual(yield* ping(handle, id, { token }), 200)
      yield* session(handle)
      yield* TestClock.adjust("40 minutes")
      assert.strictEqual(yield* ping(handle, id, { token: yield* provider.mint() }), 200)
      assert.strictEqual(yield* ping(handle, id), 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("sessions begun with a token", () => {
  it.effect("of more principals than each may have sessions stay", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start({ perPrincipal: 1 })
      const all = yield* Effect.forEach(["ada", "bob", "eve"], (sub) =>
        Effect.gen(function*() {
          const from = { token: yield* provider.mint({ claims: { sub } }) }
          return { from, id: yield* session(handle, from) }
        }))
      for (const { from, id } of all) assert.strictEqual(yield* ping(handle, id, from), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are bounded in number for each principal, and do not displace those of others", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start({ perPrincipal: 2 })
      const [ada, bob] = [
        { token: yield* provider.mint({ claims: { sub: "ada" } }) },
        { token: yield* provider.mint({ claims: { sub: "bob" } }) }
      ]
      const his = yield* session(handle, bob)
      const hers = yield* Effect.forEach(
        [1, 2, 3, 4],
        () => Effect.tap(session(handle, ada), () => TestClock.adjust(1))
      )
      assert.deepStrictEqual(yield* Effect.forEach(hers, (id) => ping(handle, id, ada)), [404, 404, 200, 200])
      assert.strictEqual(yield* ping(handle, his, bob), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are refused with 413 if their first message is too large to keep", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start(undefined)
      const token = yield* provider.mint()
      const first = yield* session(handle, { token })
      const answer = yield* begin(handle, { token, length: 3_000_000 })
      assert.strictEqual(answer.status, 413, answer.body)
      assert.strictEqual(yield* ping(handle, first, { token }), 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("end after a day without use", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start(undefined)
      const id = yield* session(handle, { token: yield* provider.mint() })
      yield* TestClock.adjust("23 hours")
      assert.strictEqual(yield* ping(handle, id, { token: yield* provider.mint() }), 200)
      yield* TestClock.adjust("24 hours")
      assert.strictEqual(yield* ping(handle, id, { token: yield* provider.mint() }), 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a session that has ended", () => {
  it.effect("is answered like one that never existed, and its client can begin another", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymousIdle: "1 minute" })
      const id = yield* session(handle)
      yield* TestClock.adjust("1 minute")
      const answer = yield* call(handle, id, "public")
      const unknown = yield* call(handle, "00000000-0000-4000-8000-000000000000", "public")
      assert.deepStrictEqual([answer.status, answer.body], [unknown.status, unknown.body])
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(yield* ping(handle, yield* session(handle)), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("makes room when its client ends it", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymous: 2 })
      const [first, second] = [yield* session(handle), yield* session(handle)]
      const headers = { ...headersOf({}), "mcp-session-id": second, "mcp-protocol-version": "2025-11-25" }
      assert.strictEqual((yield* send(handle, resource, { method: "DELETE", headers })).status, 204)
      yield* session(handle)
      assert.strictEqual(yield* ping(handle, first), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("sessionLimits", () => {
  const rows: ReadonlyArray<readonly [what: string, sessionLimits: ProtectOptions["sessionLimits"]]> = [
    ["no session", { anonymous: 0 }],
    ["half a session", { perPrincipal: 0.5 }],
    ["not a number", { perPrincipal: Number.NaN }],
    ["an idle time of zero", { idle: 0 }],
    ["a negative idle time", { anonymousIdle: -1 }]
  ]
  for (const [what, sessionLimits] of rows) {
    it.effect(`cannot be ${what}`, () =>
      Effect.gen(function*() {
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const error = yield* buildError(server(reached).pipe(McpAuth.protect(options({ sessionLimits }))))
        assert.isTrue(error._tag === "InvalidOptions" && error.reason === "invalid-session-limits", error.message)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("may disable the idle timeout", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ anonymousIdle: "Infinity", idle: "Infinity" })
      const id = yield* session(handle)
      yield* TestClock.adjust("365 days")
      assert.strictEqual(yield* ping(handle, id), 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
