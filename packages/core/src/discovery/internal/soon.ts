import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** How long a caller waits for a fetch while there is something to answer without it, in milliseconds. */
const patience = 2_000

/** What a fetch brings that began at `departure`, if that is soon, and otherwise what is known without it. */
export const soon = <A, E>(
  fetch: Deferred.Deferred<A, E>,
  { departure, now, otherwise }: {
    readonly otherwise: Effect.Effect<A, E>
    readonly departure: number
    readonly now: number
  }
): Effect.Effect<A, E> => {
  const left = Math.min(patience, departure + patience - now)
  if (Deferred.isDoneUnsafe(fetch)) return Deferred.await(fetch)
  return left <= 0
    ? otherwise
    : Effect.timeoutOrElse(Deferred.await(fetch), { duration: left, orElse: () => otherwise })
}
