import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { requestedDelay } from "../../fetch/internal/retry.ts"
import { isTransient, MetadataFetchError } from "../../fetch/MetadataFetchError.ts"
import type { VerificationUnavailable } from "../TokenError.ts"
import { orUnavailable } from "./unavailable.ts"

/** The number of consecutive failed requests, each with its retries, after which the circuit opens. */
const failures = 3

const tripPolicy = CircuitBreaker.consecutive(failures)

/** How long it stays open: the time doubles, up to 30 seconds, so a server that is available again is noticed by then. */
const openDuration = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("25 seconds")]).pipe(
  Schedule.jittered
)

/** If the server asks for a longer pause, the circuit stays open for it, but not longer than this. */
const maxOpenDuration = Duration.seconds(30)

/**
 * Only a server that does not respond counts as failed. A refusal is caused by this resource server or by the token, and
 * invented tokens must not open the circuit for other callers.
 */
const classify = (exit: Exit.Exit<unknown, unknown>, took: number): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Cause.squash(exit.cause)
  // If a failure took long, the circuit stays open for as long, so that callers do not wait repeatedly.
  return error instanceof MetadataFetchError && isTransient(error)
    ? CircuitBreaker.failure({ retryAfter: Duration.max(requestedDelay(error), Duration.millis(Math.max(0, took))) })
    : CircuitBreaker.ignored
}

const isTimeout = (error: unknown): boolean => error instanceof MetadataFetchError && error.reason._tag === "Timeout"

/** Sends a request, or fails at once while the circuit is open. */
export type Circuit = <A, E, R>(request: Effect.Effect<A, E, R>) => Effect.Effect<A, VerificationUnavailable, R>

/** How long the circuit stays open, according to its error. */
const openDurationOf = (error: unknown): Duration.Duration =>
  error instanceof CircuitBreaker.CircuitBreakerError && error.reason._tag === "CircuitOpen"
    ? error.reason.retryAfter
    : Duration.zero

const storeInMemory = Effect.map(
  Layer.build(CircuitBreaker.layerStoreMemory()),
  (services) => Context.get(services, CircuitBreaker.CircuitBreakerStore)
)

/** How long a circuit is still open. Zero if the store fails. */
const remainingOpen = (
  { state }: CircuitBreaker.CircuitBreakerStore["Service"],
  key: string
): Effect.Effect<Duration.Duration> =>
  Effect.match(state(key), {
    onFailure: () => Duration.zero,
    onSuccess: (state) => state._tag === "Open" ? state.retryAfter : Duration.zero
  })

/** Creates the circuit breaker of one server. Processes with the same `CircuitBreakerStore` share its state. */
export const makeCircuit = Effect.fnUntraced(function*(
  server: AuthorizationServer<unknown>
): Effect.fn.Return<Circuit, never, Scope.Scope> {
  const shared = yield* Effect.serviceOption(CircuitBreaker.CircuitBreakerStore)
  const store = yield* Option.match(shared, { onNone: () => storeInMemory, onSome: Effect.succeed })
  const breaker = yield* Effect.provideService(
    CircuitBreaker.make({ tripPolicy, openDuration, maxOpenDuration }),
    CircuitBreaker.CircuitBreakerStore,
    store
  )
  const key = `mcp-auth:introspection:${server.issuer}`
  /** When the server responded last, in milliseconds since 1970. */
  let answeredAt = -Infinity

  const classifyAt = (began: number) => (exit: Exit.Exit<unknown, unknown>) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const outcome = classify(exit, now - began)
      // An interrupted request is not classified.
      if (outcome._tag !== "Failure") answeredAt = now
      return outcome
    })

  /**
   * If the server answered no request while this one ran into its timeout, the circuit opens at once, so that the next
   * callers do not wait as well.
   */
  const openAfterTimeout = (began: number) => (error: unknown) =>
    isTimeout(error) && answeredAt <= began
      ? breaker.execute(Effect.fail(error), { key, classify: classifyAt(began) }).pipe(
        Effect.ignore,
        Effect.repeat({ times: failures - 2 })
      )
      : Effect.void

  return (request) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (began) =>
        breaker.execute(request, { key, classify: classifyAt(began) }).pipe(
          Effect.tapError(openAfterTimeout(began)),
          Effect.catchIf(
            // The circuit is never open for so long, unless the clock was set back.
            (error) => Duration.isGreaterThan(openDurationOf(error), maxOpenDuration),
            () => request
          ),
          Effect.catch((cause) =>
            Effect.flatMap(
              remainingOpen(store, key),
              (wait) => orUnavailable(server, Effect.fail(cause), () => Duration.max(wait, openDurationOf(cause)))
            )
          )
        )
    )
})
