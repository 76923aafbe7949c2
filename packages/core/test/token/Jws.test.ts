import { Jws } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { claims, compact, type Key, makeEc, makeEd25519, makeRsa, type Signer, signer } from "./harness.ts"

const rsa = makeRsa()
const keys: { readonly [Algorithm in Jws.Algorithm]: readonly [key: Key, another: Key] } = {
  RS256: [rsa, makeRsa()],
  RS384: [rsa, makeRsa()],
  RS512: [rsa, makeRsa()],
  PS256: [rsa, makeRsa()],
  PS384: [rsa, makeRsa()],
  PS512: [rsa, makeRsa()],
  ES256: [makeEc("P-256"), makeEc("P-256")],
  ES384: [makeEc("P-384"), makeEc("P-384")],
  ES512: [makeEc("P-521"), makeEc("P-521")],
  EdDSA: [makeEd25519(), makeEd25519()],
  Ed25519: [makeEd25519(), makeEd25519()]
}

/** A JWK of these types has a kty; the type of JSON does not say so. */
const publicKey = ({ jwk }: Key): Jws.PublicKey => ({ ...jwk, kty: String(jwk["kty"]) })

const signed = (alg: string, sign: Signer): Jws.Signed => {
  const token = compact({ alg }, claims, sign)
  const [header, payload, signature = ""] = token.split(".")
  return { compact: token, signingInput: `${header}.${payload}`, signature }
}

/** What a key answers about a signature, synchronously or later. */
const said = (verify: Jws.VerifySignature, signed: Jws.Signed): Effect.Effect<boolean> => {
  const answer = verify(signed)
  return typeof answer === "boolean" ? Effect.succeed(answer) : answer
}

describe("webCrypto", () => {
  for (const algorithm of Jws.Algorithm.literals) {
    const [key, another] = keys[algorithm]

    it.effect(`${algorithm}: accepts a signature of the key`, () =>
      Effect.gen(function*() {
        const verify = yield* Jws.Jws.defaultValue().prepare(publicKey(key), algorithm)
        assert.isTrue(yield* said(verify, signed(algorithm, signer(key, algorithm))))
      }))

    it.effect(`${algorithm}: refuses a signature of another key`, () =>
      Effect.gen(function*() {
        const verify = yield* Jws.Jws.defaultValue().prepare(publicKey(another), algorithm)
        assert.isFalse(yield* said(verify, signed(algorithm, signer(key, algorithm))))
      }))

    it.effect(`${algorithm}: ignores another algorithm in the header`, () =>
      Effect.gen(function*() {
        const verify = yield* Jws.Jws.defaultValue().prepare(publicKey(key), algorithm)
        const other = algorithm === "RS256" ? "RS384" : "RS256"
        assert.isFalse(yield* said(verify, signed(other, signer(key, algorithm))))
        assert.isFalse(yield* said(verify, signed("none", signer(key, algorithm))))
      }))

    it.effect(`${algorithm}: refuses an empty signature`, () =>
      Effect.gen(function*() {
        const verify = yield* Jws.Jws.defaultValue().prepare(publicKey(key), algorithm)
        assert.isFalse(yield* said(verify, signed(algorithm, () => new Uint8Array())))
        assert.isFalse(yield* said(verify, signed(algorithm, () => new Uint8Array(64))))
      }))
  }

  const unusable: ReadonlyArray<readonly [rule: string, key: Jws.PublicKey, algorithm: Jws.Algorithm]> = [
    ["a key with another curve", publicKey(makeEc("P-384")), "ES256"],
    ["a key of another type", publicKey(makeEd25519()), "RS256"],
    ["a point that is not on its curve", { kty: "EC", crv: "P-256", x: "AAAA", y: "AAAA" }, "ES256"],
    ["a key without key material", { kty: "RSA" }, "RS256"],
    ["a key of an unknown type", { kty: "AKP" }, "RS256"]
  ]
  for (const [rule, key, algorithm] of unusable) {
    it.effect(`${rule} is reported as unusable, without a throw`, () =>
      Effect.gen(function*() {
        const outcome = yield* Effect.result(Jws.Jws.defaultValue().prepare(key, algorithm))
        const verify: Jws.VerifySignature = outcome._tag === "Success" ? outcome.success : () => false
        assert.isFalse(yield* said(verify, signed(algorithm, signer(rsa, "RS256"))))
        if (outcome._tag === "Failure") {
          assert.strictEqual(outcome.failure._tag, "UnusableKey")
          assert.strictEqual(outcome.failure.message, `The key cannot be used for ${algorithm}`)
        }
      }))
  }
})

describe("Algorithm", () => {
  const isAlgorithm = Schema.is(Jws.Algorithm)
  for (const name of ["none", "HS256", "HS384", "HS512", "RS1", "ES256K", "Ed448", "rs256", "", "toString", "dir"]) {
    it(`${JSON.stringify(name)} is not an algorithm`, () => {
      assert.isFalse(isAlgorithm(name))
    })
  }
})
