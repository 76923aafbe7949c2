import { AuthorizationServer, JwkSet, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import { claims, compact, makeEd25519, makeRsa, now, outcome, resource, signer, verifier } from "./harness.ts"

const key = makeEd25519()

/** A modulus of 256 bytes, in base64url. */
const modulus = (first: number, others = 0xff): string =>
  Buffer.concat([Buffer.from([first]), Buffer.alloc(255, others)]).toString("base64url")

const keys: ReadonlyArray<readonly [kind: string, jwk: object, why: string]> = [
  ["use enc", { ...key.jwk, use: "enc" }, "has the use \"enc\""],
  ["alg ECDH-ES", { ...key.jwk, alg: "ECDH-ES" }, "has the alg \"ECDH-ES\""],
  ["key_ops without verify", { ...key.jwk, key_ops: ["sign"] }, "has key_ops without \"verify\""],
  ["a weak modulus", { kty: "RSA", n: "AQAB", e: "AQAB" }, "is weaker than RSA with 2048 bits"],
  ["a modulus of 2047 bits", { kty: "RSA", n: modulus(0x7f), e: "AQAB" }, "is weaker than RSA with 2048 bits"],
  ["a modulus of zero", { kty: "RSA", n: modulus(0, 0), e: "AQAB" }, "is weaker than RSA with 2048 bits"],
  ["an empty modulus", { kty: "RSA", n: "", e: "AQAB" }, "is not a valid public key"],
  ["a coordinate that is not base64url", { ...key.jwk, x: "\u00e4" }, "is not a valid public key"],
  ["an empty coordinate", { ...key.jwk, x: "" }, "is not a valid public key"],
  ["a curve for key agreement", { ...key.jwk, crv: "X25519" }, "has the curve \"X25519\""],
  ["a symmetric key", { kty: "oct", k: "AQAB" }, "is not a valid public key"],
  ["a published private half", { ...key.jwk, d: "AQAB" }, "is not a valid public key"],
  ["an empty alg", { ...key.jwk, alg: "" }, "has the alg \"\""],
  ["the alg none", { ...key.jwk, alg: "none" }, "has the alg \"none\""],
  ["a list as use", { ...key.jwk, use: ["sig"] }, "is not a valid public key"],
  ["an object as key_ops", { ...key.jwk, key_ops: {} }, "is not a valid public key"],
  ["an exponent of one", { ...makeRsa().jwk, e: "AQ" }, "is weaker than RSA with 2048 bits"],
  ["an empty private part", { ...key.jwk, d: "" }, "is not a valid public key"],
  ["a coordinate of another length", { ...key.jwk, x: `${String(key.jwk["x"])}AAAA` }, "cannot be imported"],
  [
    "a coordinate with characters of both alphabets and a gap",
    { ...key.jwk, x: "a+b/c d" },
    "is not a valid public key"
  ]
]

/** The same key as .NET and Battle.net publish keys. */
const standardBase64 = (member: unknown): string => Buffer.from(String(member), "base64url").toString("base64")

const published: Readonly<Record<string, object>> = {
  "with null members": { ...key.jwk, alg: null, d: null, key_ops: null, x5t: null },
  "with a key in standard base64 without padding": { ...key.jwk, x: standardBase64(key.jwk.x).replace(/=+$/, "") },
  "with a key in base64url with padding": { ...key.jwk, x: `${String(key.jwk["x"])}=` },
  "with empty lists": { ...key.jwk, key_ops: [], x5c: [], oth: [] },
  "with a key in standard base64": { ...key.jwk, x: standardBase64(key.jwk.x) }
}

describe("inspection of a JWK Set", () => {
  it.effect("judges every key one by one, also if none can be used", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer: "https://as.test", jwksUri: "https://as.test/jwks" }
      })
      const provider = yield* TestProvider.TestProvider
      const broken = { kty: "EC", crv: "P-256", kid: "no point", x: "A".repeat(43), y: "A".repeat(43) }
      const set = yield* JwkSet.make(server)
      assert.deepStrictEqual(yield* set.inspect, { usable: [], passedOver: [] })
      // The keys are objects of JSON values.
      yield* provider.addKey({ ...key.jwk, kid: "own" } as Schema.JsonObject)
      yield* provider.addKey(broken)
      yield* set.find({ kid: undefined, algorithm: "RS256" })
      const { passedOver, usable } = yield* set.inspect
      assert.deepInclude(usable, { kid: "own", issuer: undefined, algorithms: ["EdDSA", "Ed25519"] })
      assert.deepStrictEqual(passedOver, [
        { kid: "no point", reason: "has key material that cannot be imported", hasOtherUse: false }
      ])
      assert.deepStrictEqual(set.passedOver(), [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a key that is published in an unusual form", () => {
  for (const [form, jwk] of Object.entries(published)) {
    it.effect(`verifies tokens: ${form}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.addKey({ ...jwk, kid: "odd" })
        const verify = yield* verifier(TokenVerifier.jwt())
        const token = compact({ alg: "EdDSA", typ: "at+jwt", kid: "odd" }, claims, signer(key, "EdDSA"))
        assert.strictEqual(yield* outcome(verify(token)), "accepted")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("verifies tokens with an RSA key in standard base64", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const rsa = makeRsa()
      yield* provider.addKey({ ...rsa.jwk, n: standardBase64(rsa.jwk.n), kid: "odd", x5c: [] })
      const verify = yield* verifier(TokenVerifier.jwt())
      const token = compact({ alg: "RS256", typ: "at+jwt", kid: "odd" }, claims, signer(rsa, "RS256"))
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("keys that are passed over", () => {
  it.effect("are logged once with their IDs and reasons, unless they are for another use", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => logged.push(String(message)))
    return Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.addKey({ ...key.jwk, kid: "weak", kty: "RSA", n: "AQAB", e: "AQAB" })
      yield* provider.addKey({ ...key.jwk, kid: "enc", use: "enc" })
      yield* provider.addKey({ kty: "oct" })
      const verify = yield* verifier(TokenVerifier.jwt())
      for (let hour = 0; hour < 3; hour++) {
        yield* outcome(verify(yield* provider.mint()))
        yield* TestClock.adjust("30 minutes")
      }
      assert.deepStrictEqual(logged.filter((message) => message.includes("cannot be used")), [
        "Keys of \"https://as.test\" cannot be used, and tokens that they sign are refused: \"weak\" is weaker than RSA " +
        "with 2048 bits; a key without a key ID is not a valid public key of type RSA, EC or OKP"
      ])
    }).pipe(Effect.provide([TestProvider.layer(), Logger.layer([logger])]))
  })
})

describe("a key set without a usable key", () => {
  it.effect("is an outage whose error names each key with its reason", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer: "https://as.test" },
        keys: { keys: [{ ...key.jwk, kid: "1", alg: "HS256" }, { kty: "oct", kid: "2" }] }
      })
      const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
      const token = compact({ alg: "EdDSA", typ: "at+jwt", kid: "1" }, claims, signer(key, "EdDSA"))
      yield* TestClock.setTime(now * 1000)
      const error = yield* Effect.flip(verify(Redacted.make(token)))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(
        error.message,
        "the key set has no usable key (\"1\" has the alg \"HS256\"; \"2\" is not a valid public key of type RSA, EC or OKP)"
      )
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a key whose material is no key", () => {
  it.effect("is logged when the first token names it", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => logged.push(String(message)))
    return Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.addKey({ ...key.jwk, kid: "long", alg: "EdDSA", x: `${String(key.jwk["x"])}AAAA` })
      const verify = yield* verifier(TokenVerifier.jwt())
      const token = compact({ alg: "EdDSA", typ: "at+jwt", kid: "long" }, claims, signer(key, "EdDSA"))
      for (let times = 0; times < 3; times++) yield* outcome(verify(token))
      assert.deepStrictEqual(logged.filter((message) => message.includes("cannot be imported")), [
        "The key \"long\" for EdDSA has key material that cannot be imported, and tokens that it signs are refused"
      ])
    }).pipe(Effect.provide([TestProvider.layer(), Logger.layer([logger])]))
  })
})

describe("a key ID whose published key cannot be used", () => {
  for (const [kind, jwk, why] of keys) {
    it.effect(`(${kind}) is known: its tokens are refused without another fetch, and the message names the reason`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.addKey({ ...jwk, kid: "odd" })
        const verify = yield* verifier(TokenVerifier.jwt())
        for (let second = 1; second < 9; second++) {
          yield* TestClock.adjust("1 second")
          const said = { ...claims, jti: String(second), iat: now + second }
          const token = compact({ alg: "EdDSA", typ: "at+jwt", kid: "odd" }, said, signer(key, "EdDSA"))
          assert.strictEqual(yield* outcome(verify(token)), "unusable-key kid")
          assert.include((yield* Effect.flip(verify(token))).message, why)
        }
        assert.strictEqual(yield* provider.count("jwks"), 1)
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})
