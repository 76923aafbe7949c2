/**
 * Names for tokens that say nothing about them.
 *
 * What is remembered about a token is kept under its digest, so that no memory, and nothing that is shared with other
 * processes, holds a token.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as WebCrypto from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"

/**
 * The digest of a token: no two tokens have the same, and nobody finds the token from it. Said at once where the platform
 * can.
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
 * The service that computes the digest of a token. Default: that of `layer`.
 *
 * @category references
 * @since 0.1.0
 */
export const TokenDigest: Context.Reference<Shape> = Context.Reference("@effect-mcp-auth/core/token/TokenDigest", {
  defaultValue: () => webCrypto
})

/**
 * SHA-256 on WebCrypto, on every platform. It is the default, so provide it only to replace another implementation.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(TokenDigest, webCrypto)
