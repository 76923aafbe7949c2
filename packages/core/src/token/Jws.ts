/**
 * Signatures of tokens (RFC 7515, RFC 7518, RFC 8037): which algorithms there are, which key fits which, and the service
 * that verifies.
 *
 * The algorithm of a token is a claim of its sender. It is looked up in a list of asymmetric algorithms, must fit the key
 * that its issuer published, and is never taken from the token alone. There is no way to name `none` or `HS256` here.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Jose from "jose"

/**
 * The signature algorithms that a token may use. `EdDSA` and `Ed25519` (RFC 9864) are two names of one.
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
 * A token in the compact serialization (RFC 7515, section 7.1), taken apart.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signed {
  readonly compact: string
  /** The part that is signed. */
  readonly signingInput: string
  /** In base64url without padding, in its only form. */
  readonly signature: string
}

/**
 * Whether a signature is that of one key, by one algorithm: said at once where the platform can.
 *
 * @category models
 * @since 0.1.0
 */
export type VerifySignature = (signed: Signed) => boolean | Effect.Effect<boolean>

/**
 * The key cannot be used for the algorithm: it is broken, or of a kind that the platform does not know.
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
 * What verifies signatures.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape {
  /** Reads a key once, so that verifying with it is fast. */
  readonly prepare: (key: PublicKey, algorithm: Algorithm) => Effect.Effect<VerifySignature, UnusableKey>
}

/** jose names the algorithm `EdDSA` in tokens, whatever key import calls it. */
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
        Effect.tryPromise(() => Jose.importJWK({ ...key, ext: true }, algorithm)),
        () => new UnusableKey({ algorithm })
      ),
      (imported) => verifyWith(imported, algorithm)
    )
}

/**
 * The service that verifies signatures. Default: that of `layer`.
 *
 * @category references
 * @since 0.1.0
 */
export const Jws: Context.Reference<Shape> = Context.Reference("@effect-mcp-auth/core/token/Jws", {
  defaultValue: () => webCrypto
})

/**
 * Verifies signatures with jose on WebCrypto, on every platform. It is the default, so provide it only to replace another
 * implementation, for example `NodeJws.layer` in a test.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(Jws, webCrypto)
