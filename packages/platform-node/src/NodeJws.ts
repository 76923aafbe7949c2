/**
 * Signatures and digests by `node:crypto`, which answers at once: a key is read once, and a token that is verified by it
 * waits for nobody. `NodeMcpAuth.layer` has this in it.
 *
 * **Example** (Verifying with a prepared key)
 *
 * ```ts import.meta.vitest
 * import * as NodeJws from "@effect-mcp-auth/platform-node/NodeJws"
 * import * as Effect from "effect/Effect"
 * import { generateKeyPairSync, sign } from "node:crypto"
 *
 * const { privateKey, publicKey } = generateKeyPairSync("ed25519")
 * const signingInput = "eyJhbGciOiJFZERTQSJ9.e30"
 * const signature = sign(null, Buffer.from(signingInput), privateKey).toString("base64url")
 *
 * const verify = Effect.runSync(NodeJws.nodeCrypto.prepare(publicKey.export({ format: "jwk" }), "EdDSA"))
 *
 * verify({ compact: "", signingInput, signature }) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as Jws from "@effect-mcp-auth/core/Jws"
import * as TokenDigest from "@effect-mcp-auth/core/TokenDigest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Crypto from "node:crypto"
import { derOf } from "./internal/der.ts"

const pss = {
  padding: Crypto.constants.RSA_PKCS1_PSS_PADDING,
  // RFC 7518, section 3.5: the salt is as long as the hash.
  saltLength: Crypto.constants.RSA_PSS_SALTLEN_DIGEST
}

/** How long a signature is (RFC 7518, section 3.4): two numbers, each as long as the order of its curve. */
const ecLengths: { readonly [A in Jws.Algorithm]?: number } = { ES256: 64, ES384: 96, ES512: 132 }

/** `EdDSA` has its own hash. */
const hashOf = (algorithm: Jws.Algorithm): string | null =>
  algorithm.startsWith("Ed") ? null : `sha${algorithm.slice(2)}`

/**
 * Verifies with one key. A key that is handed over as it is costs a good deal less than one among options, so signatures are
 * brought into the form that needs none.
 */
const verifyWith = (key: Crypto.KeyObject, algorithm: Jws.Algorithm): Jws.Verify => {
  const hash = hashOf(algorithm)
  const length = ecLengths[algorithm]
  const input = algorithm.startsWith("PS") ? { key, ...pss } : key
  return ({ signature, signingInput }) => {
    const bytes = Buffer.from(signature, "base64url")
    if (length !== undefined && bytes.length !== length) return false
    return Crypto.verify(hash, Buffer.from(signingInput, "latin1"), input, length === undefined ? bytes : derOf(bytes))
  }
}

const curves: { readonly [A in Jws.Algorithm]?: string } = {
  ES256: "prime256v1",
  ES384: "secp384r1",
  ES512: "secp521r1"
}

/**
 * The curve or kind that each algorithm is for, and the length (RFC 7518, section 3.3): `node:crypto` would otherwise verify
 * with whatever key it is given.
 */
const isFor = ({ asymmetricKeyDetails, asymmetricKeyType }: Crypto.KeyObject, algorithm: Jws.Algorithm): boolean => {
  if (algorithm === "EdDSA" || algorithm === "Ed25519") return asymmetricKeyType === "ed25519"
  if (!algorithm.startsWith("ES")) {
    return asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  }
  return asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === curves[algorithm]
}

/**
 * Signatures by `node:crypto`, on keys that were read once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const nodeCrypto: Jws.Shape = {
  prepare: (key, algorithm) =>
    Effect.flatMap(
      Effect.try({
        try: () => Crypto.createPublicKey({ key: { ...key }, format: "jwk" }),
        catch: () => new Jws.UnusableKey({ algorithm })
      }),
      (read) =>
        // Node makes a public key of a private one, which nobody should have published.
        isFor(read, algorithm) && key.d === undefined
          ? Effect.succeed(verifyWith(read, algorithm))
          : new Jws.UnusableKey({ algorithm })
    )
}

/**
 * SHA-256 by `node:crypto`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const nodeDigest: TokenDigest.Shape = (token) => Crypto.hash("sha256", token, "base64url")

/**
 * Both, for everything that is built with them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.merge(
  Layer.succeed(Jws.Jws, nodeCrypto),
  Layer.succeed(TokenDigest.TokenDigest, nodeDigest)
)
