import { ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { claims, encode, issuer, now, printed, resource, verifier } from "./harness.ts"

/** A verifier whose keys are known, and valid tokens, two for each algorithm. */
class World extends Context.Service<World, {
  readonly verify: Effect.Success<ReturnType<typeof verifier>>
  readonly tokens: ReadonlyArray<string>
}>()("@effect-mcp-auth/core/test/token/TokenVerifier.laws.test/World") {}

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const verify = yield* verifier(TokenVerifier.jwt())
    const tokens = yield* Effect.forEach(
      ["RS256", "ES256", "EdDSA", "RS256", "ES256", "EdDSA"] as const,
      (algorithm, index) => provider.mint({ algorithm, claims: { sub: `user-${index}` } })
    )
    for (const token of tokens) yield* verify(token)
    return { verify, tokens }
  })
).pipe(Layer.provideMerge(TestProvider.layer()))

const position = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })))

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
const character = Arbitrary.schema(Schema.Literals([...letters, ".", "=", "+", "/", " ", "\n", "%", "ä", "\u0000"]))

const parts = (token: string): readonly [string, string, string] => {
  const [header = "", payload = "", signature = ""] = token.split(".")
  return [header, payload, signature]
}

const objectOf = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString())

interface Change {
  /** Which token to change, and where. */
  readonly token: number
  readonly at: number
  readonly to: number
  readonly character: string
}

const change: Arbitrary.Arbitrary<Change> = Arbitrary.all({ token: position, at: position, to: position, character })

const at = <A>(all: ReadonlyArray<A>, index: number): A => {
  const one = all[index % all.length]
  return one === undefined ? assert.fail("nothing to choose from") : one
}

const swapped = (token: string, from: number, to: number): string => {
  const characters = [...token]
  const [i, j] = [from % characters.length, to % characters.length]
  const [one, other] = [at(characters, i), at(characters, j)]
  return characters.with(i, other).with(j, one).join("")
}

/** Mutations of the characters of a token. */
const byLetter: Readonly<Record<string, (token: string, change: Change) => string>> = {
  replaced: (token, { at, character }) => [...token].with(at % token.length, character).join(""),
  inserted: (token, { at, character }) =>
    token.slice(0, at % (token.length + 1)) + character + token.slice(at % (token.length + 1)),
  deleted: (token, { at }) => token.slice(0, at % token.length) + token.slice(at % token.length + 1),
  swapped: (token, { at, to }) => swapped(token, at, to),
  "cut off": (token, { at }) => token.slice(0, at % token.length),
  "beheaded": (token, { at }) => token.slice(at % token.length + 1),
  doubled: (token, { at }) => token.slice(0, at % token.length) + token,
  "changed in case": (token, { at }) => {
    const letter = token.charAt(at % token.length)
    const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
    return [...token].with(at % token.length, other).join("")
  }
}

/** The new value of a member. Without a value the member is removed. */
const values: ReadonlyArray<{ readonly value?: Schema.Json }> = [
  {},
  ...[null, true, 0, "x", "RS256", "none", issuer, resource, now + 7200, [], {}].map((value) => ({ value }))
]
const names = ["alg", "kid", "typ", "crit", "jwk", "iss", "sub", "aud", "exp", "scope", "client_id", "x"]

const recoded = (part: string, { at: index, to }: Change): string =>
  encode({ ...objectOf(part), [at(names, index)]: at(values, to).value })

it.layer(world)("properties of the JWT verifier", (it) => {
  /** Whether and why a token is refused. Any failure other than a refusal of the token fails the test. */
  const refused = Effect.fnUntraced(function*(token: string) {
    const { tokens, verify } = yield* World
    if (tokens.includes(token)) return
    const result = yield* Effect.result(verify(token))
    if (Result.isSuccess(result)) return assert.fail(`was accepted: ${token}`)
    assert.strictEqual(result.failure._tag, "InvalidToken")
    return result.failure
  })

  for (const [what, mutate] of Object.entries(byLetter)) {
    it.effect.prop(
      `no token verifies with characters ${what}`,
      [change],
      ([change]) =>
        Effect.gen(function*() {
          const { tokens } = yield* World
          yield* refused(mutate(at(tokens, change.token), change))
        }),
      { arbitrary: { runs: 1000 } }
    )
  }

  it.effect.prop(
    "no token verifies that combines parts of two tokens",
    [change, change, change],
    ([header, payload, signature]) =>
      Effect.gen(function*() {
        const { tokens } = yield* World
        yield* refused([
          parts(at(tokens, header.token))[0],
          parts(at(tokens, payload.token))[1],
          parts(at(tokens, signature.token))[2]
        ].join("."))
      }),
    { arbitrary: { runs: 1000 } }
  )

  it.effect.prop(
    "no token verifies with another header or other claims",
    [change, change],
    ([header, payload]) =>
      Effect.gen(function*() {
        const { tokens } = yield* World
        const [oldHeader, oldPayload, signature] = parts(at(tokens, header.token))
        const [newHeader, newPayload] = [recoded(oldHeader, header), recoded(oldPayload, payload)]
        yield* refused(`${newHeader}.${oldPayload}.${signature}`)
        yield* refused(`${oldHeader}.${newPayload}.${signature}`)
        yield* refused(`${newHeader}.${newPayload}.${signature}`)
        yield* refused(`${newHeader}.${newPayload}.`)
      }),
    { arbitrary: { runs: 1000 } }
  )

  const json = Arbitrary.schema(Schema.Json)
  const bytes = Arbitrary.schema(Schema.Uint8Array)

  it.effect.prop(
    "no random text verifies",
    [Arbitrary.schema(Schema.String)],
    ([text]) => refused(text),
    { arbitrary: { runs: 1000 } }
  )

  it.effect.prop(
    "no three random parts verify as a token",
    [Arbitrary.all([bytes, bytes, bytes])],
    ([all]) => refused(all.map(encode).join(".")),
    { arbitrary: { runs: 1000 } }
  )

  it.effect.prop(
    "no random JSON verifies as a header or payload",
    [json, json, bytes],
    ([header, payload, signature]) =>
      Effect.gen(function*() {
        const { tokens } = yield* World
        const [goodHeader, goodPayload] = parts(at(tokens, 0))
        yield* refused([JSON.stringify(header), JSON.stringify(payload), signature].map(encode).join("."))
        yield* refused(`${goodHeader}.${encode(JSON.stringify(payload))}.${encode(signature)}`)
        yield* refused(`${encode(JSON.stringify(header))}.${goodPayload}.${encode(signature)}`)
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "no random members of header and claims let a forged token pass or make the verifier die",
    [Schema.Record(Schema.Literals(names), Schema.Json), Schema.Record(Schema.Literals(names), Schema.Json), change],
    ([header, payload, change]) =>
      Effect.gen(function*() {
        const { tokens } = yield* World
        const [goodHeader, goodPayload, signature] = parts(at(tokens, change.token))
        const pick = (members: object): object =>
          Object.fromEntries(Object.entries(members).filter((_, index) => (change.at >> index) % 2 === 0))
        const forgedHeader = { ...objectOf(goodHeader), ...pick(header) }
        const forgedPayload = { ...objectOf(goodPayload), ...pick(payload), x: 1 }
        yield* refused(`${encode(forgedHeader)}.${encode(forgedPayload)}.${signature}`)
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "no refusal prints the token, its payload or its signature",
    [change, change],
    ([change, other]) =>
      Effect.gen(function*() {
        const { tokens } = yield* World
        const good = at(tokens, change.token)
        const [header, payload, signature] = parts(good)
        const forgeries = [
          ...Object.values(byLetter).map((mutate) => mutate(good, change)),
          `${recoded(header, change)}.${payload}.${signature}`,
          `${header}.${recoded(payload, other)}.${signature}`,
          `${header}.${recoded(payload, other)}.${encode("no signature at all")}`
        ]
        for (const token of forgeries) {
          const error = yield* refused(token)
          if (error === undefined) continue
          const text = printed(error)
          for (const part of [token, ...token.split(".").slice(1)]) {
            // A part of only a few characters can be a word of the message.
            if (part.length > 12) assert.notInclude(text, part)
          }
        }
      }),
    { arbitrary: { runs: 300 } }
  )
})

describe("properties of scopes", () => {
  const scopeClaims = ["scope", "scopes", "scp"]
  const word = Schema.Literals(["notes:read", "notes:write", "admin", "", " ", "a b", "\t", "ä"])
  const granting = Schema.Union([word, Schema.String, Schema.Array(word), Schema.Array(Schema.Json), Schema.Json])
  const members: Arbitrary.Arbitrary<Schema.JsonObject> = Arbitrary.map(
    Arbitrary.array(
      Arbitrary.all([
        Arbitrary.schema(
          Schema.Literals([...scopeClaims, "permissions", "roles", "groups", "scopes_supported", "Scope", "__proto__"])
        ),
        Arbitrary.schema(granting)
      ]),
      { maxLength: 5 }
    ),
    Object.fromEntries
  )

  /** Every word that the three scope claims contain, whatever their types. */
  const wordsOf = (members: Schema.JsonObject): ReadonlySet<string> =>
    new Set(
      scopeClaims.flatMap((claim) => {
        const value = Object.hasOwn(members, claim) ? members[claim] : undefined
        const texts = Array.isArray(value) ? value : [value]
        return texts.flatMap((text) => typeof text === "string" ? [text, ...text.split(" ")] : [])
      })
    )

  const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))

  it.effect.prop(
    "every method grants only scopes from the three claims",
    [members],
    ([members]) =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { scope: _, ...unscoped } = claims
        const said: Schema.JsonObject = { ...unscoped, ...members }
        yield* provider.fault("introspection", Fault.document(() => ({ ...said, active: true })))
        const jwt = yield* verifier(TokenVerifier.jwt())
        const introspection = yield* verifier(TokenVerifier.introspection({ authentication }))
        const custom = yield* verifier(TokenVerifier.custom(() => Effect.succeed(said)))
        const token = yield* provider.mint({ algorithm: "EdDSA", claims: { scope: undefined, ...members } })
        const words = wordsOf(members)
        for (const verify of [jwt, introspection, custom]) {
          const { scopes } = yield* verify(token)
          assert.deepStrictEqual([...scopes].filter((scope) => scope === "" || !words.has(scope)), [])
        }
      }).pipe(Effect.provide(TestProvider.layer())),
    { arbitrary: { runs: 300 } }
  )

  it.effect.prop(
    "no other claim grants a scope",
    [Schema.Record(Schema.Literals(["roles", "groups", "authorities", "scopes_supported", "name", "x"]), Schema.Json)],
    ([members]) =>
      Effect.gen(function*() {
        const { scope: _, ...unscoped } = claims
        const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed({ ...unscoped, ...members })))
        assert.strictEqual((yield* verify("key")).scopes.size, 0)
      }).pipe(Effect.provide(TestProvider.layer())),
    { arbitrary: { runs: 300 } }
  )
})

describe("properties of introspection", () => {
  const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("a-secret-of-many-letters"))

  it.effect.prop(
    "only an active response accepts a token, and no response makes the verifier die",
    [Schema.Json, Schema.Record(Schema.Literals(["active", "iss", "aud", "exp", "sub", "cnf"]), Schema.Json)],
    ([active, answer]) =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const verify = yield* verifier(TokenVerifier.introspection({ authentication }))
        yield* provider.fault("introspection", Fault.document(() => ({ ...claims, active })))
        const first = yield* Effect.result(verify("an-opaque-token-of-many-letters"))
        assert.strictEqual(Result.isSuccess(first), active === true)
        yield* provider.fault("introspection", Fault.document(() => answer))
        const second = yield* Effect.result(verify("another-opaque-token-of-many-letters"))
        assert.isTrue(Result.isFailure(second))
        for (const result of [first, second]) {
          if (Result.isSuccess(result)) continue
          assert.strictEqual(result.failure._tag, "InvalidToken")
          assert.notInclude(printed(result.failure), "opaque-token-of-many-letters")
          assert.notInclude(printed(result.failure), "a-secret-of-many-letters")
        }
      }).pipe(Effect.provide(TestProvider.layer())),
    { arbitrary: { runs: 300 } }
  )
})
