import { AuthorizationServer, JwkSet, Jws, Purpose, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Redacted, type Schema } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import * as Crypto from "node:crypto"
import { currentKeysOf } from "../../src/token/internal/parsedKeySet.ts"
import { elapse } from "../time.ts"
import {
  claims,
  compact,
  hmac,
  issuer,
  makeEc,
  makeEd25519,
  makeRsa,
  now,
  outcome,
  printed,
  resource,
  type Signer,
  signer,
  verifier
} from "./harness.ts"

const rsa = makeRsa()
const other = makeRsa()
const weak = makeRsa(1024)
const nearlyStrong = makeRsa(2040)
const almostStrong = makeRsa(2047)
const p256 = makeEc("P-256")
const ed = makeEd25519()

const three = Crypto.generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 })

const jwkOf = (key: Crypto.KeyObject): Schema.JsonObject =>
  // A JWK of these types has string members only; the library's type allows more.
  key.export({ format: "jwk" }) as Schema.JsonObject

const good: Schema.JsonObject = { ...rsa.jwk, kid: "good", alg: "RS256", use: "sig" }

const tokenOf = (kid: string | undefined, sign: Signer = signer(rsa, "RS256"), alg = "RS256", changes = {}): string =>
  compact({ alg, typ: "at+jwt", kid }, { ...claims, ...changes }, sign)

const goodToken = tokenOf("good")

/** With the exponent 1, every attacker can make this signature: the padded digest itself. */
const withExponentOne: Signer = (input) => {
  const digest = Crypto.createHash("sha256").update(input).digest()
  const info = Buffer.concat([Buffer.from("3031300d060960864801650304020105000420", "hex"), digest])
  const padding = Buffer.alloc(256 - 3 - info.length, 0xff)
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info])
}

interface Odd {
  readonly key: Schema.Json
  readonly token: string
  readonly outcome?: string
}

const odd = (
  members: Readonly<Record<string, Schema.Json | undefined>>,
  sign = signer(other, "RS256"),
  alg = "RS256",
  outcome?: string
): Odd => {
  const members_ = Object.entries({ ...other.jwk, kid: "odd", ...members })
  const key = Object.fromEntries(members_.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]))
  return { key, token: tokenOf("odd", sign, alg), ...(outcome === undefined ? {} : { outcome }) }
}

const ecdsa = signer(p256, "ES256")
const eddsa = signer(ed, "EdDSA")

const unusable: Readonly<Record<string, Odd>> = {
  "an RSA key of 1024 bits is too weak": odd(weak.jwk, signer(weak, "RS256")),
  "an RSA key of 2040 bits is too weak": odd(nearlyStrong.jwk, signer(nearlyStrong, "RS256")),
  "an RSA key of 2047 bits is too weak": odd(almostStrong.jwk, signer(almostStrong, "RS256")),
  "leading zeros do not make a short RSA key long enough": odd(
    { n: Buffer.concat([Buffer.alloc(256), Buffer.from(String(weak.jwk["n"]), "base64url")]).toString("base64url") },
    signer(weak, "RS256")
  ),
  "an RSA key with the exponent 1, for which every attacker can sign, is not used": odd({ e: "AQ" }, withExponentOne),
  "an RSA key with the exponent 0 is not used": odd({ e: "AA" }),
  "an RSA key with an even exponent is not used": odd({ e: "Ag" }),
  "an RSA key without an exponent is not used": odd({ e: undefined }),
  "an RSA key with an empty exponent is not used": odd({ e: "" }),
  "an RSA key whose modulus is a number is not used": odd({ n: 1 }),
  "a key for encryption is not used": odd({ use: "enc" }),
  "a key with an unknown use is not used": odd({ use: "tls" }),
  "a key whose use is a list is not used": odd({ use: ["sig"] }),
  "a key whose key_ops lack verify is not used": odd({ key_ops: ["sign", "encrypt"] }),
  "a key whose key_ops are a string is not used": odd({ key_ops: "verify" }),
  "a key of an unknown type is not used": odd({ kty: "AKP" }),
  "a key without a type is not used": odd({ kty: undefined }),
  "a published symmetric key is not used": odd({ kty: "oct", k: "c2VjcmV0" }),
  "a key with an unknown curve is not used": odd({ ...p256.jwk, crv: "P-257" }, ecdsa, "ES256"),
  "an inherited property name is not a curve": odd({ ...p256.jwk, crv: "__proto__" }, ecdsa, "ES256"),
  "a key with the curve secp256k1 is not used": odd({ ...makeEc("secp256k1").jwk }, ecdsa, "ES256"),
  "a point that is not on its curve is not used": odd({ ...p256.jwk, y: p256.jwk["x"] }, ecdsa, "ES256"),
  "a point without y is not used": odd({ ...p256.jwk, y: undefined }, ecdsa, "ES256"),
  "an X25519 key is not used": odd({ ...ed.jwk, crv: "X25519" }, eddsa, "EdDSA"),
  "an Ed25519 key that is too short is not used": odd({ ...ed.jwk, x: "AAAA" }, eddsa, "EdDSA"),
  "a key whose coordinate is not base64url is not used": odd({ ...ed.jwk, x: "ä" }, eddsa, "EdDSA"),
  "a key for an unknown algorithm is not used": odd({ alg: "XS256" }),
  "a key for key wrapping is not used": odd({ alg: "RSA-OAEP" }),
  "a public key with alg HS256 is not used": odd({ alg: "HS256" }),
  "a key with alg none is not used": odd({ alg: "none" }),
  "a key whose alg does not fit its type is not used": odd({ alg: "ES256" }),
  "a key whose alg is a list is not used": odd({ alg: ["RS256"] }),
  "an RSA key with alg EdDSA is not used": odd({ alg: "EdDSA" }),
  "an RSA key with alg Ed25519 is not used": odd({ alg: "Ed25519" }),
  "an Ed25519 key with the alg of another type is not used": odd({ ...ed.jwk, alg: "RS256" }, eddsa, "EdDSA"),
  "an RSA key whose private half is published is not used": odd(jwkOf(other.privateKey)),
  "an EC key whose private half is published is not used": odd(jwkOf(p256.privateKey), ecdsa, "ES256"),
  "an Ed25519 key whose private half is published is not used": odd(jwkOf(ed.privateKey), eddsa, "EdDSA"),
  "a kid that is not a string is ignored": odd({ kid: 1 }),
  "null in the key list is ignored": { key: null, token: tokenOf("odd") },
  "a string in the key list is ignored": { key: "key", token: tokenOf("odd") },
  "a list in the key list is ignored": { key: [good], token: tokenOf("odd") },
  "an empty object in the key list is ignored": { key: {}, token: tokenOf("odd") }
}

const usable: Readonly<Record<string, Odd>> = {
  "a key without alg and use is used according to its type": odd({}),
  "a key that names its algorithm and use is used": odd({ alg: "RS256", use: "sig" }),
  "a key whose key_ops include verify is used": odd({ key_ops: ["verify"] }),
  "an RSA key with the exponent 3 is used": odd(
    jwkOf(three.publicKey),
    (input) => Crypto.sign("sha256", Buffer.from(input), three.privateKey)
  ),
  "an exponent with leading zeros is used": odd({ e: "AAEAAQ" }),
  "a key with unknown members is used": odd({ x5t: "x", "https://example.com/x": { a: [1] }, ext: false }),
  "an EC key without alg is used": odd({ ...p256.jwk }, ecdsa, "ES256"),
  "an Ed25519 key without alg is used": odd({ ...ed.jwk }, eddsa, "EdDSA")
}

const withKeys = (...keys: ReadonlyArray<Schema.Json>): Fault.Fault => Fault.document(() => ({ keys }))

const scenario = (options?: TokenVerifier.JwtOptions) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const verify = yield* verifier(TokenVerifier.jwt(options))
    const keys = (...all: ReadonlyArray<Schema.Json>) =>
      Effect.andThen(provider.heal("jwks"), provider.fault("jwks", withKeys(...all)))
    return { provider, keys, outcomeOf: (token: string) => elapse(outcome(verify(token))), verify }
  })

/** A provider whose keys are known, and a token from it that is valid for two days. */
const warm = Effect.gen(function*() {
  const known = yield* scenario()
  const token = yield* known.provider.mint({ expiresIn: 48 * 3600 })
  assert.strictEqual(yield* known.outcomeOf(token), "accepted")
  return { ...known, token }
})

describe("keys that cannot be used are ignored, and do not affect the others", () => {
  for (const [rule, { key, outcome: own, token }] of Object.entries(unusable)) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        // A key that does not name itself is not known by its key ID.
        const isNamed = JSON.stringify(key).includes("\"kid\":\"odd\"")
        const expected = own ?? (isNamed ? "unusable-key kid" : "unknown-key kid")
        const { keys, outcomeOf } = yield* scenario()
        yield* keys(key, good)
        assert.strictEqual(yield* outcomeOf(token), expected)
        assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("ignores all of them in one set", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      yield* keys(...Object.values(unusable).map(({ key }) => key), good)
      assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
      for (const { token } of Object.values(unusable)) assert.notStrictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("keys that are used", () => {
  for (const [rule, { key, token }] of Object.entries(usable)) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { keys, outcomeOf } = yield* scenario()
        yield* keys(good, key)
        assert.strictEqual(yield* outcomeOf(token), "accepted")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("tries both of two keys with the same kid and algorithm", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      yield* keys({ ...other.jwk, kid: "good" }, good)
      assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
      assert.strictEqual(yield* outcomeOf(tokenOf("good", signer(other, "RS256"))), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("tries keys without a kid for a token that names one", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      yield* keys(other.jwk, rsa.jwk)
      assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("tries the keys that have a kid for a token without one", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      yield* keys({ ...other.jwk, kid: "other" }, good)
      assert.strictEqual(yield* outcomeOf(tokenOf(undefined)), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("tries at most eight keys for a token", () =>
    Effect.gen(function*() {
      let tried = 0
      const counting: Jws.Shape = {
        prepare: () => Effect.succeed(() => Effect.sync(() => ++tried < 0))
      }
      const { keys, outcomeOf } = yield* Effect.provideService(scenario(), Jws.Jws, counting)
      yield* keys(...Array.from({ length: 1000 }, () => rsa.jwk))
      assert.strictEqual(
        yield* Effect.provideService(outcomeOf(tokenOf("x")), Jws.Jws, counting),
        "bad-signature"
      )
      assert.isAtMost(tried, 8)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("unknown keys", () => {
  it.effect("1,000 made-up kids in sequence cause three fetches", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* warm
      for (let index = 0; index < 1000; index++) {
        assert.strictEqual(yield* outcome(verify(tokenOf(`made-up-${index}`))), "unknown-key kid")
      }
      assert.strictEqual(yield* provider.count("jwks"), 1 + 3)
      assert.strictEqual(yield* provider.count("metadata"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("1,000 made-up kids at once cause one fetch", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* warm
      yield* provider.fault("jwks", Fault.delay("1 second"))
      const all = Array.from({ length: 1000 }, (_, index) => outcome(verify(tokenOf(`made-up-${index}`))))
      const outcomes = yield* elapse(Effect.all(all, { concurrency: "unbounded" }))
      assert.deepStrictEqual([...new Set(outcomes)], ["unknown-key kid"])
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a flood of made-up kids for an hour causes three fetches, and one more every ten seconds", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario({ lifetime: "1 day" })
      yield* outcome(verify(yield* provider.mint()))
      const lasting = { exp: now + 48 * 3600 }
      for (let second = 0; second < 3600; second++) {
        yield* outcome(verify(tokenOf(`made-up-${second}`, signer(rsa, "RS256"), "RS256", lasting)))
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(yield* provider.count("jwks"), 1 + 3 + 359)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("three rotations in a row are noticed at once, and a fourth one when a fetch is allowed again", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      for (let rotation = 0; rotation < 3; rotation++) {
        yield* TestClock.adjust("1 second")
        yield* provider.rotate()
        assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
      }
      yield* TestClock.adjust("1 second")
      yield* provider.rotate()
      const fresh = yield* provider.mint()
      assert.strictEqual(yield* outcomeOf(fresh), "VerificationUnavailable")
      yield* TestClock.adjust("7 seconds")
      assert.strictEqual(yield* outcomeOf(fresh), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a rotation is noticed at once even if two made-up kids came shortly before", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      yield* outcomeOf(tokenOf("made-up"))
      yield* outcomeOf(tokenOf("made-up"))
      yield* TestClock.adjust("1 second")
      yield* provider.rotate()
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  for (const [rule, kid] of [["that names its key", "successor"], ["without kid", undefined]] as const) {
    it.effect(`made-up kids refuse no valid token: a token ${rule} that is newer than the keys is answered with 503 and Retry-After`, () =>
      Effect.gen(function*() {
        const { keys, outcomeOf, token, verify } = yield* warm
        const successor = { ...other.jwk, kid: "successor", alg: "RS256" }
        for (let index = 0; index < 3; index++) yield* outcomeOf(tokenOf("made-up"))
        yield* TestClock.adjust("4 seconds")
        yield* keys(successor, good)
        const freshOf = (iat: number | undefined) =>
          compact({ alg: "RS256", typ: "at+jwt", kid }, { ...claims, iat }, signer(other, "RS256"))
        const [fresh, undated] = [freshOf(now + 4), freshOf(undefined)]
        for (const one of [fresh, undated]) {
          const error = yield* Effect.flip(verify(one))
          assert.strictEqual(error._tag, "VerificationUnavailable")
          assert.deepStrictEqual(
            error._tag === "VerificationUnavailable" ? error.retryAfter : undefined,
            Duration.seconds(6)
          )
        }
        // An old token with a made-up kid is refused at once, and the other tokens do not wait.
        assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "unknown-key kid")
        assert.strictEqual(yield* outcomeOf(token), "accepted")
        yield* TestClock.adjust("6 seconds")
        for (const one of [fresh, undated]) assert.strictEqual(yield* outcomeOf(one), "accepted")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a key that was published during a fetch is found by the next fetch", () =>
    Effect.gen(function*() {
      const { keys, provider, verify } = yield* warm
      // A response that was made before the key was published, and that arrives afterwards.
      yield* provider.fault("jwks", Fault.delay("3 seconds"), { times: 1 })
      const early = yield* Effect.forkChild(outcome(verify(tokenOf("made-up"))))
      yield* TestClock.adjust("2 seconds")
      const fresh = tokenOf("late", signer(other, "RS256"), "RS256", { iat: now + 2 })
      const late = yield* Effect.forkChild(outcome(verify(fresh)))
      yield* TestClock.adjust("1 second")
      yield* keys({ ...other.jwk, kid: "late" }, good)
      assert.strictEqual(yield* elapse(Fiber.join(early)), "unknown-key kid")
      assert.strictEqual(yield* elapse(Fiber.join(late)), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 1 + 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an unknown kid is named in the message", () =>
    Effect.gen(function*() {
      const { verify } = yield* warm
      assert.include((yield* Effect.flip(verify(tokenOf("made-up")))).message, "(kid), got \"made-up\"")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a key that was absent from a fetch made after the token arrived is unknown", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      yield* provider.rotate()
      const fresh = yield* provider.mint()
      yield* provider.fault("jwks", withKeys(good))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outcomeOf(fresh), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a made-up kid is refused, however recent the iat of its token is", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      const fresh = compact({ alg: "RS256", kid: "made-up", typ: "at+jwt" }, { ...claims, iat: now + 25 }, hmac("x"))
      assert.strictEqual(yield* outcomeOf(fresh), "unknown-key kid")
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a rotation of keys without a kid is noticed, also for tokens that name a kid", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      const [first, second] = [makeRsa(), makeRsa()]
      const by = (key: ReturnType<typeof makeRsa>, kid: string) =>
        compact({ alg: "RS256", kid, typ: "at+jwt" }, claims, signer(key, "RS256"))
      yield* keys(first.jwk)
      assert.strictEqual(yield* outcomeOf(by(first, "1")), "accepted")
      yield* keys(second.jwk)
      assert.strictEqual(yield* outcomeOf(by(second, "2")), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("one key that is listed many times does not crowd out the others", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      const [first, second] = [makeRsa(), makeRsa()]
      yield* keys(...Array.from({ length: 20 }, () => first.jwk), second.jwk)
      const token = compact({ alg: "RS256", typ: "at+jwt" }, claims, signer(second, "RS256"))
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a configured fetch allowance is enforced", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario({ refetches: { limit: 2, window: "8 minutes" } })
      for (const kid of ["a", "b", "c"]) yield* outcomeOf(tokenOf(kid))
      assert.strictEqual(yield* provider.count("jwks"), 1 + 2)
      yield* TestClock.adjust("3 minutes")
      yield* outcomeOf(tokenOf("d"))
      assert.strictEqual(yield* provider.count("jwks"), 3)
      yield* TestClock.adjust("1 minute")
      yield* outcomeOf(tokenOf("e"))
      assert.strictEqual(yield* provider.count("jwks"), 4)
    }).pipe(Effect.provide(TestProvider.layer())))

  for (
    const [rule, refetches] of Object.entries(
      {
        "no fetch": { limit: 0, window: "30 seconds" },
        "half a fetch": { limit: 0.5, window: "30 seconds" },
        "infinitely many fetches": { limit: Infinity, window: "30 seconds" },
        "a window of no time": { limit: 3, window: 0 },
        "an endless window": { limit: 3, window: "Infinity" }
      } satisfies Record<string, JwkSet.Refetches>
    )
  ) {
    it.effect(`an allowance of ${rule} is refused when the verifier is built`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(scenario({ refetches }))
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.include(error.message, "refetches")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const unfitting: Readonly<Record<string, readonly [key: Schema.JsonObject, alg: string]>> = {
    "RS384 with a key for RS256": [good, "RS384"],
    "PS256 with a key for RS256": [good, "PS256"],
    "ES256 with an RSA key": [good, "ES256"],
    "RS256 with an EC key": [{ ...p256.jwk, kid: "good" }, "RS256"]
  }
  for (const [rule, [key, alg]] of Object.entries(unfitting)) {
    it.effect(`a known kid with an algorithm that does not fit is refused without a fetch, even if no fetch is left: ${rule}`, () =>
      Effect.gen(function*() {
        const { keys, outcomeOf, provider, verify } = yield* scenario()
        yield* keys(key, { ...other.jwk, kid: "other" })
        const wrong = tokenOf("good", hmac("x"), alg, { iat: now + 20 })
        assert.strictEqual(yield* outcomeOf(wrong), "unknown-key kid")
        assert.strictEqual(yield* provider.count("jwks"), 1)
        for (let index = 0; index < 5; index++) yield* outcomeOf(tokenOf("made-up"))
        yield* TestClock.adjust("1 second")
        const error = yield* Effect.flip(verify(wrong))
        assert.strictEqual(error._tag, "InvalidToken")
        assert.match(error.message, new RegExp(`a key for ${alg}; that key is for (RS256|ES256), got "good"$`))
        assert.strictEqual(yield* provider.count("jwks"), 1 + 3)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a provider that failed is not asked again by made-up kids, however many fetches are left", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.fault("jwks", Fault.status(404))
      for (let index = 0; index < 100; index++) {
        assert.strictEqual(yield* outcomeOf(tokenOf(`made-up-${index}`)), "VerificationUnavailable")
      }
      assert.strictEqual(yield* provider.count("jwks"), 2)
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a key that was published during a long outage is found within ten seconds after the outage", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* warm
      yield* provider.fault("jwks", Fault.status(404))
      for (let second = 0; second < 300; second++) {
        yield* outcome(verify(tokenOf(`made-up-${second}`)))
        yield* TestClock.adjust("1 second")
      }
      // Three at once, and one more every ten seconds.
      assert.isAtMost(yield* provider.count("jwks"), 1 + 3 + 30)
      yield* provider.heal()
      yield* provider.rotate()
      const fresh = yield* provider.mint()
      let seconds = 0
      for (; (yield* outcome(verify(fresh))) !== "accepted"; seconds++) yield* TestClock.adjust("1 second")
      assert.isAtMost(seconds, 10)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a wrong signature under a known kid causes no fetch", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      const forged = yield* provider.mint({ forged: true })
      for (let index = 0; index < 100; index++) assert.strictEqual(yield* outcomeOf(forged), "bad-signature")
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("a key rotation", () => {
  it.effect("is noticed at once, by one fetch, and old tokens stay valid", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* TestClock.adjust("5 minutes")
      yield* provider.rotate()
      const fresh = yield* provider.mint()
      assert.strictEqual(yield* outcomeOf(fresh), "accepted")
      assert.strictEqual(yield* outcomeOf(token), "accepted")
      assert.strictEqual(yield* outcomeOf(yield* provider.mint({ algorithm: "ES256" })), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 2)
      assert.strictEqual(yield* provider.count("metadata"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that 1,000 new tokens reveal at once costs one fetch", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* warm
      yield* provider.rotate()
      yield* provider.fault("jwks", Fault.delay("1 second"))
      const fresh = yield* provider.mint({ algorithm: "ES256" })
      const outcomes = yield* elapse(
        Effect.all(Array.from({ length: 1000 }, () => outcome(verify(fresh))), { concurrency: "unbounded" })
      )
      assert.deepStrictEqual([...new Set(outcomes)], ["accepted"])
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that removes a key invalidates its tokens", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.rotate({ dropOld: true })
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
      assert.strictEqual(yield* outcomeOf(token), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("does not restore a removed key while no fetch is left for unknown keys", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario({
        lifetime: "1 minute",
        refetches: { limit: 1, window: "1 hour" }
      })
      const token = yield* provider.mint()
      assert.strictEqual(yield* outcomeOf(token), "accepted")
      assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "unknown-key kid")
      yield* provider.removeKey("rs256-1")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* outcomeOf(token), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that removes a key without a replacement takes effect after ten minutes", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.removeKey("rs256-1")
      yield* TestClock.adjust("13 minutes")
      assert.strictEqual(yield* outcomeOf(token), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("in the background makes no request wait", () =>
    Effect.gen(function*() {
      const { provider, token, verify } = yield* warm
      yield* provider.fault("jwks", Fault.delay("4 seconds"))
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.inFlight, 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is noticed when the keys' Cache-Control ends", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("jwks", Fault.headers({ "cache-control": "max-age=3600" }))
      yield* outcomeOf(yield* provider.mint())
      yield* TestClock.adjust("50 minutes")
      yield* outcomeOf(yield* provider.mint())
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))
})

const outages: Readonly<Record<string, Fault.Fault>> = {
  "503": Fault.status(503),
  "500": Fault.status(500),
  "404": Fault.status(404),
  "401": Fault.status(401),
  "no response in time": Fault.delay("1 hour"),
  "one byte a second": Fault.slowBody(),
  "a refused connection": Fault.connectionError("ECONNREFUSED"),
  "an HTML page": Fault.html,
  "half a key set": Fault.truncatedBody(),
  "a body that breaks off": Fault.truncatedBody({ broken: true }),
  "an empty body": Fault.body(""),
  "a list": Fault.body("[]"),
  "an object without keys": Fault.body("{}"),
  "keys as an object": Fault.body("{\"keys\":{}}"),
  "an endless body": Fault.hugeBody(Infinity),
  "a redirect to another host": Fault.redirect("https://evil.test/jwks"),
  "a redirect loop": Fault.redirectLoop
}

describe("an outage of the provider never refuses a token as invalid", () => {
  for (const [rule, fault] of Object.entries(outages)) {
    it.effect(`the key set, not fetched yet: ${rule}`, () =>
      Effect.gen(function*() {
        const { provider, verify } = yield* scenario()
        yield* provider.fault("jwks", fault)
        const token = yield* provider.mint()
        const error = yield* elapse(Effect.flip(verify(token)))
        assert.strictEqual(error._tag, "VerificationUnavailable")
        assert.include(error.message, "https://as.test/jwks")
        for (const part of token.split(".")) assert.notInclude(printed(error), part)
        assert.strictEqual(yield* provider.inFlight, 0)
      }).pipe(Effect.provide(TestProvider.layer())))

    it.effect(`the key set, already cached, for an unknown kid: ${rule}`, () =>
      Effect.gen(function*() {
        const { outcomeOf, provider, token } = yield* warm
        yield* provider.fault("jwks", fault)
        assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "VerificationUnavailable")
        assert.strictEqual(yield* outcomeOf(token), "accepted")
        assert.strictEqual(yield* provider.inFlight, 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("metadata that is not fetched yet and answers 503", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("metadata that is not fetched yet and is of another issuer", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.wrongIssuer("https://evil.test"))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a token with invalid claims is refused even if its signature cannot be verified", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint({ expiresIn: -60 })), "expired exp")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a failure is remembered: 1,000 tokens do not cause 1,000 requests", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      yield* provider.fault("jwks", Fault.status(404))
      const token = yield* provider.mint()
      for (let index = 0; index < 1000; index++) yield* outcome(verify(token))
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("the end of an outage before the first fetch is noticed", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("jwks", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
      yield* provider.heal()
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("the end of an outage is noticed, also for a kid that was unknown during the outage", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* TestClock.adjust("11 minutes")
      yield* provider.fault("jwks", Fault.status(404))
      assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "VerificationUnavailable")
      yield* provider.heal()
      yield* TestClock.adjust("10 seconds")
      yield* outcomeOf(token)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("known keys verify for 24 hours", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.fault("jwks", Fault.status(503))
      yield* provider.fault("metadata", Fault.status(503))
      for (let hour = 1; hour < 24; hour++) {
        yield* TestClock.setTime((now + hour * 3600) * 1000)
        assert.strictEqual(yield* outcomeOf(token), "accepted")
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("known keys stop verifying after 24 hours", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.fault("jwks", Fault.status(503))
      yield* TestClock.adjust("25 hours")
      assert.strictEqual(yield* outcomeOf(token), "VerificationUnavailable")
      yield* provider.heal()
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a configured staleness limit is enforced", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario({ lifetime: "5 minutes", staleFor: "1 hour" })
      const token = yield* provider.mint({ expiresIn: 7200 })
      yield* outcomeOf(token)
      yield* provider.fault("jwks", Fault.status(503))
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(yield* outcomeOf(token), "accepted")
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* outcomeOf(token), "VerificationUnavailable")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a key set without keys counts as an outage, and valid tokens stay valid", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      yield* keys()
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a key set without a usable key counts as an outage", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      yield* keys({ kty: "oct", k: "AAAA" }, { kty: "quantum" })
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("the URL of a key set", () => {
  it.effect("is not fetched over http for an https issuer", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const token = yield* provider.mint()
      const error = yield* Effect.flip(verify(token))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "http://as.test/jwks")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: "http://as.test/jwks" } }))))

  it.effect("is not fetched over http for an https issuer, not even on loopback", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const error = yield* Effect.flip(verify(yield* provider.mint()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "http://localhost/jwks: the URL is refused")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: "http://localhost/jwks" } }))))

  for (
    const uri of ["file:///etc/passwd", "data:application/json,{\"keys\":[]}", "https://user:pw@as.test/jwks", "jwks"]
  ) {
    it.effect(`is not fetched if it is ${uri}`, () =>
      Effect.gen(function*() {
        const { outcomeOf, provider } = yield* scenario()
        assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
        assert.strictEqual(yield* provider.count("jwks"), 0)
      }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: uri } }))))
  }

  it.effect("is fetched over http for an allowed http issuer on loopback", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(TokenVerifier.jwt(), ["http://localhost:4000"])
      assert.strictEqual(yield* outcome(verify(yield* provider.mint())), "accepted")
    }).pipe(Effect.provide(TestProvider.layer({ issuer: "http://localhost:4000" }))))

  it.effect("is missing in the metadata: that is an outage, and the error names the missing member", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const error = yield* Effect.flip(verify(yield* provider.mint()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "jwks_uri")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: undefined } }))))

  it.effect("may be missing in metadata that was read for another purpose, and the error says so", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.discover(issuer, { purpose: Purpose.any })
      const keys = yield* JwkSet.make(server)
      const error = yield* Effect.flip(keys.find({ kid: undefined, algorithm: "RS256" }))
      assert.strictEqual(error._tag, "IncompleteMetadata")
      assert.include(error.message, "jwks_uri")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: undefined } }))))

  it.effect("gives the reason for a kid whose only key cannot be used, once the keys were fetched", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("jwks", withKeys(good, { ...good, use: "enc" }, { ...other.jwk, kid: "odd", use: "enc" }))
      const keys = yield* JwkSet.make(yield* AuthorizationServer.discover(issuer))
      const { unusableReason } = currentKeysOf(keys)
      assert.isUndefined(unusableReason("odd"))
      yield* keys.find({ kid: "good", algorithm: "RS256" })
      assert.strictEqual(unusableReason("odd"), "has the use \"enc\"")
      assert.isUndefined(unusableReason("good"))
      assert.isUndefined(unusableReason("unknown"))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is fetched for a server that is configured by hand", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.make({
        type: "oauth",
        metadata: { issuer, jwksUri: "https://as.test/jwks" }
      })
      const keys = yield* JwkSet.make(server)
      assert.lengthOf(yield* keys.find({ kid: "rs256-1", algorithm: "RS256" }), 1)
      assert.lengthOf(yield* keys.find({ kid: "rs256-1", algorithm: "ES256" }), 0)
      assert.lengthOf(yield* keys.find({ kid: "rs256-2", algorithm: "RS256" }), 0)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("the first use of a key set", () => {
  it.effect("makes no request before the first token", () =>
    Effect.gen(function*() {
      const { provider } = yield* scenario()
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("makes one request for metadata and one for keys when 1,000 tokens arrive at once", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      yield* provider.fault("metadata", Fault.delay("1 second"))
      yield* provider.fault("jwks", Fault.delay("1 second"))
      const token = yield* provider.mint({ algorithm: "ES256" })
      const outcomes = yield* elapse(
        Effect.all(Array.from({ length: 1000 }, () => outcome(verify(token))), { concurrency: "unbounded" })
      )
      assert.deepStrictEqual([...new Set(outcomes)], ["accepted"])
      assert.strictEqual(yield* provider.count("metadata"), 1)
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is not cancelled for the other callers when one caller is interrupted", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, verify } = yield* scenario()
      yield* provider.fault("jwks", Fault.delay("1 second"))
      const token = yield* provider.mint()
      const first = yield* Effect.forkChild(verify(token))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* outcomeOf(token), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("imports the key even if the caller is interrupted meanwhile", () =>
    Effect.gen(function*() {
      const slow: Jws.Shape = {
        prepare: (key, algorithm) => Effect.delay(Jws.Jws.defaultValue().prepare(key, algorithm), "1 second")
      }
      const { outcomeOf, provider, verify } = yield* Effect.provideService(scenario(), Jws.Jws, slow)
      const token = yield* provider.mint()
      const first = yield* Effect.forkChild(verify(token))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("two servers", () => {
  const others = "https://other.test"
  const pair = Effect.gen(function*() {
    const { client, providers: [ours, theirs] } = yield* TestProvider.makeNetwork({}, { issuer: others })
    if (ours === undefined || theirs === undefined) return assert.fail("two providers were asked for")
    yield* ours.fault("jwks", withKeys({ ...rsa.jwk, kid: "k" }))
    yield* theirs.fault("jwks", withKeys({ ...other.jwk, kid: "k" }))
    const verify = yield* Effect.provideService(
      verifier(TokenVerifier.jwt(), [issuer, others]),
      HttpClient.HttpClient,
      client
    )
    return { ours, theirs, outcomeOf: (token: string) => elapse(outcome(verify(token))) }
  })
  const by = (key: typeof rsa, iss: string): string => tokenOf("k", signer(key, "RS256"), "RS256", { iss })

  it.effect("never mix keys, even with the same kid", () =>
    Effect.gen(function*() {
      const { outcomeOf } = yield* pair
      assert.strictEqual(yield* outcomeOf(by(rsa, issuer)), "accepted")
      assert.strictEqual(yield* outcomeOf(by(other, others)), "accepted")
      assert.strictEqual(yield* outcomeOf(by(rsa, others)), "bad-signature")
      assert.strictEqual(yield* outcomeOf(by(other, issuer)), "bad-signature")
    }).pipe(Effect.scoped))

  it.effect("cause requests only to the server that the token names", () =>
    Effect.gen(function*() {
      const { ours, outcomeOf, theirs } = yield* pair
      yield* outcomeOf(by(rsa, issuer))
      assert.strictEqual(yield* theirs.count(), 0)
      yield* outcomeOf(by(rsa, others))
      assert.strictEqual(yield* ours.count("jwks"), 1)
    }).pipe(Effect.scoped))

  it.effect("are not affected by each other's outages", () =>
    Effect.gen(function*() {
      const { ours, outcomeOf } = yield* pair
      yield* ours.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(by(rsa, issuer)), "VerificationUnavailable")
      assert.strictEqual(yield* outcomeOf(by(other, others)), "accepted")
    }).pipe(Effect.scoped))
})

describe("two verifiers of one server", () => {
  it.effect("refuse tokens for each other's resource", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { outcomeOf } = yield* scenario()
      assert.strictEqual(
        yield* outcomeOf(yield* provider.mint({ claims: { aud: `${resource}/2` } })),
        "wrong-audience aud"
      )
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("the keys of an eager server", () => {
  const eager = Effect.gen(function*() {
    const server = yield* AuthorizationServer.fetch(issuer, { type: "oauth" })
    return yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
  })

  it.effect("are fetched before the first token, so that no request waits for them", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* TestClock.setTime(now * 1000)
      const verify = yield* eager
      assert.deepStrictEqual([yield* provider.count("metadata"), yield* provider.count("jwks")], [1, 1])
      yield* provider.fault("jwks", Fault.connectionError())
      assert.strictEqual(yield* outcome(verify(Redacted.make(yield* provider.mint()))), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("do not prevent the start when they cannot be fetched, and are fetched when a token needs them", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* TestClock.setTime(now * 1000)
      yield* provider.fault("jwks", Fault.status(404))
      const verify = yield* eager
      yield* provider.heal()
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* outcome(verify(Redacted.make(yield* provider.mint()))), "accepted")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are not fetched before the first token if the server is lazy", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* verifier(TokenVerifier.jwt())
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
