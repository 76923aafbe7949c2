import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

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
