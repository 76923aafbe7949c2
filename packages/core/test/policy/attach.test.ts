import { AuthInfo, McpAuth, Policy, ScopeHierarchy, TokenError } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Ref, References, Result, Schema } from "effect"
import { McpSchema, McpServer, McpTest, Tool, Toolkit } from "effect/ai"
import {
  type Answer,
  bearer,
  type Handle,
  initialize,
  mcpHeaders,
  post,
  type ProtectOptions,
  protocols,
  read,
  request,
  resource,
  resultOf,
  serve,
  serverWith,
  stateless,
  withSessions
} from "../server/harness.ts"
import { elapse } from "../time.ts"
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
  fromPolicies,
  id,
  insufficient,
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
  toolOf,
  toolsSeen
} from "./harness.ts"

const { allOf, anonymous, authenticated, byOperation, check, checkArguments, not, role, scopes } = Policy

type Extra = Readonly<Record<string, string>>

/** Sends a request with additional headers, which come last. */
const forge = Effect.fnUntraced(function*(handle: Handle, mode: Mode, token: string) {
  const session = mode.revision === "2026-07-28" ? undefined : yield* initialize(handle, mode.revision, token)
  return (method: string, params: Schema.JsonObject, headers: Extra): Effect.Effect<Answer> => {
    const modern = stateless(1, method, params)
    if (session === undefined) {
      return post(handle, modern.body, { token, headers: { ...modern.headers, ...headers } })
    }
    const message = request(1, method, params)
    return post(handle, mode.batch ? [message] : message, { token, headers: { ...session, ...headers } })
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Headers
// ---------------------------------------------------------------------------------------------------------------------

describe("a request is judged by its body, whatever its headers say", () => {
  const base64 = (text: string): string => `=?base64?${btoa(text)}?=`

  /** Misleading headers that name something public, where the body names something protected. */
  const lies: Readonly<Record<string, (kind: Kind) => Extra>> = {
    "the name of the public tool": (kind) => ({ "mcp-name": nameIn(kind, "open") }),
    "the name of the public tool, encoded": (kind) => ({ "mcp-name": base64(nameIn(kind, "open")) }),
    "both names": (kind) => ({ "mcp-name": `${nameIn(kind, "open")}, ${nameIn(kind, "shut")}` }),
    "no name": () => ({ "mcp-name": "" }),
    "the method of a list": () => ({ "mcp-method": "tools/list" }),
    "the method of a handshake": () => ({ "mcp-method": "initialize", "mcp-name": "" }),
    "another revision": () => ({ "mcp-protocol-version": "2024-11-05" })
  }

  const nameIn = (kind: Kind, name: string): string => {
    const params: Schema.JsonObject = operations[kind](name)[1]
    return String(params["name"] ?? params["uri"] ?? "")
  }

  for (const mode of modes) {
    it.effect(`a protected tool in the body stays protected with misleading headers, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) =>
          Layer.merge(everythingUnder(ran, "open", authenticated), everythingUnder(ran, "shut", scopes("a")))
        )
        const send = yield* forge(handle, mode, yield* mint("b"))
        for (const [lie, headers] of Object.entries(lies)) {
          for (const kind of kinds) {
            const [method, params] = operations[kind]("shut")
            const answer = yield* send(method, params, headers(kind))
            const what = `${lie}, ${kind}: ${answer.body}`
            // Older revisions have no such headers; the newest refuses headers that contradict the body.
            if (answer.status !== 400) assertInsufficient(answer, "a")
            else assert.isTrue(mode.revision === "2026-07-28" || lie === "another revision", what)
            for (const message of answer.messages) assert.notProperty(message, "result", what)
          }
        }
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`a public tool in the body stays public with the name of a protected one in a header, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) =>
          Layer.merge(
            toolOf("open", authenticated, arrive(ran, "open")),
            toolOf("shut", scopes("a"), arrive(ran, "shut"))
          )
        )
        const send = yield* forge(handle, mode, yield* mint("b"))
        const answer = yield* send("tools/call", { name: "open", arguments: {} }, { "mcp-name": "shut" })
        assert.strictEqual(answer.status, mode.revision === "2026-07-28" ? 400 : 200)
        assert.deepStrictEqual(yield* ran, mode.revision === "2026-07-28" ? [] : ["open"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("one header for a whole batch makes none of its calls public", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.merge(
          toolOf("open", authenticated, arrive(ran, "open")),
          toolOf("shut", scopes("a"), arrive(ran, "shut"))
        )
      )
      const token = yield* mint("b")
      const session = yield* initialize(handle, "2025-03-26", token)
      const calls = ["open", "shut", "open"].map((name, id) => request(id, "tools/call", { name, arguments: {} }))
      const headers = { ...session, "mcp-name": "open", "mcp-method": "tools/call" }
      const { messages, status } = yield* post(handle, calls, { token, headers })
      assert.strictEqual(status, 200)
      assert.sameDeepMembers(messages.map(({ error, id }) => [id, error?.code]), [[0, undefined], [1, -32_001], [
        2,
        undefined
      ]])
      assert.deepStrictEqual(yield* ran, ["open", "open"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a name that appears twice in the body is the last one, for the gate as for the handler", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.merge(
          toolOf("open", authenticated, arrive(ran, "open")),
          toolOf("shut", scopes("a"), arrive(ran, "shut"))
        )
      )
      const token = yield* mint("b")
      const session = yield* initialize(handle, "2025-11-25", token)
      const twice = (first: string, second: string) =>
        Effect.flatMap(
          handle(
            new Request(resource, {
              method: "POST",
              headers: { ...mcpHeaders, ...bearer(token), ...session },
              body:
                `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${first}","name":"${second}","arguments":{}}}`
            })
          ),
          read
        )
      assertInsufficient(yield* twice("open", "shut"), "a")
      assertAnswered(yield* twice("shut", "open"))
      assert.deepStrictEqual(yield* ran, ["open"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const revision of withSessions) {
    it.effect(`a call that is a notification is refused as well, without a response, ${revision}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) => toolOf("shut", scopes("a"), arrive(ran, "shut")))
        const token = yield* mint("b")
        const headers = yield* initialize(handle, revision, token)
        const call = { jsonrpc: "2.0", method: "tools/call", params: { name: "shut", arguments: {} } }
        const answer = yield* post(handle, call, { token, headers })
        assert.notInclude(answer.body, "result")
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Batches
// ---------------------------------------------------------------------------------------------------------------------

describe("a batch of 2025-03-26", () => {
  const shelf = (ran: Ran): Registrations =>
    Layer.mergeAll(
      toolOf("open", authenticated, arrive(ran, "open")),
      toolOf("a", scopes("a"), arrive(ran, "a")),
      toolOf("b", scopes("b", "c"), arrive(ran, "b")),
      toolOf("denied", byOperation(() => role("admin")), arrive(ran, "denied")),
      toolOf("hidden", role("admin"), arrive(ran, "hidden"))
    )

  type Said = "answered" | "absent" | "denied" | { readonly ask: string }

  const rows: ReadonlyArray<
    readonly [names: ReadonlyArray<string>, status: number, challenge: string | null, said: ReadonlyArray<Said>]
  > = [
    [["open", "open"], 200, null, ["answered", "answered"]],
    [["open", "a"], 200, null, ["answered", { ask: "a" }]],
    [["a", "open", "b"], 200, null, [{ ask: "a" }, "answered", { ask: "b c" }]],
    // A batch of refusals only is answered as one refusal, with one challenge for the scopes of all parts.
    [["a", "b"], 403, "a b c", [{ ask: "a" }, { ask: "b c" }]],
    [["b", "a", "b"], 403, "b c a", [{ ask: "b c" }, { ask: "a" }, { ask: "b c" }]],
    [["denied", "a"], 403, "a", ["denied", { ask: "a" }]],
    [["denied", "denied"], 403, null, ["denied", "denied"]],
    // An unknown name is not a refusal.
    [["a", "hidden"], 200, null, [{ ask: "a" }, "absent"]],
    [["hidden", "nothing"], 200, null, ["absent", "absent"]],
    [["denied", "open"], 200, null, ["denied", "answered"]]
  ]

  const saidOf = ({ error, result }: Answer["messages"][number]): Said => {
    if (result !== undefined) return "answered"
    if (error?.code === -32_602) return "absent"
    const data = JSON.stringify(error?.data)
    assert.strictEqual(error?.code, -32_001, data)
    const scope = /"scope":"([^"]*)"/.exec(data)?.[1]
    return scope === undefined ? "denied" : { ask: scope }
  }

  for (const [names, status, challenge, said] of rows) {
    it.effect(`of ${names.join(", ")}: ${status}, ${JSON.stringify(said)}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(shelf)
        const token = yield* mint("x")
        const headers = yield* initialize(handle, "2025-03-26", token)
        const calls = names.map((name, id) => request(id, "tools/call", { name, arguments: {} }))
        const answer = yield* post(handle, calls, { token, headers })
        assert.strictEqual(answer.status, status, answer.body)
        assert.strictEqual(
          answer.headers.get("www-authenticate"),
          challenge === null ? null : insufficient(challenge)
        )
        const inOrder = answer.messages.toSorted((a, b) => Number(a.id) - Number(b.id))
        assert.deepStrictEqual(inOrder.map(({ id }) => id), names.map((_, id) => id))
        assert.deepStrictEqual(inOrder.map(saidOf), said)
        assert.deepStrictEqual(yield* ran, names.filter((name) => name === "open"))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("with refusals and a notification is refused; with lists and refusals it is answered", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(shelf)
      const token = yield* mint("x")
      const headers = yield* initialize(handle, "2025-03-26", token)
      const refused = request(1, "tools/call", { name: "a", arguments: {} })
      const notification = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 99 } }
      assertInsufficient(yield* post(handle, [notification, refused], { token, headers }), "a")
      const mixed = yield* post(handle, [request(2, "tools/list"), refused], { token, headers })
      assert.strictEqual(mixed.status, 200)
      assert.strictEqual(mixed.messages.length, 2)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is not refused because of errors that only resemble a refusal", () =>
    Effect.gen(function*() {
      const own = McpServer.middleware(() =>
        Effect.fail(new McpSchema.McpErrorBase({ code: -32_001, message: "mine" }))
      )
      const { handle } = yield* begin((ran) =>
        Layer.mergeAll(shelf(ran), plainTool("own", arrive(ran, "own")).pipe(Layer.provide(own.layer)))
      )
      const token = yield* mint("x")
      const headers = yield* initialize(handle, "2025-03-26", token)
      for (const names of [["own"], ["own", "own"], ["own", "a"], ["a", "own"]]) {
        const calls = names.map((name, id) => request(id, "tools/call", { name, arguments: {} }))
        const answer = yield* post(handle, calls, { token, headers })
        assert.strictEqual(answer.status, 200, names.join())
        assert.isNull(answer.headers.get("www-authenticate"))
        for (const { error } of answer.messages) assert.strictEqual(error?.code, -32_001)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("lets permitted calls finish in their own time, and refuses the others at once", () =>
    Effect.gen(function*() {
      const ended = yield* Ref.make("")
      const slow = Effect.sleep("10 seconds").pipe(
        Effect.as("slow"),
        Effect.onExit((exit) => Ref.set(ended, exit._tag))
      )
      const { handle } = yield* begin((ran) =>
        Layer.merge(toolOf("slow", authenticated, slow), toolOf("a", scopes("a"), arrive(ran, "a")))
      )
      const token = yield* mint("x")
      const headers = yield* initialize(handle, "2025-03-26", token)
      const calls = ["slow", "a"].map((name, id) => request(id, "tools/call", { name, arguments: {} }))
      const { messages } = yield* elapse(post(handle, calls, { token, headers }))
      assert.sameDeepMembers(messages.map(({ error, id }) => [id, error?.code]), [[0, undefined], [1, -32_001]])
      assert.strictEqual(yield* Ref.get(ended), "Success")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Inside handlers
// ---------------------------------------------------------------------------------------------------------------------

/** One registration of each kind whose handler requires something before it continues. */
const demanding = (ran: Ran, name: string, policy: Policy.Policy): Registrations => {
  const demand = Effect.andThen(Policy.require(policy), arrive(ran, name))
  const values = Effect.map(demand, (value) => [value])
  return Layer.mergeAll(
    plainTool(name, demand),
    McpServer.resource({ uri: `${name}://one`, name, content: demand }),
    McpServer.prompt({
      name,
      parameters: { tone: Schema.String },
      completion: { tone: () => values },
      content: () => demand
    })
  )
}

const demandingKinds = ["call", "read", "get", "completion of a prompt"] as const

describe("Policy.require", () => {
  for (const mode of modes) {
    it.effect(`refuses a call from inside a handler like a policy outside, and the handler stops, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(
          (ran) => Layer.merge(demanding(ran, "scoped", scopes("a", "b")), demanding(ran, "ruled", role("admin"))),
          { scopeHierarchy: ScopeHierarchy.make({ "a:all": ["a"] }) }
        )
        const [poor, rich, broad] = [yield* mint("a"), yield* mint("a b", { roles: ["admin"] }), yield* mint("a:all b")]
        const send = yield* converse(handle, mode, poor)
        for (const kind of demandingKinds) {
          assertInsufficient(yield* ask(send, kind, "scoped", poor), "a b")
          assertDenied(yield* ask(send, kind, "ruled", poor))
        }
        assert.deepStrictEqual(yield* ran, [])
        for (const kind of demandingKinds) {
          assertAnswered(yield* ask(send, kind, "scoped", rich))
          assertAnswered(yield* ask(send, kind, "scoped", broad))
          assertAnswered(yield* ask(send, kind, "ruled", rich))
        }
        assert.strictEqual((yield* ran).length, 3 * demandingKinds.length)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("starts a login for callers without a token", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        toolOf("open", anonymous, Effect.andThen(Policy.require(scopes("a")), arrive(ran, "open")))
      )
      const send = yield* converse(handle, modern, undefined)
      assertLogin(yield* ask(send, "call", "open", undefined))
      assertAnswered(yield* ask(send, "call", "open", yield* mint("a")))
      assert.deepStrictEqual(yield* ran, ["open"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("sees the current operation, and its checks have their services", () =>
    Effect.gen(function*() {
      const ofTarget = byOperation(({ method, target }) => scopes(`${method}:${target}`))
      const mine = checkArguments(Schema.Struct({ tone: Schema.String }), ({ tone }) =>
        Effect.map(AuthInfo.AuthInfo, ({ subject }) => tone === subject))
      const { handle, ran } = yield* begin((ran) =>
        McpServer.prompt({
          name: "prompt",
          parameters: { tone: Schema.String },
          content: () =>
            Effect.andThen(Policy.require(allOf(ofTarget, mine)), arrive(ran, "prompt"))
        })
      )
      const token = yield* mint("prompts/get:prompt", { sub: "ada" })
      const send = yield* converse(handle, modern, token)
      const get = (tone: string, token: string) => send("prompts/get", { name: "prompt", arguments: { tone } }, token)
      assertInsufficient(yield* get("ada", yield* mint("", { sub: "ada" })), "prompts/get:prompt")
      assertDenied(yield* get("eve", token))
      assert.deepStrictEqual(yield* ran, [])
      assertAnswered(yield* get("ada", token))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  /** Where a refusal has to take effect, and what must not happen after it. */
  const places: Readonly<
    Record<
      string,
      (demand: Effect.Effect<void, never, AuthInfo.AuthInfo>) => Effect.Effect<unknown, unknown, AuthInfo.AuthInfo>
    >
  > = {
    "that cannot be interrupted": (demand) => Effect.uninterruptible(demand),
    "that catches every failure": (demand) => Effect.catchCause(demand, () => Effect.void),
    "that continues after any failure": (demand) => Effect.exit(demand),
    "that retries": (demand) => Effect.retry(demand, { times: 3 }),
    "that cannot be interrupted, beside other effects": (demand) =>
      Effect.uninterruptible(Effect.all([demand, Effect.void], { concurrency: "unbounded" })),
    "that is acquiring a resource, beside other effects": (demand) =>
      Effect.scoped(Effect.acquireRelease(
        Effect.forEach([1, 2], () => demand, { concurrency: "unbounded" }),
        () => Effect.void
      )),
    "in a fiber of its own": (demand) => Effect.flatMap(Effect.forkChild(demand), Fiber.await),
    "beside other effects": (demand) => Effect.all([Effect.never, demand, demand], { concurrency: "unbounded" })
  }
  for (const [place, put] of Object.entries(places)) {
    it.effect(`in a handler ${place} refuses the call once`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) =>
          plainTool("tool", Effect.andThen(Effect.orDie(put(Policy.require(scopes("a")))), arrive(ran, "tool")))
        )
        const token = yield* mint("b")
        const send = yield* converse(handle, modern, token)
        assertInsufficient(yield* ask(send, "call", "tool", token), "a")
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("lets a handler run its finalizers, and the response stays the refusal", () =>
    Effect.gen(function*() {
      const tidied = yield* Ref.make(0)
      const { handle } = yield* begin(() =>
        plainTool(
          "tool",
          Effect.andThen(Policy.require(role("admin")), Effect.succeed("no")).pipe(
            Effect.onExit((exit) => Ref.update(tidied, (count) => Exit.hasInterrupts(exit) ? count + 1 : count + 100))
          )
        )
      )
      const token = yield* mint("b")
      const send = yield* converse(handle, modern, token)
      assertDenied(yield* ask(send, "call", "tool", token))
      assert.strictEqual(yield* Ref.get(tidied), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("without a gate dies, and its caller does not continue", () =>
    Effect.gen(function*() {
      const went = yield* Ref.make(false)
      const exit = yield* Policy.require(role("admin")).pipe(
        Effect.andThen(Ref.set(went, true)),
        Effect.provideService(AuthInfo.AuthInfo, AuthInfo.anonymous),
        Effect.exit
      )
      assert.isTrue(Exit.hasDies(exit))
      assert.isFalse(yield* Ref.get(went))
    }))
})

/** A tool that reports progress and then requires something. */
const telling = (ran: Ran, wait: Effect.Effect<void>, policy: Policy.Policy) => {
  const Telling = Tool.make("Telling", { success: Schema.String, dependencies: [AuthInfo.AuthInfo] })
  const toolkit = Toolkit.make(Telling)
  return McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer(Effect.gen(function*() {
    const { notifications } = yield* McpServer.McpServer
    return {
      Telling: () =>
        Effect.gen(function*() {
          yield* notifications["notifications/progress"]({ progressToken: "p", progress: 1 })
          yield* wait
          yield* Policy.require(policy)
          return yield* arrive(ran, "Telling")
        })
    }
  }))))
}

describe("a refusal after progress was streamed", () => {
  for (const mode of modes.filter(({ batch }) => !batch)) {
    for (const [when, wait] of [["at once", Effect.void], ["later", Effect.sleep("5 seconds")]] as const) {
      it.effect(`${when} is a JSON-RPC error with the content of the challenge, ${mode.name}`, () =>
        Effect.gen(function*() {
          const { handle, ran } = yield* begin((ran) =>
            Layer.merge(telling(ran, wait, scopes("a", "b")), toolOf("shut", scopes("a", "b"), arrive(ran, "shut")))
          )
          const token = yield* mint("a")
          const send = yield* converse(handle, mode, token)
          const meta = { progressToken: "p" }
          const { body, headers } = stateless(1, "tools/call", { name: "Telling", arguments: {} })
          const params = { name: "Telling", arguments: {}, _meta: { ...Object(body.params._meta), ...meta } }
          const answer = yield* elapse(
            mode.revision === "2026-07-28"
              ? post(handle, { ...body, params }, { token, headers })
              : send("tools/call", { name: "Telling", arguments: {}, _meta: meta }, token)
          )
          const [progress, refusal] = answer.messages
          assert.strictEqual(answer.status, 200)
          assert.isNull(answer.headers.get("www-authenticate"))
          assert.strictEqual(progress?.method, "notifications/progress")
          assert.strictEqual(answer.messages.length, 2)
          const challenged = yield* ask(send, "call", "shut", token)
          assertInsufficient(challenged, "a b")
          assert.deepStrictEqual(refusal, challenged.messages[0])
          assert.deepStrictEqual(yield* ran, [])
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }
})

describe("Policy.allows", () => {
  it.effect("answers true or false without refusing the call, and uses the options of the server", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(
        () =>
          plainTool(
            "tool",
            Effect.orDie(Effect.map(
              Effect.all([
                Policy.allows(scopes("a")),
                Policy.allows(role("admin")),
                Policy.allows(not(scopes("a"))),
                Policy.allows(byOperation(({ target }) => target === "tool" ? authenticated : not(authenticated)))
              ]),
              (all) => all.map(Number).join("")
            ))
          ),
        { scopeHierarchy: ScopeHierarchy.make({ b: ["a"] }) }
      )
      const said = Effect.fnUntraced(function*(scope: string, claims?: Schema.JsonObject) {
        const token = yield* mint(scope, claims)
        const answer = yield* ask(yield* converse(handle, modern, token), "call", "tool", token)
        assert.strictEqual(answer.status, 200)
        assert.isNull(answer.headers.get("www-authenticate"))
        return resultOf(answer)?.["structuredContent"]
      })
      assert.strictEqual(yield* said(""), "0011")
      assert.strictEqual(yield* said("a"), "1001")
      assert.strictEqual(yield* said("b"), "1001")
      assert.strictEqual(yield* said("a", { roles: ["admin"] }), "1101")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Other properties of tools
// ---------------------------------------------------------------------------------------------------------------------

describe("Policy.tool", () => {
  const Plain = Tool.make("Plain", {
    description: "Does something",
    parameters: Schema.Struct({ id: Schema.String }),
    success: Schema.Struct({ done: Schema.Boolean })
  }).annotate(Tool.Title, "Plain title").annotate(Tool.Readonly, true).annotate(Tool.Destructive, false)

  const served = <R>(
    tool: Tool.Tool<"Plain", typeof Plain extends Tool.Tool<string, infer C, never> ? C : never, R>
  ) => {
    const toolkit = Toolkit.make(tool)
    return McpServer.toolkit(toolkit).pipe(
      Layer.provide(toolkit.toLayer({ Plain: () => Effect.succeed({ done: true }) }))
    )
  }

  it.effect("changes nothing that a list says about a tool, and reveals nothing of its policy", () =>
    Effect.gen(function*() {
      const token = yield* mint("secret-scope")
      const entry = Effect.fnUntraced(function*(registrations: Registrations) {
        const { handle } = yield* begin(() => registrations)
        const answer = yield* (yield* converse(handle, modern, token))("tools/list", {}, token)
        assert.notInclude(answer.body, "secret-scope")
        return resultOf(answer)?.["tools"]
      })
      const guarded = yield* entry(served(Policy.tool(scopes("secret-scope"))(Plain)))
      assert.deepStrictEqual(guarded, yield* entry(served(Plain)))
      assert.include(JSON.stringify(guarded), `"readOnlyHint":true`)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("applied twice requires both policies, in one challenge; the original tool keeps its own", () =>
    Effect.gen(function*() {
      const once = Policy.tool(scopes("a"))(Plain)
      const twice = Policy.tool(scopes("b"))(once)
      const answered = Effect.fnUntraced(function*(registrations: Registrations, scope: string) {
        const { handle } = yield* begin(() => registrations)
        const token = yield* mint(scope)
        return yield* (yield* converse(handle, modern, token))(
          "tools/call",
          { name: "Plain", arguments: { id: "7" } },
          token
        )
      })
      assertInsufficient(yield* answered(served(twice), "b"), "a b")
      assertInsufficient(yield* answered(served(twice), "a"), "a b")
      assertAnswered(yield* answered(served(twice), "a b"))
      assertAnswered(yield* answered(served(once), "a"))
      assertAnswered(yield* answered(served(Plain), ""))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

class Owner extends Context.Service<Owner, string>()("@effect-mcp-auth/core/test/policy/attach.test/Owner") {}

class Tenant extends Context.Service<Tenant, string>()("@effect-mcp-auth/core/test/policy/attach.test/Tenant") {}

/** Callers with the name that a service provides. */
const named = <R>(service: Effect.Effect<string, never, R>) =>
  check(
    Effect.flatMap(AuthInfo.AuthInfo, ({ claims }) => Effect.map(service, (name) => name === claims["name"])),
    "has the name"
  )

describe("the services of checks", () => {
  const Owned = Tool.make("owned", { success: Schema.String })
  const toolkit = Toolkit.make(Policy.tool(named(Owner))(Owned))
  const handlers = toolkit.toLayer({ owned: () => Effect.succeed("done") })

  it.effect("come from the server for a tool, and from its layer for a guard, and each guard has its own", () =>
    Effect.gen(function*() {
      const guarded = (tenant: string) =>
        McpServer.resource({ uri: `${tenant}://one`, name: tenant, content: Effect.succeed(tenant) }).pipe(
          Policy.guard(named(Tenant)),
          Layer.provide(Layer.succeed(Tenant, tenant))
        )
      const registrations = Layer.mergeAll(
        McpServer.toolkit(toolkit).pipe(Layer.provide(handlers)),
        guarded("grace"),
        guarded("joan")
      )
      const app = serverWith(registrations).pipe(McpAuth.protect(fromPolicies({})))
      const handle = yield* serve(Layer.provide(app, Layer.succeed(Owner, "ada")))
      for (const name of ["ada", "grace", "joan", "eve"]) {
        const token = yield* mint("", { name })
        const send = yield* converse(handle, modern, token)
        const call = yield* ask(send, "call", "owned", token)
        assert.strictEqual(call.messages[0]?.result !== undefined, name === "ada")
        assert.deepStrictEqual(yield* toolsSeen(send, token), name === "ada" ? ["owned"] : [])
        const own = name === "grace" || name === "joan" ? [name] : []
        const uris = listed(yield* send("resources/list", {}, token), lists[1])
        assert.deepStrictEqual(uris, own.map((tenant) => `${tenant}://one`))
        for (const tenant of ["grace", "joan"]) {
          const read = yield* ask(send, "read", tenant, token)
          assert.strictEqual(read.messages[0]?.result !== undefined, tenant === name)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a guard with another provider of AuthInfo", () => {
  const guarded = (ran: Ran) => resourcesOf(ran, "x").pipe(Policy.guard(scopes("a")))

  it.effect("protects operations behind the middleware for plain routes", () =>
    Effect.gen(function*() {
      const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
      const app = serverWith(guarded(ran)).pipe(
        Layer.provide(McpAuth.middleware.layer),
        Layer.provide(McpAuth.layer(fromPolicies({})))
      )
      const [rich, poor] = [yield* mint("a"), yield* mint("b")]
      const send = yield* converse(yield* serve(app), modern, rich)
      for (const kind of kinds.filter((kind) => kind !== "call")) {
        const refused = yield* ask(send, kind, "x", poor)
        assert.strictEqual(refused.messages[0]?.error?.code, -32_001)
        assertAnswered(yield* ask(send, kind, "x", rich))
      }
      assert.deepStrictEqual(listed(yield* send("resources/list", {}, poor), lists[1]), [])
      assert.strictEqual((yield* Ref.get(ran)).length, kinds.length - 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("protects operations with a custom middleware, and names the reason only in the log", () =>
    Effect.gen(function*() {
      const lines = yield* logged(Effect.scoped(Effect.gen(function*() {
        const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
        const as = (scope: string) =>
          McpServer.middleware<{ provides: AuthInfo.AuthInfo }>()((respond) =>
            Effect.provideService(respond, AuthInfo.AuthInfo, callerWith({ scopes: new Set([scope]) }))
          )
        for (const scope of ["a", "b"]) {
          const client = yield* McpTest.makeClient(guarded(ran).pipe(Layer.provide(as(scope).layer)), { protocols })
          const answer = yield* Effect.result(client.readResource({ uri: "x://one" }))
          const { resources } = yield* client.listResources({})
          assert.lengthOf(resources, scope === "a" ? 1 : 0)
          if (scope === "a") assert.isTrue(Result.isSuccess(answer))
          else {
            assert.isTrue(Result.isFailure(answer))
            assert.deepInclude(Result.isFailure(answer) ? { ...answer.failure } : {}, {
              code: -32_001,
              message: "The caller may not do this"
            })
          }
        }
        assert.deepStrictEqual(yield* Ref.get(ran), ["x resource"])
      })))
      assert.include(lines.join("\n"), "Operation refused: The access token lacks the scope")
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// Duplicate names
// ---------------------------------------------------------------------------------------------------------------------

describe("of two registrations with one name, the policy of the one that answers decides", () => {
  /** One registration of each kind, with the same name and its own policy. */
  const one = (ran: Ran, which: string, policy: Policy.Policy): Registrations => {
    const content = arrive(ran, which)
    return Layer.mergeAll(
      toolOf("x", policy, content),
      Layer.mergeAll(
        McpServer.resource({ uri: "x://one", name: "x", content }),
        McpServer.resource`x://of/${id}`({ name: "x", content: () => content }),
        McpServer.prompt({ name: "x", parameters: { tone: Schema.String }, content: () => content })
      ).pipe(Policy.guard(policy))
    )
  }

  for (const last of ["open", "shut"] as const) {
    it.effect(`${last} registered last`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) => {
          const [open, shut] = [one(ran, "open", authenticated), one(ran, "shut", scopes("a"))]
          return last === "shut" ? Layer.provideMerge(shut, open) : Layer.provideMerge(open, shut)
        })
        const [rich, poor] = [yield* mint("a"), yield* mint("b")]
        const send = yield* converse(handle, modern, rich)
        for (const kind of ["call", "read", "read of a template", "get"] as const) {
          assertAnswered(yield* ask(send, kind, "x", rich))
          const answering = (yield* ran).at(-1)
          const answer = yield* ask(send, kind, "x", poor)
          if (answering === "open") assertAnswered(answer)
          else assertInsufficient(answer, "a")
          assert.strictEqual((yield* ran).at(-1), answering)
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("even if one replaces the other later", () =>
    Effect.gen(function*() {
      const later = yield* Ref.make<Effect.Effect<void>>(Effect.void)
      const { handle, ran } = yield* begin(
        (ran) =>
          Layer.provideMerge(
            Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addTool }) =>
              Ref.set(
                later,
                addTool({
                  tool: new McpSchema.Tool({ name: "x", inputSchema: { type: "object" } }),
                  annotations: Context.empty(),
                  handle: () => Effect.as(arrive(ran, "bare"), new McpSchema.CallToolResult({ content: [] }))
                })
              ))),
            toolOf("x", authenticated, arrive(ran, "open"))
          ),
        { policy: scopes("d") }
      )
      const [rich, poor] = [yield* mint("d"), yield* mint("b")]
      const send = yield* converse(handle, modern, rich)
      assertAnswered(yield* ask(send, "call", "x", poor))
      yield* Effect.flatten(Ref.get(later))
      assertInsufficient(yield* ask(send, "call", "x", poor), "d")
      assertAnswered(yield* ask(send, "call", "x", rich))
      assert.deepStrictEqual(yield* ran, ["open", "bare"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Checks that fail
// ---------------------------------------------------------------------------------------------------------------------

const assertOutage = (answer: Answer) => {
  const description = "The access token cannot be verified now"
  assert.strictEqual(answer.status, 503, answer.body)
  assert.strictEqual(answer.headers.get("retry-after"), "5")
  assert.strictEqual(answer.headers.get("cache-control"), "no-store")
  assert.isNull(answer.headers.get("www-authenticate"))
  assert.deepStrictEqual(answer.messages, [{
    jsonrpc: "2.0",
    id: 1,
    error: {
      code: -32_001,
      message: description,
      data: { error: "temporarily_unavailable", error_description: description }
    }
  }])
}

const unavailable = new TokenError.VerificationUnavailable({ cause: new Error("db.internal:5432 refused") })
const down = check(Effect.fail(unavailable), "paid")

/** Runs an effect with everything that it serves, and collects every line of the log. */
const logged = Effect.fnUntraced(function*<E, R>(run: Effect.Effect<void, E, R>) {
  const lines: Array<string> = []
  const logger = Logger.map(Logger.formatJson, (line) => {
    lines.push(line)
  })
  yield* Effect.provideService(Effect.provide(run, Logger.layer([logger])), References.MinimumLogLevel, "All")
  return lines
})

describe("a check whose service is down", () => {
  const places: Readonly<Record<string, (ran: Ran) => readonly [Registrations, Partial<ProtectOptions>]>> = {
    "on each registration": (ran) => [everythingUnder(ran, "x", down), {}],
    "around a satisfied guard": (
      ran
    ) => [everythingUnder(ran, "x", authenticated).pipe(Policy.guard(down)), {}],
    "by operation": (ran) => [everythingUnder(ran, "x", allOf(down, byOperation(() => down))), {}],
    "in a negation": (ran) => [everythingUnder(ran, "x", not(down)), {}],
    "as the default": (ran) => [
      Layer.merge(plainTool("x", arrive(ran, "tool")), resourcesOf(ran, "x")),
      { policy: down }
    ]
  }
  for (const [place, put] of Object.entries(places)) {
    it.effect(`${place}: answers every caller with 503 and Retry-After, and no handler runs`, () =>
      Effect.gen(function*() {
        const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
        const [registrations, changes] = put(ran)
        const { handle } = yield* begin(() => registrations, changes)
        const token = yield* mint("a")
        for (const mode of modes) {
          const send = yield* converse(handle, mode, token)
          for (const kind of kinds) assertOutage(yield* ask(send, kind, "x", token))
          for (const { method } of lists) assertOutage(yield* send(method, {}, token))
        }
        assert.deepStrictEqual(yield* Ref.get(ran), [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("on many registrations: a list that cannot be computed is an outage as well", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) =>
        Layer.mergeAll(
          toolOf("open", authenticated, arrive(ran, "open")),
          ...["a", "b", "c"].map((name) => toolOf(name, down, arrive(ran, name)))
        )
      )
      const token = yield* mint("a")
      for (const mode of modes) {
        const send = yield* converse(handle, mode, token)
        assertOutage(yield* send("tools/list", {}, token))
        assertAnswered(yield* ask(send, "call", "open", token))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is not evaluated, and refuses no caller, where claims decide", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) => toolOf("x", Policy.anyOf(scopes("a"), down), arrive(ran, "x")))
      const [rich, poor] = [yield* mint("a"), yield* mint("b")]
      const send = yield* converse(handle, modern, rich)
      assertAnswered(yield* ask(send, "call", "x", rich))
      assert.deepStrictEqual(yield* toolsSeen(send, rich), ["x"])
      assertOutage(yield* ask(send, "call", "x", poor))
      assertLogin(yield* ask(send, "call", "x", undefined), "a")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("in Policy.require ends the handler with an outage; in Policy.allows the handler receives the error", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.merge(
          demanding(ran, "required", down),
          plainTool(
            "allowed",
            Policy.allows(down).pipe(
              Effect.map(String),
              Effect.catchTag("VerificationUnavailable", ({ _tag }) => Effect.succeed(_tag))
            )
          )
        )
      )
      const token = yield* mint("a")
      for (const mode of modes) {
        const send = yield* converse(handle, mode, token)
        for (const kind of demandingKinds) assertOutage(yield* ask(send, kind, "required", token))
        assert.include((yield* ask(send, "call", "allowed", token)).body, "VerificationUnavailable")
      }
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is one response among the calls of a batch; alone or with refusals, it is the response of the batch", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin((ran) =>
        Layer.mergeAll(
          toolOf("open", authenticated, arrive(ran, "open")),
          toolOf("x", down, arrive(ran, "x")),
          toolOf("a", scopes("a"), arrive(ran, "a"))
        )
      )
      const token = yield* mint("b")
      const headers = yield* initialize(handle, "2025-03-26", token)
      const batch = (...names: ReadonlyArray<string>) =>
        post(handle, names.map((name, id) => request(id, "tools/call", { name, arguments: {} })), { token, headers })
      assert.strictEqual((yield* batch("open", "x")).status, 200)
      for (const names of [["x", "x"], ["a", "x"], ["x", "a"]]) {
        const answer = yield* batch(...names)
        assert.strictEqual(answer.status, 503)
        assert.strictEqual(answer.headers.get("retry-after"), "5")
        assert.isNull(answer.headers.get("www-authenticate"))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a policy with a defect", () => {
  const broken: Readonly<Record<string, Policy.Policy>> = {
    "a check that dies": check(Effect.die(new Error("db.internal:5432 broke"))),
    "a check that throws": check(() => {
      throw new Error("db.internal:5432 broke")
    }),
    "a predicate that throws": Policy.claim(Schema.Unknown, () => {
      throw new Error("db.internal:5432 broke")
    }),
    "a function of the operation that throws": allOf(
      Policy.claim(Schema.Unknown),
      byOperation((): Policy.Policy => {
        throw new Error("db.internal:5432 broke")
      })
    )
  }
  const ofOperation = new Set(["a check that throws", "a function of the operation that throws"])
  for (const [what, policy] of Object.entries(broken)) {
    it.effect(`${what} permits nothing and shows its reason only in the log, never with the token`, () =>
      Effect.gen(function*() {
        const token = yield* mint("a")
        const lines = yield* logged(Effect.scoped(Effect.gen(function*() {
          const { handle, ran } = yield* begin((ran) =>
            Layer.merge(everythingUnder(ran, "x", policy), toolOf("open", authenticated, arrive(ran, "open")))
          )
          // A completion has no operation yet, so functions of the operation are not called.
          const judged = ofOperation.has(what) ? kinds.filter((kind) => !kind.startsWith("completion")) : kinds
          for (const mode of modes) {
            const send = yield* converse(handle, mode, token)
            for (const kind of judged) {
              const answer = yield* ask(send, kind, "x", token)
              assert.strictEqual(answer.messages[0]?.error?.code, -32_603, answer.body)
              assert.notMatch(answer.body, /db\.internal|broke|\.ts|paid/)
            }
            assertAnswered(yield* ask(send, "call", "open", token))
          }
          assert.deepStrictEqual(yield* ran, modes.map(() => "open"))
        })))
        const all = lines.join("\n")
        assert.include(all, "db.internal:5432 broke")
        for (const part of token.split(".")) assert.notInclude(all, part)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a check that never answers delays its own handler, and no other one", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.merge(
          toolOf("x", check(Effect.never), arrive(ran, "x")),
          toolOf("open", authenticated, arrive(ran, "open"))
        )
      )
      const token = yield* mint("a")
      const send = yield* converse(handle, modern, token)
      const waiting = yield* Effect.forkChild(ask(send, "call", "x", token))
      assertAnswered(yield* ask(send, "call", "open", token))
      assert.isUndefined(waiting.pollUnsafe())
      assert.deepStrictEqual(yield* ran, ["open"])
      yield* Fiber.interrupt(waiting)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("untrusted names cannot flood the log, and cannot control a terminal", () =>
    Effect.gen(function*() {
      const token = yield* mint("a")
      const ofTone = byOperation((operation) => scopes(`tone:${Object(operation.arguments).tone}`))
      const lines = yield* logged(Effect.scoped(Effect.gen(function*() {
        const { handle } = yield* begin((ran) => resourcesOf(ran, "notes").pipe(Policy.guard(ofTone)))
        const send = yield* converse(handle, modern, token)
        const many = "x".repeat(100_000)
        for (const tone of [`\u001b[2J\u009b2J\u202e ${many}`, many]) {
          const answer = yield* send("prompts/get", { name: "notes", arguments: { tone } }, token)
          assert.strictEqual(answer.status, 403)
        }
      })))
      const all = lines.join("\n")
      assert.include(all, "AccessDenied")
      assert.include(all, "InsufficientScope")
      for (const character of "\u001b\u009b\u202e") assert.notInclude(all, character)
      assert.isBelow(all.length, 20_000)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an outage is a warning in the log that names the policy, and does not repeat the text of its cause", () =>
    Effect.gen(function*() {
      const token = yield* mint("a")
      const lines = yield* logged(Effect.scoped(Effect.gen(function*() {
        const { handle } = yield* begin((ran) => toolOf("x", down, arrive(ran, "x")))
        assertOutage(yield* ask(yield* converse(handle, modern, token), "call", "x", token))
      })))
      const warnings = lines.filter((line) => line.includes("VerificationUnavailable"))
      assert.strictEqual(warnings.length, 1)
      assert.include(warnings[0], "\"level\":\"WARN\"")
      for (const part of token.split(".")) assert.notInclude(lines.join("\n"), part)
    }).pipe(Effect.provide(TestProvider.layer())))
})

// ---------------------------------------------------------------------------------------------------------------------
// Concurrent and successive callers
// ---------------------------------------------------------------------------------------------------------------------

describe("fifty callers at once", () => {
  for (const mode of modes.filter(({ batch, revision }) => batch || revision === "2026-07-28")) {
    it.effect(`each receives only their own tools, results and refusals, ${mode.name}`, () =>
      Effect.gen(function*() {
        const everybody = yield* Deferred.make<void>()
        const arrived = yield* Ref.make(0)
        const who = Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "none")
        // Each check waits until all callers are in the check.
        const together = check(Effect.gen(function*() {
          const before = yield* who
          if ((yield* Ref.updateAndGet(arrived, (count) => count + 1)) === 50) {
            yield* Deferred.succeed(everybody, undefined)
          }
          yield* Deferred.await(everybody)
          return before === (yield* who)
        }))
        const { handle } = yield* begin(() =>
          Layer.mergeAll(
            toolOf("mine", together, Effect.andThen(Effect.yieldNow, who)),
            ...Array.from({ length: 5 }, (_, index) => toolOf(`t${index}`, scopes(`s${index}`), who))
          )
        )
        const callers = yield* Effect.forEach(
          Array.from({ length: 50 }, (_, index) => index),
          (index) =>
            Effect.gen(function*() {
              const token = yield* mint(`s${index % 5}`, { sub: `user-${index}`, client_id: `client-${index}` })
              return { index, token, send: yield* converse(handle, mode, token) }
            })
        )
        yield* Effect.forEach(callers, ({ index, send, token }) =>
          Effect.gen(function*() {
            const [own, other] = [`t${index % 5}`, (index + 1) % 5]
            const mine = yield* ask(send, "call", "mine", token)
            assert.include(mine.body, `user-${index}"`)
            const [called, refused, seen] = yield* Effect.all([
              ask(send, "call", own, token),
              ask(send, "call", `t${other}`, token),
              toolsSeen(send, token)
            ], { concurrency: "unbounded" })
            assert.include(called.body, `user-${index}"`)
            assertInsufficient(refused, `s${other}`)
            assert.deepStrictEqual(seen, ["mine", own])
          }), { concurrency: "unbounded" })
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

describe("a session", () => {
  for (const mode of modes.filter(({ revision }) => revision !== "2026-07-28")) {
    it.effect(`has the rights of each request's token, and remembers none, ${mode.name}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) => everythingUnder(ran, "x", scopes("a")))
        const [strong, weak] = [yield* mint("a"), yield* mint("b")]
        for (const [beginner, other] of [[strong, weak], [weak, strong]]) {
          const send = yield* converse(handle, mode, beginner)
          for (const token of [beginner, other, beginner]) {
            for (const kind of ["call", "read", "get"] as const) {
              const answer = yield* ask(send, kind, "x", token)
              if (token === strong) assertAnswered(answer)
              else assertInsufficient(answer, "a")
            }
            for (const list of lists) {
              const names = listed(yield* send(list.method, {}, token), list)
              assert.deepStrictEqual(names, token === strong ? [list.named("x")] : [])
            }
          }
        }
        assert.strictEqual((yield* ran).length, 9)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})
