/** Policies judge the caller of the current request and the current operation, and no other context. */
import { AuthInfo, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Ref, Schema, Scope } from "effect"
import { McpSchema, McpServer, McpTest, Tool, Toolkit } from "effect/ai"
import { protocols, serve, serverWith } from "../server/harness.ts"
import {
  arrive,
  ask,
  assertAnswered,
  assertInsufficient,
  begin,
  callerWith,
  converse,
  fromPolicies,
  id,
  listed,
  lists,
  mint,
  type Mode,
  modern,
  type Ran,
  resourcesOf,
  toolOf,
  toolsSeen
} from "./harness.ts"

/** The caller of the `AuthInfo` in the context in which layers are built. */
const administrator = Layer.succeed(AuthInfo.AuthInfo, callerWith({ subject: "admin" }))

class Administrator extends Context.Service<Administrator, string>()(
  "@effect-mcp-auth/core/test/policy/requestContext.test/Administrator"
) {}

/** A check that needs a service from layer build, so that its policy is bound to the context of that build. */
const isAdministrator = Policy.check(
  Effect.flatMap(AuthInfo.AuthInfo, ({ subject }) => Effect.map(Administrator, (name) => name === subject)),
  "is the administrator"
)

const name = Layer.succeed(Administrator, "admin")

describe("an AuthInfo that is present when layers are built", () => {
  it.effect("does not stand in for the caller of a request in the check of a guard", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        resourcesOf(ran, "x").pipe(
          Policy.guard(isAdministrator),
          Layer.provide(Layer.merge(administrator, name))
        )
      )
      const [admin, user] = [yield* mint("", { sub: "admin" }), yield* mint("", { sub: "user" })]
      const send = yield* converse(handle, modern, user)
      assert.notProperty((yield* ask(send, "read", "x", user)).messages.at(-1), "result")
      assert.deepStrictEqual(listed(yield* send("resources/list", {}, user), lists[1]), [])
      assert.deepStrictEqual(yield* ran, [])
      assertAnswered(yield* ask(send, "read", "x", admin))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("does not stand in for the caller of a request in the check of a tool", () =>
    Effect.gen(function*() {
      const tool = Policy.tool(isAdministrator)(Tool.make("owned", { success: Schema.String }))
      const toolkit = Toolkit.make(tool)
      const registrations = McpServer.toolkit(toolkit).pipe(
        Layer.provide(toolkit.toLayer({ owned: () => Effect.succeed("done") }))
      )
      const app = serverWith(registrations).pipe(McpAuth.protect(fromPolicies({})))
      const handle = yield* serve(Layer.provide(app, Layer.merge(administrator, name)))
      const [admin, user] = [yield* mint("", { sub: "admin" }), yield* mint("", { sub: "user" })]
      const send = yield* converse(handle, modern, user)
      assert.notProperty((yield* ask(send, "call", "owned", user)).messages.at(-1), "result")
      assert.deepStrictEqual(yield* toolsSeen(send, user), [])
      assertAnswered(yield* ask(send, "call", "owned", admin))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("does not stand in for the user of a stdio server in the check of a tool", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(Policy.tool(isAdministrator)(Tool.make("owned", { success: Schema.String })))
      const registrations = McpServer.toolkit(toolkit).pipe(
        Layer.provide(toolkit.toLayer({ owned: () => Effect.succeed("done") }))
      )
      const app = registrations.pipe(
        Layer.provide(McpAuth.layerStdio<Administrator>({ subject: "user", scopes: new Set() })),
        Layer.provide(Layer.merge(administrator, name))
      )
      const client = yield* McpTest.makeClient(app, { protocols })
      assert.lengthOf((yield* client.listTools({})).tools, 0)
    }).pipe(Effect.scoped))
})

describe("a handler that requires more scopes than its tool", () => {
  it.effect("requests the scopes of both in one challenge", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        toolOf("x", Policy.scopes("a"), Effect.andThen(Policy.require(Policy.scopes("b")), arrive(ran, "x")))
      )
      const [a, b, both] = [yield* mint("a"), yield* mint("b"), yield* mint("a b")]
      const send = yield* converse(handle, modern, a)
      assertInsufficient(yield* ask(send, "call", "x", a), "a b")
      assertInsufficient(yield* ask(send, "call", "x", b), "a")
      assertAnswered(yield* ask(send, "call", "x", both))
      assert.deepStrictEqual(yield* ran, ["x"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a check that occurs several times in a policy", () => {
  it.effect("is evaluated once for each operation, on a guard as well as on a tool", () =>
    Effect.gen(function*() {
      const asked = yield* Ref.make(0)
      const once = Policy.check(Effect.as(Ref.update(asked, (count) => count + 1), true), "once")
      // The last part decides, so the result of every occurrence is needed.
      const policy = Policy.allOf(once, Policy.anyOf(Policy.not(once), once), Policy.not(Policy.not(once)))
      const { handle } = yield* begin((ran) =>
        Layer.merge(toolOf("x", policy, arrive(ran, "x")), resourcesOf(ran, "x").pipe(Policy.guard(policy)))
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      for (const kind of ["call", "read"] as const) {
        yield* Ref.set(asked, 0)
        assertAnswered(yield* ask(send, kind, "x", token))
        assert.strictEqual(yield* Ref.get(asked), 1)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a handler that reads a resource in process", () => {
  type Reading = Pick<McpServer.McpServer["Service"], "findResource">

  /** Handlers can call their own server only in a session. */
  const withSession: Mode = { name: "2025-11-25", revision: "2025-11-25", batch: false }

  /** A tool whose handler reads a resource through a server, by default its own. */
  const reader = (uri: string, build: Effect.Effect<Reading, never, McpServer.McpServer> = McpServer.McpServer) => {
    const Read = Tool.make("read", { success: Schema.String, dependencies: [AuthInfo.AuthInfo] })
    const toolkit = Toolkit.make(Read)
    const handlers = toolkit.toLayer(Effect.gen(function*() {
      const server = yield* build
      return {
        read: () =>
          Effect.serviceOption(McpSchema.McpServerClient).pipe(
            Effect.flatMap((client) => Effect.fromOption(client)),
            Effect.flatMap((client) =>
              Effect.provideService(server.findResource(uri), McpSchema.McpServerClient, client)
            ),
            Effect.match({ onFailure: ({ message }) => `refused: ${message}`, onSuccess: () => "read" })
          )
      }
    }))
    return McpServer.toolkit(toolkit).pipe(Layer.provide(handlers))
  }

  /**
   * Two templates of one URI. Which one answers depends on the client, so the server leaves the decision to their
   * guards.
   */
  const ambiguous = (ran: Ran) => {
    const annotations = Context.make(McpSchema.EnabledWhen, () => true)
    const conditional = McpServer.registerResource`x://of/${id}`({
      name: "conditional",
      annotations,
      content: () => arrive(ran, "conditional")
    })
    const certain = McpServer.resource`x://${McpSchema.param("kind", Schema.String)}/${id}`({
      name: "certain",
      content: () => arrive(ran, "certain")
    })
    return Layer.merge(Layer.effectDiscard(conditional), certain)
  }

  it.effect("has to satisfy the guard of the resource as well", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.merge(
          Policy.guard(Policy.scopes("a"))(reader("x://of/7")),
          Policy.guard(Policy.scopes("b"))(ambiguous(ran))
        )
      )
      const [poor, rich] = [yield* mint("a"), yield* mint("a b")]
      const send = yield* converse(handle, withSession, poor)
      const refused = yield* ask(send, "call", "read", poor)
      assert.include(refused.body, "refused: ")
      assert.deepStrictEqual(yield* ran, [])
      const answered = yield* ask(send, "call", "read", rich)
      assertAnswered(answered)
      assert.notInclude(answered.body, "refused: ")
      assert.lengthOf(yield* ran, 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has to satisfy a common guard for the resource as well, and not only for the tool", () =>
    Effect.gen(function*() {
      const policy = Policy.byOperation(({ method }) => Policy.scopes(method === "tools/call" ? "a" : "b"))
      const { handle, ran } = yield* begin((ran) =>
        Policy.guard(policy)(Layer.merge(reader("x://of/7"), ambiguous(ran)))
      )
      const [poor, rich] = [yield* mint("a"), yield* mint("a b")]
      const send = yield* converse(handle, withSession, poor)
      const refused = yield* ask(send, "call", "read", poor)
      assert.include(refused.body, "refused: ")
      assert.deepStrictEqual(yield* ran, [])
      yield* ask(send, "call", "read", rich)
      assert.lengthOf(yield* ran, 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has to satisfy the guard of a server that has no gate of its own", () =>
    Effect.gen(function*() {
      // Its requests have the caller of the server around it.
      const asCaller = McpServer.middleware<{ provides: AuthInfo.AuthInfo }>()((respond) =>
        Effect.flatMap(
          Effect.serviceOption(AuthInfo.AuthInfo),
          (caller) => Effect.provideService(respond, AuthInfo.AuthInfo, Option.getOrElse(caller, () => callerWith()))
        )
      )
      const { handle, ran } = yield* begin((ran) => {
        const inner = McpServer.resource({ uri: "y://one", name: "y", content: arrive(ran, "inner") }).pipe(
          Policy.guard(Policy.scopes("b")),
          Layer.provide(asCaller.layer),
          Layer.provideMerge(Layer.fresh(McpServer.McpServer.layer))
        )
        const built = Layer.build(inner).pipe(
          Effect.map((context) => Context.get(context, McpServer.McpServer)),
          Effect.provideService(Scope.Scope, Scope.makeUnsafe())
        )
        return Policy.guard(Policy.scopes("a"))(reader("y://one", built))
      })
      const [poor, rich] = [yield* mint("a"), yield* mint("a b")]
      const send = yield* converse(handle, withSession, poor)
      assert.include((yield* ask(send, "call", "read", poor)).body, "refused: ")
      assert.deepStrictEqual(yield* ran, [])
      assertAnswered(yield* ask(send, "call", "read", rich))
      assert.deepStrictEqual(yield* ran, ["inner"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
