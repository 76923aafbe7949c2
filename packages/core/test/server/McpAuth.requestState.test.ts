import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer, Redacted, Ref, Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import * as Arbitrary from "effect/Arbitrary"
import {
  type Answer,
  type Handle,
  initialize,
  issuer,
  options,
  post,
  type ProtectOptions,
  request,
  resource,
  resultOf,
  serve,
  serverWith,
  stateless
} from "./harness.ts"

/** A state as its handler sees it, on its way out or back. */
type Seen = Ref.Ref<ReadonlyArray<string | undefined>>

/** Asks for input when it is called first, with a state of its own; tells the state when that comes back. */
const ask = (seen: Seen, state: string) =>
  Effect.gen(function*() {
    const { inputResponses, requestState } = yield* McpSchema.McpRequestContext
    yield* Ref.update(seen, (all) => [...all, requestState])
    return requestState === undefined && inputResponses === undefined
      ? new McpSchema.InputRequired({ requestState: state })
      : undefined
  })

const result = new McpSchema.CallToolResult({ content: [{ type: "text", text: "done" }] })

/** Three tools, and a prompt of the same name as one, as handlers that continue have to be registered: by hand. */
const registrations = (seen: Seen, state: string) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const registry = yield* McpServer.McpServer
    const annotations = Context.empty()
    for (const name of ["Confirm", "Other", "ConfirmStep"]) {
      yield* registry.addTool({
        tool: new McpSchema.Tool({ name, inputSchema: { type: "object" } }),
        annotations,
        handle: () => Effect.map(ask(seen, state), (required) => required ?? result)
      })
    }
    yield* registry.addPrompt({
      prompt: new McpSchema.Prompt({ name: "Confirm" }),
      annotations,
      completions: {},
      handle: () =>
        Effect.map(ask(seen, state), (required) => required ?? new McpSchema.GetPromptResult({ messages: [] }))
    })
  }))

const begin = Effect.fnUntraced(function*(changes: Partial<ProtectOptions> = {}, state = "step.2") {
  const seen: Seen = yield* Ref.make<ReadonlyArray<string | undefined>>([])
  const handle = yield* serve(serverWith(registrations(seen, state)).pipe(McpAuth.protect(options(changes))))
  return { handle, seen: Ref.get(seen) }
})

const call = (
  handle: Handle,
  token: string,
  { method = "tools/call", name = "Confirm", requestState }: {
    readonly method?: string
    readonly name?: string
    readonly requestState?: string
  } = {}
): Effect.Effect<Answer> => {
  const { body, headers } = stateless(1, method, { name, ...(requestState === undefined ? {} : { requestState }) })
  return post(handle, body, { token, headers })
}

const stateOf = (answer: Answer): string => {
  const state = resultOf(answer)?.["requestState"]
  if (typeof state !== "string") throw new Error(`no state: ${answer.status} ${answer.body}`)
  return state
}

const assertUnknown = ({ body, messages }: Answer) => {
  assert.deepEqual(messages[0]?.error, { code: -32_602, message: "Unknown requestState" }, body)
}

const mintFor = (sub: string) =>
  Effect.flatMap(TestProvider.TestProvider, (provider) => provider.mint({ claims: { sub } }))

describe("a request state", () => {
  for (const method of ["tools/call", "prompts/get"]) {
    it.effect(`of ${method} comes back to its handler as that has made it`, () =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin()
        const token = yield* mintFor("ada")
        const asked = yield* call(handle, token, { method })
        assert.deepInclude(resultOf(asked), { resultType: "input_required" })
        assert.notStrictEqual(stateOf(asked), "step.2")
        const done = yield* call(handle, token, { method, requestState: stateOf(asked) })
        assert.deepInclude(resultOf(done), { resultType: "complete" })
        assert.deepStrictEqual(yield* seen, [undefined, "step.2"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("goes on with a refreshed token of the same principal", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const requestState = stateOf(yield* call(handle, yield* mintFor("ada")))
      yield* call(handle, yield* mintFor("ada"), { requestState })
      assert.deepStrictEqual(yield* seen, [undefined, "step.2"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of a token that names neither a subject nor a client belongs to that token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const unnamed = provider.mint({ claims: { sub: undefined, client_id: undefined } })
      const { handle, seen } = yield* begin()
      const [one, two] = [yield* unnamed, yield* unnamed]
      const requestState = stateOf(yield* call(handle, one))
      assertUnknown(yield* call(handle, two, { requestState }))
      yield* call(handle, one, { requestState })
      assert.deepStrictEqual(yield* seen, [undefined, "step.2"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const stolen: ReadonlyArray<
    readonly [rule: string, who: string, what: { readonly method?: string; readonly name?: string }]
  > = [
    ["of another principal", "bob", {}],
    ["of another tool", "ada", { name: "Other" }],
    ["of a tool, at a prompt of the same name", "ada", { method: "prompts/get" }]
  ]
  for (const [rule, who, what] of stolen) {
    it.effect(`${rule} is unknown, and no handler runs`, () =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin()
        const requestState = stateOf(yield* call(handle, yield* mintFor("ada")))
        assertUnknown(yield* call(handle, yield* mintFor(who), { ...what, requestState }))
        assert.deepStrictEqual(yield* seen, [undefined])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("of another client of the same user is unknown", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, seen } = yield* begin()
      const requestState = stateOf(yield* call(handle, yield* provider.mint({ claims: { client_id: "phone" } })))
      assertUnknown(yield* call(handle, yield* provider.mint({ claims: { client_id: "notebook" } }), { requestState }))
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (
    const requestState of ["", ".", "..", "step.2", ".step.2", "AAAA.step.2", "%%%.step.2", `${"A".repeat(43)}.step.2`]
  ) {
    it.effect(`that somebody made up, ${JSON.stringify(requestState)}, is unknown`, () =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin()
        assertUnknown(yield* call(handle, yield* mintFor("ada"), { requestState }))
        assert.deepStrictEqual(yield* seen, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const mutation = Arbitrary.all({
    at: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))),
    by: Arbitrary.schema(Schema.Literals(["", "A", "AA", ".", "=", "-", "2", " ", "\u00e9"])),
    taken: Arbitrary.schema(Schema.Literals([0, 1, 2]))
  })

  it.effect("is unknown after any change, and no handler runs", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const state = stateOf(yield* call(handle, token))
      const { _tag, ...rest } = yield* Arbitrary.checkEffect(mutation, ({ at, by, taken }) =>
        Effect.gen(function*() {
          const place = at % (state.length + 1)
          const requestState = `${state.slice(0, place)}${by}${state.slice(place + taken)}`
          if (requestState === state) return true
          const { messages } = yield* call(handle, token, { requestState })
          return messages[0]?.error?.message === "Unknown requestState" && (yield* seen).length === 1
        }), { runs: 300 })
      assert.strictEqual(_tag, "Passed", JSON.stringify(rest))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is unknown with another spelling of the same seal", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const [tag = ""] = stateOf(yield* call(handle, token)).split(".")
      // 32 bytes leave two bits of the last letter over, which a careless decoder ignores.
      const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
      const sibling = last[last.indexOf(tag.at(-1) ?? "") ^ 1]
      for (const other of [`${tag}=`, `${tag}==`, ` ${tag}`, `${tag}\n`, `${tag.slice(0, -1)}${sibling}`]) {
        assertUnknown(yield* call(handle, token, { requestState: `${other}.step.2` }))
      }
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect.prop(
    "may be any text",
    [Arbitrary.schema(Schema.String)],
    ([state]) =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin({}, state)
        const token = yield* mintFor("ada")
        yield* call(handle, token, { requestState: stateOf(yield* call(handle, token)) })
        assert.deepStrictEqual(yield* seen, [undefined, state])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
    { arbitrary: { runs: 50 } }
  )

  it.effect("is bound to its tool letter by letter: none of the state becomes a part of another tool's name", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin({}, "Step.2")
      const token = yield* mintFor("ada")
      const [tag = ""] = stateOf(yield* call(handle, token)).split(".")
      assertUnknown(yield* call(handle, token, { name: "ConfirmStep", requestState: `${tag}..2` }))
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("binds people whose names could be taken for one another's parts", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin()
      const requestState = stateOf(yield* call(handle, yield* mintFor("1:a")))
      for (const sub of ["1", "a", ":a", "1:a1", "1:"]) {
        assertUnknown(yield* call(handle, yield* mintFor(sub), { requestState }))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the secret of request states", () => {
  const secret = (text: string) => ({ requestStateSecret: Redacted.make(text.padEnd(32, ".")) })
  const rows: ReadonlyArray<
    readonly [rule: string, one: Partial<ProtectOptions>, two: Partial<ProtectOptions>, continues: boolean]
  > = [
    ["that two instances share lets one continue what the other began", secret("shared"), secret("shared"), true],
    ["that two instances do not share keeps them apart", secret("one"), secret("two"), false],
    ["is random where none is named", {}, {}, false]
  ]
  for (const [rule, one, two, continues] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const [first, second] = [yield* begin(one), yield* begin(two)]
        const token = yield* mintFor("ada")
        const requestState = stateOf(yield* call(first.handle, token))
        const answer = yield* call(second.handle, token, { requestState })
        if (!continues) assertUnknown(answer)
        assert.deepStrictEqual(yield* second.seen, continues ? ["step.2"] : [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("comes from the environment as well", () =>
    Effect.gen(function*() {
      const env = {
        MCP_AUTH_RESOURCE: resource,
        MCP_AUTH_ISSUER: issuer,
        MCP_AUTH_REQUEST_STATE_SECRET: "shared".padEnd(32, ".")
      }
      const config = ConfigProvider.layer(ConfigProvider.fromEnv({ env }))
      const seen: Seen = yield* Ref.make<ReadonlyArray<string | undefined>>([])
      const handle = yield* serve(
        serverWith(registrations(seen, "step.2")).pipe(
          McpAuth.protect(),
          Layer.provide(McpAuth.layerConfig),
          Layer.provide(config)
        )
      )
      const first = yield* begin(secret("shared"))
      const token = yield* mintFor("ada")
      yield* call(handle, token, { requestState: stateOf(yield* call(first.handle, token)) })
      assert.deepStrictEqual(yield* Ref.get(seen), ["step.2"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is never sent", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(secret("s3cret-of-states"))
      const { body } = yield* call(handle, yield* mintFor("ada"))
      assert.notInclude(body, "s3cret-of-states")
      assert.notInclude(body, btoa("s3cret-of-states"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("older revisions", () => {
  it.effect("have no request states, and are not disturbed", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const headers = yield* initialize(handle, "2025-11-25", token)
      const answer = yield* post(handle, request(1, "tools/call", { name: "Confirm", requestState: "x" }), {
        token,
        headers
      })
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
