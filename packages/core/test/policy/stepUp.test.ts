import { BearerAuth, McpAuth, Policy, ScopeHierarchy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import {
  type Answer,
  bearer,
  type Handle,
  initialize,
  options,
  origin,
  post,
  type ProtectOptions,
  request,
  send,
  serve
} from "../server/harness.ts"
import {
  arrive,
  ask,
  assertAnswered,
  assertInsufficient,
  begin,
  converse,
  everythingUnder,
  kinds,
  mint,
  modes,
  plainTool,
  type Ran,
  type Registrations,
  toolOf
} from "./harness.ts"

const { allOf, anyOf, authenticated, byOperation, check, not, require, role, scopes } = Policy

const required: Partial<ProtectOptions> = { requiredScopes: ["mcp:read"] }

/** The scopes that a challenge names. */
const scopeOf = ({ headers }: Answer): string =>
  /scope="([^"]*)"/.exec(headers.get("www-authenticate") ?? "")?.[1] ?? ""

describe("a step-up challenge", () => {
  for (const mode of modes) {
    it.effect(`names the required scopes beside those of the policy, for every operation, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin((ran) => everythingUnder(ran, "own", scopes("mcp:write")), required)
        const token = yield* mint("mcp:read")
        const exact = yield* mint("mcp:read mcp:write")
        const call = yield* converse(handle, mode, token)
        for (const kind of kinds) {
          assertInsufficient(yield* ask(call, kind, "own", token), "mcp:read mcp:write")
          assertAnswered(yield* ask(call, kind, "own", exact))
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("of a batch names the required scopes and those of all its calls, and each part names its own", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(
        (ran) => Layer.merge(toolOf("a", scopes("a"), arrive(ran, "a")), toolOf("b", scopes("b"), arrive(ran, "b"))),
        required
      )
      const token = yield* mint("mcp:read x")
      const headers = yield* initialize(handle, "2025-03-26", token)
      const calls = ["a", "b"].map((name, id) => request(id, "tools/call", { name, arguments: {} }))
      const answer = yield* post(handle, calls, { token, headers })
      assert.strictEqual(answer.status, 403)
      assert.strictEqual(scopeOf(answer), "mcp:read a b")
      const asked = new Map(answer.messages.map(({ error, id }) => [id, error?.data]))
      assert.deepInclude(asked.get(0), { scope: "mcp:read a" })
      assert.deepInclude(asked.get(1), { scope: "mcp:read b" })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  /** A tool that needs more scopes, for which a client requests exactly the scopes of the challenge. */
  type Row = readonly [
    what: string,
    tool: (ran: Ran) => Registrations,
    changes: Partial<ProtectOptions>,
    granted: string,
    asked: string
  ]
  const within = (ran: Ran, ...policies: ReadonlyArray<Policy.Policy>) =>
    Effect.andThen(Effect.forEach(policies, (policy) => require(policy)), arrive(ran, "t"))
  const yes = check(Effect.succeed(true))
  const rows: ReadonlyArray<Row> = [
    [
      "of a guard",
      (ran) => plainTool("t", arrive(ran, "t")).pipe(Policy.guard(scopes("w"))),
      required,
      "mcp:read",
      "mcp:read w"
    ],
    [
      "of the default policy",
      (ran) => plainTool("t", arrive(ran, "t")),
      { ...required, policy: scopes("w") },
      "mcp:read",
      "mcp:read w"
    ],
    ["inside a handler", (ran) => plainTool("t", within(ran, scopes("w"))), required, "mcp:read", "mcp:read w"],
    [
      "inside a handler, with the scopes of its policy",
      (ran) => toolOf("t", scopes("own"), within(ran, scopes("w"))),
      {},
      "own",
      "own w"
    ],
    [
      "inside a handler, with the scopes of its guard",
      (ran) => plainTool("t", within(ran, scopes("w"))).pipe(Policy.guard(scopes("guard"))),
      required,
      "mcp:read guard",
      "mcp:read guard w"
    ],
    [
      "inside a handler, with the scopes that the handler required before",
      (ran) => toolOf("t", authenticated, within(ran, scopes("first"), scopes("second"), scopes("third"))),
      required,
      "mcp:read first second",
      "mcp:read first second third"
    ],
    [
      "inside a handler, with the satisfied part of an alternative",
      (ran) => toolOf("t", anyOf(scopes("a", "b"), scopes("c"), scopes("d")), within(ran, scopes("w"))),
      {},
      "a b d",
      "d w"
    ],
    [
      "inside a handler, without an alternative that no scope satisfies",
      (ran) => toolOf("t", anyOf(scopes("a"), role("editor")), within(ran, scopes("w"))),
      {},
      "x",
      "w"
    ],
    [
      "inside a handler, with the scopes beside a check",
      (ran) => toolOf("t", allOf(scopes("a"), yes, not(scopes("banned"))), within(ran, scopes("w"))),
      {},
      "a",
      "a w"
    ],
    [
      "inside a handler, with the scopes that its arguments required",
      (ran) => toolOf("t", byOperation(() => scopes("of-the-operation")), within(ran, scopes("w"))),
      {},
      "of-the-operation",
      "of-the-operation w"
    ],
    [
      "together with the granted scopes, if the options say so",
      (ran) => toolOf("t", scopes("w"), arrive(ran, "t")),
      { ...required, challengeScopes: "union" },
      "mcp:read x",
      "mcp:read x w"
    ],
    [
      "in the request form",
      (ran) => toolOf("t", scopes("own"), within(ran, scopes("w"))),
      { ...required, scopeRequestForm: (scope) => `api://notes/${scope}` },
      "mcp:read own",
      "api://notes/mcp:read api://notes/own api://notes/w"
    ],
    [
      "without a required scope that a needed one covers",
      (ran) => toolOf("t", scopes("mcp:write"), arrive(ran, "t")),
      { ...required, scopeHierarchy: ScopeHierarchy.make({ "mcp:write": ["mcp:read"] }) },
      "mcp:read",
      "mcp:write"
    ],
    [
      "with a required scope that only another granted scope covers",
      (ran) => toolOf("t", scopes("w"), arrive(ran, "t")),
      { ...required, scopeHierarchy: ScopeHierarchy.make({ all: ["mcp:read"] }) },
      "all",
      "mcp:read w"
    ]
  ]
  for (const [what, tool, changes, granted, asked] of rows) {
    it.effect(`${what} names scopes that suffice by themselves`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(tool, changes)
        const roles = { roles: ["editor"] }
        const token = yield* mint(granted, roles)
        const plain = asked.replaceAll("api://notes/", "")
        const exact = yield* mint(plain, roles)
        for (const mode of modes) {
          const call = yield* converse(handle, mode, token)
          assertInsufficient(yield* ask(call, "call", "t", token), asked)
          assertAnswered(yield* ask(call, "call", "t", exact))
        }
        assert.lengthOf(yield* ran, modes.length)
        // Each of them is needed, except for the scopes that were granted before.
        for (const scope of plain.split(" ").filter((scope) => scope !== "x")) {
          const less = yield* mint(plain.split(" ").filter((other) => other !== scope).join(" "), roles)
          const call = yield* converse(handle, { name: "", revision: "2026-07-28", batch: false }, less)
          assert.strictEqual((yield* ask(call, "call", "t", less)).status, 403, `without ${scope}`)
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("names no granted scope that a client cannot ask for, even if a policy needs it", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) =>
        toolOf("t", byOperation(() => scopes("a", "x y")), Effect.andThen(require(scopes("w")), arrive(ran, "t")))
      )
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mint({ claims: { scp: ["a", "x y"] } })
      const call = yield* converse(handle, { name: "", revision: "2026-07-28", batch: false }, token)
      assertInsufficient(yield* ask(call, "call", "t", token), "a w")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("for the required scopes alone names these", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => toolOf("t", scopes("mcp:write"), arrive(ran, "t")), {
        requiredScopes: ["mcp:read", "profile"]
      })
      const answer = yield* post(handle, request(1, "ping"), { token: yield* mint("mcp:write") })
      assert.strictEqual(answer.status, 403)
      assert.strictEqual(scopeOf(answer), "mcp:read profile")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

const handler = Effect.gen(function*() {
  yield* require(scopes("first"))
  yield* require(scopes("mcp:write"))
  return "done"
})

const api = HttpApi.make("notes").add(
  HttpApiGroup.make("notes").add(
    HttpApiEndpoint.get("t", "/t", { success: Schema.String }).middleware(BearerAuth.BearerAuth)
  )
)

const roads = {
  "a plain route": (changes: Partial<ProtectOptions>) =>
    serve(
      HttpRouter.add("GET", "/t", Effect.map(handler, HttpServerResponse.text)).pipe(
        Layer.provide(McpAuth.middleware.layer),
        Layer.provide(McpAuth.layer(options(changes)))
      )
    ),
  "an HttpApi": (changes: Partial<ProtectOptions>) =>
    serve(
      HttpApiBuilder.layer(api).pipe(
        Layer.provide(HttpApiBuilder.group(api, "notes", (handlers) => handlers.handle("t", () => handler))),
        Layer.provide(HttpServer.layerServices),
        Layer.provide(BearerAuth.layer),
        Layer.provide(McpAuth.layer(options(changes)))
      )
    )
}

const get = (handle: Handle, token: string) => send(handle, `${origin}/t`, { headers: bearer(token) })

for (const [name, road] of Object.entries(roads)) {
  describe(`a step-up challenge of ${name}`, () => {
    it.effect("names the required scopes and all that the handler requires, and these suffice", () =>
      Effect.gen(function*() {
        const handle = yield* road(required)
        const refused = yield* get(handle, yield* mint("mcp:read first x"))
        assert.strictEqual(refused.status, 403, refused.body)
        assert.strictEqual(scopeOf(refused), "mcp:read first mcp:write")
        assert.include(refused.headers.get("www-authenticate"), "error=\"insufficient_scope\"")
        const answer = yield* get(handle, yield* mint(scopeOf(refused)))
        assert.strictEqual(answer.status, 200, answer.body)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect("names a missing required scope before the handler runs", () =>
      Effect.gen(function*() {
        const handle = yield* road(required)
        const refused = yield* get(handle, yield* mint("first mcp:write"))
        assert.deepStrictEqual([refused.status, scopeOf(refused)], [403, "mcp:read"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect("judges the handler's requirements by the scope hierarchy of the resource", () =>
      Effect.gen(function*() {
        const handle = yield* road({ ...required, scopeHierarchy: ScopeHierarchy.make({ all: ["*"] }) })
        assert.strictEqual((yield* get(handle, yield* mint("all"))).status, 200)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  })
}
