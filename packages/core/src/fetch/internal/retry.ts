import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { FetchLimits, type Limits } from "../FetchLimits.ts"
import { isTransient, MetadataFetchError, Timeout } from "../MetadataFetchError.ts"
import { within } from "./within.ts"

/** How long a server that failed asks to wait (RFC 9110, section 10.2.3), if its error says so. */
export const askedToWait = (error: unknown): Duration.Duration =>
  Predicate.hasProperty(error, "retryAfter") && Duration.isDuration(error.retryAfter) ? error.retryAfter : Duration.zero

/** Waits longer each time, with jitter, and never shorter than the server asked. */
const backoff = (limits: Limits) =>
  Schedule.exponential(limits.retryDelay).pipe(
    Schedule.jittered,
    Schedule.modifyDelay(({ duration, input }) => Effect.succeed(Duration.max(duration, askedToWait(input)))),
    Schedule.while(({ attempt }) => Effect.succeed(attempt <= limits.retries))
  )

/** What a load is held to. */
interface Frame {
  readonly location: string
  readonly limits: Limits
  /** When there is no point in going on, in milliseconds of the `Clock`. */
  readonly deadline: number
}

/** One load, within the time of an attempt, tried again while that can help and there is time. */
const persistently = <A, E, R>(
  load: Effect.Effect<A, E | MetadataFetchError, R>,
  { deadline, limits, location }: Frame
): Effect.Effect<A, E | MetadataFetchError, R> =>
  within(load, limits.attemptTimeout, () => {
    const milliseconds = Duration.toMillis(limits.attemptTimeout)
    return Effect.fail(new MetadataFetchError({ url: location, reason: new Timeout({ milliseconds, of: "attempt" }) }))
  }).pipe(
    Effect.retry({
      schedule: backoff(limits),
      while: (error) =>
        // A server that asks to wait beyond the end of the search will not be heard again, so its answer stands now.
        Effect.map(
          Clock.currentTimeMillis,
          (now) =>
            error instanceof MetadataFetchError && isTransient(error) &&
            now + Duration.toMillis(askedToWait(error)) < deadline
        )
    })
  )

/** The same for a load that stands for itself, within the total time of the program's limits. */
export const patiently = Effect.fnUntraced(function*<A, E, R>(
  location: string,
  load: (limits: Limits) => Effect.Effect<A, E | MetadataFetchError, R>
): Effect.fn.Return<A, E | MetadataFetchError, R> {
  const limits = yield* FetchLimits
  const milliseconds = Duration.toMillis(limits.totalTimeout)
  const deadline = (yield* Clock.currentTimeMillis) + milliseconds
  return yield* within(
    persistently<A, E, R>(load(limits), { location, limits, deadline }),
    limits.totalTimeout,
    () => Effect.fail(new MetadataFetchError({ url: location, reason: new Timeout({ milliseconds, of: "search" }) }))
  )
})
