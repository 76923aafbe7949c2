import { AuthorizationServer, JwkSet, Jws, Purpose, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, type Schema } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import * as Crypto from "node:crypto"
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
const p256 = makeEc("P-256")
const ed = makeEd25519()

const three = Crypto.generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 })

const jwkOf = (key: Crypto.KeyObject): Schema.JsonObject =>
  // A JWK of these kinds has string members only; the type allows more.
  key.export({ format: "jwk" }) as Schema.JsonObject

const good: Schema.JsonObject = { ...rsa.jwk, kid: "good", alg: "RS256", use: "sig" }

const tokenOf = (kid: string | undefined, sign: Signer = signer(rsa, "RS256"), alg = "RS256", changes = {}): string =>
  compact({ alg, typ: "at+jwt", kid }, { ...claims, ...changes }, sign)

const goodToken = tokenOf("good")

/** The signature that everybody can make for an RSA key with the exponent 1: the padded digest itself. */
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
  "an RSA key with leading zeros is no longer for them": odd(
    { n: Buffer.concat([Buffer.alloc(256), Buffer.from(String(weak.jwk["n"]), "base64url")]).toString("base64url") },
    signer(weak, "RS256")
  ),
  "an RSA key with the exponent 1 lets everybody sign": odd({ e: "AQ" }, withExponentOne),
  "an RSA key with the exponent 0 is none": odd({ e: "AA" }),
  "an RSA key with an even exponent is none": odd({ e: "Ag" }),
  "an RSA key without an exponent is none": odd({ e: undefined }),
  "an RSA key with an empty exponent is none": odd({ e: "" }),
  "an RSA key with a modulus that is a number is none": odd({ n: 1 }),
  "a key for encryption does not sign": odd({ use: "enc" }),
  "a key for a use that nobody knows does not sign": odd({ use: "tls" }),
  "a key whose use is a list does not sign": odd({ use: ["sig"] }),
  "a key for operations without verify does not verify": odd({ key_ops: ["sign", "encrypt"] }),
  "a key for no operation does not verify": odd({ key_ops: [] }),
  "a key whose operations are a text does not verify": odd({ key_ops: "verify" }),
  "a key of a type that nobody knows is passed over": odd({ kty: "AKP" }),
  "a key without a type is passed over": odd({ kty: undefined }),
  "a secret that is published is no key": odd({ kty: "oct", k: "c2VjcmV0" }),
  "a curve that nobody knows is passed over": odd({ ...p256.jwk, crv: "P-257" }, ecdsa, "ES256"),
  "the name of a property of every object is no curve": odd({ ...p256.jwk, crv: "__proto__" }, ecdsa, "ES256"),
  "the curve of Bitcoin is passed over": odd({ ...makeEc("secp256k1").jwk }, ecdsa, "ES256"),
  "a point that is not on its curve is passed over": odd({ ...p256.jwk, y: p256.jwk["x"] }, ecdsa, "ES256"),
  "a point without y is passed over": odd({ ...p256.jwk, y: undefined }, ecdsa, "ES256"),
  "X25519 does not sign": odd({ ...ed.jwk, crv: "X25519" }, eddsa, "EdDSA"),
  "an Ed25519 key that is too short is passed over": odd({ ...ed.jwk, x: "AAAA" }, eddsa, "EdDSA"),
  "a key whose coordinate is no base64url is passed over": odd({ ...ed.jwk, x: "ä" }, eddsa, "EdDSA"),
  "a key for an algorithm that nobody knows is passed over": odd({ alg: "XS256" }),
  "a key for key wrapping does not sign": odd({ alg: "RSA-OAEP" }),
  "a public key that says HS256 is not used": odd({ alg: "HS256" }),
  "a key that says none is not used": odd({ alg: "none" }),
  "a key whose algorithm does not fit its type is not used": odd({ alg: "ES256" }),
  "a key whose algorithm is a list is not used": odd({ alg: ["RS256"] }),
  "a key whose private half is published is nobody's any more": odd(jwkOf(other.privateKey)),
  "an EC key whose private half is published, too": odd(jwkOf(p256.privateKey), ecdsa, "ES256"),
  "an Ed25519 key whose private half is published, too": odd(jwkOf(ed.privateKey), eddsa, "EdDSA"),
  "a private half that is null is no better": odd({ d: null }),
  "a kid that is no string is none": odd({ kid: 1 }),
  "null is no key": { key: null, token: tokenOf("odd") },
  "a text is no key": { key: "key", token: tokenOf("odd") },
  "a list is no key": { key: [good], token: tokenOf("odd") },
  "an empty object is no key": { key: {}, token: tokenOf("odd") }
}

const usable: Readonly<Record<string, Odd>> = {
  "a key without alg and use is used by its type": odd({}),
  "a key that names its algorithm and use": odd({ alg: "RS256", use: "sig" }),
  "a key whose operations include verify": odd({ key_ops: ["verify"] }),
  "an RSA key with the exponent 3": odd(
    jwkOf(three.publicKey),
    (input) => Crypto.sign("sha256", Buffer.from(input), three.privateKey)
  ),
  "an exponent with leading zeros": odd({ e: "AAEAAQ" }),
  "a key with members that nobody knows": odd({ x5t: "x", "https://example.com/x": { a: [1] }, ext: false }),
  "an EC key without alg": odd({ ...p256.jwk }, ecdsa, "ES256"),
  "an Ed25519 key without alg": odd({ ...ed.jwk }, eddsa, "EdDSA")
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

/** A provider whose keys are known, and a token of it that lives for two days. */
const warm = Effect.gen(function*() {
  const known = yield* scenario()
  const token = yield* known.provider.mint({ expiresIn: 48 * 3600 })
  assert.strictEqual(yield* known.outcomeOf(token), "accepted")
  return { ...known, token }
})

describe("keys that are passed over, and spoil nothing", () => {
  for (const [rule, { key, outcome: expected = "unknown-key kid", token }] of Object.entries(unusable)) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { keys, outcomeOf } = yield* scenario()
        yield* keys(key, good)
        assert.strictEqual(yield* outcomeOf(token), expected)
        assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("all of them at once", () =>
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

  it.effect("two keys of one name and algorithm are both tried", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      yield* keys({ ...other.jwk, kid: "good" }, good)
      assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
      assert.strictEqual(yield* outcomeOf(tokenOf("good", signer(other, "RS256"))), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a token that names its key fits a set of nameless ones", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      yield* keys(other.jwk, rsa.jwk)
      assert.strictEqual(yield* outcomeOf(goodToken), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a token that names no key fits one of the named ones", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      yield* keys({ ...other.jwk, kid: "other" }, good)
      assert.strictEqual(yield* outcomeOf(tokenOf(undefined)), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("no token makes the verifier try more than eight keys", () =>
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
  it.effect("1,000 made-up kids one after the other cause three fetches", () =>
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

  it.effect("a flood of made-up kids for an hour causes three fetches and one more each ten seconds", () =>
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

  it.effect("three rotations in a row are seen at once, and a fourth one when a fetch is regained", () =>
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

  it.effect("a rotation is seen at once though two made-up kids have come shortly before", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      yield* outcomeOf(tokenOf("made-up"))
      yield* outcomeOf(tokenOf("made-up"))
      yield* TestClock.adjust("1 second")
      yield* provider.rotate()
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  for (const [rule, kid] of [["that names its key", "successor"], ["without kid", undefined]] as const) {
    it.effect(`made-up kids make no good token bad: one ${rule} that is newer than the keys is retried later`, () =>
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
          assert.strictEqual(error._tag === "VerificationUnavailable" ? error.retryAfter : undefined, 6_000)
        }
        // A kid that was made up long ago is refused, and the other tokens are not held up.
        assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "unknown-key kid")
        assert.strictEqual(yield* outcomeOf(token), "accepted")
        yield* TestClock.adjust("6 seconds")
        for (const one of [fresh, undated]) assert.strictEqual(yield* outcomeOf(one), "accepted")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a key that was published while a fetch was under way is found by the next one", () =>
    Effect.gen(function*() {
      const { keys, provider, verify } = yield* warm
      // An answer that was made before the key was published, and comes after that.
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

  it.effect("a key that was not published when the keys were fetched after the token came does not exist", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      yield* provider.rotate()
      const fresh = yield* provider.mint()
      yield* provider.fault("jwks", withKeys(good))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outcomeOf(fresh), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a made-up kid is a made-up kid, however new its token says that it is", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* warm
      const fresh = compact({ alg: "RS256", kid: "made-up", typ: "at+jwt" }, { ...claims, iat: now + 25 }, hmac("x"))
      assert.strictEqual(yield* outcomeOf(fresh), "unknown-key kid")
      assert.strictEqual(yield* provider.count("jwks"), 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a rotation of keys without names is seen, also by tokens that name theirs", () =>
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

  it.effect("one key that is listed many times hides no other", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf } = yield* scenario()
      const [first, second] = [makeRsa(), makeRsa()]
      yield* keys(...Array.from({ length: 20 }, () => first.jwk), second.jwk)
      const token = compact({ alg: "RS256", typ: "at+jwt" }, claims, signer(second, "RS256"))
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an allowance that is asked for is kept", () =>
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
        "a window without end": { limit: 3, window: "Infinity" }
      } satisfies Record<string, JwkSet.Refetches>
    )
  ) {
    it.effect(`an allowance of ${rule} is refused when the verifier is built`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(scenario({ refetches }))
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.include(error.message, "`refetches`")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const unfitting: Readonly<Record<string, readonly [key: Schema.JsonObject, alg: string]>> = {
    "RS384, where the key is for RS256": [good, "RS384"],
    "PS256, where the key is for RS256": [good, "PS256"],
    "ES256, where the key is an RSA key": [good, "ES256"],
    "RS256, where the key is an EC key": [{ ...p256.jwk, kid: "good" }, "RS256"]
  }
  for (const [rule, [key, alg]] of Object.entries(unfitting)) {
    it.effect(`a known kid with an unfitting algorithm is refused without a fetch, also when none is left: ${rule}`, () =>
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
        assert.include(error.message, `a key for ${alg}; that key is for `)
        assert.strictEqual(yield* provider.count("jwks"), 1 + 3)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a provider that failed is left alone, whatever made-up kids are left to fetch for", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.fault("jwks", Fault.status(404))
      for (let index = 0; index < 100; index++) {
        assert.strictEqual(yield* outcomeOf(tokenOf(`made-up-${index}`)), "VerificationUnavailable")
      }
      assert.strictEqual(yield* provider.count("jwks"), 2)
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a key that was published in a long outage is found within ten seconds after its end", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* warm
      yield* provider.fault("jwks", Fault.status(404))
      for (let second = 0; second < 300; second++) {
        yield* outcome(verify(tokenOf(`made-up-${second}`)))
        yield* TestClock.adjust("1 second")
      }
      // Three at once, and one each ten seconds.
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

describe("rotation", () => {
  it.effect("is seen at once, by one fetch, while old tokens keep working", () =>
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

  it.effect("by 1,000 new tokens at once costs one fetch", () =>
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

  it.effect("a key that leaves the set takes its tokens with it", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.rotate({ dropOld: true })
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
      assert.strictEqual(yield* outcomeOf(token), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a key that has left the set does not come back while no fetch is left for unknown keys", () =>
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

  it.effect("a key that leaves the set without a successor is gone after ten minutes", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.removeKey("rs256-1")
      yield* TestClock.adjust("13 minutes")
      assert.strictEqual(yield* outcomeOf(token), "unknown-key kid")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("keys are refreshed in the background, and nobody waits", () =>
    Effect.gen(function*() {
      const { provider, token, verify } = yield* warm
      yield* provider.fault("jwks", Fault.delay("4 seconds"))
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.inFlight, 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("Cache-Control says how long keys are fresh", () =>
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
  "no answer in time": Fault.delay("1 hour"),
  "a byte a second": Fault.slowBody(),
  "a refused connection": Fault.connectionError("ECONNREFUSED"),
  "an HTML page": Fault.html,
  "half a set": Fault.truncatedBody(),
  "a body that breaks off": Fault.truncatedBody({ broken: true }),
  "an empty body": Fault.body(""),
  "a list": Fault.body("[]"),
  "an object without keys": Fault.body("{}"),
  "keys that are an object": Fault.body("{\"keys\":{}}"),
  "an endless body": Fault.hugeBody(Infinity),
  "a redirect to another host": Fault.redirect("https://evil.test/jwks"),
  "a redirect loop": Fault.redirectLoop
}

describe("outages are no word about a token", () => {
  for (const [rule, fault] of Object.entries(outages)) {
    it.effect(`cold, the key set: ${rule}`, () =>
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

    it.effect(`warm, the key set, and a kid that is unknown: ${rule}`, () =>
      Effect.gen(function*() {
        const { outcomeOf, provider, token } = yield* warm
        yield* provider.fault("jwks", fault)
        assert.strictEqual(yield* outcomeOf(tokenOf("made-up")), "VerificationUnavailable")
        assert.strictEqual(yield* outcomeOf(token), "accepted")
        assert.strictEqual(yield* provider.inFlight, 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("cold, the metadata: 503", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("cold, metadata of another issuer", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.wrongIssuer("https://evil.test"))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("what cannot be verified is refused all the same when its claims are wrong", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint({ expiresIn: -60 })), "expired exp")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a failure is remembered: a thousand tokens do not ask a thousand times", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      yield* provider.fault("jwks", Fault.status(404))
      const token = yield* provider.mint()
      for (let index = 0; index < 1000; index++) yield* outcome(verify(token))
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("the end of a cold outage is noticed", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("jwks", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
      yield* provider.heal()
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("the end of an outage is noticed, also by who asked for an unknown key in it", () =>
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

  it.effect("keys that are known verify for 24 hours", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.fault("jwks", Fault.status(503))
      yield* provider.fault("metadata", Fault.status(503))
      for (let hour = 1; hour < 24; hour++) {
        yield* TestClock.setTime((now + hour * 3600) * 1000)
        assert.strictEqual(yield* outcomeOf(token), "accepted")
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("keys that are known verify no longer", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, token } = yield* warm
      yield* provider.fault("jwks", Fault.status(503))
      yield* TestClock.adjust("25 hours")
      assert.strictEqual(yield* outcomeOf(token), "VerificationUnavailable")
      yield* provider.heal()
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a limit that is asked for is kept", () =>
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

  it.effect("a set without keys is no answer: good tokens are not thrown away for it", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      yield* keys()
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("nor is a set in which no key can be used", () =>
    Effect.gen(function*() {
      const { keys, outcomeOf, provider } = yield* scenario()
      yield* keys({ kty: "oct", k: "AAAA" }, { kty: "quantum" })
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("where keys come from", () => {
  it.effect("an http key set of an https issuer is not asked for", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const token = yield* provider.mint()
      const error = yield* Effect.flip(verify(token))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "http://as.test/jwks")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: "http://as.test/jwks" } }))))

  it.effect("not even on loopback", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const error = yield* Effect.flip(verify(yield* provider.mint()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "http://localhost/jwks: the URL is refused")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: "http://localhost/jwks" } }))))

  for (
    const uri of ["file:///etc/passwd", "data:application/json,{\"keys\":[]}", "https://user:pw@as.test/jwks", "jwks"]
  ) {
    it.effect(`${uri} is not asked for`, () =>
      Effect.gen(function*() {
        const { outcomeOf, provider } = yield* scenario()
        assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "VerificationUnavailable")
        assert.strictEqual(yield* provider.count("jwks"), 0)
      }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: uri } }))))
  }

  it.effect("an http key set of an http issuer on loopback that was allowed is read", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(TokenVerifier.jwt(), ["http://localhost:4000"])
      assert.strictEqual(yield* outcome(verify(yield* provider.mint())), "accepted")
    }).pipe(Effect.provide(TestProvider.layer({ issuer: "http://localhost:4000" }))))

  it.effect("metadata without a key set is an outage, and says what is missing", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const error = yield* Effect.flip(verify(yield* provider.mint()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "jwks_uri")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: undefined } }))))

  it.effect("metadata that was read for another purpose may lack one, and the error says so", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.discover(issuer, { purpose: Purpose.any })
      const keys = yield* JwkSet.make(server)
      const error = yield* Effect.flip(keys.find({ kid: undefined, algorithm: "RS256" }))
      assert.strictEqual(error._tag, "IncompleteMetadata")
      assert.include(error.message, "jwks_uri")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { jwks_uri: undefined } }))))

  it.effect("a server that is known by hand has its keys fetched", () =>
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

describe("first uses", () => {
  it.effect("nobody is asked before there is a token", () =>
    Effect.gen(function*() {
      const { provider } = yield* scenario()
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("1,000 at once cause one request for metadata and one for keys", () =>
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

  it.effect("a caller that goes away takes nothing from the others", () =>
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

  it.effect("a caller that goes away while its key is read does not spoil the key", () =>
    Effect.gen(function*() {
      const slow: Jws.Shape = {
        prepare: (key, algorithm) => Effect.delay(Jws.webCrypto.prepare(key, algorithm), "1 second")
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

  it.effect("never mix keys, also under the same kid", () =>
    Effect.gen(function*() {
      const { outcomeOf } = yield* pair
      assert.strictEqual(yield* outcomeOf(by(rsa, issuer)), "accepted")
      assert.strictEqual(yield* outcomeOf(by(other, others)), "accepted")
      assert.strictEqual(yield* outcomeOf(by(rsa, others)), "bad-signature")
      assert.strictEqual(yield* outcomeOf(by(other, issuer)), "bad-signature")
    }).pipe(Effect.scoped))

  it.effect("only the one that is named is asked", () =>
    Effect.gen(function*() {
      const { ours, outcomeOf, theirs } = yield* pair
      yield* outcomeOf(by(rsa, issuer))
      assert.strictEqual(yield* theirs.count(), 0)
      yield* outcomeOf(by(rsa, others))
      assert.strictEqual(yield* ours.count("jwks"), 1)
    }).pipe(Effect.scoped))

  it.effect("do not suffer from each other's outages", () =>
    Effect.gen(function*() {
      const { ours, outcomeOf } = yield* pair
      yield* ours.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(by(rsa, issuer)), "VerificationUnavailable")
      assert.strictEqual(yield* outcomeOf(by(other, others)), "accepted")
    }).pipe(Effect.scoped))
})

describe("two verifiers of one server", () => {
  it.effect("two resources refuse each other's tokens", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { outcomeOf } = yield* scenario()
      assert.strictEqual(
        yield* outcomeOf(yield* provider.mint({ claims: { aud: `${resource}/2` } })),
        "wrong-audience aud"
      )
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("keys of an eager server", () => {
  const eager = Effect.gen(function*() {
    const server = yield* AuthorizationServer.fetch(issuer, { type: "oauth" })
    return yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
  })

  it.effect("are there before the first token: no request waits for them, and none is made", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* TestClock.setTime(now * 1000)
      const verify = yield* eager
      assert.deepStrictEqual([yield* provider.count("metadata"), yield* provider.count("jwks")], [1, 1])
      yield* provider.fault("jwks", Fault.connectionError())
      assert.strictEqual(yield* outcome(verify(Redacted.make(yield* provider.mint()))), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("that cannot be had do not keep the program from starting, and are asked for when they are needed", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* TestClock.setTime(now * 1000)
      yield* provider.fault("jwks", Fault.status(404))
      const verify = yield* eager
      yield* provider.heal()
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* outcome(verify(Redacted.make(yield* provider.mint()))), "accepted")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of a lazy one are not asked for before the first token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* verifier(TokenVerifier.jwt())
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
