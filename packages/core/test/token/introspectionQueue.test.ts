/** Whose request gives way when the queue of introspection requests is full, and what the queue remembers of clients. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { networksOf } from "../../src/token/internal/clientAddress.ts"
import { makeQueue } from "../../src/token/internal/introspectionQueue.ts"
import { settled } from "../time.ts"

const networks = (address: string) => networksOf({ remoteAddress: Option.some(address) })

/** A request in the queue. */
interface Queued {
  /** Ends the request, if it was sent. */
  readonly finish: Effect.Effect<void>
  /** The client goes away. */
  readonly leave: Effect.Effect<void>
  readonly state: () => "waits" | "sent" | "finished" | "rejected" | "died"
}

const make = (concurrency: number, queueSize: number) =>
  makeQueue("https://as.test", { concurrency, queueSize, queueTimeout: Duration.hours(1) })

const scenario = (concurrency: number, queueSize: number) => {
  const queue = make(concurrency, queueSize)
  /** Starts a request without waiting for what follows from it. */
  const startAtOnce = Effect.fnUntraced(function*(address: string | undefined) {
    const end = yield* Deferred.make<void>()
    let isSent = false
    const request = Effect.suspend(() => {
      isSent = true
      return Deferred.await(end)
    })
    const fiber = yield* Effect.forkChild(queue(address === undefined ? undefined : networks(address), request))
    const queued: Queued = {
      finish: Effect.andThen(Deferred.succeed(end, undefined), settled),
      leave: Effect.andThen(Fiber.interrupt(fiber), settled),
      state: () => {
        const exit = fiber.pollUnsafe()
        if (exit === undefined) return isSent ? "sent" : "waits"
        if (Exit.hasDies(exit)) return "died"
        return Exit.isSuccess(exit) ? "finished" : "rejected"
      }
    }
    return queued
  })
  const start = (address: string | undefined) => Effect.tap(startAtOnce(address), () => settled)
  const startAll = (...addresses: ReadonlyArray<string | undefined>) => Effect.forEach(addresses, start)
  return { start, startAll, startAtOnce }
}

const states = (all: ReadonlyArray<Queued>) => all.map(({ state }) => state())

/** Clients in networks that have nothing in common. */
const [x, a, b, c, d, e] = ["10.1.1.1", "10.2.1.1", "10.3.1.1", "10.4.1.1", "10.5.1.1", "10.6.1.1"] as const

describe("a full queue", () => {
  it.effect("rejects the newest request of the busiest client", () =>
    Effect.gen(function*() {
      const { start, startAll } = scenario(1, 3)
      const all = yield* startAll(x, a, b, b)
      const newcomer = yield* start(c)
      assert.deepStrictEqual(states([...all, newcomer]), ["sent", "waits", "waits", "rejected", "waits"])
    }))

  it.effect("rejects the oldest one of equally busy clients", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(1, 3)
      const all = yield* startAll(x, a, b, c, d, e)
      assert.deepStrictEqual(states(all), ["sent", "rejected", "rejected", "waits", "waits", "waits"])
    }))

  it.effect("rejects a further request of the busiest client at once, and none of its earlier ones", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(1, 3)
      const all = yield* startAll(x, b, a, a, a)
      assert.deepStrictEqual(states(all), ["sent", "waits", "waits", "waits", "rejected"])
    }))

  it.effect("rejects a further request of a client that is as busy as the busiest one", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(1, 4)
      const all = yield* startAll(x, a, a, b, b, b)
      assert.deepStrictEqual(states(all), ["sent", "waits", "waits", "waits", "waits", "rejected"])
    }))

  it.effect("makes room for a further request of a client that is less busy than the busiest one", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(1, 4)
      const all = yield* startAll(x, a, a, a, b, b)
      assert.deepStrictEqual(states(all), ["sent", "waits", "waits", "rejected", "waits", "waits"])
    }))

  it.effect("counts clients with an unknown address as one client", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(1, 2)
      const all = yield* startAll(x, undefined, undefined, a)
      assert.deepStrictEqual(states(all), ["sent", "waits", "rejected", "waits"])
    }))

  it.effect("rejects every further request if there are no places to wait", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(1, 0)
      const all = yield* startAll(a, a, b)
      assert.deepStrictEqual(states(all), ["sent", "rejected", "rejected"])
    }))

  it.effect("makes room for each of two requests that arrive at once", () =>
    Effect.gen(function*() {
      const { startAll, startAtOnce } = scenario(1, 2)
      const all = yield* startAll(x, a, a)
      const newcomers = [yield* startAtOnce(b), yield* startAtOnce(c)]
      yield* settled
      assert.deepStrictEqual(states([...all, ...newcomers]), ["sent", "rejected", "rejected", "waits", "waits"])
    }))

  it.effect("passes over clients whose requests were all sent", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(4, 1)
      const all = yield* startAll(a, a, a, b, c, d)
      assert.deepStrictEqual(states(all), ["sent", "sent", "sent", "sent", "rejected", "waits"])
    }))

  it.effect("passes over requests of clients that went away", () =>
    Effect.gen(function*() {
      const { start, startAll } = scenario(1, 3)
      const [sent, first, second, gone] = yield* startAll(x, a, a, a)
      if (sent === undefined || first === undefined || second === undefined || gone === undefined) {
        return assert.fail("there are four")
      }
      yield* gone.leave
      const all = [sent, first, second, yield* start(b), yield* start(c)]
      assert.deepStrictEqual(states(all), ["sent", "waits", "rejected", "waits", "waits"])
    }))
})

describe("the slots of a queue", () => {
  const rows: ReadonlyArray<readonly [rule: string, addresses: ReadonlyArray<string | undefined>, sent: number]> = [
    ["one client gets three quarters of them", [a, a, a, a, a], 3],
    ["clients of one network of 24 bits get all of them", ["10.1.1.1", "10.1.1.2", "10.1.1.3", "10.1.1.4"], 4],
    ["clients of one network of 16 bits get all of them", ["10.1.1.1", "10.1.2.1", "10.1.3.1", "10.1.4.1"], 4],
    ["clients with an unknown address get all of them", [undefined, undefined, undefined, undefined, undefined], 4]
  ]
  for (const [rule, addresses, sent] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const all = yield* scenario(4, 10).startAll(...addresses)
        assert.strictEqual(states(all).filter((state) => state === "sent").length, sent)
      }))
  }

  it.effect("one client gets no more of them after a request of it has ended", () =>
    Effect.gen(function*() {
      const { startAll } = scenario(4, 10)
      const all = yield* startAll(a, a, a, a, a)
      yield* all[0]?.finish ?? assert.fail("there are five")
      const more = yield* startAll(a, a, a)
      assert.strictEqual(states([...all, ...more]).filter((state) => state === "sent").length, 3)
    }))
})

describe("the queueTimeout of a queue", () => {
  it.effect("rejects requests that were not sent by then, and no other ones", () =>
    Effect.gen(function*() {
      const all = yield* scenario(1, 2).startAll(a, b)
      yield* Effect.andThen(TestClock.adjust("59 minutes"), settled)
      assert.deepStrictEqual(states(all), ["sent", "waits"])
      yield* Effect.andThen(TestClock.adjust("1 minute"), settled)
      assert.deepStrictEqual(states(all), ["sent", "rejected"])
    }))
})

describe("a client without requests", () => {
  it.effect("takes no memory", () =>
    Effect.gen(function*() {
      setFlagsFromString("--expose-gc")
      // The flag adds the function to new contexts only.
      const collect = runInNewContext("gc") as () => void
      const queue = make(4, 10)
      const serve = (network: number) =>
        Effect.forEach(
          Array.from({ length: 20_000 }, (_, index) => index),
          (index) => queue(networks(`${network}.${index & 255}.${index >> 8 & 255}.1`), Effect.void),
          { discard: true }
        )
      yield* serve(1)
      collect()
      const before = process.memoryUsage().heapUsed
      yield* serve(2)
      collect()
      // Each of them would take a kilobyte.
      assert.isBelow(process.memoryUsage().heapUsed - before, 5_000_000)
    }))
})
