import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Ref, Scope } from "effect"
import { makeResourcePool } from "../../src/token/internal/resourcePool.ts"

/** A pool of texts, and the events of their lives, in order. */
const makePool = Effect.fnUntraced(function*(capacity: number) {
  const events = yield* Ref.make<ReadonlyArray<string>>([])
  const note = (event: string) => Ref.update(events, (all) => [...all, event])
  const scope = yield* Scope.make()
  const pool = yield* Scope.provide(makeResourcePool<string, string>(capacity), scope)
  const wanted = (key: string, version = "1") => ({
    key,
    version,
    build: Effect.acquireRelease(
      Effect.as(note(`build ${key}${version}`), `${key}${version}`),
      () => note(`close ${key}${version}`)
    )
  })
  const settled = Effect.replicateEffect(Effect.yieldNow, 20)
  return { pool, wanted, scope, events: Effect.andThen(settled, Ref.get(events)), settled }
})

describe("a resource pool", () => {
  it.effect("closes the least recently used resource to make room", () =>
    Effect.gen(function*() {
      const { events, pool, wanted } = yield* makePool(2)
      for (const key of ["a", "b", "a", "c"]) yield* pool.use(wanted(key), Effect.succeed)
      assert.deepStrictEqual(yield* events, ["build a1", "build b1", "build c1", "close b1"])
    }))

  it.effect("closes a resource that must make room after its last user, and builds another for later users", () =>
    Effect.gen(function*() {
      const { events, pool, settled, wanted } = yield* makePool(1)
      const gate = yield* Deferred.make<void>()
      const user = yield* Effect.forkChild(pool.use(wanted("a"), (text) => Effect.as(Deferred.await(gate), text)))
      yield* settled
      assert.strictEqual(yield* pool.use(wanted("b"), Effect.succeed), "b1")
      assert.strictEqual(yield* pool.use(wanted("a"), Effect.succeed), "a1")
      assert.deepStrictEqual(yield* events, ["build a1", "build b1", "build a1", "close b1"])
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(user), "a1")
      assert.deepStrictEqual(yield* events, ["build a1", "build b1", "build a1", "close b1", "close a1"])
    }))

  it.effect("replaces a resource of another version", () =>
    Effect.gen(function*() {
      const { events, pool, wanted } = yield* makePool(2)
      yield* pool.use(wanted("a", "1"), Effect.succeed)
      assert.strictEqual(yield* pool.use(wanted("a", "2"), Effect.succeed), "a2")
      assert.deepStrictEqual(yield* events, ["build a1", "build a2", "close a1"])
    }))

  it.effect("closes a resource that is forgotten, and builds it again", () =>
    Effect.gen(function*() {
      const { events, pool, wanted } = yield* makePool(2)
      yield* pool.use(wanted("a"), Effect.succeed)
      yield* pool.forget("a")
      yield* pool.forget("b")
      yield* pool.use(wanted("a"), Effect.succeed)
      assert.deepStrictEqual(yield* events, ["build a1", "close a1", "build a1"])
    }))

  it.effect("gives a failure to all users that wait, closes what was built, and does not keep the failure", () =>
    Effect.gen(function*() {
      const { events, pool, wanted } = yield* makePool(2)
      const gate = yield* Deferred.make<void>()
      const failing = {
        ...wanted("a"),
        build: wanted("a").build.pipe(Effect.andThen(Deferred.await(gate)), Effect.andThen(Effect.fail("down")))
      }
      const users = yield* Effect.forkChild(
        Effect.forEach([1, 2], () => Effect.flip(pool.use(failing, Effect.succeed)), { concurrency: 2 })
      )
      yield* Effect.andThen(Effect.yieldNow, Deferred.succeed(gate, undefined))
      assert.deepStrictEqual(yield* Fiber.join(users), ["down", "down"])
      assert.deepStrictEqual(yield* events, ["build a1", "close a1"])
      assert.strictEqual(yield* pool.use(wanted("a"), Effect.succeed), "a1")
    }))

  it.effect("goes on building when the user that started it is interrupted", () =>
    Effect.gen(function*() {
      const { events, pool, settled, wanted } = yield* makePool(2)
      const gate = yield* Deferred.make<void>()
      const slow = { ...wanted("a"), build: Effect.andThen(Deferred.await(gate), wanted("a").build) }
      const user = yield* Effect.forkChild(pool.use(slow, Effect.succeed))
      yield* settled
      yield* Fiber.interrupt(user)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* pool.use(slow, Effect.succeed), "a1")
      assert.deepStrictEqual(yield* events, ["build a1"])
    }))

  it.effect("closes all resources with its scope, and lets no later user wait forever", () =>
    Effect.gen(function*() {
      const { events, pool, scope, wanted } = yield* makePool(2)
      for (const key of ["a", "b"]) yield* pool.use(wanted(key), Effect.succeed)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual((yield* events).toSorted(), ["build a1", "build b1", "close a1", "close b1"])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(pool.use(wanted("c"), Effect.succeed))))
    }))
})
