import { AuthInfo, McpAuth, Policy, ScopeHierarchy, TokenError } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Ref, Schema } from "effect"
import { McpServer, McpTest, Tool, Toolkit } from "effect/ai"
import { protocols, type Revision } from "../server/harness.ts"
import { arrive, everythingUnder, plainTool, type Ran, type Registrations, toolOf } from "./harness.ts"

const { allOf, anonymous, authenticated, byOperation, check, not, role, scopes } = Policy

const user = { subject: "ada", scopes: new Set(["a"]), claims: { roles: ["editor"] } }

/** A client of registrations that run for the caller from the environment. */
const local = Effect.fnUntraced(function*(
  registrations: (ran: Ran) => Registrations,
  options: McpAuth.StdioOptions = {},
  protocolVersion: Revision = "2026-07-28"
) {
  const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
  const client = yield* McpTest.makeClient(
    registrations(ran).pipe(Layer.provide(McpAuth.layerStdio(user, options))),
    { protocols, protocolVersion }
  )
  return { client, ran: Ref.get(ran) }
})

type Client = Effect.Success<ReturnType<typeof local>>["client"]

const call = (client: Client, name: string) => client.callTool({ name, arguments: {} })

/** The result of each kind of request for a registration with this name. */
const requests: Readonly<Record<string, (client: Client, name: string) => Effect.Effect<unknown, unknown>>> = {
  call,
  read: (client: Client, name: string) => client.readResource({ uri: `${name}://one` }),
  "read of a template": (client: Client, name: string) => client.readResource({ uri: `${name}://of/7` }),
  get: (client: Client, name: string) => client.getPrompt({ name, arguments: { tone: "kind" } }),
  completion: (client: Client, name: string) =>
    client.complete({ ref: { type: "ref/prompt", name }, argument: { name: "tone", value: "" } })
}

type Said = "answered" | "absent" | "insufficient" | "denied" | "unavailable"

const ErrorOf = Schema.Struct({ code: Schema.Number, data: Schema.optionalKey(Schema.Json) })

/** A client on stdio cannot log in, so no response says where to log in or which scopes to request. */
const errors = {
  insufficient: {
    error: "insufficient_scope",
    error_description: "The access token lacks the required scopes"
  },
  denied: { error: "access_denied", error_description: "The caller may not do this" },
  unavailable: {
    error: "temporarily_unavailable",
    error_description: "The access token cannot be verified now"
  }
} satisfies { readonly [S in Exclude<Said, "answered" | "absent">]: Schema.Json }

const assertSaid = (exit: Exit.Exit<unknown, unknown>, said: Said) => {
  if (said === "answered") return assert.isTrue(Exit.isSuccess(exit), String(exit))
  const error = Exit.findErrorOption(exit)
  assert.strictEqual(error._tag, "Some", String(exit))
  if (error._tag === "None" || !Schema.is(ErrorOf)(error.value)) return assert.fail(String(exit))
  const { code, data } = error.value
  if (said === "absent") return assert.isTrue(code === -32_602 || code === -32_002, String(code))
  assert.strictEqual(code, -32_001)
  assert.deepStrictEqual(data, errors[said])
}

const listed = Effect.fnUntraced(function*(client: Client) {
  const [{ tools }, { resources }, { resourceTemplates }, { prompts }] = [
    yield* client.listTools({}),
    yield* client.listResources({}),
    yield* client.listResourceTemplates({}),
    yield* client.listPrompts({})
  ]
  return [tools, resources, resourceTemplates, prompts].map(({ length }) => length > 0)
})

describe("stdio behaves like HTTP", () => {
  const down = check(Effect.fail(new TokenError.VerificationUnavailable({})))

  type Row = readonly [policy: Policy.Policy, options: McpAuth.StdioOptions, shown: boolean, said: Said]

  const rows: ReadonlyArray<Row> = [
    [scopes("a"), {}, true, "answered"],
    [anonymous, {}, true, "answered"],
    [authenticated, {}, true, "answered"],
    [role("editor"), {}, true, "answered"],
    [not(role("admin")), {}, true, "answered"],
    [scopes("b"), {}, false, "insufficient"],
    [allOf(scopes("a"), scopes("b")), {}, false, "insufficient"],
    [scopes("b"), { visibility: "locked" }, true, "insufficient"],
    [scopes("b"), { visibility: "concealed" }, false, "absent"],
    [scopes("b"), { scopeHierarchy: ScopeHierarchy.make({ a: ["b"] }) }, true, "answered"],
    [role("admin"), {}, false, "absent"],
    [not(scopes("a")), {}, false, "absent"],
    [byOperation(() => role("admin")), {}, true, "denied"]
  ]
  for (const [policy, options, shown, said] of rows) {
    it.effect(`${policy} ${options.visibility ?? ""}: ${shown ? "shown" : "hidden"}, and ${said}`, () =>
      Effect.gen(function*() {
        for (const revision of ["2025-11-25", "2026-07-28"] as const) {
          const { client, ran } = yield* local((ran) => everythingUnder(ran, "x", policy), options, revision)
          for (const [name, request] of Object.entries(requests)) {
            // A completion has no operation yet, so a caller who sees the entry in a list may complete it.
            const completes = name === "completion" && said === "denied"
            assertSaid(yield* Effect.exit(request(client, "x")), completes ? "answered" : said)
          }
          const handlers = (yield* ran).filter((handler) => said === "answered" || !handler.endsWith("completion"))
          assert.strictEqual(handlers.length, said === "answered" ? 5 : 0)
          assert.deepStrictEqual(yield* listed(client), [shown, shown, shown, shown])
        }
      }).pipe(Effect.scoped))
  }

  it.effect("a check whose service is down is an outage, for calls and for lists", () =>
    Effect.gen(function*() {
      const { client, ran } = yield* local((ran) => everythingUnder(ran, "x", down))
      for (const request of Object.values(requests)) assertSaid(yield* Effect.exit(request(client, "x")), "unavailable")
      assertSaid(yield* Effect.exit(client.listTools({})), "unavailable")
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped))

  it.effect("the default policy applies to everything without a policy of its own", () =>
    Effect.gen(function*() {
      const { client, ran } = yield* local(
        (ran) => Layer.merge(plainTool("bare", arrive(ran, "bare")), toolOf("own", scopes("a"), arrive(ran, "own"))),
        { policy: scopes("b") }
      )
      assertSaid(yield* Effect.exit(call(client, "bare")), "insufficient")
      assertSaid(yield* Effect.exit(call(client, "own")), "answered")
      assert.deepStrictEqual(yield* ran, ["own"])
    }).pipe(Effect.scoped))

  it.effect("Policy.require refuses a call from inside a handler, and Policy.allows answers false", () =>
    Effect.gen(function*() {
      const { client, ran } = yield* local(
        (ran) =>
          Layer.mergeAll(
            plainTool("needs a", Effect.andThen(Policy.require(scopes("a")), arrive(ran, "needs a"))),
            plainTool("needs b", Effect.andThen(Policy.require(scopes("b")), arrive(ran, "needs b"))),
            plainTool("needs c", Effect.andThen(Policy.require(role("c")), arrive(ran, "needs c"))),
            plainTool("asks", Effect.orDie(Effect.map(Policy.allows(scopes("b")), String)))
          ),
        { scopeHierarchy: ScopeHierarchy.make({ x: ["y"] }) }
      )
      assertSaid(yield* Effect.exit(call(client, "needs a")), "answered")
      assertSaid(yield* Effect.exit(call(client, "needs b")), "insufficient")
      assertSaid(yield* Effect.exit(call(client, "needs c")), "denied")
      assert.deepStrictEqual((yield* client.callTool({ name: "asks", arguments: {} })).structuredContent, "false")
      assert.deepStrictEqual(yield* ran, ["needs a"])
    }).pipe(Effect.scoped))

  it.effect("checks on tools have their services from the server", () =>
    Effect.gen(function*() {
      class Owner extends Context.Service<Owner, string>()("@effect-mcp-auth/core/test/policy/stdio.test/Owner") {}
      const isOwner = check(
        Effect.flatMap(AuthInfo.AuthInfo, ({ subject }) => Effect.map(Owner, (owner) => owner === subject))
      )
      const toolkit = Toolkit.make(Policy.tool(isOwner)(Tool.make("owned")))
      const registrations = McpServer.toolkit(toolkit).pipe(
        Layer.provide(toolkit.toLayer({ owned: () => Effect.void })),
        Layer.provide(McpAuth.layerStdio<Owner>(user))
      )
      for (const [owner, said] of [["ada", "answered"], ["eve", "absent"]] as const) {
        const client = yield* McpTest.makeClient(registrations.pipe(Layer.provide(Layer.succeed(Owner, owner))), {
          protocols
        })
        assertSaid(yield* Effect.exit(client.callTool({ name: "owned", arguments: {} })), said)
      }
    }).pipe(Effect.scoped))

  it.effect("an invalid hierarchy prevents the start", () =>
    Effect.gen(function*() {
      const scopeHierarchy = ScopeHierarchy.make({ a: ["b"], b: ["a"] })
      const exit = yield* Effect.exit(local((ran) => toolOf("x", scopes("a"), arrive(ran, "x")), { scopeHierarchy }))
      assert.isTrue(Exit.isFailure(exit))
      assert.include(String(exit), "InvalidScopeHierarchy")
    }).pipe(Effect.scoped))
})
