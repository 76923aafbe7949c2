import { Jws, TokenDigest } from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { usableKey } from "../../core/src/token/internal/parsedKeySet.ts"
import {
  ecdsa,
  eddsa,
  everyAlgorithm,
  exponentOneKey,
  jwks,
  keys,
  type Question,
  rsaSignatures,
  sign,
  signedOf,
  smallOrderKeys,
  specifications,
  spelledKeys,
  type Vector
} from "./jwsVectors.ts"

const implementations = { webCrypto: Jws.Jws.defaultValue(), nodeCrypto: NodeJws.nodeCrypto }

/** The result of an implementation: a key that cannot be used verifies nothing. */
const said = ({ prepare }: Jws.Shape, { algorithm, key, signed }: Question): Effect.Effect<"good" | "bad"> =>
  prepare(key, algorithm).pipe(
    Effect.flatMap((verify) => {
      const answer = verify(signed)
      return typeof answer === "boolean" ? Effect.succeed(answer) : answer
    }),
    Effect.catchTag("UnusableKey", () => Effect.succeed(false)),
    Effect.map((isGood) => isGood ? "good" : "bad")
  )

const bothSay = (question: Question) =>
  Effect.all({ webCrypto: said(Jws.Jws.defaultValue(), question), nodeCrypto: said(NodeJws.nodeCrypto, question) })

const tables: Readonly<Record<string, ReadonlyArray<Vector>>> = {
  "the examples of the specifications": specifications,
  "every algorithm": everyAlgorithm,
  "signatures of RSA, and of one algorithm with the name of another": rsaSignatures,
  "signatures of ECDSA": ecdsa,
  "signatures of EdDSA": eddsa,
  "keys": jwks
}

for (const [table, vectors] of Object.entries(tables)) {
  describe(`${table}, in both implementations`, () => {
    for (const vector of vectors) {
      it.effect(`${vector.rule}: ${vector.verdict}`, () =>
        Effect.gen(function*() {
          const { verdict } = vector
          assert.deepStrictEqual(yield* bothSay(vector), { webCrypto: verdict, nodeCrypto: verdict })
        }))
    }
  })
}

describe("keys that implementations may treat differently: both treat alike", () => {
  it.effect("points of small order, with each guessable signature", () =>
    Effect.gen(function*() {
      for (const question of smallOrderKeys) {
        const { nodeCrypto, webCrypto } = yield* bothSay(question)
        assert.strictEqual(nodeCrypto, webCrypto, question.rule)
      }
    }))

  for (const question of spelledKeys) {
    it.effect(question.rule, () =>
      Effect.gen(function*() {
        // As they come from a key set.
        const { algorithm, signed } = question
        const key = usableKey(question.key, new Set([algorithm]))?.key
        const { nodeCrypto, webCrypto } = yield* bothSay({ key: key ?? { kty: "none" }, algorithm, signed })
        assert.strictEqual(nodeCrypto, webCrypto)
      }))
  }

  it.effect("a key with e = 1, which no key set may contain", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* bothSay(exponentOneKey), { webCrypto: "good", nodeCrypto: "good" })
      assert.isUndefined(usableKey(exponentOneKey.key, new Set(["RS256"])))
    }))
})

describe("properties of both implementations", () => {
  const algorithm = Arbitrary.schema(Jws.Algorithm)
  const position = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4096 })))
  const byte = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))
  const text = Arbitrary.schema(Schema.String)

  /** Mutations of a signature. */
  const changes = {
    replaced: (bytes: Uint8Array, at: number, to: number) => bytes.with(at % bytes.length, to),
    inserted: (bytes: Uint8Array, at: number, to: number) =>
      Buffer.concat([bytes.slice(0, at % bytes.length), new Uint8Array([to]), bytes.slice(at % bytes.length)]),
    removed: (bytes: Uint8Array, at: number) =>
      Buffer.concat([bytes.slice(0, at % bytes.length), bytes.slice((at % bytes.length) + 1)]),
    "cut off": (bytes: Uint8Array, at: number) => bytes.slice(0, at % bytes.length),
    rotated: (bytes: Uint8Array, at: number) =>
      Buffer.concat([bytes.slice(at % bytes.length), bytes.slice(0, at % bytes.length)]),
    "zero from here on": (bytes: Uint8Array, at: number) =>
      Buffer.concat([bytes.slice(0, at % bytes.length), new Uint8Array(bytes.length - (at % bytes.length))])
  }
  const change = Arbitrary.schema(
    Schema.Literals(["replaced", "inserted", "removed", "cut off", "rotated", "zero from here on"])
  )

  const inputOf = (alg: string, payload: string) =>
    [JSON.stringify({ alg }), payload].map((part) => Buffer.from(part).toString("base64url")).join(".")

  it.effect.prop("both accept every signature, and give the same result for every mutation of one", [
    algorithm,
    text,
    change,
    position,
    byte
  ], ([algorithm, payload, change, at, to]) =>
    Effect.gen(function*() {
      const { privateKey, publicKey } = keys[algorithm]
      const jwk = publicKey.export({ format: "jwk" })
      const key: Jws.PublicKey = { ...jwk, kty: String(jwk.kty) } as Jws.PublicKey
      const input = inputOf(algorithm, payload)
      const bytes = sign(input, { privateKey, publicKey }, algorithm)
      const good = yield* bothSay({ key, algorithm, signed: signedOf(input, bytes) })
      assert.deepStrictEqual(good, { webCrypto: "good", nodeCrypto: "good" })
      const changed = changes[change](bytes, at, to)
      const verdict = Buffer.from(bytes).equals(changed) ? "good" : "bad"
      const bad = yield* bothSay({ key, algorithm, signed: signedOf(input, changed) })
      assert.deepStrictEqual(bad, { webCrypto: verdict, nodeCrypto: verdict })
    }), { arbitrary: { runs: 300 } })

  it.effect.prop("both give the same result for a key that is changed in one place", [
    algorithm,
    Arbitrary.schema(Schema.Literals([
      "kty",
      "crv",
      "n",
      "e",
      "x",
      "y",
      "d",
      "p",
      "q",
      "oth",
      "alg",
      "use",
      "key_ops",
      "ext",
      "kid",
      "__proto__"
    ])),
    Arbitrary.schema(Schema.Union([
      Schema.Json,
      Schema.Literals(["RSA", "EC", "OKP", "sig", "enc", "RS256", "PS256", "P-256", "Ed25519", "AQAB", "Aw"]),
      Schema.Array(Schema.Literals(["verify", "sign", "encrypt"]))
    ]))
  ], ([algorithm, member, value]) =>
    Effect.gen(function*() {
      const pair = keys[algorithm]
      const input = inputOf(algorithm, "{}")
      const jwk = Object.fromEntries([...Object.entries(pair.publicKey.export({ format: "jwk" })), [member, value]])
      const found = usableKey(jwk, new Set([algorithm]))
      if (found === undefined) return
      const { nodeCrypto, webCrypto } = yield* bothSay({
        key: found.key,
        algorithm,
        signed: signedOf(input, sign(input, pair, algorithm))
      })
      assert.strictEqual(nodeCrypto, webCrypto, JSON.stringify(jwk))
    }), { arbitrary: { runs: 500 } })

  it.effect.prop("both compute the same digest", [text], ([text]) =>
    Effect.gen(function*() {
      const web = TokenDigest.TokenDigest.defaultValue()(text)
      const node = NodeJws.nodeDigest(text)
      assert.strictEqual(node, typeof web === "string" ? web : yield* web)
    }), { arbitrary: { runs: 300 } })
})

describe("the layer of node:crypto", () => {
  it.effect("provides signatures and digests to a layer", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Jws.Jws, NodeJws.nodeCrypto)
      assert.strictEqual(yield* TokenDigest.TokenDigest, NodeJws.nodeDigest)
    }).pipe(Effect.provide(NodeJws.layer)))

  for (const [name, { prepare }] of Object.entries(implementations)) {
    it.effect(`${name}: a key that cannot be used is a separate error, which names the algorithm and not the key`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(prepare({ kty: "RSA", n: "secret-modulus", d: "secret" }, "RS256"))
        assert.strictEqual(error._tag, "UnusableKey")
        assert.strictEqual(error.message, "The key cannot be used for RS256")
        assert.notInclude(JSON.stringify(error), "secret")
      }))
  }
})
