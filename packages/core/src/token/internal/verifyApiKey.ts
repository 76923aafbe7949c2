import * as Clock from "effect/Clock"
import * as Mac from "effect/crypto/Mac"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { type ApiKey, hash } from "../ApiKey.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import { InvalidToken, type TokenError, VerificationUnavailable } from "../TokenError.ts"
import { scopeToken } from "./claims.ts"
import { toTokenError } from "./verifyCustom.ts"

/** Finds a key by its hash. */
export type Lookup<R> = (hash: string) => Effect.Effect<ApiKey | undefined, unknown, R>

/** The names that the keys of a method have in `AuthInfo`. */
interface Naming {
  readonly issuer: string
  readonly resource: string
}

const validHash = /^[0-9a-f]{64}$/i

const ownClaims: ReadonlyArray<string> = ["iss", "sub", "aud", "exp", "scope", "api_key_id"]

type Time = DateTime.DateTime | Date

/** Milliseconds since 1970. */
const millisOf = (time: Time): number => DateTime.isDateTime(time) ? DateTime.toEpochMillis(time) : time.getTime()

const isTime = (time: Time | undefined): boolean => time === undefined || !Number.isNaN(millisOf(time))

/** What is wrong with a stored key. The text has no value, because an operator may have stored the key as its hash. */
export const problemOf = ({ claims = {}, enabledFrom, expiresAt, hash, id, scopes, subject }: ApiKey) => {
  if (id === "") return "`id` is empty"
  if (!validHash.test(hash)) return "`hash` must have 64 hexadecimal digits; run `mcp-auth api-key`"
  if (subject === "") return "`subject` is empty"
  if (!scopes.every((scope) => scopeToken.test(scope))) return "`scopes` must have one scope in each string"
  if (!isTime(enabledFrom) || !isTime(expiresAt)) return "`enabledFrom` or `expiresAt` is not a time"
  const own = ownClaims.find((claim) => claim in claims)
  return own === undefined ? undefined : `\`claims\` must not have \`${own}\``
}

const encoder = new TextEncoder()

const bytesOf = (hash: string): Uint8Array => encoder.encode(hash.toLowerCase())

/** Compares all keys, in constant time each, so that the time does not depend on which of them matches. */
export const findIn = (keys: ReadonlyArray<ApiKey>): Lookup<never> => {
  const stored = keys.map((key) => ({ key, bytes: bytesOf(key.hash) }))
  return (presented) =>
    Effect.sync(() => {
      const asked = bytesOf(presented)
      // No early exit: `find` would stop at the match.
      return stored.reduce<ApiKey | undefined>(
        (found, { bytes, key }) => Mac.timingSafeEqual(bytes, asked) ? key : found,
        undefined
      )
    })
}

const callerOf = (key: ApiKey, { issuer, resource }: Naming): Omit<AuthInfo["Service"], "token"> => {
  const { expiresAt, id, scopes, subject } = key
  const exp = expiresAt === undefined ? undefined : Math.floor(millisOf(expiresAt) / 1000)
  const claims: Schema.JsonObject = {
    ...key.claims,
    iss: issuer,
    sub: subject,
    aud: resource,
    scope: scopes.join(" "),
    api_key_id: id,
    ...(exp === undefined ? {} : { exp })
  }
  // No client ID: keys of one subject are one principal, so that a rotation keeps sessions.
  return { issuer, subject, clientId: undefined, scopes: new Set(scopes), audience: [resource], expiresAt: exp, claims }
}

/** The uses of known keys. Their IDs come from the operator, so the number of series is that of the keys. */
const uses = Metric.counter("mcp_auth_api_keys_total", {
  description: "Uses of API keys, by the ID of the key and the result",
  incremental: true
})

const countUse = (id: string, result: "accepted" | "not-yet-valid" | "expired"): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(uses, { api_key_id: id, result }), 1)

/** Why a key is not valid at this time, in milliseconds since 1970. */
const refusedAt = ({ enabledFrom, expiresAt }: ApiKey, now: number): "not-yet-valid" | "expired" | undefined => {
  if (enabledFrom !== undefined && now < millisOf(enabledFrom)) return "not-yet-valid"
  return expiresAt !== undefined && now >= millisOf(expiresAt) ? "expired" : undefined
}

/** Creates a verifier of API keys. */
export const makeApiKeyVerifier = Effect.fnUntraced(function*<R>(
  lookup: Lookup<R>,
  naming: Naming
): Effect.fn.Return<(token: Redacted.Redacted) => Effect.Effect<AuthInfo["Service"], TokenError>, never, R> {
  const services = yield* Effect.context<R>()
  return Effect.fnUntraced(function*(token) {
    const presented = yield* hash(token)
    const key = yield* Effect.suspend(() => lookup(presented)).pipe(
      // Otherwise what it acquires would be kept for as long as the verifier.
      Effect.scoped,
      Effect.provideContext(services),
      Effect.catchCause(toTokenError)
    )
    if (key === undefined) return yield* new InvalidToken({ reason: "unknown-api-key" })
    const problem = problemOf(key)
    if (problem !== undefined) {
      return yield* new VerificationUnavailable({
        cause: new TypeError(`The API key found cannot be used: ${problem}`)
      })
    }
    // A database may compare more loosely than this.
    if (!Mac.timingSafeEqual(bytesOf(key.hash), bytesOf(presented))) {
      return yield* new InvalidToken({ reason: "unknown-api-key" })
    }
    const { id } = key
    const reason = refusedAt(key, yield* Clock.currentTimeMillis)
    yield* countUse(id, reason ?? "accepted")
    if (reason !== undefined) return yield* new InvalidToken({ reason, apiKey: id })
    yield* Effect.annotateLogs(Effect.logDebug("API key accepted"), { api_key_id: id })
    return { ...callerOf(key, naming), token }
  })
})
