import { AuthInfo, type TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, type Schema } from "effect"
import { HttpClient, HttpServerRequest, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { ServerSessions } from "../../src/server/internal/serverSessions.ts"
import { makeSessions } from "../../src/server/internal/sessions.ts"
import {
  bearer,
  callTool,
  discover,
  type Handle,
  initialize,
  initializeRequest,
  issuer,
  mcpHeaders,
  post,
  request,
  resource,
  resultOf,
  type Revision,
  send,
  start,
  visible,
  withSessions
} from "./harness.ts"

type Claims = { readonly [claim: string]: Schema.Json }

const owner: Claims = { sub: "ada", client_id: "notebook" }

/** Every other caller, each with one difference. */
const others: ReadonlyArray<readonly [who: string, claims: Claims]> = [
  ["another user of the same client", { ...owner, sub: "bob" }],
  ["the same user by another client", { ...owner, client_id: "phone" }],
  ["a user whose name is a prefix of the owner's", { ...owner, sub: "ad" }],
  ["a user without a client", { sub: "ada", client_id: "" }],
  ["a client without a user", { sub: "", client_id: "notebook" }],
  ["a user who has the name of the owner's client", { sub: "notebook", client_id: "ada" }]
]

type Exchange = readonly [
  what: string,
  send: (handle: Handle, token: string, session: string) => ReturnType<typeof send>
]

const exchanges = (revision: Revision): ReadonlyArray<Exchange> => {
  const posted =
    (body: unknown, more: Readonly<Record<string, string>> = { "mcp-protocol-version": revision }) =>
    (handle: Handle, token: string, session: string) =>
      post(handle, body, { token, headers: { ...more, "mcp-session-id": session } })
  const sent = (method: string) => (handle: Handle, token: string, session: string) =>
    send(handle, resource, {
      method,
      headers: { ...mcpHeaders, ...bearer(token), "mcp-session-id": session, "mcp-protocol-version": revision }
    })
  return [
    ["a call", posted(request(1, "tools/call", { name: "WhoAmI" }))],
    ["a call without a revision", posted(request(1, "tools/call", { name: "WhoAmI" }), {})],
    ["a call of another revision", posted(request(1, "ping"), { "mcp-protocol-version": "2025-03-26" })],
    ["a list", posted(request("x", "tools/list"))],
    ["a batch", posted([request(1, "ping"), request(2, "ping")])],
    ["a notification", posted({ jsonrpc: "2.0", method: "notifications/initialized" })],
    ["a cancellation", posted({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })],
    ["a response", posted({ jsonrpc: "2.0", id: 1, result: {} })],
    ["an error response", posted({ jsonrpc: "2.0", id: 1, error: { code: 1, message: "no" } })],
    ["another initialize request", posted(initializeRequest(revision))],
    ["a body that is not JSON-RPC", posted({ hello: "world" })],
    ["GET", sent("GET")],
    ["DELETE", sent("DELETE")]
  ]
}

describe("a session", () => {
  for (const revision of withSessions) {
    for (const [who, claims] of others) {
      it.effect(`of ${revision} does not exist for ${who}, byte for byte`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle, reached } = yield* start()
          const hers = yield* initialize(handle, revision, yield* provider.mint({ claims: owner }))
          const token = yield* provider.mint({ claims })
          for (const [what, exchange] of exchanges(revision)) {
            const known = yield* exchange(handle, token, hers["mcp-session-id"])
            const unknown = yield* exchange(handle, token, "00000000-0000-4000-8000-000000000000")
            assert.deepStrictEqual(visible(known), visible(unknown), what)
            assert.notStrictEqual(known.status, 200, what)
          }
          assert.deepStrictEqual(yield* reached, [])
          // None of these requests has affected the session.
          const call = request(1, "tools/call", { name: "WhoAmI" })
          const answer = yield* post(handle, call, { token: yield* provider.mint({ claims: owner }), headers: hers })
          assert.include(JSON.stringify(resultOf(answer)), "ada by notebook")
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }

    it.effect(`of ${revision} continues with a refreshed token of the same principal`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const hers = yield* initialize(handle, revision, yield* provider.mint({ claims: owner }))
        yield* TestClock.adjust("2 hours")
        const refreshed = yield* provider.mint({ claims: { ...owner, scope: "notes:read notes:write" } })
        const answer = yield* post(handle, request(1, "tools/call", { name: "WhoAmI" }), {
          token: refreshed,
          headers: hers
        })
        assert.strictEqual(answer.status, 200, answer.body)
        assert.include(answer.body, "notes:write")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`of ${revision} that its owner ends no longer exists for the owner`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const token = yield* provider.mint({ claims: owner })
        const hers = yield* initialize(handle, revision, token)
        const headers = { ...bearer(token), ...hers }
        assert.strictEqual((yield* send(handle, resource, { method: "DELETE", headers })).status, 204)
        assert.strictEqual((yield* send(handle, resource, { method: "DELETE", headers })).status, 404)
        assert.strictEqual((yield* post(handle, request(1, "ping"), { token, headers: hers })).status, 404)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (const revision of withSessions) {
    for (const claim of ["sub", "client_id"]) {
      it.effect(`of ${revision} is refused for tokens whose ${claim} is not a name`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle, reached } = yield* start()
          const hers = yield* initialize(handle, revision, yield* provider.mint({ claims: owner }))
          for (const value of [42, 43, "", null, {}, [], true]) {
            const token = yield* provider.mint({ claims: { ...owner, [claim]: value } })
            const begun = yield* post(handle, initializeRequest(revision), { token })
            assert.strictEqual(begun.status, 401)
            assert.include(begun.headers.get("www-authenticate"), "invalid_token")
            const call = request(1, "tools/call", { name: "WhoAmI" })
            assert.strictEqual((yield* post(handle, call, { token, headers: hers })).status, 401)
          }
          assert.deepStrictEqual(yield* reached, [])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }

    it.effect(`of ${revision} belongs to one token if the token names neither a subject nor a client`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, reached } = yield* start()
        const unnamed = { sub: undefined, client_id: undefined }
        const token = yield* provider.mint({ claims: unnamed })
        const hers = yield* initialize(handle, revision, token)
        const call = request(1, "tools/call", { name: "WhoAmI" })
        // Also with a cached token, from the second use on.
        for (const _ of [1, 2, 3]) {
          assert.strictEqual((yield* post(handle, call, { token, headers: hers })).status, 200)
        }
        const other = yield* provider.mint({ claims: unnamed })
        for (const [what, exchange] of exchanges(revision)) {
          const known = yield* exchange(handle, other, hers["mcp-session-id"])
          const unknown = yield* exchange(handle, other, "00000000-0000-4000-8000-000000000000")
          assert.deepStrictEqual(visible(known), visible(unknown), what)
        }
        assert.lengthOf(yield* reached, 3)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("belongs to one token if a custom verifier returns callers without a name", () =>
    Effect.gen(function*() {
      const verifier: TokenVerifier.Method<never> = {
        name: "another",
        handles: () => true,
        make: () => Effect.succeed((token) => Effect.succeed({ ...AuthInfo.anonymous, issuer, token }))
      }
      const { handle } = yield* start({ verifier })
      const hers = yield* initialize(handle, "2025-11-25", "one")
      const call = request(1, "ping")
      assert.strictEqual((yield* post(handle, call, { token: "one", headers: hers })).status, 200)
      assert.strictEqual((yield* post(handle, call, { token: "two", headers: hers })).status, 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("cannot be used without a token, even with its id", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const hers = yield* initialize(handle, "2025-11-25", yield* provider.mint({ claims: owner }))
      for (const method of ["POST", "GET", "DELETE"]) {
        assert.strictEqual((yield* send(handle, resource, { method, headers: hers })).status, 401)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("belongs to an issuer too: the same names at another provider are another principal", () =>
    Effect.gen(function*() {
      const { client, providers: [one, two] } = yield* TestProvider.makeNetwork({ issuer }, {
        issuer: "https://two.test"
      })
      if (one === undefined || two === undefined) return assert.fail()
      const { handle } = yield* Effect.provideService(
        start({ authorizationServers: [discover(issuer), discover("https://two.test")] }),
        HttpClient.HttpClient,
        client
      )
      const hers = yield* initialize(handle, "2025-11-25", yield* one.mint({ claims: owner }))
      const answer = yield* post(handle, request(1, "ping"), {
        token: yield* two.mint({ claims: owner }),
        headers: hers
      })
      assert.strictEqual(answer.status, 404)
    }).pipe(Effect.scoped))

  it.effect("cannot be chosen by the client: an id that the server did not create begins no session", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const token = yield* provider.mint({ claims: owner })
      // The gate answers sessions of other callers like an unknown one.
      for (const session of ["unknown", "mine", ""]) {
        const headers = { "mcp-session-id": session }
        const begun = yield* post(handle, initializeRequest("2025-11-25"), { token, headers })
        assert.notStrictEqual(begun.status, 200)
        assert.strictEqual((yield* post(handle, request(1, "ping"), { token, headers })).status, 404)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  /** Begins a session in an unusual way, and continues it as its principal and as another one. */
  const beginAndContinue = Effect.fnUntraced(
    function*(headers: Readonly<Record<string, string>>, method = "initialize") {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const [ada, bob] = [
        yield* provider.mint({ claims: owner }),
        yield* provider.mint({ claims: { ...owner, sub: "bob" } })
      ]
      const begun = yield* send(handle, resource, {
        method: "POST",
        headers: { ...mcpHeaders, ...bearer(ada), ...headers },
        body: JSON.stringify(initializeRequest("2025-11-25")).replace("initialize", method)
      })
      const session = begun.headers.get("mcp-session-id")
      if (session === null) return assert.fail(begun.body)
      const continued = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }
      assert.strictEqual((yield* post(handle, request(1, "ping"), { token: ada, headers: continued })).status, 200)
      assert.strictEqual((yield* post(handle, request(1, "ping"), { token: bob, headers: continued })).status, 404)
    },
    (body) => body.pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
  )

  it.effect("belongs to its principal even if the request that began it named a revision without sessions", () =>
    beginAndContinue({ "mcp-protocol-version": "2026-07-28" }))

  it.effect("belongs to its principal even if the request that began it named the method of subscriptions", () =>
    beginAndContinue({ "mcp-method": "subscriptions/listen" }))

  // JSON can spell each letter as an escape.
  for (const method of ["\\u0069nitialize", "initi\\u0061liz\\u0065"]) {
    it.effect(`belongs to its principal if the method that began it is spelled ${method}`, () =>
      beginAndContinue({}, method))
  }

  it.effect("that its owner has ended does not count any more", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start({ sessionLimits: { perPrincipal: 2 } })
      const token = yield* provider.mint({ claims: owner })
      const first = yield* initialize(handle, "2025-11-25", token)
      yield* TestClock.adjust(1000)
      const ended = yield* initialize(handle, "2025-11-25", token)
      yield* TestClock.adjust(1000)
      yield* send(handle, resource, { method: "DELETE", headers: { ...bearer(token), ...ended } })
      const next = yield* initialize(handle, "2025-11-25", token)
      for (const headers of [first, next]) {
        assert.strictEqual((yield* post(handle, request(1, "ping"), { token, headers })).status, 200)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of one user and a session of another coexist", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* start()
      const [ada, bob] = [
        yield* provider.mint({ claims: owner }),
        yield* provider.mint({ claims: { ...owner, sub: "bob" } })
      ]
      const hers = yield* initialize(handle, "2025-11-25", ada)
      const his = yield* initialize(handle, "2025-11-25", bob)
      const call = request(1, "tools/call", { name: "WhoAmI" })
      assert.strictEqual((yield* post(handle, call, { token: ada, headers: hers })).status, 200)
      assert.strictEqual((yield* post(handle, call, { token: bob, headers: his })).status, 200)
      assert.strictEqual((yield* post(handle, call, { token: ada, headers: his })).status, 404)
      assert.deepStrictEqual(yield* reached, ["tool: ada by notebook", "tool: bob by notebook"])
      // The newest revision has no sessions, and requires none.
      assert.strictEqual((yield* callTool(handle, bob)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("begins only with a valid token, and a refused request leaves no session behind", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const token = yield* provider.mint({ forged: true })
      const answer = yield* post(handle, initializeRequest("2025-11-25"), { token })
      assert.strictEqual(answer.status, 401)
      assert.isNull(answer.headers.get("mcp-session-id"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the gate's record of sessions", () => {
  const withSession = (id: string, method = "POST") =>
    HttpServerRequest.fromWeb(new Request(resource, { method, headers: { "mcp-session-id": id } }))
  const named = (subject: string) => ({ ...AuthInfo.anonymous, issuer, subject })
  const [ada, bob] = [named("ada"), named("bob")]
  const plain = HttpServerRequest.fromWeb(new Request(resource, { method: "POST" }))
  const seenAs = ({ headers }: HttpServerRequest.HttpServerRequest) => headers["mcp-session-id"]
  const bounds = { total: 10, perOwner: 10, idle: 1000 }
  const gate = Effect.map(
    makeSessions({ bounds: { anonymous: bounds, authenticated: bounds }, end: () => Effect.void }),
    ({ claim, record }) => ({
      claim,
      learn: (
        info: AuthInfo.AuthInfo["Service"],
        request: HttpServerRequest.HttpServerRequest,
        response: HttpServerResponse.HttpServerResponse
      ) => record({ info, request, response, size: () => Effect.succeed(1) }) ?? Effect.void
    })
  )
  const begun = HttpServerResponse.empty({ headers: { "mcp-session-id": "s1" } })

  it.effect("makes a session unknown that the gate did not see begin or has forgotten, even if the server still has it", () =>
    Effect.gen(function*() {
      const { claim, learn } = yield* gate
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "unknown")
      yield* learn(ada, plain, begun)
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "s1")
      assert.strictEqual(seenAs(yield* claim(bob, withSession("s1"))), "unknown")
      yield* learn(ada, withSession("s1", "DELETE"), HttpServerResponse.empty({ status: 204 }))
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "unknown")
    }).pipe(Effect.scoped))

  it.effect("does not change when a response repeats the id of a session", () =>
    Effect.gen(function*() {
      const { claim, learn } = yield* gate
      yield* learn(ada, plain, begun)
      yield* learn(bob, withSession("s1"), begun)
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "s1")
      assert.strictEqual(seenAs(yield* claim(bob, withSession("s1"))), "unknown")
    }).pipe(Effect.scoped))

  it.effect("does not change when the server refuses a termination", () =>
    Effect.gen(function*() {
      const { claim, learn } = yield* gate
      yield* learn(ada, plain, begun)
      yield* learn(ada, withSession("s1", "DELETE"), HttpServerResponse.empty({ status: 405 }))
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "s1")
    }).pipe(Effect.scoped))

  it.effect("does not fail when the server ends a session that the gate does not know", () =>
    Effect.gen(function*() {
      const { claim, learn } = yield* gate
      yield* learn(ada, plain, begun)
      yield* learn(ada, withSession("s9", "DELETE"), HttpServerResponse.empty({ status: 204 }))
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "s1")
    }).pipe(Effect.scoped))

  it.effect("makes a session unknown at once when it was not used for too long, and ends it once", () =>
    Effect.gen(function*() {
      const ended: Array<string> = []
      const { claim, record } = yield* makeSessions({
        bounds: { anonymous: bounds, authenticated: bounds },
        end: (id) => Effect.sync(() => ended.push(id))
      })
      const begin = (id: string) => {
        const response = HttpServerResponse.empty({ headers: { "mcp-session-id": id } })
        return Effect.scoped(
          record({ info: ada, request: plain, response, size: () => Effect.succeed(1) }) ?? Effect.void
        )
      }
      yield* begin("s1")
      yield* TestClock.adjust(500)
      yield* begin("s2")
      yield* TestClock.adjust(1100)
      assert.deepStrictEqual(ended, ["s1"])
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s2"))), "unknown")
      assert.deepStrictEqual(ended, ["s1", "s2"])
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(ended, ["s1", "s2"])
    }).pipe(Effect.scoped))

  it.effect("ends sessions in the server by the shorter of two times, and goes on as long as there is one", () =>
    Effect.gen(function*() {
      const ended: Array<string> = []
      const { claim, record } = yield* makeSessions({
        bounds: { anonymous: bounds, authenticated: { ...bounds, idle: 5000 } },
        end: (id) => Effect.sync(() => ended.push(id))
      })
      const begin = (info: AuthInfo.AuthInfo["Service"], id: string) => {
        const response = HttpServerResponse.empty({ headers: { "mcp-session-id": id } })
        return record({ info, request: plain, response, size: () => Effect.succeed(1) }) ?? Effect.void
      }
      const use = (id: string) => Effect.scoped(claim(AuthInfo.anonymous, withSession(id)))
      yield* begin(AuthInfo.anonymous, "s1")
      yield* begin(ada, "s2")
      yield* TestClock.adjust(900)
      yield* use("s1")
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(ended, [])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(ended, ["s1"])
      yield* TestClock.adjust(3000)
      assert.deepStrictEqual(ended, ["s1", "s2"])
      yield* begin(AuthInfo.anonymous, "s3")
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(ended, ["s1", "s2", "s3"])
    }).pipe(Effect.scoped))

  it.effect("one begun without a token does not go on with a token whose principal has no room", () =>
    Effect.gen(function*() {
      const full = { ...bounds, perOwner: 1 }
      const { claim, record } = yield* makeSessions({
        bounds: { anonymous: bounds, authenticated: full },
        end: () => Effect.void
      })
      yield* (record({ info: ada, request: plain, response: begun, size: () => Effect.succeed(1) }) ?? Effect.void)
      // It is in use until the scope of its request closes.
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s1"))), "s1")
      const response = HttpServerResponse.empty({ headers: { "mcp-session-id": "s2" } })
      yield* (record({ info: AuthInfo.anonymous, request: plain, response, size: () => Effect.succeed(1) }) ??
        Effect.void)
      assert.strictEqual(seenAs(yield* claim(ada, withSession("s2"))), "unknown")
      assert.strictEqual(seenAs(yield* claim(bob, withSession("s2"))), "unknown")
    }).pipe(Effect.scoped))
})

describe("the sessions of a server", () => {
  const runtimeKey = "effect/ai/McpRuntime/ServerRuntime"
  const others: ReadonlyArray<readonly [what: string, services: Context.Context<never>]> = [
    ["is missing", Context.empty()],
    ["has no method for it", Context.makeUnsafe(new Map([[runtimeKey, {}]]))],
    ["has something else by that name", Context.makeUnsafe(new Map([[runtimeKey, { terminateHttpSession: true }]]))]
  ]
  for (const [what, services] of others) {
    it.effect(`are left to the server if the part of it that ends sessions ${what}`, () =>
      Effect.gen(function*() {
        const { end, register } = Context.get(
          yield* Layer.build(ServerSessions.layer()),
          ServerSessions
        )
        register(services)
        yield* end("s1")
      }).pipe(Effect.scoped))
  }
})
