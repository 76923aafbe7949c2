import { McpAuth, Policy, PolicyDeclaration } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Ref, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { buildError, issuer, resource, serve, serverWith } from "../server/harness.ts"
import {
  arrive,
  ask,
  assertAnswered,
  assertInsufficient,
  callerWith,
  converse,
  mint,
  modern,
  plainTool,
  satisfied
} from "./harness.ts"

type Declared = PolicyDeclaration.PolicyDeclaration

const codec = Schema.fromJsonString(PolicyDeclaration.PolicyDeclaration)
const read = Schema.decodeUnknownEffect(codec)
const write = Schema.encodeEffect(codec)

/** The policy that a JSON text declares. */
const declared = (text: string) => Effect.map(read(text), PolicyDeclaration.toPolicy)

// ---------------------------------------------------------------------------------------------------------------------
// Valid declarations
// ---------------------------------------------------------------------------------------------------------------------

describe("a declaration means the same as code", () => {
  const rows: ReadonlyArray<readonly [text: string, policy: Policy.Policy]> = [
    [`"anonymous"`, Policy.anonymous],
    [`"authenticated"`, Policy.authenticated],
    [`{"scopes":["a","b"]}`, Policy.scopes("a", "b")],
    [`{"role":"admin"}`, Policy.role("admin")],
    [`{"role":"admin","at":[["a","b"],["c"]]}`, Policy.role("admin", { at: [["a", "b"], ["c"]] })],
    [`{"permission":"notes:delete"}`, Policy.permission("notes:delete")],
    [
      `{"role":"a","at":[{"path":["p","q"],"keys":true},["c"],{"path":["r"],"member":"key","unless":"s"}]}`,
      Policy.role("a", { at: [{ path: ["p", "q"], keys: true }, ["c"], { path: ["r"], member: "key", unless: "s" }] })
    ],
    [
      `{"role":"a","at":[{"path":["p"],"separator":","}]}`,
      Policy.role("a", { at: [{ path: ["p"], separator: "," }] })
    ],
    [`{"role":"admin","at":[]}`, Policy.role("admin", { at: [] })],
    [`{"allOf":[{"scopes":["a"]},"anonymous"]}`, Policy.allOf(Policy.scopes("a"), Policy.anonymous)],
    [`{"anyOf":[{"scopes":["a"]},{"role":"b"}]}`, Policy.anyOf(Policy.scopes("a"), Policy.role("b"))],
    [`{"not":{"scopes":["a"]}}`, Policy.not(Policy.scopes("a"))],
    // An empty `allOf` is always satisfied, and an empty `anyOf` never.
    [`{"allOf":[]}`, Policy.authenticated],
    [`{"anyOf":[]}`, Policy.anyOf()],
    [` { "not" :\n{ "not": "authenticated" } } `, Policy.not(Policy.not(Policy.authenticated))]
  ]
  for (const [text, policy] of rows) {
    it.effect(text, () =>
      Effect.gen(function*() {
        const made = yield* declared(text)
        assert.deepStrictEqual(made, policy)
        assert.strictEqual(String(made), String(policy))
      }))
  }
})

describe("a declared claim with equals", () => {
  const rows: ReadonlyArray<readonly [equals: string, value: string | undefined, is: boolean]> = [
    [`true`, `true`, true],
    [`true`, `"true"`, false],
    [`true`, `1`, false],
    [`false`, `null`, false],
    [`false`, undefined, false],
    [`null`, `null`, true],
    [`null`, undefined, false],
    [`1`, `1.0`, true],
    [`1`, `"1"`, false],
    [`"a"`, `"a"`, true],
    [`"a"`, `["a"]`, false],
    [`"a"`, `"A"`, false],
    [`["a","b"]`, `["a","b"]`, true],
    [`["a","b"]`, `["b","a"]`, false],
    [`["a"]`, `["a","b"]`, false],
    [`{"a":{"b":[1]},"c":2}`, `{"c":2,"a":{"b":[1]}}`, true],
    [`{"a":1}`, `{"a":1,"b":2}`, false],
    [`{"a":1,"b":2}`, `{"a":1}`, false],
    [`{}`, `[]`, false],
    [`[]`, `{}`, false],
    [`{}`, `{"__proto__":{"a":1}}`, false],
    [`{"__proto__":{"a":1}}`, `{}`, false],
    [`{"a":1}`, `{"__proto__":{"a":1}}`, false]
  ]
  for (const [equals, value, is] of rows) {
    it.effect(`${equals}, where the claim is ${value ?? "absent"}: ${is}`, () =>
      Effect.gen(function*() {
        const policy = yield* declared(`{"claim":["at","here"],"equals":${equals}}`)
        const claims: Schema.JsonObject = JSON.parse(value === undefined ? `{"at":{}}` : `{"at":{"here":${value}}}`)
        assert.strictEqual(yield* satisfied(policy, callerWith({ claims })), is)
      }))
  }

  const paths: ReadonlyArray<readonly [path: ReadonlyArray<string>, equals: Schema.Json]> = [
    [["constructor", "name"], "Object"],
    [["__proto__"], {}],
    [["__proto__", "__proto__"], null],
    [["roles", "length"], 1],
    [["roles", "0"], "admin"],
    [["sub", "length"], 3],
    [["at.here"], 1]
  ]
  for (const [path, equals] of paths) {
    it.effect(`${JSON.stringify(equals)} does not match at ${JSON.stringify(path)}`, () =>
      Effect.gen(function*() {
        const policy = yield* declared(JSON.stringify({ claim: path, equals }))
        const claims = { roles: ["admin"], sub: "ada", at: { here: 1 } }
        assert.isFalse(yield* satisfied(policy, callerWith({ claims })))
      }))
  }

  it.effect("prints its path and value, quoted so that nothing can be forged", () =>
    Effect.gen(function*() {
      const print = (claim: ReadonlyArray<string>, equals: Schema.Json) =>
        Effect.map(declared(JSON.stringify({ claim, equals })), String)
      assert.strictEqual(yield* print(["a", "b"], { c: [1] }), String.raw`claim("a.b = {\"c\":[1]}")`)
      assert.strictEqual(yield* print([`a"), anonymous`], "x"), String.raw`claim("a\"), anonymous = \"x\"")`)
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// Invalid declarations
// ---------------------------------------------------------------------------------------------------------------------

const unknownForm =
  `Expected "anonymous", "authenticated", or an object with one of scopes, role, permission, claim, allOf, anyOf, not`

/** The message names what is wrong, and does not list the alternatives. */
const wrong: ReadonlyArray<readonly [text: string, says: string]> = [
  ["", "Expected a valid JSON string"],
  ["{", "Expected a valid JSON string"],
  ["{'scopes':['a']}", "Expected a valid JSON string"],
  ["authenticated", "Expected a valid JSON string"],
  [`null`, unknownForm],
  [`true`, unknownForm],
  [`[]`, unknownForm],
  [`[{"scopes":["a"]}]`, unknownForm],
  [`"everybody"`, unknownForm],
  [`"Anonymous"`, unknownForm],
  [`{}`, unknownForm],
  [`{"scope":["a"]}`, unknownForm],
  [`{"Scopes":["a"]}`, unknownForm],
  [`{"scopes":"a"}`, `Expected array\n  at ["scopes"]`],
  [`{"scopes":[]}`, `Missing key\n  at ["scopes"][0]`],
  [`{"scopes":[1]}`, `Expected string\n  at ["scopes"][0]`],
  [`{"scopes":null}`, `Expected array\n  at ["scopes"]`],
  [`{"role":["admin"]}`, `Expected string\n  at ["role"]`],
  [`{"permission":["a"]}`, `Expected string\n  at ["permission"]`],
  [`{"permission":"a","at":[["x"]]}`, `Expected no excess property\n  at ["at"]`],
  [`{"role":"a","At":[["x"]]}`, `Expected no excess property\n  at ["At"]`],
  [`{"role":"a","at":["roles"]}`, `Expected array | object\n  at ["at"][0]`],
  [`{"role":"a","at":[[]]}`, `Missing key\n  at ["at"][0][0]`],
  [`{"role":"a","at":[{"path":[]}]}`, `Missing key\n  at ["at"][0]["path"][0]`],
  [`{"role":"a","at":[{"keys":true}]}`, `Missing key\n  at ["at"][0]["path"]`],
  [`{"role":"a","at":[{"path":["p"],"key":true}]}`, `Expected no excess property\n  at ["at"][0]["key"]`],
  [`{"role":"a","at":null}`, `Expected array\n  at ["at"]`],
  [`{"claim":["a"]}`, `Missing key\n  at ["equals"]`],
  [`{"claim":[],"equals":1}`, `Missing key\n  at ["claim"][0]`],
  [`{"claim":"a","equals":1}`, `Expected array\n  at ["claim"]`],
  [`{"claim":["a"],"equals":1e999}`, "Expected JSON value"],
  // Two policies in one object are invalid: taking one of them would drop the other.
  [`{"scopes":["a"],"role":"b"}`, `Expected no excess property\n  at ["role"]`],
  [`{"anyOf":["authenticated"],"not":"anonymous"}`, `Expected no excess property\n  at ["not"]`],
  [`{"scopes":["a"],"__proto__":{"x":1}}`, `Expected no excess property\n  at ["__proto__"]`],
  [`{"__proto__":{"scopes":["a"]}}`, unknownForm],
  [`{"scopes":["a"],"":1}`, `Expected no excess property\n  at [""]`],
  // At any depth.
  [`{"allOf":{"scopes":["a"]}}`, `Expected array\n  at ["allOf"]`],
  [`{"not":[]}`, `${unknownForm}\n  at ["not"]`],
  [`{"not":{"scopes":["a"],"any":1}}`, `Expected no excess property\n  at ["not"]["any"]`],
  [`{"allOf":[{"anyOf":[{"skopes":["a"]}]}]}`, `${unknownForm}\n  at ["allOf"][0]["anyOf"][0]`],
  [`{"allOf":["authenticated","anything"]}`, `${unknownForm}\n  at ["allOf"][1]`]
]

describe("an invalid declaration is refused with the path of the mistake", () => {
  for (const [text, says] of wrong) {
    it.effect(JSON.stringify(text), () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read(text))
        assert.strictEqual(error._tag, "SchemaError")
        assert.strictEqual(error.message, says)
      }))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Properties
// ---------------------------------------------------------------------------------------------------------------------

const word = Arbitrary.schema(Schema.Literals(["a", "b:c", "__proto__", "\"", " "]))
const path = Arbitrary.map(
  Arbitrary.array(word, { minLength: 1, maxLength: 2 }),
  ([first = "", ...more]) => [first, ...more] as const
)

const leaf: ReadonlyArray<Arbitrary.Arbitrary<Declared>> = [
  Arbitrary.Constant<Declared>("anonymous"),
  Arbitrary.Constant<Declared>("authenticated"),
  Arbitrary.map(path, (scopes): Declared => ({ scopes })),
  Arbitrary.map(word, (role): Declared => ({ role })),
  Arbitrary.map(
    Arbitrary.all([word, Arbitrary.array(path, { maxLength: 2 })]),
    ([role, at]): Declared => ({ role, at })
  ),
  Arbitrary.map(Arbitrary.all([path, word]), ([claim, equals]): Declared => ({ claim, equals: { [equals]: [equals] } }))
]

const declarations = (depth: number): Arbitrary.Arbitrary<Declared> =>
  Arbitrary.flatMap(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))), (choice) => {
    const simple = leaf[choice]
    if (simple !== undefined) return simple
    if (depth === 0) return Arbitrary.Constant<Declared>("authenticated")
    const several = Arbitrary.array(declarations(depth - 1), { maxLength: 3 })
    if (choice === 6) return Arbitrary.map(several, (allOf): Declared => ({ allOf }))
    if (choice === 7) return Arbitrary.map(several, (anyOf): Declared => ({ anyOf }))
    return Arbitrary.map(declarations(depth - 1), (not): Declared => ({ not }))
  })

describe("declarations", () => {
  it.effect.prop(
    "survive a round trip through JSON",
    [declarations(3)],
    ([declaration]) =>
      Effect.gen(function*() {
        const text = JSON.stringify(declaration)
        const again = yield* read(text)
        assert.deepStrictEqual(again, declaration)
        assert.strictEqual(yield* write(again), text)
        assert.deepStrictEqual(
          String(PolicyDeclaration.toPolicy(again)),
          String(PolicyDeclaration.toPolicy(declaration))
        )
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect.prop(
    "with an unknown member are refused, at any depth",
    [declarations(2), Arbitrary.array(Arbitrary.schema(Schema.Literals(["not", "allOf", "anyOf"])), { maxLength: 3 })],
    ([declaration, around]) =>
      Effect.gen(function*() {
        const wrap = (inner: Schema.Json): Schema.Json =>
          around.reduce<Schema.Json>((inner, name) => ({ [name]: name === "not" ? inner : [inner] }), inner)
        const tooMuch = typeof declaration === "string" ? `${declaration}!` : { ...declaration, and: "more" }
        // The same declaration without that member is valid.
        yield* read(JSON.stringify(wrap(declaration)))
        yield* Effect.flip(read(JSON.stringify(wrap(tooMuch))))
      }),
    { arbitrary: { runs: 300 } }
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// The environment
// ---------------------------------------------------------------------------------------------------------------------

/** A server with one tool that has no policy of its own, protected according to the environment. */
const configured = Effect.fnUntraced(function*(more: Readonly<Record<string, string>>) {
  const env = { MCP_AUTH_RESOURCE: resource, MCP_AUTH_ISSUER: issuer, ...more }
  const ran = yield* Ref.make<ReadonlyArray<string>>([])
  return serverWith(plainTool("Bare", arrive(ran, "Bare"))).pipe(
    McpAuth.protect(),
    Layer.provide(
      McpAuth.layerFromConfig().pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
    )
  )
})

describe("MCP_AUTH_POLICY", () => {
  it.effect("is the policy of everything without a policy of its own, and uses MCP_AUTH_SCOPE_HIERARCHY", () =>
    Effect.gen(function*() {
      const handle = yield* serve(
        yield* configured({
          MCP_AUTH_POLICY: `{"anyOf":[{"scopes":["notes:read"]},{"role":"admin"}]}`,
          MCP_AUTH_SCOPE_HIERARCHY: `{"notes:write":["notes:read"]}`
        })
      )
      const send = yield* converse(handle, modern, undefined)
      assertInsufficient(yield* ask(send, "call", "Bare", yield* mint("other")), "notes:read")
      assertAnswered(yield* ask(send, "call", "Bare", yield* mint("notes:read")))
      assertAnswered(yield* ask(send, "call", "Bare", yield* mint("notes:write")))
      assertAnswered(yield* ask(send, "call", "Bare", yield* mint("other", { roles: ["admin"] })))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("that is empty prevents the start: otherwise the policy would silently be off", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* configured({ MCP_AUTH_POLICY: "" }))
      assert.strictEqual(error._tag, "ConfigError", error.message)
      assert.include(error.message, "MCP_AUTH_POLICY is empty")
    }).pipe(Effect.provide(TestProvider.layer())))

  for (const [text, says] of wrong.filter(([text]) => text !== "")) {
    it.effect(`of ${JSON.stringify(text)} prevents the start, and the error names the position`, () =>
      Effect.gen(function*() {
        const error = yield* buildError(yield* configured({ MCP_AUTH_POLICY: text }))
        assert.strictEqual(error._tag, "ConfigError", error.message)
        assert.include(error.message, "MCP_AUTH_POLICY")
        assert.include(error.message, says.replace(/\n.*/, ""))
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const strange: ReadonlyArray<readonly [text: string, says: string]> = [
    [`{"scopes":["notes:read notes:write"]}`, `write one scope in each string ("notes:read notes:write")`],
    [`{"scopes":[""]}`, `write one scope in each string ("")`],
    [`{"anyOf":[{"role":"a"},{"scopes":["a","b\\""]}]}`, `write one scope in each string ("b\\"")`],
    [`{"scopes":["offline_access"]}`, "leave it out"]
  ]
  for (const [text, says] of strange) {
    it.effect(`of ${text} prevents the start: no caller could have such a scope`, () =>
      Effect.gen(function*() {
        const error = yield* buildError(yield* configured({ MCP_AUTH_POLICY: text }))
        assert.strictEqual(error._tag, "InvalidOptions", error.message)
        assert.include(error.message, says)
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})
