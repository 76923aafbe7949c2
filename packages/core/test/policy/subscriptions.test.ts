import { Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Ref, Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import {
  bearer,
  type Handle,
  mcpHeaders,
  post,
  type ProtectOptions,
  resource,
  stateless,
  withSessions
} from "../server/harness.ts"
import { settled } from "../time.ts"
import {
  arrive,
  assertLogin,
  begin,
  converse,
  id,
  mint,
  type Ran,
  type Registrations,
  resourcesOf,
  strings
} from "./harness.ts"

const { authenticated, byOperation, byParameters, check, role, scopes } = Policy

type Update = (uri: string) => Effect.Effect<void>

/** A server whose resources change when the test says so. */
const beginChanging = Effect.fnUntraced(function*(
  registrations: (ran: Ran) => Registrations,
  changes: Partial<ProtectOptions> = {}
) {
  const update = yield* Ref.make<Update>(() => Effect.void)
  const keep = Layer.effectDiscard(
    Effect.flatMap(
      McpServer.McpServer,
      ({ notifications }) =>
        Ref.set(update, (uri) => Effect.orDie(notifications["notifications/resources/updated"]({ uri })))
    )
  )
  const { handle } = yield* begin((ran) => Layer.merge(registrations(ran), keep), changes)
  return { handle, update: yield* Ref.get(update) }
})

const listen = Effect.fnUntraced(function*(
  handle: Handle,
  token: string,
  uris: ReadonlyArray<string>,
  extra: Readonly<Record<string, string>> = {}
) {
  const { body, headers } = stateless("sub", "subscriptions/listen", {
    notifications: { resourceSubscriptions: uris }
  })
  const init = {
    method: "POST",
    headers: { ...mcpHeaders, ...bearer(token), ...headers, ...extra },
    body: JSON.stringify(body)
  }
  const response = yield* handle(new Request(resource, init))
  const arriving = { status: response.status, headers: response.headers, text: "" }
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) arriving.text += decoder.decode(chunk, { stream: true })
  }
  yield* Effect.forkScoped(Effect.promise(read))
  yield* settled
  return arriving
})

const challengeOf = ({ headers }: { readonly headers: Headers }) => headers.get("www-authenticate")

/** The policy of a guard, or the default policy, of everything named `shut`. */
const beginUnder = (place: "guard" | "default", policy: Policy.Policy, changes: Partial<ProtectOptions> = {}) =>
  beginChanging((ran) =>
    Layer.merge(
      Policy.guard(authenticated)(resourcesOf(ran, "open")),
      place === "guard" ? Policy.guard(policy)(resourcesOf(ran, "shut")) : resourcesOf(ran, "shut")
    ), place === "guard" ? changes : { ...changes, policy })

const shut = ["shut://one", "shut://of/7"]

/** The error without the URI, which the client chose itself. */
const errorOf = ({ text }: { readonly text: string }, uri: string) => text.replaceAll(uri, "…")

describe("a subscription to a resource", () => {
  for (const place of ["guard", "default"] as const) {
    for (const visibility of ["permitted", "locked", "concealed"] as const) {
      it.effect(
        `is refused like an unknown resource if the ${place} policy denies its caller to read it (visibility ${visibility})`,
        () =>
          Effect.gen(function*() {
            const { handle } = yield* beginUnder(place, role("admin"), { visibility })
            const token = yield* mint("")
            const unknown = yield* listen(handle, token, ["none://one"])
            assert.include(unknown.text, "Resource 'none://one' not found")
            for (const uri of shut) {
              for (const uris of [[uri], ["open://one", uri], [uri, "open://of/1"]]) {
                const arriving = yield* listen(handle, token, uris)
                assert.strictEqual(arriving.status, unknown.status)
                assert.isNull(challengeOf(arriving))
                assert.strictEqual(errorOf(arriving, uri), errorOf(unknown, "none://one"))
              }
            }
          }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
      )
    }

    it.effect(`is acknowledged and told of changes if the ${place} policy permits its caller to read it`, () =>
      Effect.gen(function*() {
        const { handle, update } = yield* beginUnder(place, role("admin"))
        const token = yield* mint("", { roles: ["admin"] })
        const arriving = yield* listen(handle, token, [...shut, "open://one"])
        assert.strictEqual(arriving.status, 200)
        for (const uri of [...shut, "open://one", "open://of/1"]) yield* update(uri)
        yield* settled
        const told = arriving.text.split("\n").filter((line) => line.includes("resources/updated"))
        assert.lengthOf(told, 3)
        assert.notInclude(arriving.text, "open://of/1")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`is refused with a challenge for all scopes that the ${place} policies need to read its resources`, () =>
      Effect.gen(function*() {
        const policy = byOperation(({ target }) => scopes(target === "shut://one" ? "one" : "other"))
        const { handle } = yield* beginUnder(place, policy)
        const arriving = yield* listen(handle, yield* mint("one"), [...shut, "open://one"])
        assert.strictEqual(arriving.status, 403)
        assert.include(challengeOf(arriving), "Bearer scope=\"other\", error=\"insufficient_scope\"")
        const neither = yield* listen(handle, yield* mint(""), shut)
        assert.include(challengeOf(neither), "Bearer scope=\"one other\", error=\"insufficient_scope\"")
        assert.strictEqual((yield* listen(handle, yield* mint("one other"), shut)).status, 200)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("is refused like an unknown resource if scopes would help but the resource is concealed", () =>
    Effect.gen(function*() {
      const { handle } = yield* beginUnder("guard", scopes("a"), { visibility: "concealed" })
      const token = yield* mint("")
      const unknown = yield* listen(handle, token, ["none://one"])
      const concealed = yield* listen(handle, token, ["shut://one"])
      assert.isNull(challengeOf(concealed))
      assert.strictEqual(errorOf(concealed, "shut://one"), errorOf(unknown, "none://one"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is judged by the parameters of its template, in every spelling of the URI", () =>
    Effect.gen(function*() {
      const policy = byParameters(
        Schema.Struct({ id: Schema.String }),
        ({ id }) => id === "mine" ? authenticated : role("admin")
      )
      const { handle } = yield* beginChanging((ran) =>
        McpServer.resource(strings("notes://", ""), id)({ name: "notes", content: () => arrive(ran, "note") }).pipe(
          Policy.guard(policy)
        )
      )
      const token = yield* mint("")
      for (const uri of ["notes://theirs", "notes://%74heirs", "notes:/theirs", "notes://theirs?x"]) {
        const arriving = yield* listen(handle, token, [uri])
        assert.notInclude(arriving.text, "acknowledged", uri)
      }
      assert.include((yield* listen(handle, token, ["notes://mine"])).text, "acknowledged")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("evaluates a check once when it begins, and is refused if the check denies", () =>
    Effect.gen(function*() {
      const asked = yield* Ref.make<ReadonlyArray<string>>([])
      const policy = check(({ target }) =>
        Effect.as(Ref.update(asked, (all) => [...all, target]), target !== "shut://of/7")
      )
      const { handle, update } = yield* beginUnder("guard", policy)
      const token = yield* mint("")
      assert.include((yield* listen(handle, token, ["shut://one", "shut://one"])).text, "acknowledged")
      yield* update("shut://one")
      yield* settled
      assert.deepStrictEqual(yield* Ref.get(asked), ["shut://one"])
      const denied = yield* listen(handle, token, ["shut://of/7"])
      assert.notInclude(denied.text, "acknowledged")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has to satisfy every policy of a resource that is guarded twice", () =>
    Effect.gen(function*() {
      const { handle } = yield* beginChanging((ran) =>
        resourcesOf(ran, "shut").pipe(Policy.guard(scopes("a")), Policy.guard(scopes("b")))
      )
      for (const scope of ["a", "b", ""]) {
        assert.strictEqual((yield* listen(handle, yield* mint(scope), ["shut://one"])).status, 403, scope)
      }
      assert.strictEqual((yield* listen(handle, yield* mint("a b"), ["shut://one"])).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  /** Templates whose handlers may receive more than a policy sees, or of which another may answer. */
  const uncertain: Readonly<Record<string, (ran: Ran) => Registrations>> = {
    "a wildcard": (ran) =>
      McpServer.resource(strings("notes://", "/*"), id)({ name: "notes", content: () => arrive(ran, "note") }),
    "a registration for some clients before another": (ran) => {
      const annotations = Context.make(McpSchema.EnabledWhen, () => true)
      const content = () => arrive(ran, "note")
      const conditional = McpServer.registerResource`notes://${id}/b`({ name: "some", annotations, content })
      return Layer.provideMerge(
        McpServer.resource(strings("notes://a/", ""), id)({ name: "all", content }),
        Layer.effectDiscard(conditional)
      )
    }
  }
  for (const [what, registration] of Object.entries(uncertain)) {
    it.effect(`is refused by a policy that depends on the operation where that is not known in full: ${what}`, () =>
      Effect.gen(function*() {
        const token = yield* mint("")
        const begin = (policy: Policy.Policy) => beginChanging((ran) => registration(ran).pipe(Policy.guard(policy)))
        const { handle } = yield* begin(byOperation(() => authenticated))
        assert.notInclude((yield* listen(handle, token, ["notes://a/b"])).text, "acknowledged")
        const open = yield* begin(authenticated)
        assert.include((yield* listen(open.handle, token, ["notes://a/b"])).text, "acknowledged")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("that names none begins a login where nothing is public for certain", () =>
    Effect.gen(function*() {
      const { body, headers } = stateless("sub", "subscriptions/listen", { notifications: { toolsListChanged: true } })
      const { handle } = yield* begin((ran) =>
        resourcesOf(ran, "some").pipe(Policy.guard(byOperation(() => Policy.anonymous)))
      )
      assertLogin(yield* post(handle, body, { headers }))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is refused with 413 if its body is larger than the server accepts", () =>
    Effect.gen(function*() {
      const { handle } = yield* beginUnder("guard", role("admin"), { maxBodySize: { authenticated: "1 KiB" } })
      const token = yield* mint("")
      const uris = ["shut://one", "x".repeat(2000)]
      for (const declared of [{}, { "content-length": "300" }, { "content-length": "3000" }]) {
        const arriving = yield* listen(handle, token, uris, declared)
        assert.notInclude(arriving.text, "acknowledged")
      }
      assert.strictEqual((yield* listen(handle, token, uris)).status, 413)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const revision of withSessions) {
    it.effect(`is not served over HTTP in ${revision}, where no policy would judge it`, () =>
      Effect.gen(function*() {
        const { handle } = yield* beginUnder("guard", role("admin"))
        const token = yield* mint("")
        const send = yield* converse(handle, { name: revision, revision, batch: false }, token)
        const answer = yield* send("resources/subscribe", { uri: "shut://one" }, token)
        assert.strictEqual(answer.messages.at(-1)?.error?.code, -32_601, answer.body)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})
