/** Shared by the tests of discovery: elapsing time, fixed randomness, and everything that an error can print. */
import { FetchLimits } from "@effect-mcp-auth/core"
import { Cause, Duration, Effect, Exit, Fiber, Formatter, Inspectable, Random } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"

/** Lets time pass until an effect has ended, and returns how long that took, in milliseconds. */
export const elapse = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(Effect.timed(effect))
  yield* TestClock.adjust("10 minutes")
  const [took, value] = yield* Fiber.join(fiber)
  return { took: Duration.toMillis(took), value }
})

/** A random source with one fixed value, from 0 to 1. */
export const chance = (value: number) =>
  Effect.provideService(Random.Random, {
    nextDoubleUnsafe: () => value,
    nextIntUnsafe: () => 0
  })

/** The default limits, with these changes. */
export const limited = (limits: Partial<FetchLimits.Limits>) =>
  Effect.provideService(FetchLimits.FetchLimits, { ...FetchLimits.FetchLimits.defaultValue(), ...limits })

/** Characters that a message must not contain, except for line feeds between its own lines. */
export const unprintable = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u

/** Every text that a failure can print: the ways in which errors reach logs. */
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
