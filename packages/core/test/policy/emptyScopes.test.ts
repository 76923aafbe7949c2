import { AuthInfo, AuthorizationServer, FetchAuth, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Ref } from "effect"
import { McpSchema, McpServer, McpTest } from "effect/ai"
import { options, protocols, serve, serverWith } from "../server/harness.ts"
import {
  arrive,
  ask,
  assertAnswered,
  assertDenied,
  assertInsufficient,
  assertLogin,
  begin,
  callerWith,
  converse,
  everythingUnder,
  type Kind,
  mint,
  modern,
  plainTool,
  type Ran,
  type Registrations,
  resourcesOf,
  toolOf,
  toolsSeen
} from "./harness.ts"

const { allOf, anonymous, anyOf, authenticated, byOperation, not, role, scopes } = Policy

/** A list from a configuration that happens to be empty. */
const configured: ReadonlyArray<string> = []
const empty = scopes(...configured)

const trees: ReadonlyArray<Policy.Policy> = [
  empty,
  not(empty),
  allOf(scopes("a"), empty),
  anyOf(anonymous, empty),
  anyOf(role("admin"), allOf(authenticated, not(anyOf(scopes("a"), empty))))
]

const places: Readonly<
  Record<string, (ran: Ran, policy: Policy.Policy) => readonly [Registrations, Partial<Parameters<typeof options>[0]>]>
> = {
  "on a tool": (ran, policy) => [toolOf("x", policy, arrive(ran, "x")), {}],
  "in a guard": (ran, policy) => [resourcesOf(ran, "x").pipe(Policy.guard(policy)), {}],
  "in a guard around a guard": (ran, policy) => [
    resourcesOf(ran, "x").pipe(Policy.guard(scopes("a")), Policy.guard(policy)),
    {}
  ],
  "in the default policy": (ran, policy) => [toolOf("x", scopes("a"), arrive(ran, "x")), { policy }]
}

const assertRefused = (exit: Exit.Exit<unknown, unknown>, resource: string, policy: Policy.Policy) => {
  const error = Exit.findErrorOption(exit)
  if (error._tag === "None") return assert.fail(String(exit))
  assert.deepInclude(error.value, {
    _tag: "InvalidOptions",
    reason: "empty-scopes",
    resource,
    subject: String(policy)
  })
  assert.include(String(error.value), "has an empty list of scopes")
}

describe("an empty list of scopes is an error when a server is built", () => {
  for (const [place, put] of Object.entries(places)) {
    for (const policy of trees) {
      it.effect(`${place}: ${policy}`, () =>
        Effect.gen(function*() {
          const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
          const [registrations, changes] = put(ran, policy)
          const app = serverWith(registrations).pipe(McpAuth.protect(options(changes)))
          assertRefused(yield* Effect.exit(serve(app)), "https://api.test/mcp", policy)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }

  it.effect("in the policy of a service and of FetchAuth", () =>
    Effect.gen(function*() {
      const changed = {
        resource: "https://api.test/mcp",
        authorizationServers: [AuthorizationServer.discover("https://as.test")],
        policy: not(empty)
      }
      assertRefused(yield* Effect.exit(Layer.build(McpAuth.layer(changed))), changed.resource, changed.policy)
      assertRefused(yield* Effect.exit(FetchAuth.make(changed)), changed.resource, changed.policy)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const user = { subject: "ada", scopes: new Set(["a"]), claims: { roles: ["admin"] } }

  it.effect("in the default policy on stdio", () =>
    Effect.gen(function*() {
      for (const policy of trees) {
        const client = McpTest.makeClient(
          plainTool("x", Effect.succeed("x")).pipe(Layer.provide(McpAuth.layerStdio(user, { policy }))),
          { protocols, protocolVersion: "2026-07-28" }
        )
        assertRefused(yield* Effect.exit(client), "stdio", policy)
      }
    }).pipe(Effect.scoped))

  it.effect("on a tool or in a guard on stdio, where every request is answered with the configuration error", () =>
    Effect.gen(function*() {
      for (const policy of trees) {
        for (const place of ["on a tool", "in a guard"] as const) {
          const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
          const [registrations = Layer.empty] = places[place]?.(ran, policy) ?? []
          const client = yield* McpTest.makeClient(
            Layer.merge(registrations, toolOf("open", authenticated, arrive(ran, "open"))).pipe(
              Layer.provide(McpAuth.layerStdio(user))
            ),
            { protocols, protocolVersion: "2026-07-28" }
          )
          const exits: ReadonlyArray<Exit.Exit<unknown, unknown>> = [
            yield* Effect.exit(client.listTools({})),
            yield* Effect.exit(client.callTool({ name: "open", arguments: {} })),
            yield* Effect.exit(client.callTool({ name: "x", arguments: {} })),
            yield* Effect.exit(client.readResource({ uri: "x://one" }))
          ]
          for (const exit of exits) assert.isTrue(Exit.isFailure(exit), String(exit))
          assert.include(String(exits[1]), "has an empty list of scopes")
          assert.deepStrictEqual(yield* Ref.get(ran), [])
        }
      }
    }).pipe(Effect.scoped))
})

describe("an empty list of scopes that is only known at run time permits nothing", () => {
  const made: ReadonlyArray<Policy.Policy> = [
    byOperation(() => empty),
    byOperation(() => not(empty)),
    not(byOperation(() => empty)),
    not(byOperation(() => not(empty))),
    byOperation(() => byOperation(() => allOf(authenticated, empty))),
    byOperation(() => allOf(scopes("a"), not(empty)))
  ]
  const operations: ReadonlyArray<Kind> = ["call", "read", "read of a template", "get"]
  for (const policy of made) {
    it.effect(`made for each operation: ${policy}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) => everythingUnder(ran, "x", policy))
        const token = yield* mint("a")
        const send = yield* converse(handle, modern, token)
        for (const kind of operations) {
          assertDenied(yield* ask(send, kind, "x", token))
          assertLogin(yield* ask(send, kind, "x", undefined))
        }
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("leaves the decision to other parts, and challenges for their scopes", () =>
    Effect.gen(function*() {
      const policy = byOperation(() => anyOf(empty, scopes("a"), not(empty)))
      const { handle } = yield* begin((ran) => everythingUnder(ran, "x", policy))
      const [granted, without] = [yield* mint("a"), yield* mint("b")]
      const send = yield* converse(handle, modern, granted)
      for (const kind of operations) {
        assertAnswered(yield* ask(send, kind, "x", granted))
        assertInsufficient(yield* ask(send, kind, "x", without), "a")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("inside a handler", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.mergeAll(
          plainTool("requires", Effect.andThen(Policy.require(empty), arrive(ran, "requires"))),
          plainTool(
            "requires a negation",
            Effect.andThen(Policy.require(not(empty)), arrive(ran, "requires a negation"))
          ),
          plainTool("asks", Effect.orDie(Effect.map(Policy.allows(anyOf(empty, not(empty))), String)))
        )
      )
      const token = yield* mint("a")
      const send = yield* converse(handle, modern, token)
      assertDenied(yield* ask(send, "call", "requires", token))
      assertDenied(yield* ask(send, "call", "requires a negation", token))
      assert.include((yield* ask(send, "call", "asks", token)).body, "false")
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("on a later registration, in calls, lists and completions", () =>
    Effect.gen(function*() {
      for (const policy of [empty, not(empty)]) {
        const later = yield* Ref.make<Effect.Effect<void>>(Effect.void)
        const { handle, ran } = yield* begin((ran) =>
          Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addPrompt }) =>
            Ref.set(
              later,
              addPrompt({
                prompt: new McpSchema.Prompt({ name: "x", arguments: [{ name: "tone" }] }),
                annotations: Context.empty(),
                completions: {
                  tone: () => Effect.as(arrive(ran, "completion"), { completion: { values: [] } })
                },
                handle: () => Effect.as(arrive(ran, "prompt"), new McpSchema.GetPromptResult({ messages: [] }))
              })
            ))).pipe(Policy.guard(policy))
        )
        yield* Effect.flatten(Ref.get(later))
        const token = yield* mint("a")
        const send = yield* converse(handle, modern, token)
        const prompts = yield* send("prompts/list", {}, token)
        assert.notInclude(prompts.body, "\"x\"")
        for (const kind of ["get", "completion of a prompt"] as const) {
          const answer = yield* ask(send, kind, "x", token)
          assert.property(answer.messages[0], "error", answer.body)
        }
        assert.deepStrictEqual(yield* ran, [])
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("in a guard alone, with another provider of AuthInfo", () =>
    Effect.gen(function*() {
      for (const policy of trees) {
        const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
        const caller = McpServer.middleware<{ provides: AuthInfo.AuthInfo }>()((respond) =>
          Effect.provideService(respond, AuthInfo.AuthInfo, callerWith({ scopes: new Set(["b"]) }))
        )
        const client = yield* McpTest.makeClient(
          McpServer.prompt({ name: "x", content: () => arrive(ran, "x") }).pipe(
            Policy.guard(policy),
            Layer.provide(caller.layer)
          ),
          { protocols, protocolVersion: "2026-07-28" }
        )
        const isOpen = String(policy).includes("anonymous")
        assert.strictEqual(Exit.isSuccess(yield* Effect.exit(client.getPrompt({ name: "x", arguments: {} }))), isOpen)
        assert.deepStrictEqual((yield* Ref.get(ran)).length, isOpen ? 1 : 0)
      }
    }).pipe(Effect.scoped))

  it.effect("hides the registration in lists", () =>
    Effect.gen(function*() {
      const { permitted, refusal } = yield* Policy.evaluate(empty, callerWith(), {
        operation: { method: "tools/list", target: "x", arguments: undefined, listing: true }
      })
      assert.isFalse(permitted)
      assert.strictEqual(refusal?._tag, "AccessDenied")
    }))
})

describe("scopes from a configuration", () => {
  it.effect("are required like literal scopes", () =>
    Effect.gen(function*() {
      const names: ReadonlyArray<string> = ["a", "b"]
      const { handle } = yield* begin((ran) => toolOf("x", scopes(...names), arrive(ran, "x")))
      const [both, one] = [yield* mint("a b"), yield* mint("a")]
      const send = yield* converse(handle, modern, both)
      assertAnswered(yield* ask(send, "call", "x", both))
      assertInsufficient(yield* ask(send, "call", "x", one), "a b")
      assert.deepStrictEqual(yield* toolsSeen(send, one), [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
