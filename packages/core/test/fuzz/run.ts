/**
 * How fuzzing is run. By default each property goes on for a part of a second, with a seed of its own each time. Set
 * `FUZZ_MINUTES=60` to go on for so long, shared by all properties:
 *
 * `FUZZ_MINUTES=60 pnpm test fuzz`
 *
 * A failure prints its seed and the smallest input that fails. `FUZZ_SEED=…` begins with that seed. What was found is kept
 * as a row of `found.ts`.
 */
import { assert, it } from "@effect/vitest"
import { Cause, Clock, Effect, Logger, type Scope } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import { randomInt } from "node:crypto"

/** How many properties share the time. */
const properties = 7

const minutes = Number(process.env["FUZZ_MINUTES"] ?? "0")

/** In milliseconds, for each property. */
const budget = minutes > 0 ? minutes * 60_000 / properties : 450

const given = process.env["FUZZ_SEED"]

/** So many inputs have a seed. */
const batch = 25

const realNow = TestClock.withLive(Clock.currentTimeMillis)

/** Whatever a property dies of is a failure of it, so that its input is made smaller. */
const caught = <E, R>(property: Effect.Effect<void, E, R>) =>
  Effect.catchCause(Effect.as(property, true), (cause) => Effect.fail(Cause.pretty(cause)))

/** Holds a property against inputs until its time is over. */
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

/** A property that holds for whatever comes, in a world that is made once. */
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
