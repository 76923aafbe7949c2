import { AuthInfo, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ByteSize, Context, Effect, Layer, Ref, type Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import { HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"
import {
  type Answer,
  type Handle,
  initialize,
  initializeRequest,
  mcpHeaders,
  post,
  type ProtectOptions,
  request,
  resource,
  type Revision,
  send,
  stateless,
  visible,
  withSessions
} from "../server/harness.ts"
import { elapse, settled } from "../time.ts"
import {
  arrive,
  ask,
  assertAnswered,
  assertInsufficient,
  assertInvalid,
  assertLogin,
  begin,
  converse,
  everythingUnder,
  handlerOf,
  kinds,
  listed,
  lists,
  mint,
  type Mode,
  modern,
  modes,
  plainTool,
  type Ran,
  type Registrations,
  resourcesOf,
  toolOf,
  toolsSeen
} from "./harness.ts"

const { allOf, anonymous, anyOf, authenticated, byOperation, not, scopes } = Policy

/** Registrations that are public, beside others that are not. */
const openAndShut = (ran: Ran): Registrations =>
  Layer.merge(everythingUnder(ran, "open", anonymous), everythingUnder(ran, "shut", scopes("a")))

const old: Mode = { name: "2025-11-25", revision: "2025-11-25", batch: false }

/** Invalid tokens. */
const bad = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  const claims = { scope: "a" }
  return {
    "forged": yield* provider.mint({ forged: true, claims }),
    "expired": yield* provider.mint({ expiresIn: -3600, claims }),
    "for another resource": yield* provider.mint({ claims: { ...claims, aud: "https://other.test/mcp" } }),
    "of another issuer": yield* provider.mint({ claims: { ...claims, iss: "https://evil.test" } }),
    "not a token at all": "anonymous"
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Public registrations
// ---------------------------------------------------------------------------------------------------------------------

describe("what is public", () => {
  for (const mode of modes) {
    it.effect(`can be used without a token, and everything else starts a login, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(openAndShut)
        const send = yield* converse(handle, mode, undefined)
        for (const kind of kinds) {
          assertAnswered(yield* ask(send, kind, "open", undefined))
          assertLogin(yield* ask(send, kind, "shut", undefined), "a")
          // An unknown name starts a login as well, so that a caller cannot find out what exists.
          assertLogin(yield* ask(send, kind, "none", undefined), "a")
        }
        assert.deepStrictEqual(yield* ran, kinds.map((kind) => handlerOf(kind, "open")))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`is listed without a token, and nothing else is, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin(openAndShut)
        const send = yield* converse(handle, mode, undefined)
        const token = yield* mint("a")
        for (const list of lists) {
          assert.deepStrictEqual(listed(yield* send(list.method, {}, undefined), list), [list.named("open")])
        }
        for (const list of lists) assert.lengthOf(listed(yield* send(list.method, {}, token), list), 2)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`cannot be used or listed with an invalid token, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(openAndShut, { anonymousLists: true })
        const send = yield* converse(handle, mode, undefined)
        for (const [name, token] of Object.entries(yield* bad)) {
          for (const kind of kinds) assertInvalid(yield* ask(send, kind, "open", token))
          for (const { method } of lists) assertInvalid(yield* send(method, {}, token))
          assertInvalid(yield* post(handle, initializeRequest("2025-11-25"), { token }))
          assert.deepStrictEqual(yield* ran, [], name)
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("cannot be used with a token that is sent in a wrong way", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin(openAndShut)
      const token = yield* mint("a")
      const { body, headers } = stateless(1, "tools/call", { name: "open", arguments: {} })
      const wrong: ReadonlyArray<readonly [url: string, authorization: string | undefined]> = [
        [`${resource}?access_token=${token}`, undefined],
        [resource, "Bearer,"],
        [resource, `Bearer ${token} ${token}`]
      ]
      for (const [url, authorization] of wrong) {
        const credentials = authorization === undefined ? {} : { authorization }
        const answer = yield* post(handle, body, { url, headers: { ...headers, ...credentials } })
        assert.strictEqual(answer.status, 400, `${url} ${authorization}`)
      }
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("can be used with an empty Authorization header, which counts as no token", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin(openAndShut)
      for (const authorization of ["", "Bearer", "Bearer ", "bearer"]) {
        for (const name of ["open", "shut"]) {
          const { body, headers } = stateless(1, "tools/call", { name, arguments: {} })
          const answer = yield* post(handle, body, { headers: { ...headers, authorization } })
          if (name === "open") assertAnswered(answer)
          else assertLogin(answer, "a")
        }
      }
      assert.lengthOf(yield* ran, 4)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("receives the caller of a token, and the anonymous caller otherwise", () =>
    Effect.gen(function*() {
      const seen = yield* Ref.make<ReadonlyArray<AuthInfo.AuthInfo["Service"]>>([])
      const see = Effect.flatMap(AuthInfo.AuthInfo, (info) =>
        Effect.as(Ref.update(seen, (all) => [...all, info]), "seen"))
      const { handle } = yield* begin(() =>
        toolOf("open", anonymous, see)
      )
      for (const mode of modes) {
        const send = yield* converse(handle, mode, undefined)
        yield* ask(send, "call", "open", undefined)
        yield* ask(send, "call", "open", yield* mint("b"))
      }
      const all = yield* Ref.get(seen)
      assert.strictEqual(all.length, 2 * modes.length)
      for (const [index, info] of all.entries()) {
        assert.strictEqual(AuthInfo.isAnonymous(info), index % 2 === 0)
        if (index % 2 === 0) assert.strictEqual(info, AuthInfo.anonymous)
        else assert.deepInclude(info, { subject: "user-1", scopes: new Set(["b"]) })
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const rows: ReadonlyArray<
    readonly [what: string, registrations: (ran: Ran) => Registrations, changes: Partial<ProtectOptions>, open: boolean]
  > = [
    ["is public through anyOf", (ran) => toolOf("t", anyOf(scopes("a"), anonymous), arrive(ran, "t")), {}, true],
    [
      "is public through allOf with itself",
      (ran) => toolOf("t", allOf(anonymous, anonymous), arrive(ran, "t")),
      {},
      true
    ],
    [
      "is not public in allOf with another policy",
      (ran) => toolOf("t", allOf(anonymous, scopes("a")), arrive(ran, "t")),
      {},
      false
    ],
    ["is not public through a negation", (ran) => toolOf("t", not(scopes("a")), arrive(ran, "t")), {}, false],
    ["is not public through two negations", (ran) => toolOf("t", not(not(anonymous)), arrive(ran, "t")), {}, false],
    [
      "is not public through the absence of a claim",
      (ran) => toolOf("t", not(Policy.role("guest")), arrive(ran, "t")),
      {},
      false
    ],
    [
      "is not public through a check",
      (ran) => toolOf("t", Policy.check(Effect.succeed(true)), arrive(ran, "t")),
      {},
      false
    ],
    ["is public through a guard", (ran) => plainTool("t", arrive(ran, "t")).pipe(Policy.guard(anonymous)), {}, true],
    [
      "is not public if only its guard is public",
      (ran) => toolOf("t", scopes("a"), arrive(ran, "t")).pipe(Policy.guard(anonymous)),
      {},
      false
    ],
    [
      "is not public if only its own policy is public",
      (ran) => toolOf("t", anonymous, arrive(ran, "t")).pipe(Policy.guard(scopes("a"))),
      {},
      false
    ],
    ["is public through the default policy", (ran) => plainTool("t", arrive(ran, "t")), { policy: anonymous }, true],
    [
      "is public through its own policy, whatever the default policy is",
      (ran) => toolOf("t", anonymous, arrive(ran, "t")),
      { policy: scopes("a") },
      true
    ],
    [
      "is not public if only the default policy is public",
      (ran) => toolOf("t", scopes("a"), arrive(ran, "t")),
      { policy: anonymous },
      false
    ],
    [
      "is public even if every request needs a scope",
      (ran) => toolOf("t", anonymous, arrive(ran, "t")),
      { requiredScopes: ["a"] },
      true
    ]
  ]
  for (const [what, registrations, changes, open] of rows) {
    it.effect(`${what}: ${open}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(registrations, changes)
        const send = yield* converse(handle, modern, undefined)
        const answer = yield* ask(send, "call", "t", undefined)
        if (open) assertAnswered(answer)
        else assert.strictEqual(answer.status, 401, answer.body)
        assert.deepStrictEqual(yield* ran, open ? ["t"] : [])
        // Where nothing is public, nothing is listed either.
        assert.strictEqual((yield* send("tools/list", {}, undefined)).status, open ? 200 : 401)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Registrations that are public for some operations
// ---------------------------------------------------------------------------------------------------------------------

describe("what is public for some operations only", () => {
  const demo = byOperation((operation) => Object(operation.arguments).tone === "demo" ? anonymous : scopes("a"))
  const get = (tone: string) => ["prompts/get", { name: "notes", arguments: { tone } }] as const

  it.effect("can be used for these without a token, and starts a login for others", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) => resourcesOf(ran, "notes").pipe(Policy.guard(demo)))
      const send = yield* converse(handle, modern, undefined)
      assertAnswered(yield* send(...get("demo"), undefined))
      assertLogin(yield* send(...get("real"), undefined))
      assertLogin(yield* ask(send, "read", "notes", undefined))
      assert.deepStrictEqual(yield* ran, ["notes prompt"])
      assertAnswered(yield* send(...get("real"), yield* mint("a")))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("starts a login for a handshake: a client that can certainly do nothing must log in first", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => resourcesOf(ran, "notes").pipe(Policy.guard(demo)))
      const send = yield* converse(handle, modern, undefined)
      for (const { method } of lists) assertLogin(yield* send(method, {}, undefined))
      for (const revision of withSessions) assertLogin(yield* post(handle, initializeRequest(revision)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Public lists
// ---------------------------------------------------------------------------------------------------------------------

describe("anonymousLists", () => {
  const shelf = (ran: Ran): Registrations =>
    Layer.merge(everythingUnder(ran, "a", scopes("a")), everythingUnder(ran, "b", Policy.role("admin")))

  for (const visibility of ["permitted", "locked", "concealed"] as const) {
    it.effect(`shows every entry to callers without a token, and to others only the permitted ones, when visibility is ${visibility}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(shelf, { anonymousLists: true, visibility })
        const token = yield* mint("b")
        for (const mode of modes) {
          const send = yield* converse(handle, mode, undefined)
          for (const list of lists) {
            assert.sameMembers([...listed(yield* send(list.method, {}, undefined), list)], [
              list.named("a"),
              list.named("b")
            ])
          }
          for (const kind of kinds) {
            assertLogin(yield* ask(send, kind, "a", undefined), "a")
            assertLogin(yield* ask(send, kind, "b", undefined), "a")
            assertLogin(yield* ask(send, kind, "none", undefined), "a")
          }
          for (const list of lists) {
            const seen = visibility === "locked" ? [list.named("a")] : []
            assert.deepStrictEqual(listed(yield* send(list.method, {}, token), list), seen)
          }
        }
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("if off, and with nothing public, makes lists and handshakes start a login", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(shelf)
      const send = yield* converse(handle, modern, undefined)
      for (const { method } of lists) assertLogin(yield* send(method, {}, undefined), "a")
      for (const revision of withSessions) assertLogin(yield* post(handle, initializeRequest(revision)), "a")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Malformed requests
// ---------------------------------------------------------------------------------------------------------------------

/** Sends a text as the body of a request without a token. */
const sendText = (
  handle: Handle,
  body: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<Answer> => send(handle, resource, { method: "POST", headers: { ...mcpHeaders, ...headers }, body })

const call = (name: string, id: number | string = 1) => request(id, "tools/call", { name, arguments: {} })

describe("without a token, a body", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`
  const text = (value: unknown) => JSON.stringify(value)
  const params = (inside: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${inside}}`
  const complete = (ref: Schema.JsonObject) =>
    text(request(1, "completion/complete", { ref, argument: { name: "tone", value: "" } }))

  const bodies: Readonly<Record<string, string>> = {
    "that is empty": "",
    "that is not JSON": "{",
    "that is JSON followed by text": `${text(call("open"))}}`,
    "that is null": "null",
    "that is a string": `"tools/call"`,
    "that is an empty batch": "[]",
    "that is a batch within a batch": text([[call("open")]]),
    "that is endlessly nested": nested(100_000),
    "that calls with endlessly nested parameters": params(`{"name":${nested(100_000)}}`),
    "that is two bodies": `${text(call("open"))}\n${text(call("shut"))}`,
    "that calls nothing": params("{}"),
    "that calls without parameters": `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`,
    "that calls a list of names": params(`{"name":["open"]}`),
    "that calls an object": params(`{"name":{"open":"open"}}`),
    "that calls a name set by __proto__": params(`{"__proto__":{"name":"open"}}`),
    "that calls a protected tool": text(call("shut")),
    "that calls a protected tool after a public one": params(`{"name":"open","name":"shut","arguments":{}}`),
    "whose second params call a protected tool after a public one":
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open"},"params":{"name":"shut"}}`,
    "whose second method is a call after a list":
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"shut"}}`,
    "that reads a protected resource with the name of a public one": text(
      request(1, "resources/read", { name: "open", uri: "shut://one" })
    ),
    "that reads a tool": text(request(1, "resources/read", { uri: "open" })),
    "that calls a resource": text(call("open://one")),
    "that completes a protected prompt with the URI of a public template": complete({
      type: "ref/prompt",
      name: "shut",
      uri: "open://of/{id}"
    }),
    "that completes a protected template with the name of a public prompt": complete({
      type: "ref/resource",
      uri: "shut://of/{id}",
      name: "open"
    }),
    "that completes a reference without a type": complete({ name: "open" }),
    "that completes a tool reference": complete({ type: "ref/tool", name: "open" }),
    "that calls a name in another case": text(request(1, "Tools/Call", { name: "open" })),
    "that calls a public name with a space": text(call("open ")),
    "that is a batch of a public and a protected call": text([call("open"), call("shut", 2)]),
    "that is a batch of a protected and a public call": text([call("shut"), call("open", 2)]),
    "that is a batch of a list and another request": text([
      request(1, "tools/list"),
      request(2, "resources/subscribe")
    ]),
    "that is a batch with a value that is not a message": text([call("open"), 1]),
    "that is a request and a response at once": text({
      ...request(1, "logging/setLevel", { level: "debug" }),
      result: {}
    }),
    "that is a call and a response at once": text({ ...call("shut"), error: { code: 1, message: "" } }),
    "that subscribes to a resource": text(request(1, "resources/subscribe", { uri: "open://one" })),
    "that listens for changes of a protected resource": text(
      request(1, "subscriptions/listen", { notifications: { resourceSubscriptions: ["open://one", "shut://one"] } })
    ),
    "that listens for changes of an unknown resource": text(
      request(1, "subscriptions/listen", { notifications: { resourceSubscriptions: ["none://one"] } })
    ),
    "that listens for something unknown": text(request(1, "subscriptions/listen", { notifications: "shut://one" })),
    "that listens for nothing": text(request(1, "subscriptions/listen")),
    "that requests tasks": text(request(1, "tasks/list")),
    "that has an unknown method": text(request(1, "x/y"))
  }

  for (const anonymousLists of [false, true]) {
    it.effect(`starts a login unless all of it is public, ${anonymousLists ? "with public lists" : "without public lists"}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(openAndShut, { anonymousLists })
        const session = yield* initialize(handle, "2025-03-26", undefined)
        const modern = stateless(1, "tools/call", { name: "open" }).headers
        for (const [what, body] of Object.entries(bodies)) {
          for (const headers of [session, {}, modern]) {
            const answer = yield* sendText(handle, body, headers)
            assert.strictEqual(answer.status, 401, `${what}: ${answer.body.slice(0, 300)}`)
            assertLogin(answer, "a")
          }
        }
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("that is longer than the HTTP server accepts is refused with 413, and is not read to its end", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin(openAndShut)
      const { body, headers } = stateless(1, "tools/call", { name: "open", arguments: {} })
      const short = JSON.stringify(body)
      assertAnswered(yield* sendText(handle, short, headers))
      assert.strictEqual((yield* sendText(handle, `${short}${" ".repeat(2000)}`, headers)).status, 413)
      const long = { ...body, more: "x".repeat(2000) }
      assert.strictEqual((yield* post(handle, long, { headers, token: yield* mint("a") })).status, 413)
      assert.deepStrictEqual(yield* ran, ["open tool"])
    }).pipe(
      Effect.provideService(HttpServerRequest.MaxBodySize, ByteSize.fromInputUnsafe(1000)),
      Effect.scoped,
      Effect.provide(TestProvider.layer())
    ))

  it.effect("that is a batch of public calls is answered, and a name in a header makes nothing public", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin(openAndShut)
      const headers = yield* initialize(handle, "2025-03-26", undefined)
      const open = yield* post(handle, [call("open"), request(2, "tools/list"), request(3, "ping")], { headers })
      assert.strictEqual(open.status, 200)
      assert.strictEqual(open.messages.length, 3)
      for (const mode of [modern, old]) {
        const session = mode.revision === "2026-07-28" ? {} : yield* initialize(handle, mode.revision, undefined)
        const shut = stateless(1, "tools/call", { name: "shut", arguments: {} })
        const named = { ...shut.headers, ...session, "mcp-name": "open" }
        assertLogin(yield* post(handle, shut.body, { headers: named }), "a")
      }
      assert.deepStrictEqual(yield* ran, ["open tool"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has no effect with another HTTP method: only POST can call what is public", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(openAndShut, { anonymousLists: true })
      const headers = yield* initialize(handle, "2025-11-25", undefined)
      const init = { headers: { ...mcpHeaders, ...headers } }
      for (const method of ["PUT", "PATCH"]) {
        const body = JSON.stringify(call("open"))
        assertLogin(yield* send(handle, resource, { ...init, method, body }), "a")
      }
      // Without a session, GET and DELETE have nothing to do. The 401 lets clients find out how to log in.
      for (const method of ["GET", "HEAD", "DELETE"]) {
        const withoutSession = yield* send(handle, resource, { method, headers: mcpHeaders })
        assert.strictEqual(withoutSession.status, 401, method)
      }
      // The session still exists.
      assertAnswered(yield* post(handle, call("open"), { headers }))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Sessions
// ---------------------------------------------------------------------------------------------------------------------

/** The response for a session that does not exist. */
const assertUnknown = Effect.fnUntraced(function*(
  handle: Handle,
  message: unknown,
  headers: Readonly<Record<string, string>>,
  token: string | undefined
) {
  const madeUp = { ...headers, "mcp-session-id": "made-up" }
  const [theirs, nobodys] = [
    yield* post(handle, message, { headers, token }),
    yield* post(handle, message, { headers: madeUp, token })
  ]
  assert.strictEqual(theirs.status, 404, theirs.body)
  assert.deepStrictEqual(visible(theirs), visible(nobodys))
})

describe("a session that was begun without a token", () => {
  for (const revision of withSessions) {
    it.effect(`belongs to the caller who logs in, from then on, and to no other caller, ${revision}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(openAndShut)
        const headers = yield* initialize(handle, revision, undefined)
        const [ada, poor, eve] = [yield* mint("a"), yield* mint("b"), yield* mint("a", { sub: "eve" })]
        assertAnswered(yield* post(handle, call("open"), { headers }))
        assertLogin(yield* post(handle, call("shut"), { headers }), "a")
        // An invalid token does not take over the session.
        for (const token of Object.values(yield* bad)) {
          assertInvalid(yield* post(handle, call("open"), { headers, token }))
        }
        assertAnswered(yield* post(handle, call("open"), { headers }))
        assertAnswered(yield* post(handle, call("shut"), { headers, token: ada }))
        assertInsufficient(yield* post(handle, call("shut"), { headers, token: poor }), "a")
        yield* assertUnknown(handle, call("open"), headers, undefined)
        yield* assertUnknown(handle, call("open"), headers, eve)
        yield* assertUnknown(handle, request(1, "tools/list"), headers, undefined)
        assertAnswered(yield* post(handle, call("shut"), { headers, token: ada }))
        assert.deepStrictEqual(yield* ran, ["open tool", "open tool", "shut tool", "shut tool"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`is separate from a session that was begun with a token, which callers without one cannot use, ${revision}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(openAndShut, { anonymousLists: true })
        const token = yield* mint("a")
        const headers = yield* initialize(handle, revision, token)
        for (const message of [call("open"), request(1, "tools/list"), request(1, "ping")]) {
          yield* assertUnknown(handle, message, headers, undefined)
        }
        // A protected name starts a login before the session is looked up.
        assertLogin(yield* post(handle, call("shut"), { headers }), "a")
        assertAnswered(yield* post(handle, call("shut"), { headers, token }))
        assert.deepStrictEqual(yield* ran, ["shut tool"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("cannot be ended without a token if it was begun with one: DELETE starts a login", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(openAndShut)
      const token = yield* mint("a")
      const headers = yield* initialize(handle, "2025-11-25", token)
      assertLogin(yield* send(handle, resource, { method: "DELETE", headers }), "a")
      assertAnswered(yield* post(handle, call("shut"), { headers, token }))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// What the server advertises
// ---------------------------------------------------------------------------------------------------------------------

describe("what the server advertises to callers without a token", () => {
  for (const revision of withSessions) {
    it.effect(`works without one, and has the same responses as with one, in ${revision}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(openAndShut)
        const token = yield* mint("a")
        const answers = Effect.fnUntraced(function*(token: string | undefined) {
          const headers = yield* initialize(handle, revision, token)
          const messages = [
            request(1, "ping"),
            request(1, "logging/setLevel", { level: "debug" }),
            { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
            { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: "p", progress: 1 } },
            { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } }
          ]
          const posted = yield* Effect.forEach(messages, (message) => post(handle, message, { headers, token }))
          const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` }
          const init = { headers: { ...mcpHeaders, ...headers, ...credentials } }
          return [
            ...posted,
            yield* send(handle, resource, { ...init, method: "GET" }),
            yield* send(handle, resource, { ...init, method: "DELETE" }),
            yield* post(handle, request(1, "ping"), { headers, token })
          ].map(visible)
        })
        const without = yield* answers(undefined)
        assert.deepStrictEqual(without.map(({ status }) => status), [200, 200, 202, 202, 202, 405, 204, 404])
        assert.deepStrictEqual(without, yield* answers(token))
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`starts a login for the session of a caller with a token, and for an unknown session, in ${revision}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin(openAndShut, { anonymousLists: true })
        const token = yield* mint("a")
        const theirs = yield* initialize(handle, revision, token)
        const taken = yield* initialize(handle, revision, undefined)
        assertAnswered(yield* post(handle, request(1, "ping"), { headers: taken, token }))
        const madeUp = ["made-up", "unknown", ""].map((id) => ({ ...theirs, "mcp-session-id": id }))
        for (const headers of [theirs, taken, ...madeUp]) {
          for (const method of ["GET", "DELETE"]) {
            assertLogin(yield* send(handle, resource, { method, headers: { ...mcpHeaders, ...headers } }), "a")
          }
        }
        // Both still exist.
        for (const headers of [theirs, taken]) assertAnswered(yield* post(handle, call("shut"), { headers, token }))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const shut = [
    scopes("a"),
    Policy.anyOf(scopes("a"), Policy.role("admin")),
    Policy.allOf(Policy.anonymous, scopes("a"))
  ]
  it.effect("begins a session and discovers the server without one if something is public", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => toolOf("open", Policy.anonymous, arrive(ran, "open")))
      const { body, headers } = stateless(1, "server/discover", {})
      assert.strictEqual((yield* post(handle, body, { headers })).status, 200)
      const session = yield* initialize(handle, "2025-11-25", undefined)
      const initialized = { jsonrpc: "2.0", method: "notifications/initialized" }
      assert.strictEqual((yield* post(handle, initialized, { headers: session })).status, 202)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const policy of shut) {
    it.effect(`does not work without one if nothing is public: ${policy}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin((ran) => toolOf("shut", policy, arrive(ran, "shut")))
        const headers = yield* initialize(handle, "2025-11-25", yield* mint("a"))
        for (const method of ["ping", "logging/setLevel", "notifications/roots/list_changed", "subscriptions/listen"]) {
          const params = { level: "debug", notifications: {} }
          assertLogin(yield* post(handle, request(1, method, params), { headers }), "a")
          const modern = stateless(1, method, params)
          assertLogin(yield* post(handle, modern.body, { headers: modern.headers }), "a")
        }
        for (const method of ["GET", "DELETE"]) {
          assertLogin(yield* send(handle, resource, { method, headers: { ...mcpHeaders, ...headers } }), "a")
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const listen = Effect.fnUntraced(function*(
    handle: Handle,
    notifications: Schema.JsonObject
  ) {
    const { body, headers } = stateless("sub", "subscriptions/listen", { notifications })
    const init = { method: "POST", headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(body) }
    const response = yield* handle(new Request(resource, init))
    const arriving = { status: response.status, headers: response.headers, text: "", ended: false }
    const read = async () => {
      const decoder = new TextDecoder()
      for await (const chunk of response.body ?? []) arriving.text += decoder.decode(chunk, { stream: true })
      arriving.ended = true
    }
    yield* Effect.forkScoped(Effect.promise(read))
    yield* settled
    return arriving
  })

  it.effect(
    "includes subscriptions of 2026-07-28 to lists and public resources, which stay open",
    () =>
      Effect.gen(function*() {
        const update = yield* Ref.make<(uri: string) => Effect.Effect<void>>(() => Effect.void)
        const { handle } = yield* begin((ran) =>
          Layer.merge(
            openAndShut(ran),
            Layer.effectDiscard(
              Effect.flatMap(McpServer.McpServer, ({ notifications }) =>
                Ref.set(update, (uri) => Effect.orDie(notifications["notifications/resources/updated"]({ uri }))))
            )
          )
        )
        const open = ["open://one", "open://of/7"]
        const arriving = yield* listen(handle, { toolsListChanged: true, resourceSubscriptions: open })
        assert.strictEqual(arriving.status, 200)
        assert.include(arriving.text, "notifications/subscriptions/acknowledged")
        const tell = yield* Ref.get(update)
        for (const uri of [...open, "shut://one", "open://of/8"]) yield* tell(uri)
        yield* settled
        const told = arriving.text.split("\n").filter((line) => line.includes("resources/updated"))
        assert.lengthOf(told, 2)
        assert.notInclude(arriving.text, "shut")
        yield* TestClock.adjust("2 days")
        yield* settled
        assert.isFalse(arriving.ended)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
    300_000
  )

  const closed: ReadonlyArray<readonly [what: string, policy: Policy.Policy, uris: ReadonlyArray<string>]> = [
    ["a protected resource", scopes("a"), ["part://one"]],
    ["a protected resource beside a public one", scopes("a"), ["open://one", "part://one"]],
    ["an unregistered resource", scopes("a"), ["none://one"]],
    ["a resource that is public for some operations only", byOperation(() => anonymous), ["part://one"]],
    ["a template that is public for some operations only", byOperation(() => anonymous), ["part://of/7"]],
    ["a resource for every valid token", authenticated, ["part://of/7"]]
  ]
  for (const [what, policy, uris] of closed) {
    it.effect(`does not include subscriptions to ${what}, which start a login`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin(
          (ran) => Layer.merge(openAndShut(ran), Policy.guard(policy)(resourcesOf(ran, "part"))),
          { anonymousLists: true }
        )
        const arriving = yield* listen(handle, { resourceSubscriptions: uris })
        assert.strictEqual(arriving.status, 401, arriving.text)
        assert.include(arriving.headers.get("www-authenticate"), "Bearer scope=")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

describe("a caller without a token cannot cancel the request of another caller", () => {
  const slowly = (ran: Ran): Registrations =>
    Layer.merge(
      toolOf("slow", authenticated, Effect.andThen(Effect.sleep("10 seconds"), arrive(ran, "slow"))),
      toolOf("open", anonymous, arrive(ran, "open"))
    )
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }
  const revisions: ReadonlyArray<Revision> = ["2025-11-25", "2026-07-28"]

  for (const revision of revisions) {
    it.effect(revision, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(slowly)
        const token = yield* mint("a")
        const modern = stateless(1, "tools/call", { name: "slow", arguments: {} })
        const headers = revision === "2026-07-28" ? modern.headers : yield* initialize(handle, revision, token)
        const body = revision === "2026-07-28" ? modern.body : call("slow")
        const [answer] = yield* elapse(Effect.all([
          post(handle, body, { headers, token }),
          Effect.andThen(Effect.sleep("1 second"), post(handle, cancel, { headers })),
          Effect.andThen(
            Effect.sleep("2 seconds"),
            post(handle, cancel, { headers: { ...headers, "mcp-method": "notifications/cancelled", "mcp-name": "" } })
          )
        ], { concurrency: "unbounded" }))
        assertAnswered(answer)
        assert.deepStrictEqual(yield* ran, ["slow"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

describe("a public tool that is registered later", () => {
  it.effect("can be used without a token from then on, and not before", () =>
    Effect.gen(function*() {
      const later = yield* Ref.make<Effect.Effect<void>>(Effect.void)
      const { handle } = yield* begin(
        (ran) =>
          Layer.merge(
            toolOf("shut", scopes("a"), arrive(ran, "shut")),
            Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addTool }) =>
              Ref.set(
                later,
                addTool({
                  tool: new McpSchema.Tool({ name: "late", inputSchema: { type: "object" } }),
                  annotations: Context.empty(),
                  handle: () => Effect.as(arrive(ran, "late"), new McpSchema.CallToolResult({ content: [] }))
                })
              )))
          ),
        { policy: anonymous }
      )
      const send = yield* converse(handle, modern, undefined)
      assertLogin(yield* ask(send, "call", "late", undefined), "a")
      assertLogin(yield* send("tools/list", {}, undefined), "a")
      yield* Effect.flatten(Ref.get(later))
      assertAnswered(yield* ask(send, "call", "late", undefined))
      assert.deepStrictEqual(yield* toolsSeen(send, undefined), ["late"])
      assertLogin(yield* ask(send, "call", "shut", undefined), "a")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
