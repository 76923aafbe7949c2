import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer, Redacted, Ref, Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import {
  type Answer,
  type Handle,
  initialize,
  issuer,
  mcpHeaders,
  options,
  post,
  type ProtectOptions,
  request,
  resource,
  resultOf,
  send,
  serve,
  serverWith,
  stateless
} from "./harness.ts"

/** A request state as its handler sees it, when it is sent and when it is returned. */
type Seen = Ref.Ref<ReadonlyArray<string | undefined>>

/** Asks for input at the first call, with a state of its own; returns the state of the second call. */
const ask = (seen: Seen, state: string) =>
  Effect.gen(function*() {
    const { inputResponses, requestState } = yield* McpSchema.McpRequestContext
    yield* Ref.update(seen, (all) => [...all, requestState])
    return requestState === undefined && inputResponses === undefined
      ? new McpSchema.InputRequired({ requestState: state })
      : undefined
  })

const result = new McpSchema.CallToolResult({ content: [{ type: "text", text: "done" }] })

/** Three tools, and a prompt with the name of one, registered by hand as multi-step handlers have to be. */
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
  { method = "tools/call", name = "Confirm", requestState, ...more }: {
    readonly method?: string
    readonly name?: string
    readonly requestState?: string
    readonly arguments?: Schema.JsonObject
    readonly inputResponses?: Schema.JsonObject
  } = {}
): Effect.Effect<Answer> => {
  const state = requestState === undefined ? {} : { requestState }
  const { body, headers } = stateless(1, method, { name, ...more, ...state })
  return post(handle, body, { token, headers })
}

const stateOf = (answer: Answer): string => {
  const state = resultOf(answer)?.["requestState"]
  if (typeof state !== "string") throw new Error(`no state: ${answer.status} ${answer.body}`)
  return state
}

const decodeNames = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ name: Schema.String })))

const assertUnknown = ({ body, messages }: Answer) => {
  assert.deepEqual(messages[0]?.error, { code: -32_602, message: "Unknown requestState" }, body)
}

const redacted = (text: string) => Redacted.make(text.padEnd(32, "."))

const secret = (text: string) => ({ requestStateSecret: redacted(text) })

type Secrets = ProtectOptions["requestStateSecret"]

const mintFor = (sub: string) =>
  Effect.flatMap(TestProvider.TestProvider, (provider) => provider.mint({ claims: { sub } }))

describe("a request state", () => {
  for (const method of ["tools/call", "prompts/get"]) {
    it.effect(`of ${method} returns to its handler unchanged`, () =>
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

  it.effect("is none where a handler asks for input without one", () =>
    Effect.gen(function*() {
      const asking = Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addTool }) =>
        addTool({
          tool: new McpSchema.Tool({ name: "Confirm", inputSchema: { type: "object" } }),
          annotations: Context.empty(),
          handle: () => Effect.succeed(new McpSchema.InputRequired({ inputRequests: {} }))
        })))
      const handle = yield* serve(serverWith(asking).pipe(McpAuth.protect(options())))
      const asked = resultOf(yield* call(handle, yield* mintFor("ada")))
      assert.deepInclude(asked, { resultType: "input_required" })
      assert.notProperty(asked, "requestState")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is accepted with a refreshed token of the same principal", () =>
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
    ["of a tool, sent to a prompt with the same name", "ada", { method: "prompts/get" }]
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
    it.effect(`that was made up, ${JSON.stringify(requestState)}, is unknown`, () =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin()
        assertUnknown(yield* call(handle, yield* mintFor("ada"), { requestState }))
        assert.deepStrictEqual(yield* seen, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const mutation = Arbitrary.all({
    at: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 }))),
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

  it.effect("is unknown with another spelling of the same ciphertext", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const [tag = ""] = stateOf(yield* call(handle, token)).split(".")
      // In 32 bytes two bits of the last character are unused, and a careless decoder ignores them.
      const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
      const sibling = last[last.indexOf(tag.at(-1) ?? "") ^ 1]
      for (const other of [`${tag}=`, `${tag}==`, ` ${tag}`, `${tag}\n`, `${tag.slice(0, -1)}${sibling}`]) {
        assertUnknown(yield* call(handle, token, { requestState: `${other}.step.2` }))
      }
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is unknown with another spelling of the same bytes", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const state = stateOf(yield* call(handle, token))
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
      const [nonce = "", box = ""] = state.split(".")
      const sibling = `${nonce}.${box.slice(0, -1)}${letters[letters.indexOf(box.at(-1) ?? "") ^ 1]}`
      const others = [
        `${state}=`,
        `${state}==`,
        ` ${state}`,
        `${state}\n`,
        `${nonce}=.${box}`,
        `${state}.`,
        `${state}.x`
      ]
      for (const other of [...others, sibling, `${box}.${nonce}`, nonce, box, `.${box}`, `${nonce}.`]) {
        assertUnknown(yield* call(handle, token, { requestState: other }))
      }
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect.prop(
    "may be any string",
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

  it.effect("is bound to the exact name of its tool: no part of the state can become part of another tool's name", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin({}, "Step.2")
      const token = yield* mintFor("ada")
      const [tag = ""] = stateOf(yield* call(handle, token)).split(".")
      assertUnknown(yield* call(handle, token, { name: "ConfirmStep", requestState: `${tag}..2` }))
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is bound to its principal, even if the names of two principals join to the same string", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin()
      const requestState = stateOf(yield* call(handle, yield* mintFor("1:a")))
      for (const sub of ["1", "a", ":a", "1:a1", "1:"]) {
        assertUnknown(yield* call(handle, yield* mintFor(sub), { requestState }))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a request state belongs to the parameters of its request", () => {
  type Args = Schema.JsonObject
  const rows: ReadonlyArray<
    readonly [what: string, first: Args | undefined, second: Args | undefined, continues: boolean]
  > = [
    ["the same arguments", { amount: 1, to: "ada" }, { amount: 1, to: "ada" }, true],
    [
      "the same arguments in another order",
      { amount: 1, to: { a: 1, b: [2] } },
      { to: { b: [2], a: 1 }, amount: 1 },
      true
    ],
    [
      "the same objects of a list, with members in another order",
      { to: [{ a: 1, b: 2 }] },
      { to: [{ b: 2, a: 1 }] },
      true
    ],
    ["absent instead of empty arguments", undefined, {}, true],
    ["another amount", { amount: 1 }, { amount: 1_000_000 }, false],
    ["another type", { amount: 1 }, { amount: "1" }, false],
    ["an additional argument", { amount: 1 }, { amount: 1, to: "eve" }, false],
    ["a missing argument", { amount: 1, to: "ada" }, { amount: 1 }, false],
    ["null instead of an absent value", { amount: 1 }, { amount: 1, to: null }, false],
    ["a value that moved to another member", { a: { b: 1 } }, { a: {}, b: 1 }, false],
    ["an array instead of an object", { a: { b: 1 } }, { a: ["b", 1] }, false],
    ["an object with the indexes of an array", { a: ["b"] }, { a: { 0: "b" } }, false],
    ["another order of an array", { a: [1, 2] }, { a: [2, 1] }, false],
    ["a member of another name", { a: { b: 1 } }, { a: { members: [["b", 1]] } }, false]
  ]
  const withArguments = (args: Args | undefined) => args === undefined ? {} : { arguments: args }
  for (const [what, one, two, continues] of rows) {
    it.effect(`is ${continues ? "continued" : "unknown"} with ${what}`, () =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin()
        const token = yield* mintFor("ada")
        const requestState = stateOf(yield* call(handle, token, withArguments(one)))
        const answer = yield* call(handle, token, { ...withArguments(two), requestState })
        if (!continues) assertUnknown(answer)
        assert.deepStrictEqual(yield* seen, continues ? [undefined, "step.2"] : [undefined])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("and not to the input responses, which arrive with it", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const args = { arguments: { amount: 1 } }
      const requestState = stateOf(yield* call(handle, token, args))
      const inputResponses = { name: { action: "accept", content: { name: "Ada" } } }
      assert.property(resultOf(yield* call(handle, token, { ...args, requestState, inputResponses })), "content")
      assert.deepStrictEqual(yield* seen, [undefined, "step.2"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("also for prompts", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const get = { method: "prompts/get", arguments: { tone: "kind" } }
      const requestState = stateOf(yield* call(handle, token, get))
      assertUnknown(yield* call(handle, token, { ...get, arguments: { tone: "rude" }, requestState }))
      yield* call(handle, token, { ...get, requestState })
      assert.deepStrictEqual(yield* seen, [undefined, "step.2"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("so a list, which continues nothing, ignores it, also where an entry has a visibility of its own", () =>
    Effect.gen(function*() {
      const seen: Seen = yield* Ref.make<ReadonlyArray<string | undefined>>([])
      const shown = McpServer.visibility(() => Effect.succeed(true))
      const visible = registrations(seen, "step.2").pipe(Layer.provide(shown.layer))
      const handle = yield* serve(serverWith(visible).pipe(McpAuth.protect(options())))
      const { body, headers } = stateless(1, "tools/list", { requestState: "made-up" })
      const answer = yield* post(handle, body, { token: yield* mintFor("ada"), headers })
      assert.deepStrictEqual(decodeNames(resultOf(answer)?.["tools"]).map(({ name }) => name), [
        "Confirm",
        "Other",
        "ConfirmStep"
      ])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("and is unknown with endlessly nested arguments", () =>
    Effect.gen(function*() {
      const { handle, seen } = yield* begin()
      const token = yield* mintFor("ada")
      const requestState = stateOf(yield* call(handle, token))
      const { body, headers } = stateless(1, "tools/call", {
        name: "Confirm",
        arguments: { a: "nested" },
        requestState
      })
      const nested = `${"[".repeat(3000)}${"]".repeat(3000)}`
      const text = JSON.stringify(body).replace("\"nested\"", nested)
      const answer = yield* send(handle, resource, {
        method: "POST",
        headers: { ...mcpHeaders, ...headers, authorization: `Bearer ${token}` },
        body: text
      })
      assert.property(answer.messages[0], "error", answer.body)
      assert.deepStrictEqual(yield* seen, [undefined])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the lifetime of a request state", () => {
  const rows: ReadonlyArray<readonly [Partial<ProtectOptions>, seconds: number, continues: boolean]> = [
    [{}, 599, true],
    [{}, 600, false],
    [{}, 30 * 24 * 3600, false],
    [{ requestStateLifetime: "1 minute" }, 59, true],
    [{ requestStateLifetime: "1 minute" }, 60, false],
    [{ requestStateLifetime: "1 hour" }, 3599, true]
  ]
  for (const [changes, seconds, continues] of rows) {
    const lifetime = changes.requestStateLifetime ?? "10 minutes by default"
    it.effect(`is ${lifetime}: ${seconds} seconds later the state is ${continues ? "known" : "unknown"}`, () =>
      Effect.gen(function*() {
        const { handle, seen } = yield* begin(changes)
        const token = Effect.flatMap(
          TestProvider.TestProvider,
          (provider) => provider.mint({ claims: { sub: "ada" }, expiresIn: 40 * 24 * 3600 })
        )
        const requestState = stateOf(yield* call(handle, yield* token))
        yield* TestClock.adjust(`${seconds} seconds`)
        const answer = yield* call(handle, yield* token, { requestState })
        if (!continues) assertUnknown(answer)
        assert.deepStrictEqual(yield* seen, continues ? [undefined, "step.2"] : [undefined])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

describe("a request state is encrypted", () => {
  it.effect("so that the client cannot read the handler's state in any encoding", () =>
    Effect.gen(function*() {
      const state = "confidential: account 4711"
      const { handle } = yield* begin({}, state)
      const sealed = stateOf(yield* call(handle, yield* mintFor("ada"), { arguments: { amount: 1 } }))
      const readable = sealed.split(".").flatMap((part) => [
        part,
        Buffer.from(part, "base64url").toString("latin1"),
        Buffer.from(part, "base64url").toString("utf8")
      ]).join("\n")
      for (const part of [state, "confidential", "4711", "amount", "ada", "Confirm", btoa(state).slice(0, 12)]) {
        assert.notInclude(readable, part)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("differently each time, even for the same state", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin()
      const token = yield* mintFor("ada")
      const states = yield* Effect.forEach([1, 2, 3, 4], () => Effect.map(call(handle, token), stateOf))
      assert.strictEqual(new Set(states.flatMap((state) => state.split("."))).size, 2 * states.length)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the secret of request states", () => {
  it.effect("that staging and production share does not let one continue a request of the other", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const shared = secret("shared")
      const production = yield* begin(shared)
      const staging = yield* begin({ ...shared, resource: "https://staging.api.test/mcp", servedPath: "/mcp" })
      const token = yield* provider.mint({ claims: { aud: [resource, "https://staging.api.test/mcp"] } })
      const requestState = stateOf(yield* call(staging.handle, token))
      assertUnknown(yield* call(production.handle, token, { requestState }))
      assert.deepStrictEqual(yield* production.seen, [])
      yield* call(staging.handle, token, { requestState })
      assert.deepStrictEqual(yield* staging.seen, [undefined, "step.2"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const [one, two, three] = [redacted("one"), redacted("two"), redacted("three")]
  const rotations: ReadonlyArray<
    readonly [rule: string, first: Secrets, second: Secrets, continues: boolean]
  > = [
    ["that becomes the second of a list still decrypts", one, [two, one], true],
    ["that is the third of a list still decrypts", one, [two, three, one], true],
    ["that is added after the first decrypts before it becomes the first", [two, one], [one, two], true],
    ["that left the list no longer decrypts", [one, two], [two], false],
    ["that is not the first of a list does not encrypt", [one, two], two, false],
    ["that is unknown does not decrypt, whatever else is in the list", three, [one, two], false]
  ]
  for (const [rule, first, second, continues] of rotations) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const [before, after] = [
          yield* begin({ requestStateSecret: first }),
          yield* begin({ requestStateSecret: second })
        ]
        const token = yield* mintFor("ada")
        const requestState = stateOf(yield* call(before.handle, token))
        const answer = yield* call(after.handle, token, { requestState })
        if (!continues) assertUnknown(answer)
        assert.deepStrictEqual(yield* after.seen, continues ? ["step.2"] : [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (const separator of [",", " ", ", ", "\n"]) {
    it.effect(`may be a list in the environment, each followed by ${JSON.stringify(separator)}`, () =>
      Effect.gen(function*() {
        const env = {
          MCP_AUTH_RESOURCE: resource,
          MCP_AUTH_ISSUER: issuer,
          MCP_AUTH_REQUEST_STATE_SECRET: ["new", "shared"].map((text) => text.padEnd(32, ".") + separator).join("")
        }
        const seen: Seen = yield* Ref.make<ReadonlyArray<string | undefined>>([])
        const handle = yield* serve(
          serverWith(registrations(seen, "step.2")).pipe(
            McpAuth.protect(),
            Layer.provide(McpAuth.layerFromConfig()),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
          )
        )
        const [old, latest] = [yield* begin(secret("shared")), yield* begin(secret("new"))]
        const token = yield* mintFor("ada")
        yield* call(handle, token, { requestState: stateOf(yield* call(old.handle, token)) })
        yield* call(latest.handle, token, { requestState: stateOf(yield* call(handle, token)) })
        assert.deepStrictEqual(yield* Ref.get(seen), ["step.2", undefined])
        assert.deepStrictEqual(yield* latest.seen, ["step.2"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const rows: ReadonlyArray<
    readonly [rule: string, one: Partial<ProtectOptions>, two: Partial<ProtectOptions>, continues: boolean]
  > = [
    ["that two instances share lets one continue a request of the other", secret("shared"), secret("shared"), true],
    ["that two instances do not share keeps their states apart", secret("one"), secret("two"), false],
    ["is random by default", {}, {}, false]
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

  it.effect("is read from the environment as well", () =>
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
          Layer.provide(McpAuth.layerFromConfig()),
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
  it.effect("have no request states, and work as before", () =>
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
