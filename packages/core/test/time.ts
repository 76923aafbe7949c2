/** The time of the tests. It goes on when nothing can be done without it, however slow the machine is. */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"

/** How many turns of the event loop bring nothing more, where nobody waits for anything but the clock. */
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

/** Lets time pass, and everybody do what is due. */
export const pass = (seconds: number) =>
  Effect.andThen(settled, Effect.repeat(Effect.andThen(TestClock.adjust("1 second"), settled), { times: seconds - 1 }))

/** Lets time pass until an effect has ended, a second each step, but for no longer than two hours. */
export const elapse = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  yield* settled
  for (let second = 0; fiber.pollUnsafe() === undefined && second < 7200; second++) yield* pass(1)
  return yield* Fiber.join(fiber)
})
