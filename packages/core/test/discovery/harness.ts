/** What the tests of discovery share: time that passes, chance that is known, and everything that an error can print. */
import { FetchLimits } from "@effect-mcp-auth/core"
import { Cause, Duration, Effect, Exit, Fiber, Formatter, Inspectable, Random } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"

/** Lets time pass until an effect has ended, and says how long that took, in milliseconds. */
export const elapse = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(Effect.timed(effect))
  yield* TestClock.adjust("10 minutes")
  const [took, value] = yield* Fiber.join(fiber)
  return { took: Duration.toMillis(took), value }
})

/** Chance that always falls the same way, from 0 to 1. */
export const chance = (value: number) =>
  Effect.provideService(Random.Random, {
    nextDoubleUnsafe: () => value,
    nextIntUnsafe: () => 0
  })

/** The limits of the library, but for these. */
export const limited = (limits: Partial<FetchLimits.Limits>) =>
  Effect.provideService(FetchLimits.FetchLimits, { ...FetchLimits.FetchLimits.defaultValue(), ...limits })

/** What no message may have, but for the line feeds between its own lines. */
export const unprintable = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u

/** Everything that a failure can print: the ways in which errors reach logs. */
export const printed = (failure: unknown): string =>
  [
    String(failure),
    JSON.stringify(failure),
    Inspectable.toStringUnknown(failure),
    Formatter.format(failure),
    inspect(failure, { depth: null }),
    failure instanceof Error ? `${failure.name} ${failure.message} ${failure.stack}` : "",
    Cause.pretty(Cause.fail(failure)),
    JSON.stringify(Exit.fail(failure))
  ].join("\n")
