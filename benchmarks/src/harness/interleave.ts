/**
 * Times several ways to do the same, in rounds.
 *
 * tinybench and mitata run one task to its end before the next one begins, and a machine that gets slower in between then
 * shows up as a difference between the tasks. Here every round has a short batch of each, each round begins with another
 * one, and what counts is the median over the rounds of the ratio within a round: whatever else the machine does befalls
 * all of them.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { median } from "./stats.ts"

/** A way to do it, which is done so many times, one after the other. */
export interface Subject {
  readonly name: string
  readonly run: (times: number) => Effect.Effect<void>
}

/** A way to do it that says what it took: nanoseconds for one. */
export interface Timed<E = never> {
  readonly name: string
  readonly nanos: (times: number) => Effect.Effect<number, E>
}

export interface Timing {
  readonly name: string
  /** Nanoseconds for one. */
  readonly nanos: number
  /** To the first subject. */
  readonly ratio: number
}

export interface Rounds {
  readonly rounds: number
  /** How long a batch takes, in milliseconds. */
  readonly batch: number
  /** How long each is done before that, unmeasured, in milliseconds. */
  readonly warmUp: number
}

/** Takes the time of what is done in this process. */
export const timed = ({ name, run }: Subject): Timed => ({
  name,
  nanos: Effect.fnUntraced(function*(times) {
    const start = yield* Clock.currentTimeNanos
    yield* run(times)
    return Number((yield* Clock.currentTimeNanos) - start) / times
  })
})

/** How many make a batch, after the compiler has seen enough of them. */
const calibrate = Effect.fnUntraced(function*<E>(
  subject: Timed<E>,
  { batch, warmUp }: Rounds
) {
  let times = 1
  let nanos = 0
  for (let spent = 0; spent < warmUp * 1e6; spent += nanos * times) {
    times = nanos === 0 ? 1 : Math.max(1, Math.min(times * 4, Math.round(batch * 1e6 / nanos)))
    nanos = yield* subject.nanos(times)
  }
  return Math.max(1, Math.round(batch * 1e6 / nanos))
})

const rotated = <A>(list: ReadonlyArray<A>, by: number): ReadonlyArray<A> => {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

export const interleave = Effect.fnUntraced(function*<E>(
  subjects: ReadonlyArray<Timed<E>>,
  rounds: Rounds
): Effect.fn.Return<ReadonlyArray<Timing>, E> {
  const measured = yield* Effect.forEach(
    subjects,
    (subject) => Effect.map(calibrate(subject, rounds), (times) => ({ subject, times, nanos: new Array<number>() }))
  )
  for (let round = 0; round < rounds.rounds; round++) {
    for (const { nanos, subject, times } of rotated(measured, round)) nanos.push(yield* subject.nanos(times))
  }
  const unit = measured[0]?.nanos ?? []
  return measured.map(({ nanos, subject: { name } }) => ({
    name,
    nanos: median(nanos),
    ratio: median(nanos.map((value, round) => value / (unit[round] ?? Number.NaN)))
  }))
})
