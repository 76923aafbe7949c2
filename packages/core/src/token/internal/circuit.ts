import * as Cause from "effect/Cause"
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
import { outcomeOf } from "../../discovery/internal/outcome.ts"
import { askedToWait } from "../../discovery/internal/persistently.ts"
import { MetadataFetchError } from "../../discovery/MetadataFetchError.ts"
import type { VerificationUnavailable } from "../TokenError.ts"
import { available } from "./available.ts"

/** So many questions in a row without an answer, each of them with its retries, and the server is left alone. */
const tripPolicy = CircuitBreaker.consecutive(3)

/** For how long: doubled each time, and at most 30 seconds, so that a server that is back is noticed by then. */
const openDuration = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("25 seconds")]).pipe(
  Schedule.jittered
)

/** A server that asks for more is given it, but for no longer than this. */
const maxOpenDuration = Duration.seconds(30)

/**
 * Only a server that does not answer is in trouble. What it refuses is about us, or about a token that somebody made up:
 * nobody shall be able to cut the server off from others by that.
 */
const classify = (exit: Exit.Exit<unknown, unknown>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Cause.squash(exit.cause)
  return error instanceof MetadataFetchError && outcomeOf(error) === "Transient"
    ? CircuitBreaker.failure({ retryAfter: askedToWait(error) })
    : CircuitBreaker.ignored
}

/** Asks a server a question, or fails at once while that server is left alone. */
export type Circuit = <A, E, R>(question: Effect.Effect<A, E, R>) => Effect.Effect<A, VerificationUnavailable, R>

/** How long the circuit stays open, in milliseconds. */
const openFor = (error: unknown): number =>
  error instanceof CircuitBreaker.CircuitBreakerError && error.reason._tag === "CircuitOpen"
    ? Duration.toMillis(error.reason.retryAfter)
    : 0

const storeInMemory = Effect.map(
  Layer.build(CircuitBreaker.layerStoreMemory()),
  (services) => Context.get(services, CircuitBreaker.CircuitBreakerStore)
)

/** The circuit of one server. Processes that share a `CircuitBreakerStore` share what is known about it. */
export const makeCircuit = Effect.fnUntraced(function*(
  server: AuthorizationServer<unknown>
): Effect.fn.Return<Circuit, never, Scope.Scope> {
  const shared = yield* Effect.serviceOption(CircuitBreaker.CircuitBreakerStore)
  const breaker = yield* Effect.provideServiceEffect(
    CircuitBreaker.make({ tripPolicy, openDuration, maxOpenDuration }),
    CircuitBreaker.CircuitBreakerStore,
    Option.match(shared, { onNone: () => storeInMemory, onSome: Effect.succeed })
  )
  const key = `mcp-auth:introspection:${server.issuer}`
  return (question) => {
    const answer = Effect.catchIf(
      breaker.execute(question, { key, classify }),
      // No circuit is open for so long, unless the clock was set back.
      (error) => openFor(error) > Duration.toMillis(maxOpenDuration),
      () => question
    )
    return available(server, answer, (_, cause) => openFor(cause))
  }
})
