import { Challenge, TokenError, WwwAuthenticate } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { byOauth4webapi, grammar } from "../server/challengeParsers.ts"

/** A challenge in a form that is short to write. */
const shown = ({ isWellFormed, parameters, scheme, token68 }: WwwAuthenticate.Challenge) => [
  scheme,
  ...(token68 === undefined ? [] : [token68]),
  ...[...parameters].map(([name, value]) => `${name}: ${value}`),
  ...(isWellFormed ? [] : ["malformed"])
]

const rows: ReadonlyArray<[name: string, header: string, ...expected: Array<Array<string>>]> = [
  ["an empty header", ""],
  ["commas alone", " , ,\t,"],
  ["a scheme alone", "Bearer", ["bearer"]],
  ["parameters", `Bearer realm="x", scope="a b"`, ["bearer", "realm: x", "scope: a b"]],
  ["blanks around the equals sign", `Bearer scope = "a" ,error\t=\tinvalid_token`, [
    "bearer",
    "scope: a",
    "error: invalid_token"
  ]],
  ["names in any case", `BEARER Scope="a", SCOPE_X="b"`, ["bearer", "scope: a", "scope_x: b"]],
  ["escaped characters", String.raw`Bearer realm="a \"b\" \\ \c"`, ["bearer", String.raw`realm: a "b" \ c`]],
  ["empty values", `Bearer realm="", scope=a`, ["bearer", "realm: ", "scope: a"]],
  ["empty list elements", `Bearer realm="x",,scope="a",`, ["bearer", "realm: x", "scope: a"]],
  ["the example of RFC 9110", `Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""`, [
    "basic",
    "realm: simple"
  ], ["newauth", "realm: apps", "type: 1", `title: Login to "apps"`]],
  ["the example of RFC 9449", `Bearer, DPoP algs="ES256 PS256"`, ["bearer"], ["dpop", "algs: ES256 PS256"]],
  ["single values", "Negotiate YII=, Bearer scope=a", ["negotiate", "YII="], ["bearer", "scope: a"]],
  ["a single value like a scheme", "Negotiate Bearer, Basic", ["negotiate", "Bearer"], ["basic"]],
  ["a decoy challenge in a quoted string", `Basic realm="x, Bearer scope=\\"decoy\\", y", Bearer scope=real`, [
    "basic",
    `realm: x, Bearer scope="decoy", y`
  ], ["bearer", "scope: real"]],
  ["decoy parameters", `Bearer error_scope="decoy", x_resource_metadata="decoy", scope=real`, [
    "bearer",
    "error_scope: decoy",
    "x_resource_metadata: decoy",
    "scope: real"
  ]],
  ["a parameter of another scheme", `DPoP scope="decoy", Bearer scope="real"`, ["dpop", "scope: decoy"], [
    "bearer",
    "scope: real"
  ]],
  ["a parameter that is repeated", `Bearer scope="first", scope="second"`, ["bearer", "scope: first", "malformed"]],
  ["a URL without quotation marks", `Bearer resource_metadata=https://a.test/x, scope=a`, [
    "bearer",
    "scope: a",
    "malformed"
  ]],
  ["a description without quotation marks", `Bearer error_description=The token ended, scope="a"`, [
    "bearer",
    "error_description: The",
    "scope: a",
    "malformed"
  ]],
  ["parameters that are separated by spaces", `Bearer realm="x" scope="a"`, [
    "bearer",
    "realm: x",
    "scope: a",
    "malformed"
  ]],
  ["a quoted string without an end", `Bearer error="e", scope="a, Basic realm=x`, [
    "bearer",
    "error: e",
    "malformed"
  ]],
  ["a quoted string that ends in a backslash", `Bearer error="e", scope="a\\`, ["bearer", "error: e", "malformed"]],
  ["a control character in a quoted string", `Bearer realm="a\u0000, Basic b=c", scope="a"`, [
    "bearer",
    "scope: a",
    "malformed"
  ]],
  ["text after a quoted string", `Bearer scope="a"b, error=e`, ["bearer", "error: e", "malformed"]],
  ["a parameter before any scheme", `scope="a", Bearer scope="b"`, ["bearer", "scope: b"]],
  ["an equals sign alone", `Bearer =, a=b, Bearer c=d, =, e=f`, ["bearer", "c: d", "e: f", "malformed"]],
  ["a quoted string in place of a scheme", `"Basic a=b", Bearer scope=a`, ["bearer", "scope: a"]],
  ["two schemes without a comma", `Bearer Basic realm="x"`, ["bearer", "malformed"]]
]

describe("WwwAuthenticate.parse", () => {
  it.each(rows.map(([name, header, ...expected]) => ({ name, header, expected })))(
    "reads $name",
    ({ expected, header }) => {
      assert.deepStrictEqual(WwwAuthenticate.parse(header).map(shown), expected)
    }
  )

  it("reads at most 16 KiB of a header, in time that grows with its length only", () => {
    for (const part of [`Bearer a="`, `"`, `\\"`, `a=`, `a=",`, "=", ",", `Bearer "\\`, "a ", `a="b" `]) {
      const challenges = WwwAuthenticate.parse(`Bearer scope="a", ${part.repeat(100_000)}`)
      assert.deepStrictEqual(challenges[0]?.parameters.get("scope"), "a")
    }
  })

  it("keeps a parameter that is named like a member of all objects", () => {
    const [challenge] = WwwAuthenticate.parse(`Bearer __proto__="x", constructor=y`)
    assert.deepStrictEqual([...challenge?.parameters ?? []], [["__proto__", "x"], ["constructor", "y"]])
  })
})

const text = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals([..."aZ0 ,;=\"\\\t~!", "Bearer scope=", "é"])), { maxLength: 12 }),
  (parts) => parts.join("")
)
const name = Arbitrary.schema(
  Schema.Literals(["scope", "error", "realm", "resource_metadata", "x.y", "Algs", "!#$%&'*+"])
)
const scheme = Arbitrary.schema(Schema.Literals(["Bearer", "DPoP", "Basic", "x-y", "B!"]))
const challenges = Arbitrary.array(
  Arbitrary.all([scheme, Arbitrary.array(Arbitrary.all([name, text]), { maxLength: 4 })]),
  { maxLength: 4 }
)

const quoted = (value: string) => `"${value.replaceAll(/["\\]/g, "\\$&")}"`

describe("laws of WwwAuthenticate", () => {
  it.effect.prop(
    "reads back every list of challenges that was written by the grammar",
    [challenges],
    ([challenges]) =>
      Effect.sync(() => {
        const distinct = challenges.map(([scheme, pairs]) => [scheme, [...new Map(pairs)]] as const)
        const header = distinct
          .map(([scheme, pairs]) => `${scheme} ${pairs.map(([name, value]) => `${name}=${quoted(value)}`).join(", ")}`)
          .join(", ")
        assert.deepStrictEqual(
          WwwAuthenticate.parse(header).map(shown),
          distinct.map((
            [scheme, pairs]
          ) => [scheme.toLowerCase(), ...pairs.map(([name, value]) => `${name.toLowerCase()}: ${value}`)])
        )
      })
  )

  it.effect.prop(
    "reads what Challenge writes as oauth4webapi does",
    [text, text],
    ([description, scope]) =>
      Effect.gen(function*() {
        const error = new TokenError.InvalidToken({ reason: "bad-signature", claim: description, expected: scope })
        const { headers } = Challenge.rejection(error, {
          scopes: [scope, "b"],
          resourceMetadata: "https://api.test/prm?error=decoy",
          showErrorDetails: true
        })
        const header = headers["www-authenticate"] ?? ""
        const [challenge, ...others] = WwwAuthenticate.parse(header)
        assert.match(header, grammar)
        assert.strictEqual(others.length, 0)
        assert.isTrue(challenge?.isWellFormed)
        assert.strictEqual(challenge?.parameters.get("error_description")?.includes("signature"), true)
        assert.deepStrictEqual(
          Object.fromEntries(challenge?.parameters ?? []),
          yield* Effect.promise(() => byOauth4webapi(header))
        )
      })
  )

  it.effect.prop(
    "never fails, and never finds more parameters than the header has equals signs",
    [text, text],
    (parts) =>
      Effect.sync(() => {
        const header = parts.join("")
        const found = WwwAuthenticate.parse(header).reduce((sum, { parameters }) => sum + parameters.size, 0)
        assert.isAtMost(found, header.split("=").length - 1)
      })
  )
})

describe("WwwAuthenticate.forTokens", () => {
  const chosen = (header: string, preferred?: "bearer" | "dpop") =>
    [WwwAuthenticate.forTokens(WwwAuthenticate.parse(header), preferred)].flatMap((one) => one ?? []).map(shown)

  it("prefers the scheme of the token, and then a challenge that says something", () => {
    assert.deepStrictEqual(chosen(`Basic realm="x"`), [])
    assert.deepStrictEqual(chosen(`DPoP algs="ES256", Bearer scope="a"`), [["bearer", "scope: a"]])
    assert.deepStrictEqual(chosen(`DPoP algs="ES256", Bearer scope="a"`, "dpop"), [["dpop", "algs: ES256"]])
    assert.deepStrictEqual(chosen(`Bearer, DPoP algs="ES256"`), [["dpop", "algs: ES256"]])
    assert.deepStrictEqual(chosen(`DPoP, Bearer`), [["bearer"]])
    assert.deepStrictEqual(chosen(`Bearer, Bearer scope="a"`), [["bearer", "scope: a"]])
  })

  it("has the scopes without duplicates and without texts that are no scopes", () => {
    const scopes = (header: string) => WwwAuthenticate.parse(header).map(WwwAuthenticate.scopes)
    assert.deepStrictEqual(scopes(`Bearer scope="a  b a \\\\ é"`), [["a", "b"]])
    assert.deepStrictEqual(scopes(`Bearer scope=" "`), [undefined])
    assert.deepStrictEqual(scopes("Bearer"), [undefined])
  })
})
