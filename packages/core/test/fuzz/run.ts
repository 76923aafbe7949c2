/**
 * How fuzzing runs. By default each property runs for a part of a second, with a new seed each time. Set
 * `FUZZ_MINUTES=60` to run for so long, shared by all properties: `FUZZ_MINUTES=60 pnpm test fuzz`. A failure prints
 * its seed and the smallest input that fails. `FUZZ_SEED=…` starts with that seed. Inputs that were found are kept as
 * rows of `found.ts`.
 */
import { assert, it } from "@effect/vitest"
import { Cause, Clock, Effect, Logger, type Scope } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import { randomInt } from "node:crypto"

/** The number of properties that share the time. */
const properties = 7

const minutes = Number(process.env["FUZZ_MINUTES"] ?? "0")

/** In milliseconds, for each property. */
const budget = minutes > 0 ? minutes * 60_000 / properties : 450

const given = process.env["FUZZ_SEED"]

/** The number of inputs for each seed. */
const batch = 25

const realNow = TestClock.withLive(Clock.currentTimeMillis)

/** A defect of a property is a failure of it, so that its input is reduced. */
const caught = <E, R>(property: Effect.Effect<void, E, R>) =>
  Effect.catchCause(Effect.as(property, true), (cause) => Effect.fail(Cause.pretty(cause)))

/** Runs a property with inputs until its time is over. */
const hold = Effect.fnUntraced(function*<A, E, R>(
  inputs: Arbitrary.Arbitrary<A>,
  property: (input: A) => Effect.Effect<void, E, R>
) {
  const until = (yield* realNow) + budget
  let seed = given === undefined ? randomInt(2 ** 40) : Number(given)
  do {
    const result = yield* Arbitrary.checkEffect(inputs, (input) => caught(property(input)), { runs: batch, seed })
    const problem = Arbitrary.formatCheckFailure(result)
    if (problem !== undefined) assert.fail(`FUZZ_SEED=${seed}\n${problem}`)
    seed = randomInt(2 ** 40)
  } while ((yield* realNow) < until)
})

/** A property that holds for every input, in an environment that is built once. */
export const fuzz = <W, A, E, E2>(
  name: string,
  world: Effect.Effect<W, E2, Scope.Scope>,
  inputs: Arbitrary.Arbitrary<A>,
  property: (world: W, input: A) => Effect.Effect<void, E>
) =>
  it.effect(
    name,
    () =>
      Effect.gen(function*() {
        const made = yield* world
        yield* hold(inputs, (input) => property(made, input))
      }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))),
    budget + 300_000
  )
