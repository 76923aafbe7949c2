/**
 * Signature verification and digests with `node:crypto`. A key is imported once, and verification is synchronous.
 * `NodeMcpAuth.layer` includes it.
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

/** The length of an ECDSA signature (RFC 7518, section 3.4): two numbers, each as long as the order of the curve. */
const ecLengths: { readonly [A in Jws.Algorithm]?: number } = { ES256: 64, ES384: 96, ES512: 132 }

/** `EdDSA` has its own hash. */
const hashOf = (algorithm: Jws.Algorithm): string | null =>
  algorithm.startsWith("Ed") ? null : `sha${algorithm.slice(2)}`

/**
 * Verifies with one key. Passing a `KeyObject` directly is much faster than passing it with options. So signatures are
 * converted to DER, which needs no options.
 */
const verifyWith = (key: Crypto.KeyObject, algorithm: Jws.Algorithm): Jws.VerifySignature => {
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
 * Checks that the key type, curve and length fit the algorithm (RFC 7518, section 3.3). `node:crypto` does not check
 * that.
 */
const isFor = ({ asymmetricKeyDetails, asymmetricKeyType }: Crypto.KeyObject, algorithm: Jws.Algorithm): boolean => {
  if (algorithm === "EdDSA" || algorithm === "Ed25519") return asymmetricKeyType === "ed25519"
  if (!algorithm.startsWith("ES")) {
    return asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  }
  return asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === curves[algorithm]
}

/**
 * Signature verification with `node:crypto`, with keys that are imported once.
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
        // Node derives a public key from a private key. A published private key is compromised, so it is rejected.
        isFor(read, algorithm) && key.d === undefined
          ? Effect.succeed(verifyWith(read, algorithm))
          : new Jws.UnusableKey({ algorithm })
    )
}

/**
 * SHA-256 with `node:crypto`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const nodeDigest: TokenDigest.Shape = (token) => Crypto.hash("sha256", token, "base64url")

/**
 * Provides signature verification and digests.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.merge(
  Layer.succeed(Jws.Jws, nodeCrypto),
  Layer.succeed(TokenDigest.TokenDigest, nodeDigest)
)
