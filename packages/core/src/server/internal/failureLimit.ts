import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import { makeBoundedCache } from "../../token/internal/boundedCache.ts"
import { clientOf } from "../../token/internal/clientAddress.ts"
import { configuredIssuerOf } from "../../token/internal/issuers.ts"
import { isUnknownKey } from "../../token/internal/unavailable.ts"
import { type TokenError, TooManyFailures } from "../../token/TokenError.ts"
import type { Trust } from "../../token/TokenVerifier.ts"
import type { FailureLimit } from "../McpAuthOptions.ts"

type Verification<E = TokenError> = Effect.Effect<AuthInfo["Service"], E>

/** Verifies the token of a request, unless its client has sent too many invalid tokens. */
export type LimitFailures = (
  request: HttpServerRequest.HttpServerRequest,
  token: Redacted.Redacted,
  verified: Verification
) => Verification<TokenError | TooManyFailures>

/** Whether an error counts as a failure. A token with an unknown key counts, because it can be forged. */
const isFailure = (error: TokenError): boolean => error._tag === "InvalidToken" || isUnknownKey(error)

/** The key of all clients without an address. It is not an address. */
const unknownClients = "unknown"

const addressUnknown =
  "A request has no client address, or one that is not an IP address, so `failureLimit` does not apply. Pass " +
  "`clientAddress` to `FetchAuth`, or set `remoteAddress` with a middleware of the HTTP server, or set " +
  "`failureLimit.countUnknownClientsTogether`. This is logged once"

/** Logs once that some requests are not limited. */
const makeWarning = Effect.map(Ref.make(false), (warned) =>
  Effect.flatMap(
    Ref.getAndSet(warned, true),
    (before) => before ? Effect.void : Effect.logWarning(addressUnknown)
  ))

/** The maximum number of clients that are locked out, and of failures before the counter in memory is replaced. */
const maxLockedOut = 10_000
const maxCounted = 100_000

const makeMemoryLimiter = Effect.scoped(Effect.flatMap(
  Layer.build(Layer.fresh(RateLimiter.layerStoreMemory)),
  (store) => Effect.provideContext(RateLimiter.make, store)
))

/**
 * The counter of failures: in the store in context, or else in memory. The store in memory never removes a client, so it is
 * replaced after a number of failures. This bounds its size.
 */
const makeCounter = Effect.gen(function*() {
  const store = yield* Effect.serviceOption(RateLimiter.RateLimiterStore)
  if (Option.isSome(store)) {
    const limiter = yield* Effect.provideService(RateLimiter.make, RateLimiter.RateLimiterStore, store.value)
    return Effect.succeed(limiter)
  }
  const current = yield* Ref.make({ limiter: yield* makeMemoryLimiter, counted: 0 })
  return Effect.gen(function*() {
    const { counted, limiter } = yield* Ref.getAndUpdate(current, (now) => ({ ...now, counted: now.counted + 1 }))
    if (counted < maxCounted) return limiter
    const fresh = yield* makeMemoryLimiter
    yield* Ref.set(current, { limiter: fresh, counted: 1 })
    return fresh
  })
})

const unlimited: LimitFailures = (_, __, verified) => verified

const storeFailed =
  "The RateLimiterStore of failureLimit failed, so invalid tokens are not limited now; check the store"

/** Counts a failure. Returns for how long the client is locked out, in milliseconds. Zero: it is not. */
const makeFailureCounter = Effect.fnUntraced(function*(limit: FailureLimit, window: number) {
  const counter = yield* makeCounter
  return Effect.fnUntraced(function*(key: string) {
    const limiter = yield* counter
    return yield* Effect.matchEffect(limiter.consume({ limit: limit.limit, window: limit.window, key }), {
      onFailure: ({ reason }) =>
        reason._tag === "RateLimitExceeded"
          ? Effect.succeed(Math.min(window, Duration.toMillis(reason.retryAfter)))
          : Effect.as(Effect.logWarning(storeFailed, reason), 0),
      onSuccess: () => Effect.succeed(0)
    })
  })
})

/**
 * Limits the number of invalid tokens. Above the limit, tokens are not verified, so that introspection and key requests to
 * the provider are limited as well.
 */
export const makeFailureLimit = Effect.fnUntraced(function*(
  limit: FailureLimit | undefined,
  { authorizationServers, resource }: Trust
): Effect.fn.Return<LimitFailures> {
  if (limit === undefined) return unlimited
  const window = Duration.toMillis(Duration.fromInputUnsafe(limit.window))
  const count = yield* makeFailureCounter(limit, window)
  const warn = yield* makeWarning
  /** The end of each lockout, by client and then by issuer, in milliseconds since 1970. */
  const lockedOut = makeBoundedCache<ReadonlyMap<string, number>>(maxLockedOut)
  /** A lockout that is longer than a window comes from a clock that was set back, so it is ignored. */
  const waitOf = (milliseconds: number): number => milliseconds > window ? 0 : Math.max(0, milliseconds)
  const issuerOf = (token: Redacted.Redacted): string => configuredIssuerOf(authorizationServers, token)
  const lockOut = Effect.fnUntraced(function*(client: string, token: Redacted.Redacted, error: TokenError) {
    if (!isFailure(error)) return yield* error
    const issuer = issuerOf(token)
    const retryAfter = yield* count(`mcp-auth:failures:${resource} ${client} ${issuer}`)
    if (retryAfter === 0) return yield* error
    const until = (yield* Clock.currentTimeMillis) + retryAfter
    lockedOut.set(client, new Map(lockedOut.get(client)).set(issuer, until))
    return yield* new TooManyFailures({ retryAfter: Duration.millis(retryAfter) })
  })
  return (request, token, verified) => {
    const client = clientOf(request) ?? (limit.countUnknownClientsTogether === true ? unknownClients : undefined)
    if (client === undefined) return Effect.andThen(warn, verified)
    const counted = Effect.catch(verified, (error) => lockOut(client, token, error))
    // The issuer is read only if the client is locked out for some issuer.
    const until = lockedOut.get(client)?.get(issuerOf(token))
    if (until === undefined) return counted
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const retryAfter = waitOf(until - now)
      return retryAfter > 0 ? Effect.fail(new TooManyFailures({ retryAfter: Duration.millis(retryAfter) })) : counted
    })
  }
})
