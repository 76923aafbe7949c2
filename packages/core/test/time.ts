/** The clock of the tests. It moves only when nothing else can be done, however slow the machine is. */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"

/** After this many turns of the event loop without WebCrypto, every fiber waits for the clock. */
const idleTurns = 32

/** The number of pending WebCrypto operations, which these tests wait for besides the event loop and the clock. */
let busy = 0

// The end of a WebCrypto operation is not visible from outside, so the operations are counted where they are called.
const operations: object = Object.getPrototypeOf(globalThis.crypto.subtle)
for (const name of Object.keys(operations)) {
  const operation: unknown = Reflect.get(operations, name)
  if (typeof operation !== "function") continue
  Reflect.set(operations, name, async function(this: unknown, ...inputs: ReadonlyArray<unknown>): Promise<unknown> {
    busy++
    try {
      return await Reflect.apply(operation, this, inputs)
    } finally {
      busy--
    }
  })
}

const turn = Effect.promise(() => setImmediate())

/** Waits until everything is done that can be done while the clock stands still. */
export const settled = Effect.gen(function*() {
  for (let idle = 0; idle < idleTurns; idle = busy === 0 ? idle + 1 : 0) yield* turn
})

const second = Effect.andThen(TestClock.adjust("1 second"), settled)

/** Moves the clock, and lets every fiber do what is due. */
export const pass = (seconds: number) => Effect.andThen(settled, Effect.repeat(second, { times: seconds - 1 }))

/**
 * Moves the clock until an effect has ended, one second each step, and at most so many. One that hangs fails its test.
 */
export const elapse = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, most = 7200) {
  const fiber = yield* Effect.forkChild(effect)
  yield* settled
  for (let passed = 0; fiber.pollUnsafe() === undefined && passed < most; passed++) yield* second
  return yield* Fiber.join(fiber)
})
