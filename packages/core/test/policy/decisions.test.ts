import { Policy, ScopeHierarchy, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Ref, Schema, Struct } from "effect"
import { McpSchema, McpServer, Tool, Toolkit } from "effect/ai"
import type { Answer, ProtectOptions } from "../server/harness.ts"
import {
  arrive,
  type Ask,
  ask,
  assertAbsent,
  assertAnswered,
  assertDenied,
  assertInsufficient,
  assertInvalid,
  assertLogin,
  begin,
  converse,
  everythingUnder,
  handlerOf,
  id,
  type Kind,
  kinds,
  listed,
  lists,
  mint,
  type Mode,
  modern,
  modes,
  operations,
  plainTool,
  type Ran,
  type Registrations,
  resourcesOf,
  strings,
  toolOf,
  toolsSeen
} from "./harness.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Every caller, operation and revision
// ---------------------------------------------------------------------------------------------------------------------

/** Callers of a registration that needs `notes:write`, which `notes:admin` covers. */
const callers = {
  "no token": undefined,
  "a forged token": { forged: true, claims: { scope: "notes:write" } },
  "an expired token": { expiresIn: -3600, claims: { scope: "notes:write" } },
  "a token for another resource": { claims: { scope: "notes:write", aud: "https://other.test/mcp" } },
  "a token with other scopes": { claims: { scope: "notes:read notes:writer" } },
  "a token with the scope": { claims: { scope: "notes:read notes:write" } },
  "a token with a broader scope": { claims: { scope: "notes:admin" } }
} satisfies Readonly<Record<string, TestProvider.MintOptions | undefined>>

type Outcome = "log in" | "invalid token" | "step up" | "answered" | "absent from it" | "present in it"

type Row = readonly [
  call: Outcome,
  list: Outcome,
  read: Outcome,
  template: Outcome,
  get: Outcome,
  complete: Outcome
]

const expected: { readonly [C in keyof typeof callers]: Row } = {
  // call, list, read, read of a template, get, complete
  "no token": ["log in", "log in", "log in", "log in", "log in", "log in"],
  "a forged token": [
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token"
  ],
  "an expired token": [
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token"
  ],
  "a token for another resource": [
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token",
    "invalid token"
  ],
  "a token with other scopes": ["step up", "absent from it", "step up", "step up", "step up", "step up"],
  "a token with the scope": ["answered", "present in it", "answered", "answered", "answered", "answered"],
  "a token with a broader scope": ["answered", "present in it", "answered", "answered", "answered", "answered"]
}

const columns: { readonly [K in Kind]: 0 | 2 | 3 | 4 | 5 } = {
  "call": 0,
  "read": 2,
  "read of a template": 3,
  "get": 4,
  "completion of a prompt": 5,
  "completion of a template": 5
}

const world = Effect.fnUntraced(function*(caller: keyof typeof callers, mode: Mode) {
  const provider = yield* TestProvider.TestProvider
  const { handle, ran } = yield* begin(
    (ran) => everythingUnder(ran, "notes", Policy.scopes("notes:write")),
    { scopeHierarchy: ScopeHierarchy.make({ "notes:admin": ["notes:write"] }) }
  )
  const minting: TestProvider.MintOptions | undefined = callers[caller]
  // Sessions are begun by the same principal with a valid token.
  const send = yield* converse(handle, mode, yield* provider.mint())
  return { ran, send, token: minting === undefined ? undefined : yield* provider.mint(minting) }
})

const assertRefused = (outcome: Outcome, answer: Answer): void => {
  switch (outcome) {
    case "log in":
      return assertLogin(answer, "notes:write")
    case "invalid token":
      return assertInvalid(answer)
    case "step up":
      return assertInsufficient(answer, "notes:write")
    default:
      return assert.fail(`${outcome} is not a refusal`)
  }
}

describe("callers of a registration that needs a scope", () => {
  for (const caller of Object.keys(callers) as ReadonlyArray<keyof typeof callers>) {
    for (const mode of modes) {
      for (const kind of kinds) {
        const outcome = expected[caller][columns[kind]]
        it.effect(`${caller}, ${kind}, ${mode.name}: ${outcome}`, () =>
          Effect.gen(function*() {
            const { ran, send, token } = yield* world(caller, mode)
            const answer = yield* ask(send, kind, "notes", token)
            if (outcome === "answered") assertAnswered(answer)
            else assertRefused(outcome, answer)
            assert.deepStrictEqual(yield* ran, outcome === "answered" ? [handlerOf(kind, "notes")] : [])
          }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
      }

      const outcome = expected[caller][1]
      it.effect(`${caller}, lists, ${mode.name}: ${outcome}`, () =>
        Effect.gen(function*() {
          const { ran, send, token } = yield* world(caller, mode)
          for (const list of lists) {
            const answer = yield* send(list.method, {}, token)
            if (outcome === "present in it" || outcome === "absent from it") {
              assert.strictEqual(answer.status, 200)
              assert.deepStrictEqual(listed(answer, list), outcome === "present in it" ? [list.named("notes")] : [])
            } else assertRefused(outcome, answer)
          }
          assert.deepStrictEqual(yield* ran, [])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Visibility of forbidden operations
// ---------------------------------------------------------------------------------------------------------------------

/** A list from a configuration, which TypeScript cannot know to be empty. */
const noScopes: ReadonlyArray<string> = []

/** Policies that refuse a caller who has a token with `notes:read` and no role. */
const closed = {
  "a scope": Policy.scopes("a"),
  "two scopes": Policy.allOf(Policy.scopes("a"), Policy.scopes("b", "notes:read")),
  "a role": Policy.role("admin"),
  "a claim": Policy.claim(Schema.Struct({ email: Schema.String })),
  "a check": Policy.check(Effect.succeed(false)),
  "a check of arguments": Policy.checkArguments(Schema.Unknown, () => Effect.succeed(false)),
  "arguments of another type": Policy.checkArguments(Schema.Struct({ no: Schema.String }), () => Effect.succeed(true)),
  "a scope for the operation": Policy.byOperation(() => Policy.scopes("a")),
  "a role for the operation": Policy.byOperation(() => Policy.role("admin")),
  "a scope and a role": Policy.allOf(Policy.scopes("a"), Policy.role("admin")),
  "a scope or a role": Policy.anyOf(Policy.role("admin"), Policy.scopes("a")),
  "a scope, then a check of arguments": Policy.allOf(
    Policy.scopes("a"),
    Policy.checkArguments(Schema.Unknown, () => Effect.succeed(false))
  ),
  "a scope, then a policy for the operation": Policy.allOf(
    Policy.scopes("a"),
    Policy.byOperation(() => Policy.authenticated)
  ),
  "a scope or one of many roles": Policy.anyOf(
    ...Array.from({ length: 40 }, (_, index) => Policy.role(`role-${index}`)),
    Policy.scopes("a")
  ),
  "a negated scope": Policy.not(Policy.scopes("notes:read")),
  "a scope that is not valid": Policy.byOperation(() => Policy.scopes("a b")),
  "a valid scope and one that is not": Policy.byOperation(() => Policy.scopes("a", "a b")),
  "a scope and an empty list of scopes": Policy.byOperation(() =>
    Policy.allOf(Policy.scopes("a"), Policy.scopes(...noScopes))
  )
} satisfies Readonly<Record<string, Policy.Policy>>

/**
 * Policies that judge the operation itself. A completion has none yet, so callers who see the entry may complete it.
 */
const completable: ReadonlySet<keyof typeof closed> = new Set<keyof typeof closed>([
  "a check of arguments",
  "arguments of another type",
  "a scope for the operation",
  "a role for the operation",
  "a scope that is not valid",
  "a valid scope and one that is not",
  "a scope and an empty list of scopes"
])

type Seen = readonly [shown: "shown" | "hidden", call: "absent" | "denied" | { readonly ask: string }]

const hidden: Seen = ["hidden", "absent"]
const stepUp = (shown: "shown" | "hidden", ask = "a"): Seen => [shown, { ask }]

type Column = { readonly [C in keyof typeof closed]: Seen }

const permitted: Column = {
  "a scope": stepUp("hidden"),
  "two scopes": stepUp("hidden", "a b notes:read"),
  "a role": hidden,
  "a claim": hidden,
  "a check": hidden,
  "a check of arguments": ["shown", "denied"],
  "arguments of another type": ["shown", "denied"],
  "a scope for the operation": stepUp("shown"),
  "a role for the operation": ["shown", "denied"],
  "a scope and a role": hidden,
  "a scope or a role": stepUp("hidden"),
  "a scope, then a check of arguments": stepUp("hidden"),
  "a negated scope": hidden,
  "a scope that is not valid": ["shown", "denied"],
  "a valid scope and one that is not": ["shown", "denied"],
  "a scope and an empty list of scopes": ["shown", "denied"],
  "a scope, then a policy for the operation": stepUp("hidden"),
  "a scope or one of many roles": stepUp("hidden")
}

const visibilities: { readonly [V in NonNullable<ProtectOptions["visibility"]>]: Column } = {
  permitted,
  locked: {
    ...permitted,
    "a scope": stepUp("shown"),
    "two scopes": stepUp("shown", "a b notes:read"),
    "a scope or a role": stepUp("shown"),
    "a scope, then a check of arguments": stepUp("shown"),
    "a scope, then a policy for the operation": stepUp("shown"),
    "a scope or one of many roles": stepUp("shown")
  },
  concealed: {
    ...permitted,
    "a scope": hidden,
    "two scopes": hidden,
    "a scope or a role": hidden,
    "a scope, then a check of arguments": hidden,
    "a scope, then a policy for the operation": hidden,
    "a scope or one of many roles": hidden
  }
}

describe("a forbidden operation", () => {
  for (
    const [visibility, column] of Object.entries(visibilities) as ReadonlyArray<[keyof typeof visibilities, Column]>
  ) {
    for (const reason of Object.keys(closed) as ReadonlyArray<keyof typeof closed>) {
      const [shown, answered] = column[reason]
      const said = typeof answered === "string" ? answered : `asks for ${answered.ask}`
      it.effect(`refused by ${reason}, when visibility is ${visibility}: ${shown} in lists, and ${said} when called`, () =>
        Effect.gen(function*() {
          const { handle, ran } = yield* begin((ran) => everythingUnder(ran, "closed", closed[reason]), { visibility })
          const token = yield* mint("notes:read")
          for (const mode of modes) {
            const send = yield* converse(handle, mode, token)
            for (const list of lists) {
              const names = listed(yield* send(list.method, {}, token), list)
              assert.deepStrictEqual(names, shown === "shown" ? [list.named("closed")] : [], mode.name)
            }
            for (const kind of kinds) {
              if (completable.has(reason) && kind.startsWith("completion")) {
                assertAnswered(yield* ask(send, kind, "closed", token))
              } else if (answered === "absent") yield* assertAbsent((name) => ask(send, kind, name, token), "closed")
              else {
                const answer = yield* ask(send, kind, "closed", token)
                if (answered === "denied") assertDenied(answer)
                else assertInsufficient(answer, answered.ask)
              }
            }
          }
          assert.deepStrictEqual((yield* ran).filter((handler) => !handler.endsWith("completion")), [])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// A concealed registration and an absent one have the same response
// ---------------------------------------------------------------------------------------------------------------------

type Change = (params: Schema.JsonObject) => Schema.JsonObject

/** Requests that might distinguish a concealed registration from an absent one. */
const probes: Readonly<Record<string, Change>> = {
  "without arguments": (params) => Struct.omit(params, ["arguments"]),
  "with arguments of a wrong type": (params) => ({ ...params, arguments: { tone: 1, id: [], a: { b: null } } }),
  "with invalid arguments": (params) => ({ ...params, arguments: "x" }),
  "with null as arguments": (params) => ({ ...params, arguments: null }),
  "with a progress token": (params) => ({ ...params, _meta: { progressToken: "p" } }),
  "with a made-up request state": (params) => ({ ...params, requestState: "AAAA.step" }),
  "with input responses that no server requested": (params) => ({
    ...params,
    inputResponses: { name: { action: "accept", content: {} } }
  }),
  "with another argument to complete": (params) =>
    "argument" in params ? { ...params, argument: { name: "nothing", value: "" } } : params,
  "with a context": (params) => ({ ...params, context: { arguments: { tone: "kind" } } })
}

const conceals: ReadonlyArray<readonly [by: string, policy: Policy.Policy, changes: Partial<ProtectOptions>]> = [
  ["by a role", Policy.role("admin"), {}],
  ["by a check", Policy.check(Effect.succeed(false)), {}],
  ["by concealment", Policy.scopes("a"), { visibility: "concealed" }]
]

/** The same under a concealing guard, around tools that permit every caller. */
const underGuard = (ran: Ran, policy: Policy.Policy) =>
  everythingUnder(ran, "closed", Policy.authenticated).pipe(Policy.guard(policy))

describe("a concealed registration", () => {
  for (const [by, policy, changes] of conceals) {
    for (
      const [where, registrations] of [
        ["on the registration itself", (ran: Ran): Registrations => everythingUnder(ran, "closed", policy)],
        ["around the registration", (ran: Ran): Registrations => underGuard(ran, policy)]
      ] as const
    ) {
      it.effect(`${by}, ${where}, has the response of an absent one, byte for byte, for every request`, () =>
        Effect.gen(function*() {
          const { handle, ran } = yield* begin(
            (ran) => Layer.merge(registrations(ran), everythingUnder(ran, "open", Policy.authenticated)),
            changes
          )
          const token = yield* mint("notes:read")
          for (const mode of modes) {
            const send = yield* converse(handle, mode, token)
            for (const kind of kinds) {
              for (const change of [(params: Schema.JsonObject) => params, ...Object.values(probes)]) {
                yield* assertAbsent((name) => {
                  const [method, params] = operations[kind](name)
                  return send(method, change(params), token)
                }, "closed")
              }
            }
          }
          assert.deepStrictEqual(yield* ran, [])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

      it.effect(`${by}, ${where}, does not change lists, byte for byte`, () =>
        Effect.gen(function*() {
          const open = (ran: Ran) => everythingUnder(ran, "open", Policy.authenticated)
          const more = yield* begin((ran) => Layer.mergeAll(registrations(ran), open(ran)), changes)
          const less = yield* begin(open, changes)
          const token = yield* mint("notes:read")
          for (const mode of modes) {
            const [one, other] = [yield* converse(more.handle, mode, token), yield* converse(less.handle, mode, token)]
            for (const list of lists) {
              const [filtered, without] = [yield* one(list.method, {}, token), yield* other(list.method, {}, token)]
              assert.deepStrictEqual(listed(filtered, list), [list.named("open")])
              assert.strictEqual(filtered.body, without.body)
              assert.strictEqual(filtered.status, without.status)
            }
          }
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }

  it.effect("the probes reach an existing registration: a made-up state is unknown, and arguments are read", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => everythingUnder(ran, "open", Policy.authenticated))
      const token = yield* mint("notes:read")
      const send = yield* converse(handle, modern, token)
      const made = yield* send("tools/call", { name: "open", arguments: {}, requestState: "AAAA.step" }, token)
      assert.include(made.body, "Unknown requestState")
      const wrong = yield* send("prompts/get", { name: "open", arguments: {} }, token)
      assert.include(wrong.body, "tone")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is kept out of shared caches: results of 2026-07-28 are private", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => everythingUnder(ran, "closed", Policy.role("admin")))
      for (const token of [yield* mint("a"), yield* mint("a", { roles: ["admin"] })]) {
        const send = yield* converse(handle, modern, token)
        for (const { method } of lists) {
          const answer = yield* send(method, {}, token)
          assert.deepInclude(answer.messages[0]?.result, { cacheScope: "private", ttlMs: 0 })
          assert.notInclude(answer.headers.get("cache-control") ?? "", "public")
        }
        const read = yield* send("resources/read", { uri: "closed://one" }, token)
        if (read.messages[0]?.result !== undefined) assert.strictEqual(read.messages[0].result["cacheScope"], "private")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Policies over HTTP
// ---------------------------------------------------------------------------------------------------------------------

type Answered = "answered" | "absent" | "denied" | { readonly ask: string }

const assertAs = (outcome: Answered, answer: Answer) => {
  if (outcome === "answered") return assertAnswered(answer)
  if (outcome === "denied") return assertDenied(answer)
  if (outcome !== "absent") return assertInsufficient(answer, outcome.ask)
  assert.strictEqual(answer.status, 200, answer.body)
  assert.include(answer.messages[0]?.error?.message, "not found")
}

describe("roles are read from the token, wherever its provider puts them", () => {
  const rows: ReadonlyArray<readonly [who: string, claims: Schema.JsonObject, outcome: Answered]> = [
    ["Keycloak", { realm_access: { roles: ["offline", "admin"] } }, "answered"],
    ["Entra ID", { roles: ["admin"] }, "answered"],
    ["Cognito", { "cognito:groups": ["admin"] }, "answered"],
    ["Auth0", { permissions: ["admin"] }, "answered"],
    ["a client role at Keycloak", { resource_access: { notes: { roles: ["admin"] } } }, "absent"],
    ["a scope with that name", { scope: "admin" }, "absent"],
    ["a subject and a client with that name", { sub: "admin", client_id: "admin" }, "absent"],
    ["a role whose name begins with it", { roles: ["administrator"] }, "absent"],
    ["roles as one string", { roles: "user admin" }, "absent"],
    ["nothing", {}, "absent"]
  ]
  for (const [who, claims, outcome] of rows) {
    it.effect(`${who}: ${String(outcome)}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin((ran) => toolOf("Admin", Policy.role("admin"), arrive(ran, "Admin")))
        const token = yield* mint("notes:read", claims)
        const send = yield* converse(handle, modern, token)
        assertAs(outcome, yield* ask(send, "call", "Admin", token))
        assert.deepStrictEqual(yield* toolsSeen(send, token), outcome === "answered" ? ["Admin"] : [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

describe("permissions are not scopes", () => {
  const permissions = ["notes:delete"]
  const serveDelete = (policy: Policy.Policy, changes?: Partial<ProtectOptions>) =>
    begin((ran) => toolOf("Delete", policy, arrive(ran, "Delete")), changes)

  it.effect("a permission of the user does not satisfy Policy.scopes (Auth0)", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* serveDelete(Policy.scopes("notes:delete"))
      const token = yield* mint("notes:read", { permissions })
      const send = yield* converse(handle, modern, token)
      assertInsufficient(yield* ask(send, "call", "Delete", token), "notes:delete")
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a permission of the user does not satisfy requiredScopes", () =>
    Effect.gen(function*() {
      const { handle } = yield* serveDelete(Policy.authenticated, { requiredScopes: ["notes:delete"] })
      const token = yield* mint("notes:read", { permissions })
      const send = yield* converse(handle, modern, token)
      assertInsufficient(yield* ask(send, "call", "Delete", token), "notes:delete", null)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a permission of the user satisfies Policy.permission and Policy.role", () =>
    Effect.gen(function*() {
      const policy = Policy.allOf(Policy.permission("notes:delete"), Policy.role("notes:delete"))
      const { handle } = yield* serveDelete(policy)
      const token = yield* mint("notes:read", { permissions })
      const send = yield* converse(handle, modern, token)
      assertAnswered(yield* ask(send, "call", "Delete", token))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a scope with that name does not satisfy Policy.permission", () =>
    Effect.gen(function*() {
      const { handle } = yield* serveDelete(Policy.permission("notes:delete"))
      const token = yield* mint("notes:delete")
      const send = yield* converse(handle, modern, token)
      assertAs("absent", yield* ask(send, "call", "Delete", token))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("scopeClaims names the claims that grant scopes, including required ones, and no other claim grants them", () =>
    Effect.gen(function*() {
      const verifier = TokenVerifier.jwt({ scopeClaims: ["permissions"] })
      const policy = Policy.scopes("notes:delete")
      const { handle } = yield* serveDelete(policy, { verifier, requiredScopes: ["notes:delete"] })
      const token = yield* mint("notes:read", { permissions })
      const send = yield* converse(handle, modern, token)
      assertAnswered(yield* ask(send, "call", "Delete", token))
      const other = yield* mint("notes:delete")
      assertInsufficient(yield* ask(send, "call", "Delete", other), "notes:delete", null)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

const Delete = Policy.tool(
  Policy.allOf(
    Policy.scopes("notes:write"),
    Policy.checkArguments(
      Schema.Struct({ id: Schema.NumberFromString }),
      ({ id }, { method, target }) => Effect.succeed(id < 10 && method === "tools/call" && target === "Delete"),
      "small"
    )
  )
)(Tool.make("Delete", { parameters: Schema.Struct({ id: Schema.String }), success: Schema.String }))

describe("arguments", () => {
  const toolkit = Toolkit.make(Delete)
  const rows: ReadonlyArray<readonly [what: string, scope: string, params: Schema.JsonObject, outcome: Answered]> = [
    ["that the check accepts", "notes:write", { id: "7" }, "answered"],
    ["that the check refuses", "notes:write", { id: "70" }, "denied"],
    ["that do not decode for the check", "notes:write", { id: "seven" }, "denied"],
    ["that have another type", "notes:write", { id: 7 }, "denied"],
    ["that are absent", "notes:write", {}, "denied"],
    ["that the check accepts, without the scope", "notes:read", { id: "7" }, { ask: "notes:write" }],
    ["that the check refuses, without the scope, which is checked first", "notes:read", { id: "70" }, {
      ask: "notes:write"
    }]
  ]
  for (const [what, scope, params, outcome] of rows) {
    for (const mode of modes) {
      it.effect(`${what}: ${JSON.stringify(outcome)}, ${mode.name}`, () =>
        Effect.gen(function*() {
          const { handle, ran } = yield* begin((ran) =>
            McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer({ Delete: () => arrive(ran, "Delete") })))
          )
          const token = yield* mint(scope)
          const send = yield* converse(handle, mode, token)
          assertAs(outcome, yield* send("tools/call", { name: "Delete", arguments: params }, token))
          assert.deepStrictEqual(yield* ran, outcome === "answered" ? ["Delete"] : [])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }
})

describe("a policy made for each operation", () => {
  const ofNotebook = Policy.byOperation(({ target }) => Policy.scopes(`notebook:${target.split("/").at(-1) ?? ""}`))
  const rows: ReadonlyArray<readonly [uri: string, scope: string, outcome: Answered]> = [
    ["notes://of/7", "notebook:7", "answered"],
    ["notes://of/7", "notebook:8", { ask: "notebook:7" }],
    ["notes://of/8", "notebook:7 notebook:8", "answered"],
    // Clients are not asked to request a scope that another party put into a URI.
    ["notes://of/7 admin", "notebook:7", "denied"],
    ["notes://of/7\" admin=\"", "notebook:7", "denied"],
    ["notes://of/\u00e9", "notebook:7", "denied"]
  ]
  for (const [uri, scope, outcome] of rows) {
    it.effect(`${uri} with ${scope}: ${JSON.stringify(outcome)}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin((ran) => resourcesOf(ran, "notes").pipe(Policy.guard(ofNotebook)))
        const token = yield* mint(scope)
        const send = yield* converse(handle, { name: "2025-11-25", revision: "2025-11-25", batch: false }, token)
        assertAs(outcome, yield* send("resources/read", { uri }, token))
        // Lists do not know the operation.
        assert.deepStrictEqual(listed(yield* send("resources/templates/list", {}, token), lists[2]), [
          "notes://of/{id}"
        ])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Nested guards
// ---------------------------------------------------------------------------------------------------------------------

const guards = (...policies: ReadonlyArray<Policy.Policy>) => (registrations: Registrations): Registrations =>
  policies.reduce<Registrations>((within, policy) => within.pipe(Policy.guard(policy)), registrations)

describe("nested guards must all be satisfied, and one response covers them", () => {
  const { allOf, anyOf, anonymous, authenticated, byOperation, check, not, role, scopes } = Policy
  const no = check(Effect.succeed(false))
  const rows: ReadonlyArray<
    readonly [own: Policy.Policy, guards: ReadonlyArray<Policy.Policy>, scope: string, outcome: Answered]
  > = [
    [scopes("a"), [scopes("b")], "a b", "answered"],
    [scopes("a"), [scopes("b")], "", { ask: "a b" }],
    [scopes("a"), [scopes("b")], "a", { ask: "a b" }],
    [scopes("a"), [scopes("b")], "b", { ask: "a b" }],
    [scopes("a"), [scopes("b"), scopes("c")], "", { ask: "a b c" }],
    [scopes("a"), [scopes("b"), scopes("a")], "", { ask: "a b" }],
    // The smallest set of scopes for all guards together, not for each of them.
    [anyOf(scopes("a"), scopes("b")), [scopes("b")], "", { ask: "b" }],
    [anyOf(scopes("a"), scopes("b")), [scopes("b")], "a", { ask: "b" }],
    [authenticated, [scopes("b")], "", { ask: "b" }],
    [scopes("a"), [authenticated], "", { ask: "a" }],
    [anonymous, [scopes("b")], "", { ask: "b" }],
    // If no scope would help, the operation is absent, whichever guard refuses it.
    [scopes("a"), [role("admin")], "", "absent"],
    [role("admin"), [scopes("b")], "", "absent"],
    [scopes("a"), [scopes("b"), role("admin")], "a b", "absent"],
    [scopes("a"), [not(scopes("a"))], "", "absent"],
    [scopes("a"), [no], "a", "absent"],
    // A check is not evaluated before the guards in front of it.
    [scopes("a"), [no], "", { ask: "a" }],
    [authenticated, [byOperation(() => role("admin"))], "", "denied"],
    [authenticated, [byOperation(() => allOf(scopes("a"), scopes("b")))], "a", { ask: "a b" }]
  ]
  for (const [own, around, scope, outcome] of rows) {
    it.effect(`${own} in ${around.join(" in ")} for "${scope}": ${JSON.stringify(outcome)}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) => toolOf("Both", own, arrive(ran, "Both")).pipe(guards(...around)))
        const token = yield* mint(scope)
        for (const mode of modes) {
          const send = yield* converse(handle, mode, token)
          assertAs(outcome, yield* ask(send, "call", "Both", token))
        }
        assert.strictEqual((yield* ran).length, outcome === "answered" ? modes.length : 0)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`${own} in ${around.join(" in ")} for "${scope}", as guards alone: ${JSON.stringify(outcome)}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin((ran) => resourcesOf(ran, "both").pipe(guards(own, ...around)))
        const token = yield* mint(scope)
        for (const mode of modes) {
          const send = yield* converse(handle, mode, token)
          for (const kind of ["read", "read of a template", "get"] as const) {
            assertAs(outcome, yield* ask(send, kind, "both", token))
          }
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("each guard protects its own registrations and no others", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) =>
        Layer.mergeAll(
          Layer.mergeAll(
            resourcesOf(ran, "inner").pipe(Policy.guard(scopes("inner"))),
            resourcesOf(ran, "outer")
          ).pipe(Policy.guard(scopes("outer"))),
          resourcesOf(ran, "open")
        )
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      for (const kind of ["read", "read of a template", "get", "completion of a prompt"] as const) {
        assertInsufficient(yield* ask(send, kind, "inner", token), "inner outer")
        assertInsufficient(yield* ask(send, kind, "outer", token), "outer")
        assertAnswered(yield* ask(send, kind, "open", token))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// The default
// ---------------------------------------------------------------------------------------------------------------------

const admin = { roles: ["admin"] }

/** A registration that needs the role `admin` unless it has a policy of its own, and a caller without that role. */
const underDefault = Effect.fnUntraced(function*(registrations: (ran: Ran) => Registrations, mode = modern) {
  const { handle, ran } = yield* begin(registrations, { policy: Policy.role("admin") })
  const [plain, privileged] = [yield* mint("a"), yield* mint("a", admin)]
  return { send: yield* converse(handle, mode, plain), plain, privileged, ran }
})

describe("the default policy", () => {
  for (const mode of modes) {
    it.effect(`applies to everything without a policy of its own, and to nothing else, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { plain, privileged, ran, send } = yield* underDefault((ran) =>
          Layer.mergeAll(
            plainTool("bare", arrive(ran, "bare tool")),
            resourcesOf(ran, "bare"),
            everythingUnder(ran, "own", Policy.scopes("a"))
          ), mode)
        for (const kind of kinds) {
          yield* assertAbsent((name) => ask(send, kind, name, plain), "bare")
          assertAnswered(yield* ask(send, kind, "own", plain))
          assertAnswered(yield* ask(send, kind, "own", privileged))
          assertAnswered(yield* ask(send, kind, "bare", privileged))
        }
        assert.strictEqual((yield* ran).length, 3 * kinds.length)
        for (const list of lists) {
          assert.deepStrictEqual(listed(yield* send(list.method, {}, plain), list), [list.named("own")])
          assert.sameMembers([...listed(yield* send(list.method, {}, privileged), list)], [
            list.named("own"),
            list.named("bare")
          ])
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("accepts a valid token by default", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) =>
        Layer.mergeAll(plainTool("bare", arrive(ran, "bare")), resourcesOf(ran, "bare"))
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      for (const kind of kinds) {
        assertAnswered(yield* ask(send, kind, "bare", token))
        assertLogin(yield* ask(send, kind, "bare", undefined))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("does not apply to a plain tool in a guard, which is a policy already", () =>
    Effect.gen(function*() {
      const { plain, send } = yield* underDefault((ran) =>
        plainTool("guarded", arrive(ran, "guarded")).pipe(Policy.guard(Policy.scopes("a")))
      )
      assertAnswered(yield* ask(send, "call", "guarded", plain))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const Opening = Schema.String

  /** Templates, and unusual URIs that the server matches with them. The parts are those of a template literal. */
  const templates: ReadonlyArray<readonly [parts: ReadonlyArray<string>, uri: string]> = [
    [["notes://of/", ""], "notes://of/7"],
    [["notes://of/", ""], "notes://of/7/"],
    [["notes://of/", ""], "notes:///of//7"],
    [["notes://of/", ""], "notes:/of/7"],
    [["notes://of/", ""], "notes://o%66/7"],
    [["notes://of/", ""], "notes://of/%37"],
    [["notes://of/", ""], "notes://of/7?x=1"],
    [["notes://of/", ""], "notes://of/7#x"],
    [["notes://of/", ""], "notes://of/7;x"],
    [["notes://of/", "/part"], "notes://of/7/part"],
    [["notes://", "/*"], "notes://a/b/c/d"],
    [["notes://", "(v2)"], "notes://v2"],
    [["notes:a:b/", ""], "notes:aXX/7"],
    [["notes://of/", "?"], "notes://of/7"]
  ]
  for (const [parts, uri] of templates) {
    it.effect(`applies to ${parts.join("{id}")} when it is requested as ${uri}`, () =>
      Effect.gen(function*() {
        const { plain, privileged, ran, send } = yield* underDefault((ran) =>
          Layer.mergeAll(
            McpServer.resource(strings(...parts), McpSchema.param("id", Opening))({
              name: "strange",
              content: () => arrive(ran, "strange")
            }),
            // A similar guarded registration must not be mistaken for it.
            resourcesOf(ran, "near").pipe(Policy.guard(Policy.authenticated))
          )
        )
        const refused = yield* send("resources/read", { uri }, plain)
        assert.property(refused.messages[0], "error", refused.body)
        assert.deepStrictEqual(yield* ran, [])
        assertAnswered(yield* send("resources/read", { uri }, privileged))
        assert.deepStrictEqual(yield* ran, ["strange"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const overlapping = (ran: Ran, first: "guarded" | "bare") => {
    const guarded = McpServer.resource`notes://public/${id}`({ name: "guarded", content: () => arrive(ran, "guarded") })
      .pipe(Policy.guard(Policy.scopes("a")))
    const bare = McpServer.resource`notes://${McpSchema.param("kind", Schema.String)}/${id}`({
      name: "bare",
      content: () => arrive(ran, "bare")
    })
    return first === "guarded" ? Layer.mergeAll(guarded, bare) : Layer.mergeAll(bare, guarded)
  }

  it.effect("applies by the template that answers, if two templates match one URI", () =>
    Effect.gen(function*() {
      const one = yield* underDefault((ran) => overlapping(ran, "guarded"))
      assertAnswered(yield* one.send("resources/read", { uri: "notes://public/1" }, one.plain))
      yield* assertAbsent((name) => one.send("resources/read", { uri: `notes://${name}/1` }, one.plain), "private")
      assert.deepStrictEqual(yield* one.ran, ["guarded"])
      const other = yield* underDefault((ran) => overlapping(ran, "bare"))
      yield* assertAbsent((name) => other.send("resources/read", { uri: `notes://${name}/1` }, other.plain), "public")
      assertAnswered(yield* other.send("resources/read", { uri: "notes://public/1" }, other.privileged))
      assert.deepStrictEqual(yield* other.ran, ["bare"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  /** Registrations that exist for clients of some revisions only. */
  const onlyFor = (revision: string) =>
    Context.make(McpSchema.EnabledWhen, ({ protocolVersion }) => protocolVersion === revision)

  for (const what of ["resource", "template"] as const) {
    it.effect(`applies to a registration after a guarded ${what} that does not exist for this client`, () =>
      Effect.gen(function*() {
        const { plain, privileged, ran, send } = yield* underDefault((ran) => {
          const annotations = onlyFor("2025-06-18")
          const content = arrive(ran, "conditional")
          const conditional = what === "resource"
            ? McpServer.registerResource({ uri: "notes://of/1", name: "conditional", annotations, content })
            : McpServer.registerResource`notes://of/${id}`({ name: "conditional", annotations, content: () => content })
          return Layer.mergeAll(
            Layer.effectDiscard(conditional).pipe(Policy.guard(Policy.authenticated)),
            McpServer.resource`notes://${McpSchema.param("kind", Schema.String)}/${id}`({
              name: "bare",
              content: () => arrive(ran, "bare")
            })
          )
        })
        const refused = yield* send("resources/read", { uri: "notes://of/1" }, plain)
        assert.property(refused.messages[0], "error", refused.body)
        assert.deepStrictEqual(yield* ran, [])
        assertAnswered(yield* send("resources/read", { uri: "notes://of/1" }, privileged))
        assert.deepStrictEqual(yield* ran, ["bare"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const byHand = (ran: Ran, name: string) =>
    Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addResourceTemplate }) =>
      addResourceTemplate({
        template: new McpSchema.ResourceTemplate({ name, uriTemplate: `${name}://{+path}` }),
        annotations: Context.empty(),
        // Paths that no template literal can express.
        routerPath: `${name}:://*`,
        completions: {},
        handle: (uri) => Effect.as(arrive(ran, name), { contents: [{ uri, text: name }] })
      })))

  it.effect("applies to templates with custom routes that were registered by hand", () =>
    Effect.gen(function*() {
      const { plain, privileged, ran, send } = yield* underDefault((ran) =>
        Layer.mergeAll(byHand(ran, "hand"), byHand(ran, "guarded").pipe(Policy.guard(Policy.scopes("a"))))
      )
      for (const path of ["a", "a/b/c"]) {
        yield* assertAbsent((name) => send("resources/read", { uri: `${name}://${path}` }, plain), "hand")
        assertAnswered(yield* send("resources/read", { uri: `hand://${path}` }, privileged))
      }
      assert.deepStrictEqual(yield* ran, ["hand", "hand"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("does not replace guards of templates that were registered by hand", () =>
    Effect.gen(function*() {
      const { plain, ran, send } = yield* underDefault((ran) =>
        Layer.mergeAll(
          byHand(ran, "one").pipe(Policy.guard(Policy.scopes("a"))),
          byHand(ran, "two").pipe(Policy.guard(Policy.scopes("b")))
        )
      )
      for (const path of ["x", "x/y/z"]) {
        assertAnswered(yield* send("resources/read", { uri: `one://${path}` }, plain))
        assertInsufficient(yield* send("resources/read", { uri: `two://${path}` }, plain), "b")
      }
      assert.deepStrictEqual(yield* ran, ["one", "one"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("applies to later registrations", () =>
    Effect.gen(function*() {
      const later = yield* Ref.make<Effect.Effect<void>>(Effect.void)
      const { plain, privileged, send } = yield* underDefault((ran) =>
        Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addTool }) =>
          Ref.set(
            later,
            addTool({
              tool: new McpSchema.Tool({ name: "late", inputSchema: { type: "object" } }),
              annotations: Context.empty(),
              handle: () => Effect.as(arrive(ran, "late"), new McpSchema.CallToolResult({ content: [] }))
            })
          )))
      )
      assert.deepStrictEqual(yield* toolsSeen(send, privileged), [])
      yield* Effect.flatten(Ref.get(later))
      yield* assertAbsent((name) => ask(send, "call", name, plain), "late")
      assert.deepStrictEqual(yield* toolsSeen(send, plain), [])
      assertAnswered(yield* ask(send, "call", "late", privileged))
      assert.deepStrictEqual(yield* toolsSeen(send, privileged), ["late"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("names of inherited properties", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", ""]
  const asked = (send: Ask, token: string | undefined) =>
    Effect.forEach(names, (name) => send("tools/call", { name, arguments: {} }, token))

  it.effect("are not tools, for any caller", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => toolOf("Open", Policy.anonymous, arrive(ran, "Open")))
      const token = yield* mint("a")
      const send = yield* converse(handle, { name: "2025-11-25", revision: "2025-11-25", batch: false }, token)
      for (const answer of yield* asked(send, token)) assert.property(answer.messages[0], "error", answer.body)
      for (const answer of yield* asked(send, undefined)) assertLogin(answer)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are tools if they are registered, with their own policies", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.mergeAll(
          toolOf("constructor", Policy.scopes("a"), arrive(ran, "constructor")),
          toolOf("toString", Policy.scopes("b"), arrive(ran, "toString"))
        )
      )
      const token = yield* mint("a")
      const send = yield* converse(handle, modern, token)
      assertAnswered(yield* ask(send, "call", "constructor", token))
      assertInsufficient(yield* ask(send, "call", "toString", token), "b")
      assert.deepStrictEqual(yield* ran, ["constructor"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
