import { AuthorizationServer } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"

const issuer = "https://as.test"

const down = Fault.status(503)

const warm = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
  yield* server.config
  return { provider, server }
})

/** Asks, and lets retries and background refreshes run to their end. */
const ask = Effect.fnUntraced(function*<A, E>(config: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(Effect.exit(config))
  yield* TestClock.adjust("20 seconds")
  return yield* Fiber.join(fiber)
})

describe("AuthorizationServer", () => {
  it.effect("asks nobody before its metadata is needed", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = yield* AuthorizationServer.discover(issuer)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* provider.count(), 0)
      yield* server.config
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("1,000 concurrent first uses cause one request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 second"))
      const server = yield* AuthorizationServer.discover(issuer)
      const fiber = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 1000 }), () => server.config, { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 seconds")
      const configs = yield* Fiber.join(fiber)
      assert.strictEqual(new Set(configs).size, 1)
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("the first caller's interruption takes nothing from the others", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 second"))
      const server = yield* AuthorizationServer.discover(issuer)
      const first = yield* Effect.forkChild(server.config)
      yield* TestClock.adjust("100 millis")
      const second = yield* Effect.forkChild(server.config)
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(second)).issuer, issuer)
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("metadata is fresh for an hour", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* TestClock.adjust("59 minutes")
      yield* server.config
      assert.strictEqual(yield* provider.count(), 1)
      yield* TestClock.adjust("2 minutes")
      yield* ask(server.config)
      assert.strictEqual(yield* provider.count(), 2)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const lifetimes: ReadonlyArray<readonly [rule: string, cacheControl: string, fresh: number, due: number]> = [
    ["Cache-Control prolongs the lifetime", "max-age=7200", 119, 121],
    ["Cache-Control shortens the lifetime", "public, max-age=600", 9, 11],
    ["Cache-Control is honoured no shorter than a minute", "max-age=0", 0.9, 1.1],
    ["no-store is honoured no shorter than a minute", "no-store", 0.9, 1.1],
    ["Cache-Control is honoured no longer than a day", "max-age=31536000", 1439, 1441],
    ["a Cache-Control that says nothing changes nothing", "must-revalidate", 59, 61]
  ]
  for (const [rule, cacheControl, fresh, due] of lifetimes) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { provider, server } = yield* warm
        yield* TestClock.adjust(`${fresh * 60} seconds`)
        yield* server.config
        assert.strictEqual(yield* provider.count(), 1)
        yield* TestClock.adjust(`${(due - fresh) * 60} seconds`)
        yield* ask(server.config)
        assert.strictEqual(yield* provider.count(), 2)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ headers: { "cache-control": cacheControl } }))))
  }

  it.effect("is refreshed in the background: who asks shortly after its time does not wait", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", Fault.delay("3 seconds"))
      yield* TestClock.adjust("61 minutes")
      // No clock moves here: an answer that had to be waited for would never come.
      assert.strictEqual((yield* server.config).issuer, issuer)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* provider.count(), 2)
      yield* server.config
      assert.strictEqual(yield* provider.count(), 2)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("after a long sleep the newest metadata is waited for", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", Fault.missing("registration_endpoint"))
      yield* TestClock.adjust("10 hours")
      const config = yield* server.config
      assert.isUndefined(config.metadata.registrationEndpoint)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("an outage of 23 hours after a good fetch causes no failure", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      for (let hour = 0; hour < 23; hour++) {
        yield* TestClock.adjust("59 minutes")
        assert.isTrue(Exit.isSuccess(yield* ask(server.config)))
        yield* TestClock.adjust("40 seconds")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("an outage of 23 hours without a request in between causes no failure", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust("23 hours")
      assert.isTrue(Exit.isSuccess(yield* ask(server.config)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("an outage of 25 hours fails, and says so", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust("25 hours")
      const fiber = yield* Effect.forkChild(Effect.flip(server.config))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.outcome, "Transient")
      assert.include(error.message, "HTTP 503")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("the end of an outage is noticed within a minute or so", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust("25 hours")
      for (let times = 0; times < 20; times++) {
        yield* ask(server.config)
        yield* TestClock.adjust("1 minute")
      }
      yield* provider.heal()
      yield* TestClock.adjust("75 seconds")
      assert.isTrue(Exit.isSuccess(yield* ask(server.config)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a failure is remembered: a thousand requests do not ask a thousand times", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
      yield* Effect.forEach(Array.from({ length: 1000 }), () => Effect.flip(server.config))
      assert.strictEqual(yield* provider.count(), 1)
      yield* provider.heal()
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* server.config).issuer, issuer)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const wrong: ReadonlyArray<readonly [string, Fault.Fault]> = [
    ["another issuer", Fault.wrongIssuer("https://evil.test")],
    ["an incomplete document", Fault.missing("jwks_uri", "introspection_endpoint")],
    ["an HTML page", Fault.html],
    ["a document with nulls", Fault.nulls("jwks_uri")],
    ["a redirect elsewhere", Fault.redirect("https://evil.test")]
  ]
  for (const [what, fault] of wrong) {
    it.effect(`${what} never replaces a good document`, () =>
      Effect.gen(function*() {
        const { provider, server } = yield* warm
        const good = yield* server.config
        yield* provider.fault("metadata", fault)
        yield* TestClock.adjust("2 hours")
        yield* ask(server.config)
        assert.strictEqual(yield* server.config, good)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("an eager server fails to build when the provider is wrong", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer("https://evil.test"))
      const error = yield* Effect.flip(AuthorizationServer.fetch(issuer))
      assert.strictEqual(error._tag, "DiscoveryFailed")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("an issuer that is none fails at once, also for a lazy server", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(AuthorizationServer.discover("as.test"))
      assert.strictEqual(error._tag, "InvalidIssuer")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a server that is known by hand must be complete for its purpose", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(AuthorizationServer.make({ type: "oauth", metadata: { issuer } }))
      assert.include(error.message, "jwks_uri")
    }))

  it.effect("the end of the scope ends what is under way", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("3 seconds"))
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(AuthorizationServer.discover(issuer), scope)
      const fiber = yield* Effect.forkChild(Effect.exit(server.config))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.inFlight, 1)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(fiber)))
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(Effect.provide(TestProvider.layer())))
})
