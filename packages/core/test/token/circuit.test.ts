import { ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Redacted } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { TestClock } from "effect/testing"
import { elapse } from "../time.ts"
import { issuer, outcome, verifier } from "./harness.ts"

const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))

/** A verifier, and its results for tokens that were not introspected before. */
const scenario = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  const verify = yield* verifier(TokenVerifier.introspection({ authentication }))
  const askAbout = (token: string) => elapse(outcome(verify(token)))
  const askAnew = Effect.flatMap(provider.mintOpaque(), askAbout)
  const fail = (times: number) => Effect.replicateEffect(askAnew, times)
  return { askAbout, askAnew, asked: provider.count("introspection"), fail, provider, verify }
})

const withProvider = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(TestProvider.layer()))

const down = Fault.status(503)

describe("an introspection endpoint that is down", () => {
  it.effect("is not asked again after three failed requests with their retries", () =>
    Effect.gen(function*() {
      const { askAnew, asked, fail, provider } = yield* scenario
      yield* provider.fault("introspection", down)
      assert.deepStrictEqual(yield* fail(3), Array.from({ length: 3 }, () => "VerificationUnavailable"))
      const before = yield* asked
      assert.strictEqual(before, 9)
      for (let index = 0; index < 100; index++) assert.strictEqual(yield* askAnew, "VerificationUnavailable")
      assert.strictEqual(yield* asked, before)
    }).pipe(withProvider))

  it.effect("is answered for with 503 and Retry-After in the meantime", () =>
    Effect.gen(function*() {
      const { fail, provider, verify } = yield* scenario
      yield* provider.fault("introspection", down)
      yield* fail(3)
      const error = yield* Effect.flip(verify(yield* provider.mintOpaque()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      const { retryAfter = Duration.zero } = error._tag === "VerificationUnavailable" ? error : {}
      assert.isAbove(Duration.toMillis(retryAfter), 0)
      assert.isAtMost(Duration.toMillis(retryAfter), 1200)
    }).pipe(withProvider))

  for (const times of [3, 4, 8, 20]) {
    it.effect(`is asked again within half a minute after its return, after ${times} failures`, () =>
      Effect.gen(function*() {
        const { askAnew, asked, provider } = yield* scenario
        yield* provider.fault("introspection", down)
        for (let index = 0; index < times; index++) {
          yield* askAnew
          if (index >= 2) yield* TestClock.adjust("30 seconds")
        }
        yield* askAnew
        yield* provider.heal()
        yield* TestClock.adjust("30 seconds")
        const before = yield* asked
        assert.strictEqual(yield* askAnew, "accepted")
        assert.strictEqual(yield* askAnew, "accepted")
        assert.strictEqual(yield* asked, before + 2)
      }).pipe(withProvider))
  }

  it.effect("is asked by one caller first after the pause, and only then by all", () =>
    Effect.gen(function*() {
      const { askAnew, asked, fail, provider, verify } = yield* scenario
      yield* provider.fault("introspection", down)
      yield* fail(3)
      yield* TestClock.adjust("2 seconds")
      yield* provider.heal()
      yield* provider.fault("introspection", Fault.delay("1 second"))
      const before = yield* asked
      const tokens = yield* Effect.replicateEffect(provider.mintOpaque(), 50)
      const outcomes = yield* elapse(Effect.forEach(tokens, (token) => outcome(verify(token)), { concurrency: 50 }))
      assert.strictEqual(yield* asked, before + 1)
      assert.strictEqual(outcomes.filter((one) => one === "accepted").length, 1)
      assert.strictEqual(yield* askAnew, "accepted")
    }).pipe(withProvider))

  it.effect("may ask for 20 seconds of Retry-After, which is kept, and for an hour, which becomes half a minute", () =>
    Effect.gen(function*() {
      const { askAnew, asked, fail, provider } = yield* scenario
      for (const [wanted, given] of [[20, 20], [3600, 30]] as const) {
        yield* provider.heal()
        yield* TestClock.adjust("2 hours")
        assert.strictEqual(yield* askAnew, "accepted")
        yield* provider.fault("introspection", Fault.status(503, { "retry-after": String(wanted) }))
        yield* fail(3)
        const before = yield* asked
        yield* TestClock.adjust((given - 1) * 1000)
        yield* askAnew
        assert.strictEqual(yield* asked, before)
        yield* TestClock.adjust("1 second")
        yield* askAnew
        assert.isAbove(yield* asked, before)
      }
    }).pipe(withProvider))

  it.effect("that responds in between stays in use", () =>
    Effect.gen(function*() {
      const { askAnew, fail, provider } = yield* scenario
      for (let index = 0; index < 5; index++) {
        yield* provider.fault("introspection", down)
        yield* fail(2)
        yield* provider.heal()
        assert.strictEqual(yield* askAnew, "accepted")
      }
    }).pipe(withProvider))

  it.effect("delays no caller whose token is cached", () =>
    Effect.gen(function*() {
      const { askAbout, fail, provider } = yield* scenario
      const known = yield* provider.mintOpaque()
      assert.strictEqual(yield* askAbout(known), "accepted")
      yield* provider.fault("introspection", down)
      yield* fail(3)
      assert.strictEqual(yield* askAbout(known), "accepted")
    }).pipe(withProvider))

  it.effect("is not avoided for hours because a clock was set back", () =>
    Effect.gen(function*() {
      const { askAnew, fail, provider } = yield* scenario
      yield* provider.fault("introspection", down)
      yield* fail(3)
      yield* provider.heal()
      yield* TestClock.setTime((yield* Clock.currentTimeMillis) - 7_200_000)
      assert.strictEqual(yield* askAnew, "accepted")
    }).pipe(withProvider))
})

describe("metadata that cannot be fetched", () => {
  it.effect("produces a Retry-After with the time of the next fetch", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario
      yield* provider.fault("metadata", Fault.connectionError())
      const error = yield* elapse(Effect.flip(verify("opaque")))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      const { retryAfter = Duration.zero } = error._tag === "VerificationUnavailable" ? error : {}
      assert.isAbove(Duration.toMillis(retryAfter), 0)
      assert.isAtMost(Duration.toMillis(retryAfter), 1250)
    }).pipe(withProvider))
})

describe("an introspection endpoint that refuses", () => {
  const refusals: ReadonlyArray<readonly [rule: string, fault: Fault.Fault]> = [
    ["the request", Fault.status(400)],
    ["the client credentials", Fault.status(401)],
    ["with an HTML page", Fault.html],
    ["with JSON that is not an object", Fault.body("[]")]
  ]
  for (const [rule, fault] of refusals) {
    it.effect(`${rule} is still asked about other tokens: a made-up token cannot cut the endpoint off`, () =>
      Effect.gen(function*() {
        const { askAnew, fail, provider } = yield* scenario
        yield* provider.fault("introspection", fault)
        yield* fail(10)
        yield* provider.heal()
        assert.strictEqual(yield* askAnew, "accepted")
      }).pipe(withProvider))
  }
})

describe("the circuit breaker of a server", () => {
  it.effect("is separate for each verifier without a shared store", () =>
    Effect.gen(function*() {
      const [one, another] = [yield* scenario, yield* scenario]
      yield* one.provider.fault("introspection", down)
      yield* one.fail(3)
      const before = yield* one.asked
      yield* another.askAnew
      assert.isAbove(yield* one.asked, before)
    }).pipe(withProvider))

  it.effect("is common to all verifiers with one shared store", () =>
    Effect.gen(function*() {
      const [one, another] = [yield* scenario, yield* scenario]
      yield* one.provider.fault("introspection", down)
      yield* one.fail(3)
      const before = yield* one.asked
      assert.strictEqual(yield* another.askAnew, "VerificationUnavailable")
      assert.strictEqual(yield* one.asked, before)
      const state = yield* Effect.flatMap(
        CircuitBreaker.CircuitBreakerStore,
        (store) => store.state(`mcp-auth:introspection:${issuer}`)
      )
      assert.strictEqual(state._tag, "Open")
    }).pipe(withProvider, Effect.provide(CircuitBreaker.layerStoreMemory())))
})
