import { AuthInfo, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Ref, Schema } from "effect"
import { McpSchema, McpServer, McpTest } from "effect/ai"
import * as Arbitrary from "effect/Arbitrary"
import { protocols } from "../server/harness.ts"
import {
  arrive,
  assertAnswered,
  assertDenied,
  assertInsufficient,
  assertLogin,
  begin,
  callerWith,
  converse,
  everythingUnder,
  id,
  listed,
  lists,
  mint,
  type Mode,
  modern,
  modes,
  type Ran,
  type Registrations,
  resourcesOf,
  strings
} from "./harness.ts"

const { allOf, anonymous, anyOf, authenticated, byOperation, byParameters, check, not, role, scopes } = Policy

const read = (uri: string) => ["resources/read", { uri }] as const

/** A template of notes, whose handler returns the parameter that it received. */
const notes = (ran: Ran) =>
  McpServer.resource`notes://${id}`({ name: "note", content: (_, id) => arrive(ran, `note ${id}`) })

/** Spellings of `notes://secret` that reach the handler with the parameter `secret`. */
const spellings = [
  "notes://secret",
  "notes://%73ecret",
  "notes://%73%65%63%72%65%74",
  "notes://secret/",
  "notes:/secret",
  "notes:///secret",
  "notes:////secret//",
  "notes://secret?x=1",
  "notes://secret#x",
  "notes://secret;x",
  "notes:%2F%2Fsecret",
  "/notes://secret",
  "//notes://secret/?x"
]

const withoutSecret: Readonly<Record<string, Policy.Policy>> = {
  "byOperation with the target": byOperation(({ target }) =>
    target === "notes://secret" ? role("admin") : authenticated
  ),
  "byOperation with the arguments": byOperation(({ arguments: args }) =>
    Object(args).uri === "notes://secret" ? role("admin") : authenticated
  ),
  "byOperation with the parameters": byOperation(({ parameters }) =>
    parameters?.["id"] === "secret" ? role("admin") : authenticated
  ),
  "byParameters": byParameters(
    Schema.Struct({ id: Schema.String }),
    ({ id }) => id === "secret" ? role("admin") : authenticated
  ),
  "check": check(({ target }) => Effect.succeed(target !== "notes://secret")),
  "a negation of check": not(check(({ target }) => Effect.succeed(target === "notes://secret")))
}

describe("a policy judges a template by the parameters that the handler receives", () => {
  for (const [how, policy] of Object.entries(withoutSecret)) {
    it.effect(`${how} refuses every spelling of a URI that it refuses`, () =>
      Effect.gen(function*() {
        for (const place of ["guard", "default"] as const) {
          const { handle, ran } = yield* begin(
            (ran) => place === "guard" ? notes(ran).pipe(Policy.guard(policy)) : notes(ran),
            place === "guard" ? {} : { policy }
          )
          const token = yield* mint("")
          const send = yield* converse(handle, modern, token)
          for (const uri of spellings) {
            const answer = yield* send(...read(uri), token)
            if (answer.status === 200) assert.property(answer.messages[0], "error", `${uri}: ${answer.body}`)
            else assertDenied(answer)
          }
          assert.deepStrictEqual(yield* ran, [])
          assertAnswered(yield* send(...read("notes://open"), token))
          assert.deepStrictEqual(yield* ran, ["note open"])
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("every spelling reaches the handler where the policy permits it, in every revision", () =>
    Effect.gen(function*() {
      const policy = byParameters(Schema.Struct({ id: Schema.String }), ({ id }) => scopes(`note:${id}`))
      const { handle, ran } = yield* begin((ran) => notes(ran).pipe(Policy.guard(policy)))
      const [reader, other] = [yield* mint("note:secret"), yield* mint("note:other")]
      for (const mode of modes) {
        const send = yield* converse(handle, mode, reader)
        for (const uri of spellings.filter((uri) => !uri.startsWith("/") && !uri.includes("%2F"))) {
          assertAnswered(yield* send(...read(uri), reader))
          assertInsufficient(yield* send(...read(uri), other), "note:secret")
        }
      }
      assert.deepStrictEqual([...new Set(yield* ran)], ["note secret"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a policy inside a handler sees the same operation", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const record = byOperation((operation) => {
        seen.push(operation)
        return authenticated
      })
      const { handle } = yield* begin((ran) =>
        McpServer.resource`notes://${id}`({
          name: "note",
          content: () => Effect.andThen(Policy.require(record), arrive(ran, "note"))
        })
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      for (const uri of ["notes://a%2Fb", "notes:/a%2fb/", "notes://%61%2Fb?x"]) {
        assertAnswered(yield* send(...read(uri), token))
      }
      const operation = {
        method: "resources/read",
        target: "notes://a%2Fb",
        template: "notes://{id}",
        parameters: { id: "a/b" },
        arguments: { uri: "notes://a%2Fb" },
        listing: false
      }
      for (const one of seen) assert.deepStrictEqual(one, operation)
      assert.isAtLeast(seen.length, 3)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a static resource is found by its exact URI, and a template answers to its other spellings", () =>
    Effect.gen(function*() {
      const seen: Array<readonly [string, string | undefined]> = []
      const record = byOperation(({ target, template }) => {
        seen.push([target, template])
        return template === undefined ? authenticated : scopes("template")
      })
      const { handle, ran } = yield* begin((ran) =>
        Layer.mergeAll(
          McpServer.resource({ uri: "notes://index", name: "index", content: arrive(ran, "index") }),
          notes(ran)
        ).pipe(Policy.guard(record))
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      assertAnswered(yield* send(...read("notes://index"), token))
      for (const uri of ["notes://index/", "notes://%69ndex", "notes:/index", "notes://index?"]) {
        assertInsufficient(yield* send(...read(uri), token), "template")
      }
      assert.deepStrictEqual(yield* ran, ["index"])
      assert.deepStrictEqual(seen[0], ["notes://index", undefined])
      for (const one of seen.slice(1)) assert.deepStrictEqual(one, ["notes://index", "notes://{id}"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a value in braces is judged like any other value if a guard knows the route of its template", () =>
    Effect.gen(function*() {
      const policy = byParameters(
        Schema.Struct({ id: Schema.String }),
        (parameters) => parameters.id === "{id}" ? authenticated : role("admin")
      )
      const { handle, ran } = yield* begin((ran) => notes(ran).pipe(Policy.guard(policy)))
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      assertAnswered(yield* send(...read("notes://%7Bid%7D"), token))
      assertDenied(yield* send(...read("notes://%7Bid"), token))
      assert.deepStrictEqual(yield* ran, ["note {id}"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("stdio reads a URI like HTTP", () =>
    Effect.gen(function*() {
      for (const policy of Object.values(withoutSecret)) {
        const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
        const user = { subject: "ada", scopes: new Set<string>() }
        const client = yield* McpTest.makeClient(
          notes(ran).pipe(Policy.guard(policy), Layer.provide(McpAuth.layerStdio(user))),
          { protocols, protocolVersion: "2026-07-28" }
        )
        for (const uri of spellings) {
          assert.isTrue(Exit.isFailure(yield* Effect.exit(client.readResource({ uri }))), uri)
        }
        yield* client.readResource({ uri: "notes://open" })
        assert.deepStrictEqual(yield* Ref.get(ran), ["note open"])
      }
    }).pipe(Effect.scoped))

  it.effect("a guard alone, with another provider of AuthInfo, reads a URI like a protected server", () =>
    Effect.gen(function*() {
      const caller = McpServer.middleware<{ provides: AuthInfo.AuthInfo }>()((respond) =>
        Effect.provideService(respond, AuthInfo.AuthInfo, callerWith())
      )
      for (const policy of Object.values(withoutSecret)) {
        const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
        const client = yield* McpTest.makeClient(
          notes(ran).pipe(Policy.guard(policy), Layer.provide(caller.layer)),
          { protocols, protocolVersion: "2026-07-28" }
        )
        for (const uri of spellings) {
          assert.isTrue(Exit.isFailure(yield* Effect.exit(client.readResource({ uri }))), uri)
        }
        yield* client.readResource({ uri: "notes://open" })
        assert.deepStrictEqual(yield* Ref.get(ran), ["note open"])
      }
    }).pipe(Effect.scoped))

  it.effect("byParameters judges the decoded value, not one of its encodings", () =>
    Effect.gen(function*() {
      const number = McpSchema.param("id", Schema.NumberFromString)
      const policy = byParameters(
        Schema.Struct({ id: Schema.NumberFromString }),
        ({ id }) => id === 7 ? role("admin") : authenticated
      )
      const { handle, ran } = yield* begin((ran) =>
        McpServer.resource`notes://${number}`({ name: "note", content: (_, id) => arrive(ran, `note ${id}`) }).pipe(
          Policy.guard(policy)
        )
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      for (const text of ["7", "07", "7.0", "%37", "+7", "7e0", "0x7"]) {
        assertDenied(yield* send(...read(`notes://${text}`), token))
      }
      assertAnswered(yield* send(...read("notes://8"), token))
      assert.deepStrictEqual(yield* ran, ["note 8"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const never: ReadonlyArray<Policy.Policy> = [
    byParameters(Schema.Struct({ id: Schema.String }), () => authenticated),
    not(byParameters(Schema.Struct({ id: Schema.String }), () => role("admin"))),
    byParameters(Schema.Struct({ id: Schema.String }), () => anonymous)
  ]
  for (const policy of never) {
    it.effect(`${policy} refuses an operation without these parameters`, () =>
      Effect.gen(function*() {
        const operation = { method: "tools/call", target: "Tool", arguments: { id: "7" }, listing: false }
        const { permitted, refusal } = yield* Policy.evaluate(policy, callerWith(), { operation })
        assert.isFalse(permitted)
        assert.strictEqual(refusal?._tag, "AccessDenied")
        const either = yield* Policy.evaluate(anyOf(policy, authenticated), callerWith(), { operation })
        assert.isTrue(either.permitted)
      }))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Incomplete operations
// ---------------------------------------------------------------------------------------------------------------------

type Handler = Effect.Effect<unknown, never, AuthInfo.AuthInfo>

/** A template with a custom route, whose handler receives only the URI. */
const byHand = (handler: Handler) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const { addResourceTemplate } = yield* McpServer.McpServer
    yield* addResourceTemplate({
      template: new McpSchema.ResourceTemplate({ name: "hand", uriTemplate: "hand://{+path}" }),
      annotations: Context.empty(),
      routerPath: "hand:://*",
      completions: {},
      handle: (uri) =>
        Effect.flatMap(Effect.serviceOption(AuthInfo.AuthInfo), (caller) =>
          Effect.as(
            Effect.provideService(handler, AuthInfo.AuthInfo, Option.getOrElse(caller, () => AuthInfo.anonymous)),
            { contents: [{ uri, text: "hand" }] }
          ))
    })
  }))

const dependent: ReadonlyArray<Policy.Policy> = [
  byOperation(() => authenticated),
  not(byOperation(() => role("admin"))),
  check(() => Effect.succeed(true)),
  not(check(() => Effect.succeed(false)))
]

const other = McpSchema.param("other", Schema.String)

type Unknown = readonly [registration: (handler: Handler) => Registrations, uri: string]

const unknown: Readonly<Record<string, Unknown>> = {
  "a wildcard": [
    (handler) =>
      McpServer.resource(strings("notes://", "/*"), id)({ name: "n", content: () => Effect.as(handler, "read") }),
    "notes://a/b/c"
  ],
  "a colon that the router reads as a parameter": [
    (handler) =>
      McpServer.resource(strings("notes:a:b/", ""), id)({ name: "n", content: () => Effect.as(handler, "read") }),
    "notes:aXX/7"
  ],
  "a colon in a literal before another spelling of a parameter's number": [
    (handler) =>
      McpServer.resource(strings("notes:a:00/", ""), id)({ name: "n", content: () => Effect.as(handler, "read") }),
    "notes:aXX/7"
  ],
  "two parameters with one name": [
    (handler) =>
      McpServer.resource(strings("notes://", "/", ""), id, id)({
        name: "n",
        content: () => Effect.as(handler, "read")
      }),
    "notes://a/b"
  ],
  "braces in a literal": [
    (handler) =>
      McpServer.resource(strings("notes://{v}/", "/", ""), id, other)({
        name: "n",
        content: () => Effect.as(handler, "read")
      }),
    "notes://{v}/a/b"
  ],
  "braces in a literal right before a parameter": [
    (handler) =>
      McpServer.resource(strings("notes://{v}", ""), id)({ name: "n", content: () => Effect.as(handler, "read") }),
    "notes://{v}a"
  ],
  "a route registered by hand": [byHand, "hand://a/b"]
}

describe("a policy that depends on an incomplete operation", () => {
  for (const [what, [registration, uri]] of Object.entries(unknown)) {
    it.effect(`permits nothing: ${what}`, () =>
      Effect.gen(function*() {
        const token = yield* mint("")
        for (const policy of dependent) {
          for (const place of ["guard", "default"] as const) {
            const { handle, ran } = yield* begin(
              (ran) =>
                place === "guard"
                  ? registration(arrive(ran, "read")).pipe(Policy.guard(policy))
                  : registration(arrive(ran, "read")),
              place === "guard" ? {} : { policy }
            )
            const send = yield* converse(handle, modern, token)
            assertDenied(yield* send(...read(uri), token))
            assert.deepStrictEqual(yield* ran, [])
          }
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`permits nothing inside a handler either: ${what}`, () =>
      Effect.gen(function*() {
        const token = yield* mint("")
        for (const policy of dependent) {
          const { handle } = yield* begin(() => registration(Policy.require(policy)))
          const send = yield* converse(handle, modern, token)
          assertDenied(yield* send(...read(uri), token))
        }
        const allowed = yield* begin(() => registration(Policy.require(authenticated)))
        assertAnswered(yield* (yield* converse(allowed.handle, modern, token))(...read(uri), token))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`leaves the decision to the parts that do not depend on the operation: ${what}`, () =>
      Effect.gen(function*() {
        const policy = anyOf(scopes("a"), byOperation(() => authenticated))
        const { handle, ran } = yield* begin((ran) => registration(arrive(ran, "read")).pipe(Policy.guard(policy)))
        const [without, granted] = [yield* mint(""), yield* mint("a")]
        const send = yield* converse(handle, modern, granted)
        assertInsufficient(yield* send(...read(uri), without), "a")
        assert.deepStrictEqual(yield* ran, [])
        assertAnswered(yield* send(...read(uri), granted))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Every spelling of a URI
// ---------------------------------------------------------------------------------------------------------------------

const texts = [
  "secret",
  "a",
  "A",
  "7",
  "a b",
  "%",
  "%2F",
  "a/b",
  "?",
  "#",
  ";",
  "é",
  "\u{1f511}",
  "..",
  "-",
  "{id}",
  "a:b",
  "&="
]

const templates = [
  { parts: ["notes://", ""], arity: 1 },
  { parts: ["notes://of/", "/data"], arity: 1 },
  { parts: ["notes://", "/", ""], arity: 2 },
  { parts: ["notes://of/", "-", ""], arity: 2 }
] as const

const percent = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")

/** A spelling of a parameter: each character as it is or percent-encoded, in either case. */
const spell = (text: string, choices: ReadonlyArray<number>): string =>
  [...text].map((character, index) => {
    const choice = choices[index % choices.length] ?? 0
    if (choice === 0 && !/[%/?#;]/.test(character)) return character
    return choice === 1 ? percent(character).toUpperCase() : percent(character)
  }).join("")

const respelled = Arbitrary.all({
  template: Arbitrary.schema(Schema.Literals([0, 1, 2, 3])),
  values: Arbitrary.schema(Schema.Tuple([Schema.Literals(texts), Schema.Literals(texts)])),
  choices: Arbitrary.schema(Schema.NonEmptyArray(Schema.Literals([0, 1, 2]))),
  slashes: Arbitrary.schema(Schema.Literals(["/", "//", "///"])),
  end: Arbitrary.schema(Schema.Literals(["", "/", "//", "?x=1", "#x", ";x", "/?", "?/secret", ";/a#b"]))
})

describe("every spelling of a URI", () => {
  it.effect("is judged by the parameters that the handler receives", () =>
    Effect.gen(function*() {
      const other = McpSchema.param("other", Schema.String)
      const judged: Array<Policy.Operation> = []
      const received: Array<ReadonlyArray<string>> = []
      const policy = byOperation((operation) => {
        judged.push(operation)
        return authenticated
      })
      const content = (_: string, ...parameters: ReadonlyArray<string>) =>
        Effect.sync(() => {
          received.push(parameters)
          return "read"
        })
      const token = yield* mint("")
      const mode: Mode = { name: "2025-11-25", revision: "2025-11-25", batch: false }
      const servers = yield* Effect.forEach(templates, ({ arity, parts }) =>
        Effect.flatMap(
          begin(() =>
            (arity === 1
              ? McpServer.resource(strings(...parts), id)({ name: "n", content })
              : McpServer.resource(strings(...parts), id, other)({ name: "n", content })).pipe(Policy.guard(policy))
          ),
          ({ handle }) => converse(handle, mode, token)
        ))
      const targets = new Map<string, string>()
      const { _tag, ...rest } = yield* Arbitrary.checkEffect(
        respelled,
        ({ choices, end, slashes, template, values }) =>
          Effect.gen(function*() {
            const { arity, parts } = templates[template]
            const [first = "", ...others] = parts
            const uri = others.reduce(
              (text, literal, index) => `${text}${spell(values[index] ?? "", choices)}${literal}`,
              first.replace("//", slashes)
            ) + end
            judged.length = 0
            received.length = 0
            const server = servers[template]
            if (server === undefined) return false
            yield* server("resources/read", { uri }, token)
            const [parameters] = received
            const [operation] = judged
            // An unknown URI is not judged, and a known one is judged by the parameters that the handler receives.
            if (parameters === undefined || operation === undefined) return parameters === operation
            const call = JSON.stringify([template, parameters])
            const target = targets.get(call) ?? operation.target
            targets.set(call, target)
            return target === operation.target && judged.every((one) => one.target === target) &&
              [...targets.values()].filter((one) => one === target).length === 1 &&
              JSON.stringify(Object.values(operation.parameters ?? {})) === JSON.stringify(parameters) &&
              parameters.length === arity
          }),
        { runs: 400 }
      )
      assert.strictEqual(_tag, "Passed", JSON.stringify(rest))
      assert.isAbove(targets.size, 50)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())), 300_000)
})

// ---------------------------------------------------------------------------------------------------------------------
// Completions
// ---------------------------------------------------------------------------------------------------------------------

describe("a completion", () => {
  const ofNotebook = byParameters(Schema.Struct({ id: Schema.String }), ({ id }) => scopes(`notebook:${id}`))
  const ofTarget = byOperation(({ target }) => scopes(`notebook:${target.split("/").at(-1) ?? ""}`))
  const complete = [
    "completion/complete",
    { ref: { type: "ref/resource", uri: "notes://of/{id}" }, argument: { name: "id", value: "" } }
  ] as const
  const ofPrompt = [
    "completion/complete",
    { ref: { type: "ref/prompt", name: "notes" }, argument: { name: "tone", value: "" } }
  ] as const

  for (const [how, policy] of [["byParameters", ofNotebook], ["byOperation", ofTarget]] as const) {
    it.effect(`of a template under ${how} is answered to a caller who sees the template in the list`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin((ran) =>
          resourcesOf(ran, "notes").pipe(Policy.guard(policy), Policy.guard(scopes("notes:read")))
        )
        const [reader, stranger] = [yield* mint("notes:read"), yield* mint("other")]
        for (const mode of modes) {
          const send = yield* converse(handle, mode, reader)
          assert.deepStrictEqual(listed(yield* send(lists[2].method, {}, reader), lists[2]), ["notes://of/{id}"])
          assertAnswered(yield* send(...complete, reader))
          assertInsufficient(yield* send(...read("notes://of/7"), reader), "notebook:7 notes:read")
          assert.deepStrictEqual(listed(yield* send(lists[2].method, {}, stranger), lists[2]), [])
          assertInsufficient(yield* send(...complete, stranger), "notes:read")
          assertLogin(yield* send(...complete, undefined), "notes:read")
        }
        assert.deepStrictEqual([...new Set(yield* ran)], ["notes template completion"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("of a prompt asks for no scope that depends on arguments which are not known yet", () =>
    Effect.gen(function*() {
      const ofTone = byOperation((operation) => scopes(`tone:${Object(operation.arguments).tone}`))
      const { handle } = yield* begin((ran) => everythingUnder(ran, "notes", allOf(scopes("a"), ofTone)))
      const [reader, stranger] = [yield* mint("a"), yield* mint("b")]
      const send = yield* converse(handle, modern, reader)
      assertAnswered(yield* send(...ofPrompt, reader))
      assertInsufficient(yield* send(...ofPrompt, stranger), "a")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("without a token is answered where the template is public, and starts a login where only some of it is", () =>
    Effect.gen(function*() {
      const open = yield* begin((ran) => resourcesOf(ran, "notes").pipe(Policy.guard(anonymous)))
      const some = yield* begin((ran) =>
        Layer.merge(
          resourcesOf(ran, "notes").pipe(Policy.guard(byOperation(() => anonymous))),
          resourcesOf(ran, "open").pipe(Policy.guard(anonymous))
        )
      )
      assertAnswered(yield* (yield* converse(open.handle, modern, undefined))(...complete, undefined))
      const send = yield* converse(some.handle, modern, undefined)
      assert.deepStrictEqual(listed(yield* send(lists[2].method, {}, undefined), lists[2]), ["open://of/{id}"])
      assertLogin(yield* send(...complete, undefined))
      for (const uri of ["notes://of/7", "notes:/of/%37/", "notes://of/7?x"]) {
        assertAnswered(yield* send(...read(uri), undefined))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of a template is not mistaken for one of a prompt with the same name", () =>
    Effect.gen(function*() {
      const { handle, ran } = yield* begin((ran) =>
        Layer.merge(
          McpServer.prompt({ name: "notes://of/{id}", content: () => arrive(ran, "prompt") }).pipe(
            Policy.guard(authenticated)
          ),
          resourcesOf(ran, "notes").pipe(Policy.guard(scopes("a")))
        )
      )
      const token = yield* mint("")
      const send = yield* converse(handle, modern, token)
      assertInsufficient(yield* send(...complete, token), "a")
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is refused by a policy inside its handler, which sees the completed argument", () =>
    Effect.gen(function*() {
      const policy = byOperation(({ method, target, template }) =>
        method === "completion/complete" && target === template ? scopes("complete") : role("admin")
      )
      const { handle } = yield* begin((ran) =>
        McpServer.resource`notes://of/${id}`({
          name: "note",
          completion: { id: () => Effect.as(Policy.require(policy), ["7"]) },
          content: () => arrive(ran, "note")
        })
      )
      const [without, granted] = [yield* mint(""), yield* mint("complete")]
      const send = yield* converse(handle, modern, granted)
      assertInsufficient(yield* send(...complete, without), "complete")
      assertAnswered(yield* send(...complete, granted))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
