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

/**
 * The digest of a token: no two tokens have the same, and nobody finds the token from it. Said at once where the platform
 * can.
 *
 * @category models
 * @since 0.1.0
 */
export type Shape = (token: string) => string | Effect.Effect<string>

const encoder = new TextEncoder()

/**
 * SHA-256, on WebCrypto. Runs everywhere.
 *
 * @category constructors
 * @since 0.1.0
 */
export const webCrypto: Shape = (token) =>
  Effect.flatMap(WebCrypto.WebCrypto, ({ subtle }) =>
    Effect.map(
      Effect.promise(() => subtle.digest("SHA-256", encoder.encode(token))),
      (digest) => Base64Url.encode(new Uint8Array(digest))
    ))

/**
 * How tokens are named. Default: `webCrypto`.
 *
 * @category references
 * @since 0.1.0
 */
export const TokenDigest: Context.Reference<Shape> = Context.Reference("@effect-mcp-auth/core/token/TokenDigest", {
  defaultValue: () => webCrypto
})
