import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"

const steps = Ref.makeUnsafe(0)

/** Begins a step, and counts it. */
export const step = (title: string) =>
  Effect.flatMap(Ref.updateAndGet(steps, (last) => last + 1), (number) => Console.log(`\n${number}. ${title}`))

/** Says what happened in a step. */
export const say = (...lines: ReadonlyArray<string>) =>
  Effect.forEach(lines, (line) => Console.log(line.replace(/^/gm, "   ")), { discard: true })
