import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { FetchLimits, type Limits } from "../FetchLimits.ts"
import { isTransient, MetadataFetchError, Timeout } from "../MetadataFetchError.ts"

/** The delay that a failed server asks for in `Retry-After` (RFC 9110, section 10.2.3). Zero if there is none. */
export const requestedDelay = (error: unknown): Duration.Duration =>
  Predicate.hasProperty(error, "retryAfter") && Duration.isDuration(error.retryAfter) ? error.retryAfter : Duration.zero

/** The number of parts in which `within` waits. */
const parts = 10

/**
 * Runs an effect for at most a duration, and `orElse` after that.
 *
 * The duration is waited for in parts. A process that is too busy to turn its event loop reads no response, and its timers
 * end before it reads the responses that have arrived. Such a pause ends only one part, so a quick server does not time out.
 */
export const within = <A, E, R, B, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  duration: Duration.Duration,
  orElse: () => Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> => {
  const part = Effect.sleep(Duration.millis(Duration.toMillis(duration) / parts))
  return Effect.raceFirst(effect, Effect.flatMap(Effect.repeat(part, { times: parts - 1 }), orElse))
}

/** Exponential backoff with jitter, never shorter than the delay that the server asked for. */
const backoff = (limits: Limits) =>
  Schedule.exponential(limits.retryDelay).pipe(
    Schedule.jittered,
    Schedule.modifyDelay(({ duration, input }) => Effect.succeed(Duration.max(duration, requestedDelay(input)))),
    Schedule.while(({ attempt }) => Effect.succeed(attempt <= limits.retries))
  )

/** Limits of one load. */
interface Frame {
  readonly location: string
  readonly limits: Limits
  /** The deadline, in milliseconds of the `Clock`. */
  readonly deadline: number
}

/** Runs a load with the timeout of one attempt. Retries transient failures until the deadline. */
const retrying = <A, E, R>(
  load: Effect.Effect<A, E | MetadataFetchError, R>,
  { deadline, limits, location }: Frame
): Effect.Effect<A, E | MetadataFetchError, R> =>
  within(load, limits.attemptTimeout, () => {
    const reason = new Timeout({ duration: limits.attemptTimeout, of: "attempt" })
    return Effect.fail(new MetadataFetchError({ url: location, reason }))
  }).pipe(
    Effect.retry({
      schedule: backoff(limits),
      while: (error) =>
        // If the server asks for a delay beyond the deadline, there is no retry: its response is the result.
        Effect.map(
          Clock.currentTimeMillis,
          (now) =>
            error instanceof MetadataFetchError && isTransient(error) &&
            now + Duration.toMillis(requestedDelay(error)) < deadline
        )
    })
  )

/** The same for a single load, within `totalTimeout` of `FetchLimits`. */
export const withRetries = Effect.fnUntraced(function*<A, E, R>(
  location: string,
  load: (limits: Limits) => Effect.Effect<A, E | MetadataFetchError, R>
): Effect.fn.Return<A, E | MetadataFetchError, R> {
  const limits = yield* FetchLimits
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(limits.totalTimeout)
  return yield* within(
    retrying<A, E, R>(load(limits), { location, limits, deadline }),
    limits.totalTimeout,
    () => {
      const reason = new Timeout({ duration: limits.totalTimeout, of: "search" })
      return Effect.fail(new MetadataFetchError({ url: location, reason }))
    }
  )
})
