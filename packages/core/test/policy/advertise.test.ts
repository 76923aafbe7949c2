import { McpAuth, Policy, ScopeHierarchy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Ref, Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import {
  type Answer,
  buildError,
  type Handle,
  initialize,
  metadataUrl,
  post,
  type ProtectOptions,
  request,
  send,
  serverWith
} from "../server/harness.ts"
import {
  arrive,
  ask,
  assertAnswered,
  assertDenied,
  assertInsufficient,
  begin,
  converse,
  everythingUnder,
  fromPolicies,
  mint,
  modern,
  modes,
  plainTool,
  type Ran,
  type Registrations,
  resourcesOf,
  toolOf
} from "./harness.ts"

const { allOf, anonymous, anyOf, authenticated, byOperation, not, role, scopes } = Policy

const nothing = Effect.succeed("done")

/** `scopes_supported` of the public metadata. */
const supported = (handle: Handle) =>
  Effect.map(send(handle, metadataUrl), ({ body }) => {
    const metadata: { readonly scopes_supported?: ReadonlyArray<string> } = JSON.parse(body)
    return metadata.scopes_supported
  })

/** `scope` of a challenge, and of the error with the same content. */
const scopeOf = ({ headers, messages }: Answer): string | undefined => {
  const challenge = headers.get("www-authenticate") ?? ""
  const scope = /scope="([^"]*)"/.exec(challenge)?.[1]
  const data = messages[0]?.error?.data
  if (data !== undefined) assert.strictEqual(scope ?? "", Schema.is(Said)(data) ? data.scope : "", challenge)
  return scope
}

const Said = Schema.Struct({ scope: Schema.String })

/** `scope` of the response to a request without a token for something that is not public. */
const login = (handle: Handle) => Effect.map(post(handle, request(1, "tasks/list")), scopeOf)

// ---------------------------------------------------------------------------------------------------------------------
// Scopes in the metadata and the 401
// ---------------------------------------------------------------------------------------------------------------------

describe("the metadata and the 401 name", () => {
  const a = toolOf("a", scopes("a"), nothing)
  const b = (ran: Ran) => resourcesOf(ran, "b").pipe(Policy.guard(scopes("b", "c")))
  const bare = plainTool("bare", nothing)

  type Row = readonly [
    what: string,
    registrations: (ran: Ran) => Registrations,
    changes: Partial<ProtectOptions>,
    supported: ReadonlyArray<string> | undefined,
    login: string | undefined
  ]

  const rows: ReadonlyArray<Row> = [
    // Policies.
    ["no scopes if no policy mentions scopes", () => bare, {}, undefined, undefined],
    ["the scopes of tools", () => a, {}, ["a"], "a"],
    ["the scopes of guards", b, {}, ["b", "c"], "b c"],
    ["the scopes of both, each once", (ran) => Layer.merge(a, b(ran).pipe(Policy.guard(scopes("a")))), {}, [
      "a",
      "b",
      "c"
    ], "a b c"],
    ["the scopes of guards around tools", () => a.pipe(Policy.guard(scopes("b"))), {}, ["a", "b"], "a b"],
    [
      "the scopes of every part of a policy",
      () => toolOf("t", anyOf(role("x"), allOf(scopes("a"), scopes("b"))), nothing),
      {},
      ["a", "b"],
      "a b"
    ],
    ["no negated scope", () => toolOf("t", allOf(scopes("a"), not(scopes("b"))), nothing), {}, ["a"], "a"],
    [
      "no scope that depends on the operation",
      () => toolOf("t", byOperation(() => scopes("a")), nothing),
      {},
      undefined,
      undefined
    ],
    [
      "the scopes of the default policy, if something has no policy of its own",
      () => Layer.merge(a, bare),
      { policy: scopes("d") },
      ["a", "d"],
      "a d"
    ],
    ["no scope of the default policy for guarded registrations", b, { policy: scopes("d") }, ["b", "c"], "b c"],
    ["no scope of the default policy if everything has its own policy", () => a, { policy: scopes("d") }, ["a"], "a"],
    ["the scopes of concealed registrations, because clients could not request them otherwise", () => a, {
      visibility: "concealed"
    }, [
      "a"
    ], "a"],
    [
      "the scopes that broader scopes cover",
      () => a,
      { scopeHierarchy: ScopeHierarchy.make({ all: ["a"] }) },
      ["a"],
      "a"
    ],
    [
      "the scopes beside what is public",
      () => Layer.merge(a, toolOf("o", anonymous, nothing)),
      {},
      ["a"],
      "a"
    ],
    // Options.
    ["the configured scopes instead", () => a, { scopesSupported: ["x", "y"] }, ["x", "y"], "x y"],
    ["no scopes if an empty list is configured", () => a, { scopesSupported: [] }, undefined, undefined],
    ["required scopes as well", () => a, { requiredScopes: ["r", "a"] }, ["a", "r"], "a r"],
    ["required scopes alone, if there are no policies", () => bare, { requiredScopes: ["r"] }, ["r"], "r"],
    ["supported scopes in the metadata, and the scopes of a login in the 401", () => a, {
      scopesSupported: ["x"],
      requiredScopes: ["r"]
    }, [
      "x",
      "r"
    ], "r"],
    ["the configured scopes of a login", () => a, { loginScopes: ["l", "m"] }, ["a"], "l m"],
    ["no scopes for a login if an empty list is configured", () => a, { loginScopes: [] }, ["a"], undefined],
    [
      "the configured scopes of a login, whatever scopes are required",
      () => a,
      { loginScopes: ["l"], requiredScopes: ["r"] },
      ["a", "r"],
      "l"
    ],
    // The form of requests.
    [
      "all scopes in their request form",
      () => a,
      { requiredScopes: ["r"], scopeRequestForm: (scope) => `api://notes/${scope}` },
      ["api://notes/a", "api://notes/r"],
      "api://notes/a api://notes/r"
    ],
    [
      "the configured scopes in their request form",
      () => a,
      { scopesSupported: ["x"], loginScopes: ["l"], scopeRequestForm: (scope) => `api://notes/${scope}` },
      ["api://notes/x"],
      "api://notes/l"
    ],
    [
      "each request form once",
      () => a,
      { requiredScopes: ["r"], scopeRequestForm: () => "api://notes/.default" },
      ["api://notes/.default"],
      "api://notes/.default"
    ]
  ]
  for (const [what, registrations, changes, expected, asked] of rows) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin(registrations, changes)
        assert.deepStrictEqual(yield* supported(handle), expected)
        assert.strictEqual(yield* login(handle), asked)
        // A caller with an invalid token is asked for the same scopes.
        const invalid = yield* post(handle, request(1, "ping"), { token: "none" })
        assert.strictEqual(invalid.status, 401)
        assert.strictEqual(scopeOf(invalid), asked)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("the scopes of what was registered after the start", () =>
    Effect.gen(function*() {
      const later = yield* Ref.make<Effect.Effect<void>>(Effect.void)
      const { handle } = yield* begin(
        () =>
          Layer.merge(
            a,
            Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addTool }) =>
              Ref.set(
                later,
                addTool({
                  tool: new McpSchema.Tool({ name: "late", inputSchema: { type: "object" } }),
                  annotations: Context.empty(),
                  handle: () => Effect.succeed(new McpSchema.CallToolResult({ content: [] }))
                })
              )))
          ),
        { policy: scopes("d") }
      )
      assert.deepStrictEqual(yield* supported(handle), ["a"])
      yield* Effect.flatten(Ref.get(later))
      assert.deepStrictEqual(yield* supported(handle), ["a", "d"])
      assert.strictEqual(yield* login(handle), "a d")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const impossible: ReadonlyArray<
    readonly [where: string, registrations: Registrations, changes: Partial<ProtectOptions>, says: string]
  > = [
    ["on a tool", toolOf("t", scopes("a b"), nothing), {}, `("a b")`],
    ["within a policy", toolOf("t", anyOf(role("x"), allOf(scopes("ok", "\""))), nothing), {}, `("\\"")`],
    ["on a guard", plainTool("t", nothing).pipe(Policy.guard(scopes("\u00e9"))), {}, `("\u00e9")`],
    ["as the default", plainTool("t", nothing), { policy: scopes("") }, `("")`],
    ["that the provider issues on its own", toolOf("t", scopes("offline_access"), nothing), {}, "leave it out"]
  ]
  for (const [where, registrations, changes, says] of impossible) {
    it.effect(`an invalid scope ${where} prevents the start: no server requests it`, () =>
      Effect.gen(function*() {
        const app = serverWith(registrations).pipe(McpAuth.protect(fromPolicies(changes)))
        const error = yield* buildError(app)
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.include(error.message, says)
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Scopes in the 403
// ---------------------------------------------------------------------------------------------------------------------

/** Registrations that need scopes in every possible way. */
const needy = (ran: Ran): Registrations =>
  Layer.mergeAll(
    everythingUnder(ran, "own", scopes("read", "write")),
    plainTool("guarded", arrive(ran, "guarded")).pipe(Policy.guard(scopes("read", "write"))),
    plainTool("within", Effect.andThen(Policy.require(scopes("read", "write")), arrive(ran, "within"))),
    toolOf("by operation", byOperation(() => scopes("read", "write")), arrive(ran, "by operation")),
    plainTool("bare", arrive(ran, "bare")),
    toolOf("ruled", byOperation(() => role("admin")), arrive(ran, "ruled"))
  )

const needyTools = ["own", "guarded", "within", "by operation", "bare"]

describe("a challenge for more scopes asks for", () => {
  const entra = (scope: string): string => `api://notes/${scope}`

  type Row = readonly [what: string, changes: Partial<ProtectOptions>, granted: string, asked: string]

  const rows: ReadonlyArray<Row> = [
    ["the needed scopes, and no other granted scopes by default", {}, "x read", "read write"],
    ["no other scopes if the options say so", { challengeScopes: "minimal" }, "x read", "read write"],
    [
      "the granted scopes as well, each once, if the options say so",
      { challengeScopes: "union" },
      "x read",
      "x read write"
    ],
    ["the same scopes where none were granted", { challengeScopes: "union" }, "", "read write"],
    [
      "the needed scopes in their request form",
      { scopeRequestForm: entra },
      "x read",
      "api://notes/read api://notes/write"
    ],
    [
      "the granted scopes in their request form as well",
      { challengeScopes: "union", scopeRequestForm: entra },
      "x read",
      "api://notes/x api://notes/read api://notes/write"
    ],
    ["each request form once", { scopeRequestForm: () => "api://notes/.default" }, "read", "api://notes/.default"],
    [
      "the needed scopes, even if broader scopes cover some of them",
      { scopeHierarchy: ScopeHierarchy.make({ all: ["read"] }) },
      "all",
      "read write"
    ],
    [
      "the granted scopes, even if they cover some of the needed ones",
      { challengeScopes: "union", scopeHierarchy: ScopeHierarchy.make({ all: ["read"] }) },
      "all",
      "all read write"
    ]
  ]
  for (const [what, changes, granted, asked] of rows) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(needy, { policy: scopes("read", "write"), ...changes })
        const token = yield* mint(granted)
        for (const mode of modes.filter(({ batch, revision }) => batch || revision === "2026-07-28")) {
          const call = yield* converse(handle, mode, token)
          for (const name of needyTools) assertInsufficient(yield* ask(call, "call", name, token), asked)
          assertInsufficient(yield* ask(call, "read", "own", token), asked)
          assertDenied(yield* ask(call, "call", "ruled", token))
        }
        assert.deepStrictEqual(yield* ran, [])
        // Tokens name scopes in their own form, whatever form requests have.
        const good = yield* mint("read write")
        const call = yield* converse(handle, modern, good)
        for (const name of needyTools) assertAnswered(yield* ask(call, "call", name, good))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("the needed scopes, even if the token has them in their request form", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(needy, { policy: authenticated, scopeRequestForm: entra })
      const token = yield* mint("api://notes/read api://notes/write")
      const call = yield* converse(handle, modern, token)
      assertInsufficient(yield* ask(call, "call", "own", token), "api://notes/read api://notes/write")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("the required scopes in the same way", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(() => plainTool("bare", nothing), {
        requiredScopes: ["r"],
        challengeScopes: "union",
        scopeRequestForm: entra
      })
      const refused = yield* post(handle, request(1, "ping"), { token: yield* mint("x") })
      assert.strictEqual(refused.status, 403)
      assert.strictEqual(scopeOf(refused), "api://notes/x api://notes/r")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("the scopes of all calls of a batch, each in its request form and once", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(
        (ran) => Layer.merge(toolOf("a", scopes("a"), arrive(ran, "a")), toolOf("b", scopes("b"), arrive(ran, "b"))),
        { challengeScopes: "union", scopeRequestForm: entra }
      )
      const token = yield* mint("x")
      const headers = yield* initialize(handle, "2025-03-26", token)
      const calls = ["a", "b", "a"].map((name, id) => request(id, "tools/call", { name, arguments: {} }))
      const { headers: answered, messages } = yield* post(handle, calls, { token, headers })
      assert.include(
        answered.get("www-authenticate"),
        `scope="api://notes/x api://notes/a api://notes/b", error="insufficient_scope"`
      )
      const scopesOf = new Map(messages.map(({ error, id }) => [id, error?.data]))
      assert.deepInclude(scopesOf.get(0), { scope: "api://notes/x api://notes/a" })
      assert.deepInclude(scopesOf.get(1), { scope: "api://notes/x api://notes/b" })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("no granted word that is not a valid scope", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(() => toolOf("a", scopes("a"), nothing), { challengeScopes: "union" })
      // Providers put words into such claims that are not scopes.
      const token = yield* mint("x", { scp: ["read admin", "say \"hi\"", "\u00e9t\u00e9", "p:1"] })
      const call = yield* converse(handle, modern, token)
      assertInsufficient(yield* ask(call, "call", "a", token), "x p:1 a")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
