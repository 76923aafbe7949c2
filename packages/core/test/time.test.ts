import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { elapse, pass } from "./time.ts"

/** Work for a tenth of a second or more. */
const derive = Effect.promise(async () => {
  const { subtle } = globalThis.crypto
  const key = await subtle.importKey("raw", new Uint8Array(32), "PBKDF2", false, ["deriveBits"])
  return subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(16), iterations: 500_000 }, key, 256)
})

describe("the clock of the tests", () => {
  it.effect("stands still while WebCrypto works", () =>
    Effect.gen(function*() {
      yield* elapse(derive)
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
    }))

  it.effect("moves until an effect has ended, and no further", () =>
    Effect.gen(function*() {
      yield* elapse(Effect.andThen(Effect.delay(derive, "5 seconds"), Effect.delay(derive, "2 seconds")))
      assert.strictEqual(yield* Clock.currentTimeMillis, 7_000)
    }))

  it.effect("moves by as many seconds as requested", () =>
    Effect.gen(function*() {
      yield* pass(90)
      assert.strictEqual(yield* Clock.currentTimeMillis, 90_000)
    }))
})
