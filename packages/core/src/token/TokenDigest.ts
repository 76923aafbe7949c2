/**
 * Digests of tokens, which serve as cache keys.
 *
 * Caches store data about a token under its digest. So no cache contains a token, and neither does a store that several
 * processes share.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as WebCrypto from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"

/**
 * Computes the digest of a token. It must be collision-resistant and irreversible. The result is a plain string if the
 * platform computes it synchronously.
 *
 * @category models
 * @since 0.1.0
 */
export type Shape = (token: string) => string | Effect.Effect<string>

const encoder = new TextEncoder()

const webCrypto: Shape = (token) =>
  Effect.flatMap(WebCrypto.WebCrypto, ({ subtle }) =>
    Effect.map(
      Effect.promise(() => subtle.digest("SHA-256", encoder.encode(token))),
      (digest) => Base64Url.encode(new Uint8Array(digest))
    ))

/**
 * The service that computes the digest of a token. Default: the implementation of `layer`.
 *
 * @category references
 * @since 0.1.0
 */
export const TokenDigest: Context.Reference<Shape> = Context.Reference("@effect-mcp-auth/core/token/TokenDigest", {
  defaultValue: () => webCrypto
})

/**
 * Computes SHA-256 with WebCrypto, on every platform. It is the default, so provide it only to replace another
 * implementation.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(TokenDigest, webCrypto)
