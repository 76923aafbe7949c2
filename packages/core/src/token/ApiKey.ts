/**
 * API keys of this server, for scripts and services that do not log in with OAuth. `TokenVerifier.apiKeys` verifies them.
 *
 * The server stores the SHA-256 digest of each key, and never the key. So a leaked configuration or table contains no keys.
 * A plain digest is enough for random keys only: passwords and other short secrets can be guessed from it.
 *
 * **Example** (Generating a key)
 *
 * ```ts import.meta.vitest
 * import * as ApiKey from "@effect-mcp-auth/core/ApiKey"
 * import { SecureRandom } from "effect/crypto"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const generated = await Effect.runPromise(ApiKey.generate().pipe(Effect.provide(SecureRandom.layerWebCrypto)))
 *
 * // Give the key to its owner once. Store the hash.
 * Redacted.value(generated.key).length // => 47
 * generated.hash === await Effect.runPromise(ApiKey.hash(generated.key)) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as WebCrypto from "effect/crypto/WebCrypto"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * An API key as the server stores it: the digest of the key, its owner and its grants.
 *
 * **Details**
 *
 * To rotate a key, add a second one with the same subject, and remove the first when no client uses it. Both are the same
 * principal, so sessions go on.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApiKey {
  /** The name of the key in logs and in the claim `api_key_id`. It is not secret. Each key has its own. */
  readonly id: string
  /** The SHA-256 digest of the key, in hexadecimal (`ApiKey.hash`). */
  readonly hash: string
  /** The user or service that owns the key: `AuthInfo.subject`. */
  readonly subject: string
  /** The scopes that the key grants. */
  readonly scopes: ReadonlyArray<string>
  /** The time from which the key is valid. Default: it already is. */
  readonly enabledFrom?: DateTime.DateTime | Date | undefined
  /** The time at which the key becomes invalid. Default: never. */
  readonly expiresAt?: DateTime.DateTime | Date | undefined
  /** More claims for policies and handlers, such as roles. */
  readonly claims?: Schema.JsonObject | undefined
}

/**
 * The prefix of keys: `mcp_`. Secret scanners find generated keys by `mcp_[0-9A-Za-z]{43}`.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultPrefix = "mcp_"

/**
 * The issuer of API keys in `AuthInfo`. Issuer identifiers of authorization servers are URLs with the scheme `https`
 * (RFC 8414, section 2), so none has this name.
 *
 * @category constants
 * @since 0.1.0
 */
export const issuer = "urn:effect-mcp-auth:api-keys"

const validPrefix = /^(?!ey)[\w-]{3,32}$/

/**
 * Whether a prefix distinguishes API keys from access tokens: 3 to 32 letters, digits, underscores and hyphens. JWTs begin
 * with `ey`, so a prefix must not.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPrefix = (prefix: string): boolean => validPrefix.test(prefix)

const encoder = new TextEncoder()

/**
 * The SHA-256 digest of a key, in lower-case hexadecimal: the same as `printf %s "$KEY" | sha256sum`.
 *
 * @category hashing
 * @since 0.1.0
 */
export const hash = (key: Redacted.Redacted): Effect.Effect<string> =>
  Effect.flatMap(WebCrypto.WebCrypto, ({ subtle }) =>
    Effect.map(
      Effect.promise(() => subtle.digest("SHA-256", encoder.encode(Redacted.value(key)))),
      (digest) => Hex.encode(new Uint8Array(digest))
    ))

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/** The number of characters for 256 bits of entropy. */
const length = 43

/**
 * Generates a key with 256 bits of entropy, and its hash. Show the key to its owner once, and store the hash alone. The
 * verifier accepts only prefixes that `isPrefix` accepts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate = Effect.fnUntraced(function*(prefix: string = defaultPrefix): Effect.fn.Return<
  { readonly key: Redacted.Redacted; readonly hash: string },
  never,
  SecureRandom.SecureRandom
> {
  const { intBetween } = yield* SecureRandom.SecureRandom
  const indexes = yield* Effect.replicateEffect(intBetween(0, alphabet.length, { halfOpen: true }), length)
  const key = Redacted.make(prefix + indexes.map((index) => alphabet[index]).join(""), { label: "API key" })
  return { key, hash: yield* hash(key) }
})

/**
 * Codec of a stored key, from and to JSON. Times are in ISO 8601. Decode it with `onExcessProperty: "error"`, so that a
 * misspelt `expiresAt` does not give a key that never expires.
 *
 * @category schemas
 * @since 0.1.0
 */
export const FromJson = Schema.Struct({
  id: Schema.String,
  hash: Schema.String,
  subject: Schema.String,
  scopes: Schema.Array(Schema.String),
  enabledFrom: Schema.optionalKey(Schema.DateTimeUtcFromString),
  expiresAt: Schema.optionalKey(Schema.DateTimeUtcFromString),
  claims: Schema.optionalKey(Schema.JsonObject)
})
