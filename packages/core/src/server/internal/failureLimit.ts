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

type Verified<E = TokenError> = Effect.Effect<AuthInfo["Service"], E>

/** Verifies the token of a request, unless too many have failed from where it comes. */
export type Limited = (
  request: HttpServerRequest.HttpServerRequest,
  token: Redacted.Redacted,
  verified: Verified
) => Verified<TokenError | TooManyFailures>

/** Whether an error is about the token. One whose key may yet be published could as well be made up. */
const isFailure = (error: TokenError): boolean => error._tag === "InvalidToken" || isUnknownKey(error)

/** The key of all clients without an address, which no address has. */
const unknownClients = "unknown"

const addressUnknown =
  "The client address of a request is unknown or no IP address, so `failureLimit` does not count its " +
  "failures. Pass `clientAddress` to `FetchAuth`, or set `remoteAddress` by a middleware of the HTTP server, or set " +
  "`failureLimit.countUnknownClientsTogether`. This is logged once."

/** Logs once that some requests are not counted. */
const makeWarning = Effect.map(Ref.make(false), (warned) =>
  Effect.flatMap(
    Ref.getAndSet(warned, true),
    (before) => before ? Effect.void : Effect.logWarning(addressUnknown)
  ))

/** How many clients are remembered that have failed too often, and after how many failures all are counted anew. */
const mostRemembered = 10_000
const mostCounted = 100_000

const inMemory = Effect.scoped(Effect.flatMap(
  Layer.build(Layer.fresh(RateLimiter.layerStoreMemory)),
  (store) => Effect.provideContext(RateLimiter.make, store)
))

/**
 * Counts failures: in the store that is provided, or else in memory, which forgets no client by itself, and is therefore
 * begun anew now and then, so that it stays small whoever comes.
 */
const makeCounter = Effect.gen(function*() {
  const store = yield* Effect.serviceOption(RateLimiter.RateLimiterStore)
  if (Option.isSome(store)) {
    const limiter = yield* Effect.provideService(RateLimiter.make, RateLimiter.RateLimiterStore, store.value)
    return Effect.succeed(limiter)
  }
  const current = yield* Ref.make({ limiter: yield* inMemory, counted: 0 })
  return Effect.gen(function*() {
    const { counted, limiter } = yield* Ref.getAndUpdate(current, (now) => ({ ...now, counted: now.counted + 1 }))
    if (counted < mostCounted) return limiter
    const fresh = yield* inMemory
    yield* Ref.set(current, { limiter: fresh, counted: 1 })
    return fresh
  })
})

const unlimited: Limited = (_, __, verified) => verified

const storeFailed = "Failures to authenticate cannot be counted, and are not limited"

/** Counts a failure. Says for how long nothing more is heard from there, in milliseconds. */
const counting = Effect.fnUntraced(function*(limit: FailureLimit, window: number) {
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
 * Limits how many tokens may fail. Who has reached the limit is answered without a look at the token: that is the point
 * where tokens are asked about elsewhere.
 */
export const makeFailureLimit = Effect.fnUntraced(function*(
  limit: FailureLimit | undefined,
  { authorizationServers, resource }: Trust
): Effect.fn.Return<Limited> {
  if (limit === undefined) return unlimited
  const window = Duration.toMillis(Duration.fromInputUnsafe(limit.window))
  const count = yield* counting(limit, window)
  const warn = yield* makeWarning
  /** Until when nothing more is heard, by client and then by issuer, in milliseconds since 1970. */
  const lockedOut = makeBoundedCache<ReadonlyMap<string, number>>(mostRemembered)
  /** Nobody is locked out for longer than a window, unless the clock was set back. */
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
    // Of a client that has not failed too often, no token is read here.
    const until = lockedOut.get(client)?.get(issuerOf(token))
    if (until === undefined) return counted
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const retryAfter = waitOf(until - now)
      return retryAfter > 0 ? Effect.fail(new TooManyFailures({ retryAfter: Duration.millis(retryAfter) })) : counted
    })
  }
})
