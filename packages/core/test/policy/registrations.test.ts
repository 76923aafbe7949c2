/**
 * Registrations that exist for some clients only, or have custom routes: the policy of the one that answers decides.
 */
import { Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, MutableRef, Ref, Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import { Registered } from "../../src/server/internal/registrations.ts"
import { arrive, assertAnswered, begin, converse, id, mint, modern, type Ran } from "./harness.ts"

const { authenticated, byOperation, byParameters, scopes } = Policy

/** A registration for clients of one revision only. */
const onlyFor = (revision: string) =>
  Context.make(McpSchema.EnabledWhen, ({ protocolVersion }) => protocolVersion === revision)

const [here, elsewhere] = [onlyFor("2026-07-28"), onlyFor("2025-06-18")]

/** A static resource that has a URI of the template. */
const secret = (ran: Ran, annotations: Context.Context<McpSchema.EnabledWhen>) =>
  Layer.effectDiscard(
    McpServer.registerResource({
      uri: "notes://secret",
      name: "secret",
      annotations,
      content: arrive(ran, "static secret")
    })
  )

/** A template with another parameter name, registered before the one that answers. */
const earlier = (ran: Ran, annotations: Context.Context<McpSchema.EnabledWhen>) => {
  const other = McpSchema.param("other", Schema.String)
  return Layer.effectDiscard(McpServer.registerResource`notes://${other}`({
    name: "earlier",
    annotations,
    content: (_, other) => arrive(ran, `earlier ${other}`)
  }))
}

const notes = (ran: Ran) =>
  McpServer.resource`notes://${id}`({ name: "note", content: (_, id) => arrive(ran, `note ${id}`) })

/** The parameter `secret` needs a scope; every other value needs only a token. */
const withoutSecret = byParameters(
  Schema.Struct({ id: Schema.String }),
  ({ id }) => id === "secret" ? scopes("secrets") : authenticated
)

/** The same by operation, which has no parameters for a static resource. */
const withoutSecretParameter = byOperation(({ parameters }) =>
  parameters?.["id"] === "secret" ? scopes("secrets") : authenticated
)

describe("a registration that does not exist for a client", () => {
  for (const [how, policy] of [["byParameters", withoutSecret], ["byOperation", withoutSecretParameter]] as const) {
    for (const [what, register] of [["a static resource", secret], ["an earlier template", earlier]] as const) {
      it.effect(`does not hide the parameters of the template that answers: ${what}, ${how}`, () =>
        Effect.gen(function*() {
          const { handle, ran } = yield* begin((ran) =>
            Layer.provideMerge(notes(ran), register(ran, elsewhere)).pipe(Policy.guard(policy))
          )
          const [poor, rich] = [yield* mint(""), yield* mint("secrets")]
          const send = yield* converse(handle, modern, poor)
          const refused = yield* send("resources/read", { uri: "notes://secret" }, poor)
          assert.strictEqual(refused.status, 403, refused.body)
          assert.deepStrictEqual(yield* ran, [])
          assertAnswered(yield* send("resources/read", { uri: "notes://secret" }, rich))
          assertAnswered(yield* send("resources/read", { uri: "notes://open" }, poor))
          assert.deepStrictEqual(yield* ran, ["note secret", "note open"])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }
})

describe("a registration that exists for a client", () => {
  it.effect("answers before a later template, and its own parameters are judged", () =>
    Effect.gen(function*() {
      const named = byOperation(({ parameters, template }) =>
        scopes(`${template === undefined ? "static" : Object.keys(parameters ?? {}).join()}`)
      )
      const token = yield* mint("static other")
      for (
        const [register, answer] of [[secret, "static secret"], [earlier, "earlier secret"]] as const
      ) {
        const { handle, ran } = yield* begin((ran) =>
          Layer.provideMerge(notes(ran), register(ran, here)).pipe(Policy.guard(named))
        )
        const send = yield* converse(handle, modern, token)
        assertAnswered(yield* send("resources/read", { uri: "notes://secret" }, token))
        assert.deepStrictEqual(yield* ran, [answer])
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a template with a custom route", () => {
  const rows: ReadonlyArray<readonly [route: string, uriTemplate: string, uri: string]> = [
    ["hand:://:0/:1", "hand://{id}", "hand://open/secret"],
    ["hand:://:0/:00", "hand://{id}", "hand://open/secret"],
    ["hand:://:0/*", "hand://{id}", "hand://open/secret"],
    // A colon in the template reads a part of the URI that is not a parameter.
    ["hand::a:5/:0", "hand:a:5/{id}", "hand:asecret/open"]
  ]
  for (const [route, uriTemplate, uri] of rows) {
    it.effect(`is refused where its policy sees less than its handler: ${route}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) =>
          Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addResourceTemplate }) =>
            addResourceTemplate({
              template: new McpSchema.ResourceTemplate({ name: "hand", uriTemplate }),
              annotations: Context.empty(),
              routerPath: route,
              completions: {},
              handle: (uri) => Effect.as(arrive(ran, "hand"), { contents: [{ uri, text: "hand" }] })
            }))).pipe(Policy.guard(withoutSecret))
        )
        const token = yield* mint("secrets")
        const send = yield* converse(handle, modern, token)
        const answer = yield* send("resources/read", { uri }, token)
        assert.notProperty(answer.messages.at(-1), "result", answer.body)
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

describe("a policy inside the completion of a prompt", () => {
  it.effect("sees the prompt and no template", () =>
    Effect.gen(function*() {
      const seen = yield* Ref.make<ReadonlyArray<readonly [string, string | undefined]>>([])
      const recorded = Policy.check(({ target, template }) =>
        Effect.as(Ref.update(seen, (all) => [...all, [target, template] as const]), true)
      )
      const { handle } = yield* begin(() =>
        McpServer.prompt({
          name: "greet",
          parameters: { tone: Schema.String },
          completion: { tone: () => Effect.as(Policy.require(recorded), ["kind"]) },
          content: () => Effect.succeed("hello")
        })
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      const params = { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "tone", value: "" } }
      assertAnswered(yield* send("completion/complete", params, token))
      assert.deepStrictEqual(yield* Ref.get(seen), [["greet", undefined]])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a server whose registrations are not known yet", () => {
  it.effect("has nothing for callers without a token", () =>
    Effect.gen(function*() {
      const services = yield* Layer.build(Registered.layer())
      const none = MutableRef.get(Context.get(services, Registered))
      assert.isFalse(none.hasOpenTarget())
      assert.isFalse(none.mayHaveOpenTarget())
      assert.isFalse(none.isOpenTarget("resources/read", "notes://one"))
      assert.isFalse(none.mayBeOpenTarget("tools/call", "public"))
    }).pipe(Effect.scoped))
})
