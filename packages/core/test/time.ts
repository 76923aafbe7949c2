/** The time of the tests. It goes on when nothing can be done without it, however slow the machine is. */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"

/** After so many turns of the event loop without WebCrypto, everybody waits for the clock. */
const idleTurns = 32

/** How many operations WebCrypto is busy with: what these tests wait for besides the event loop and the clock. */
let busy = 0

// Nobody tells from outside when WebCrypto has ended, so its operations are counted where everybody finds them.
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

/** Lets time pass, and everybody do what is due. */
export const pass = (seconds: number) => Effect.andThen(settled, Effect.repeat(second, { times: seconds - 1 }))

/** Lets time pass until an effect has ended, a second each step, and so many at most. One that hangs fails its test. */
export const elapse = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, most = 7200) {
  const fiber = yield* Effect.forkChild(effect)
  yield* settled
  for (let passed = 0; fiber.pollUnsafe() === undefined && passed < most; passed++) yield* second
  return yield* Fiber.join(fiber)
})
