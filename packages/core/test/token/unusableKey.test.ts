import { TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { claims, compact, makeEd25519, now, outcome, signer, verifier } from "./harness.ts"

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
  ["a published private half", { ...key.jwk, d: "AQAB" }, "is not a valid public key"]
]

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
          assert.strictEqual(yield* outcome(verify(token)), "unknown-key kid")
          assert.include((yield* Effect.flip(verify(token))).message, why)
        }
        assert.strictEqual(yield* provider.count("jwks"), 1)
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})
