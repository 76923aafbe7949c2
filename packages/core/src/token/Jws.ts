/**
 * Signatures of tokens (RFC 7515, RFC 7518, RFC 8037): the accepted algorithms, and the service that verifies.
 *
 * The algorithm in a token is chosen by its sender. So it is looked up in a list of asymmetric algorithms and must match
 * the key that the issuer published. `none` and `HS256` cannot be configured.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Jose from "jose"

/**
 * The signature algorithms that a token may use. `EdDSA` and `Ed25519` (RFC 9864) are two names of one algorithm.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Algorithm = Schema.Literals([
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519"
])

/**
 * A signature algorithm that a token may use.
 *
 * @category models
 * @since 0.1.0
 */
export type Algorithm = typeof Algorithm.Type

/**
 * A public key, as its issuer publishes it (RFC 7517).
 *
 * @category models
 * @since 0.1.0
 */
export type PublicKey = Readonly<Jose.JWK>

/**
 * A token in the compact serialization (RFC 7515, section 7.1), with the parts that are verified.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signed {
  readonly compact: string
  /** The part that is signed: header and payload. */
  readonly signingInput: string
  /** In base64url without padding, in its canonical form. */
  readonly signature: string
}

/**
 * Verifies a signature with one key and one algorithm. The result is a plain boolean if the platform verifies
 * synchronously.
 *
 * @category models
 * @since 0.1.0
 */
export type VerifySignature = (signed: Signed) => boolean | Effect.Effect<boolean>

/**
 * The key cannot be used for the algorithm: it is invalid, or the platform does not support its type.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnusableKey extends Schema.TaggedError<UnusableKey>()("UnusableKey", {
  algorithm: Algorithm
}) {
  override get message(): string {
    return `The key cannot be used for ${this.algorithm}`
  }
}

/**
 * The service that verifies signatures.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape {
  /** Imports a key once, so that each verification with it is fast. */
  readonly prepare: (key: PublicKey, algorithm: Algorithm) => Effect.Effect<VerifySignature, UnusableKey>
}

/** jose accepts the name `EdDSA` in tokens for keys that were imported as `Ed25519`. */
const verifyWith =
  (key: Awaited<ReturnType<typeof Jose.importJWK>>, algorithm: Algorithm): VerifySignature => ({ compact }) =>
    Effect.match(Effect.tryPromise(() => Jose.compactVerify(compact, key, { algorithms: [algorithm] })), {
      onFailure: () => false,
      onSuccess: () => true
    })

const webCrypto: Shape = {
  prepare: (key, algorithm) =>
    Effect.map(
      Effect.mapError(
        Effect.tryPromise(() => Jose.importJWK(key, algorithm)),
        () => new UnusableKey({ algorithm })
      ),
      (imported) => verifyWith(imported, algorithm)
    )
}

/**
 * The service that verifies signatures. Default: the implementation of `layer`.
 *
 * @category references
 * @since 0.1.0
 */
export const Jws: Context.Reference<Shape> = Context.Reference("@effect-mcp-auth/core/token/Jws", {
  defaultValue: () => webCrypto
})

/**
 * Verifies signatures with jose on WebCrypto, on every platform. It is the default, so provide it only to replace another
 * implementation, such as `NodeJws.layer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(Jws, webCrypto)
