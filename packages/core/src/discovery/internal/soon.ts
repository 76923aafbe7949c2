import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** How long anybody waits for a newer value while there is one that may be used, in milliseconds. */
const patience = 2_000

/** What a fetch brings that began at `departure`, if that is soon, and otherwise what there is. */
export const soon = <A, E>(
  fetch: Deferred.Deferred<A, E>,
  { departure, now, value }: { readonly value: A; readonly departure: number; readonly now: number }
): Effect.Effect<A> => {
  const left = Math.min(patience, departure + patience - now)
  if (left <= 0) return Effect.succeed(value)
  return Deferred.await(fetch).pipe(
    Effect.timeoutOrElse({ duration: left, orElse: () => Effect.succeed(value) }),
    Effect.catchCause(() => Effect.succeed(value))
  )
}
