import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { makeSessionStore, type Session } from "../../src/server/internal/sessionStore.ts"

let next = 0

const session = (owner: string, changes: Partial<Session> = {}): Session => ({
  id: `s${next++}`,
  principal: owner,
  owner,
  weight: 1,
  lastUsed: next,
  requests: 0,
  ...changes
})

const bounds = { total: 6, perOwner: 4, idle: 1000 }

const Steps = Schema.Array(Schema.Struct({
  owner: Schema.Literals(["ada", "bob", "cleo", "dan"]),
  weight: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })),
  lastUsed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
  requests: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
}))

describe("a session store", () => {
  it.prop("never exceeds its bounds, and forgets exactly the sessions that it reports as ended", [Steps], ([steps]) => {
    const store = makeSessionStore(bounds)
    let kept: ReadonlyArray<Session> = []
    for (const step of steps) {
      const added = session(step.owner, step)
      const ended = store.add(added)
      kept = [...kept, added].filter((one) => !ended.includes(one))
      for (const one of ended) assert.isUndefined(store.get(one.id))
      for (const one of kept) assert.strictEqual(store.get(one.id), one)
      const weightOf = (all: ReadonlyArray<Session>) => all.reduce((sum, { weight }) => sum + weight, 0)
      assert.isAtMost(weightOf(kept), bounds.total)
      for (const owner of ["ada", "bob", "cleo", "dan"]) {
        assert.isAtMost(weightOf(kept.filter((one) => one.owner === owner)), bounds.perOwner)
      }
    }
    assert.strictEqual(store.isEmpty(), kept.length === 0)
    kept.forEach(store.remove)
    assert.isTrue(store.isEmpty())
  })

  it.prop(
    "ends no session of an owner whose share is smaller than that of the owner who adds one",
    [Steps],
    ([steps]) => {
      const store = makeSessionStore({ ...bounds, perOwner: bounds.total })
      const honest = session("honest", { lastUsed: -1 })
      store.add(honest)
      for (const step of steps) {
        // The flood comes from one address, whatever it says.
        const ended = store.add(session("flood", step))
        assert.notInclude(ended, honest)
      }
      assert.strictEqual(store.get(honest.id), honest)
    }
  )

  it("counts a session that is removed twice once", () => {
    const store = makeSessionStore({ total: 2, perOwner: 2, idle: 1000 })
    const [first, second, third] = [session("ada"), session("ada"), session("ada")]
    store.add(first)
    store.add(second)
    store.remove(first)
    store.remove(first)
    assert.deepStrictEqual(store.add(third), [])
    assert.deepStrictEqual(store.add(session("ada")), [second])
  })

  it("ends the least recently used session, and one in use only if there is no other", () => {
    const store = makeSessionStore({ total: 3, perOwner: 3, idle: 1000 })
    const busy = session("ada", { lastUsed: 1, requests: 1 })
    const old = session("ada", { lastUsed: 2 })
    const recent = session("ada", { lastUsed: 3 })
    for (const one of [recent, busy, old]) assert.deepStrictEqual(store.add(one), [])
    assert.deepStrictEqual(store.add(session("ada", { lastUsed: 4, requests: 1 })), [old])
    assert.deepStrictEqual(store.add(session("ada", { lastUsed: 5, requests: 1 })), [recent])
    assert.deepStrictEqual(store.add(session("ada", { lastUsed: 6, requests: 1 })), [busy])
  })

  it("counts a large session as much as many small ones", () => {
    const store = makeSessionStore({ total: 10, perOwner: 10, idle: 1000 })
    const small = [session("ada"), session("bob"), session("cleo")]
    for (const one of small) store.add(one)
    const large = session("dan", { weight: 8 })
    assert.deepStrictEqual(store.add(large), [large])
    assert.deepStrictEqual(store.add(session("dan", { weight: 7 })), [])
  })

  it("removes sessions that were not used for too long, unless they are in use", () => {
    const store = makeSessionStore({ total: 10, perOwner: 10, idle: 1000 })
    const [idle, busy, used] = [
      session("ada", { lastUsed: 0 }),
      session("ada", { lastUsed: 0, requests: 1 }),
      session("ada", { lastUsed: 1 })
    ]
    for (const one of [idle, busy, used]) store.add(one)
    assert.deepStrictEqual(store.removeIdle(999), [])
    assert.deepStrictEqual(store.removeIdle(1000), [idle])
    assert.isFalse(store.isIdle(busy, 5000))
    assert.deepStrictEqual(store.removeIdle(1001), [used])
  })

  it("removes a session once", () => {
    const store = makeSessionStore({ total: 1, perOwner: 1, idle: 1000 })
    const one = session("ada")
    store.add(one)
    store.remove(one)
    store.remove(one)
    assert.deepStrictEqual(store.add(session("ada")), [])
    assert.lengthOf(store.add(session("ada")), 1)
  })
})
