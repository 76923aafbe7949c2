import { AuthorizationServer, JwkSet, Purpose } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Option, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { sourceOf } from "../../src/discovery/internal/metadataSource.ts"
import { settled } from "../time.ts"
import { chance, elapse, limited } from "./harness.ts"

const issuer = "https://as.test"

const down = Fault.status(503)

const warm = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
  yield* server.config
  return { provider, server }
})

/** Requests metadata, and lets retries and background refreshes run to their end. */
const ask = Effect.fnUntraced(function*<A, E>(config: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(Effect.exit(config))
  yield* TestClock.adjust("20 seconds")
  return yield* Fiber.join(fiber)
})

describe("AuthorizationServer", () => {
  it.effect("makes no request before its metadata is needed", () =>
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

  it.effect("continues a fetch for the other callers when the first one is interrupted", () =>
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

  it.effect("caches metadata for an hour", () =>
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
    ["a longer Cache-Control prolongs the lifetime", "max-age=7200", 119, 121],
    ["a shorter Cache-Control shortens the lifetime", "public, max-age=600", 9, 11],
    ["a Cache-Control below one minute counts as one minute", "max-age=0", 0.9, 1.1],
    ["no-store counts as one minute", "no-store", 0.9, 1.1],
    ["a Cache-Control above one day counts as one day", "max-age=31536000", 1439, 1441],
    ["a Cache-Control without a lifetime changes nothing", "must-revalidate", 59, 61]
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

  it.effect("refreshes in the background: a request shortly after the lifetime does not wait", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", Fault.delay("3 seconds"))
      yield* TestClock.adjust("61 minutes")
      // No clock moves here: a response that had to be waited for would never come.
      assert.strictEqual((yield* server.config).issuer, issuer)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* provider.count(), 2)
      yield* server.config
      assert.strictEqual(yield* provider.count(), 2)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("waits for new metadata after a long time without requests", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", Fault.missing("registration_endpoint"))
      yield* TestClock.adjust("10 hours")
      const config = yield* server.config
      assert.isUndefined(config.metadata.registrationEndpoint)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has no failure in an outage of 23 hours after a successful fetch", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      for (let hour = 0; hour < 23; hour++) {
        yield* TestClock.adjust("59 minutes")
        assert.isTrue(Exit.isSuccess(yield* ask(server.config)))
        yield* TestClock.adjust("40 seconds")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has no failure in an outage of 23 hours without a request in between", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust("23 hours")
      assert.isTrue(Exit.isSuccess(yield* ask(server.config)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("fails in an outage of 25 hours, with an error that says so", () =>
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

  it.effect("notices the end of an outage within about a minute", () =>
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

  it.effect("remembers a failure: 1,000 uses do not cause 1,000 requests", () =>
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
    ["a redirect to another origin", Fault.redirect("https://evil.test")]
  ]
  for (const [what, fault] of wrong) {
    it.effect(`${what} never replaces a valid document`, () =>
      Effect.gen(function*() {
        const { provider, server } = yield* warm
        const good = yield* server.config
        yield* provider.fault("metadata", fault)
        yield* TestClock.adjust("2 hours")
        yield* ask(server.config)
        assert.strictEqual(yield* server.config, good)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("cannot be built eagerly from a wrong provider", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.wrongIssuer("https://evil.test"))
      const error = yield* Effect.flip(AuthorizationServer.fetch(issuer))
      assert.strictEqual(error._tag, "DiscoveryFailed")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("fails at once for an invalid issuer, even if it is lazy", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(AuthorizationServer.discover("as.test"))
      assert.strictEqual(error._tag, "InvalidIssuer")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("must be complete for its purpose if it is configured by hand", () =>
    Effect.gen(function*() {
      const known = { type: "oauth", metadata: { issuer } } as const
      const error = yield* Effect.flip(AuthorizationServer.make(known, { purpose: Purpose.jwtVerification }))
      assert.include(error.message, "jwks_uri")
      assert.include(error.message, "add it to the metadata that you pass")
      const server = yield* AuthorizationServer.make(known)
      assert.include((yield* Effect.flip(sourceOf(server).declarePurpose(Purpose.jwtVerification))).message, "jwks_uri")
    }))

  it.effect("ends its fetches with its scope", () =>
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

describe("the lifetime by Cache-Control", () => {
  const rows: ReadonlyArray<readonly [rule: string, headers: Readonly<Record<string, string>>, minutes: number]> = [
    ["max-age", { "cache-control": "max-age=7200" }, 120],
    ["max-age minus Age", { "cache-control": "max-age=7200", age: "1800" }, 90],
    ["at least a minute, even if Age is beyond max-age", { "cache-control": "max-age=7200", age: "9000" }, 1],
    ["unaffected by an Age that is not a number", { "cache-control": "max-age=7200", age: "-1800" }, 120],
    ["unaffected by Age alone", { age: "1800" }, 60],
    ["a minute for no-cache", { "cache-control": "no-cache" }, 1],
    ["no-store", { "cache-control": "no-store" }, 1],
    ["a minute for no-store beside max-age", { "cache-control": "max-age=7200, no-store" }, 1],
    ["a minute for no-cache beside max-age", { "cache-control": "no-cache, max-age=7200" }, 1],
    ["unaffected by no-cache for some headers", { "cache-control": "no-cache=\"set-cookie\", max-age=7200" }, 1],
    ["read in upper case and with white space", { "cache-control": "Public , MAX-AGE = 7200" }, 120],
    ["read from a quoted number", { "cache-control": "max-age=\"7200\"" }, 120],
    ["unaffected by an invalid number", { "cache-control": "max-age=soon" }, 60],
    ["unaffected by a negative number", { "cache-control": "max-age=-1" }, 60],
    ["unaffected by s-maxage", { "cache-control": "s-maxage=7200" }, 60]
  ]
  for (const [rule, headers, minutes] of rows) {
    it.effect(`${rule}: fresh for ${minutes} minutes`, () =>
      Effect.gen(function*() {
        const { provider, server } = yield* warm
        yield* TestClock.adjust(Duration.millis(minutes * 60_000 - 1))
        yield* ask(server.config)
        assert.strictEqual(yield* provider.count(), 1)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ headers }))))

    it.effect(`${rule}: not fresh after that`, () =>
      Effect.gen(function*() {
        const { provider, server } = yield* warm
        yield* TestClock.adjust(Duration.minutes(minutes))
        yield* ask(server.config)
        assert.strictEqual(yield* provider.count(), 2)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ headers }))))
  }
})

describe("the use of stale metadata while the provider is down", () => {
  interface Row {
    readonly rule: string
    readonly options?: AuthorizationServer.CacheOptions
    readonly headers?: Readonly<Record<string, string>>
    readonly until: Duration.Input
  }
  const day = { "cache-control": "max-age=86400" }
  const rows: ReadonlyArray<Row> = [
    { rule: "24 hours by default", until: "24 hours" },
    { rule: "as long as configured", options: { staleFor: "90 minutes" }, until: "90 minutes" },
    { rule: "never shorter than the lifetime", options: { staleFor: "5 minutes" }, until: "1 hour" },
    { rule: "as long as the lifetime, without any time beyond", options: { staleFor: 0 }, until: "1 hour" },
    { rule: "as long as the lifetime by Cache-Control", headers: day, until: "24 hours" },
    {
      rule: "never shorter than the lifetime by Cache-Control",
      options: { staleFor: "5 minutes" },
      headers: day,
      until: "24 hours"
    },
    { rule: "never shorter than a configured lifetime", options: { lifetime: "48 hours" }, until: "48 hours" },
    { rule: "counted from the fetch", options: { lifetime: "1 minute", staleFor: "2 hours" }, until: "2 hours" }
  ]
  const after = (duration: Duration.Duration, { headers = {}, options }: Row) =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth", ...options })
      yield* server.config
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust(duration)
      return yield* ask(server.config)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ headers })))

  for (const row of rows) {
    const until = Duration.fromInputUnsafe(row.until)
    it.effect(`${row.rule}: works a millisecond before ${row.until}`, () =>
      Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* after(Duration.subtract(until, Duration.millis(1)), row)))
      }))
    it.effect(`${row.rule}: ends at ${row.until}`, () =>
      Effect.gen(function*() {
        assert.isTrue(Exit.isFailure(yield* after(until, row)))
      }))
  }

  const minutes: ReadonlyArray<readonly [Duration.Input, works: boolean]> = [["1439 minutes", true], [
    "1441 minutes",
    false
  ]]
  for (const [duration, works] of minutes) {
    it.effect(`${duration} after the fetch it ${works ? "works" : "does not work"}`, () =>
      Effect.gen(function*() {
        const exit = yield* after(Duration.fromInputUnsafe(duration), { rule: "", until: 0 })
        assert.strictEqual(Exit.isSuccess(exit), works)
      }))
  }

  it.effect("counts from the last successful fetch", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* TestClock.adjust("10 hours")
      yield* server.config
      assert.strictEqual(yield* provider.count(), 2)
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust("23 hours")
      assert.isTrue(Exit.isSuccess(yield* ask(server.config)))
      yield* TestClock.adjust("1 hour")
      assert.isTrue(Exit.isFailure(yield* ask(server.config)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the pauses between requests to a failing provider", () => {
  const pauses: ReadonlyArray<readonly [random: number, seconds: ReadonlyArray<number>]> = [
    [0, [0.75, 1.5, 3, 6, 12, 18, 18]],
    [0.5, [1, 2, 4, 8, 16, 24, 24]],
    [1, [1.25, 2.5, 5, 10, 20, 30, 30]]
  ]
  const failing = Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    yield* provider.fault("metadata", Fault.status(404))
    const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
    return { provider, server }
  })

  for (const [random, seconds] of pauses) {
    it.effect(`double, with jitter, up to half a minute: ${seconds.join(", ")} s`, () =>
      Effect.gen(function*() {
        const { provider, server } = yield* failing
        yield* Effect.flip(server.config)
        for (const [failures, pause] of seconds.entries()) {
          yield* TestClock.adjust(pause * 1000 - 1)
          yield* Effect.flip(server.config)
          assert.strictEqual(yield* provider.count(), failures + 1, `before ${pause} s`)
          yield* TestClock.adjust("1 millis")
          yield* Effect.flip(server.config)
          assert.strictEqual(yield* provider.count(), failures + 2, `at ${pause} s`)
        }
      }).pipe(Effect.scoped, chance(random), Effect.provide(TestProvider.layer())))
  }

  it.effect("start again after a success", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* failing
      for (let failures = 0; failures < 6; failures++) {
        yield* Effect.flip(server.config)
        yield* TestClock.adjust("1 minute")
      }
      yield* provider.heal()
      yield* server.config
      yield* provider.fault("metadata", Fault.status(404))
      yield* TestClock.adjust("25 hours")
      yield* Effect.flip(server.config)
      const before = yield* provider.count()
      yield* TestClock.adjust("1 second")
      yield* Effect.flip(server.config)
      assert.strictEqual(yield* provider.count(), before + 1)
    }).pipe(Effect.scoped, chance(0.5), Effect.provide(TestProvider.layer())))

  it.effect("keep the failure unchanged in between", () =>
    Effect.gen(function*() {
      const { server } = yield* failing
      const error = yield* Effect.flip(server.config)
      assert.strictEqual(yield* Effect.flip(server.config), error)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("make no request wait once the failure is known", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", down)
      yield* TestClock.adjust("2 hours")
      // The first request waits for the failure.
      const { took } = yield* elapse(server.config)
      assert.isAbove(took, 0)
      const before = yield* provider.count()
      yield* provider.heal()
      yield* provider.fault("metadata", Fault.delay("1 hour"))
      for (let times = 0; times < 3; times++) {
        // No clock moves here: a request that waited would never end.
        assert.strictEqual((yield* server.config).issuer, issuer)
      }
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.count(), before + 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("end with a background request, and no request is made before", () =>
    Effect.gen(function*() {
      const { provider, server } = yield* warm
      yield* provider.fault("metadata", Fault.status(404))
      yield* TestClock.adjust("2 hours")
      const counts: Array<number> = []
      for (let half = 0; half < 8; half++) {
        yield* server.config
        yield* TestClock.adjust("500 millis")
        counts.push(yield* provider.count())
      }
      assert.deepStrictEqual(counts, [2, 2, 3, 3, 3, 3, 4, 4])
    }).pipe(Effect.scoped, chance(0.5), Effect.provide(TestProvider.layer())))
})

describe("after its scope was closed", () => {
  /** The result of a request. One that hangs is detected: nothing takes nine minutes. */
  const ended = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>) {
    const { value } = yield* elapse(Effect.exit(Effect.timeoutOption(effect, "9 minutes")))
    if (Exit.isSuccess(value)) return Option.isSome(value.value) ? "served" : "hangs"
    return Cause.hasDies(value.cause) ? "defect" : Cause.hasInterruptsOnly(value.cause) ? "interrupted" : "failure"
  })

  const made = Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const scope = yield* Scope.make()
    const server = yield* Scope.provide(AuthorizationServer.discover(issuer, { type: "oauth" }), scope)
    const keys = yield* Scope.provide(JwkSet.make(server, { staleFor: "24 hours" }), scope)
    const config: Effect.Effect<unknown, unknown> = server.config
    const find: Effect.Effect<unknown, unknown> = keys.find({ kid: undefined, algorithm: "RS256" })
    return { provider, scope, config, find }
  })

  const layer = TestProvider.layer()
  for (const what of ["config", "find"] as const) {
    const name = what === "config" ? "metadata" : "keys"

    it.effect(`fresh ${name} are served without a request`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        yield* ask[what]
        yield* Scope.close(scope, Exit.void)
        const before = yield* provider.count()
        assert.strictEqual(yield* ended(ask[what]), "served")
        assert.strictEqual(yield* provider.count(), before)
      }).pipe(Effect.provide(layer)))

    it.effect(`stale but usable ${name} are served without a request`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        yield* ask[what]
        yield* Scope.close(scope, Exit.void)
        const before = yield* provider.count()
        for (const hours of [1.1, 10, 12]) {
          yield* TestClock.adjust(Duration.hours(hours))
          assert.strictEqual(yield* ended(ask[what]), "served")
        }
        assert.strictEqual(yield* provider.count(), before)
      }).pipe(Effect.provide(layer)))

    it.effect(`${name} that are too old are a defect`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        yield* ask[what]
        yield* Scope.close(scope, Exit.void)
        const before = yield* provider.count()
        yield* TestClock.adjust("24 hours")
        assert.strictEqual(yield* ended(ask[what]), "defect")
        assert.strictEqual(yield* provider.count(), before)
      }).pipe(Effect.provide(layer)))

    it.effect(`${name} that were never fetched are a defect that names the reason`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(yield* ended(ask[what]), "defect")
        const exit = yield* Effect.exit(ask[what])
        if (Exit.isSuccess(exit)) return assert.fail("served")
        assert.include(Cause.pretty(exit.cause), "after its Scope was closed")
        assert.strictEqual(yield* provider.count(), 0)
      }).pipe(Effect.provide(layer)))

    it.effect(`a failure is returned as long as it is remembered, and is a defect afterwards: ${name}`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        yield* provider.fault("metadata", Fault.status(404))
        yield* Effect.flip(ask[what])
        yield* Scope.close(scope, Exit.void)
        const exit = yield* Effect.exit(ask[what])
        assert.isTrue(Exit.isFailure(exit) && Cause.hasFails(exit.cause))
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* ended(ask[what]), "defect")
      }).pipe(Effect.provide(layer)))

    it.effect(`a caller that waits for ${name} is released when the scope closes`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        yield* provider.fault("metadata", Fault.delay("1 hour"))
        const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(ended(ask[what])))
        yield* TestClock.adjust("1 second")
        yield* Scope.close(scope, Exit.void)
        for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), "interrupted")
        assert.strictEqual(yield* provider.inFlight, 0)
      }).pipe(Effect.provide(layer)))

    it.effect(`a caller that requests ${name} while the scope is closing does not wait forever`, () =>
      Effect.gen(function*() {
        const { provider, scope, ...ask } = yield* made
        // Finalizers run in reverse order: this one makes a request when the scope accepts no more fibers but is not
        // closed yet.
        const seen: Array<string> = []
        const asking = Effect.exit(Effect.timeoutOption(ask[what], "1 minute"))
        yield* Scope.addFinalizer(
          scope,
          Effect.map(asking, (exit) => {
            seen.push(Exit.isFailure(exit) ? "released" : Option.isSome(exit.value) ? "served" : "hangs")
          })
        )
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("10 minutes")
        yield* Fiber.join(closing)
        assert.deepStrictEqual(seen, ["released"])
        assert.strictEqual(yield* provider.inFlight, 0)
      }).pipe(Effect.provide(layer)))
  }
})

describe("a shared fetch uses the context of the server's maker and not that of a caller", () => {
  it.effect("is not affected by the caller's limits", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("3 seconds"))
      const server = yield* AuthorizationServer.discover(issuer)
      const hasty = limited({ attemptTimeout: Duration.millis(1), totalTimeout: Duration.millis(2), bodyBytes: 1 })
      const { took, value } = yield* elapse(hasty(server.config))
      assert.strictEqual(value.issuer, issuer)
      assert.strictEqual(took, 3000)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is subject to the maker's limits", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", down)
      const server = yield* limited({ retries: 0 })(AuthorizationServer.discover(issuer, { type: "oauth" }))
      yield* elapse(limited({ retries: 9 })(Effect.flip(server.config)))
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is a root span: neither the caller's nor the maker's span is its parent", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.gen(function*() {
        const server = yield* Effect.withSpan(AuthorizationServer.discover(issuer, { type: "oauth" }), "maker")
        yield* Effect.withSpan(server.config, "asker")
      }).pipe(Effect.withTracer(tracer))
      const parents = spans.map(({ name, parent }) => [
        name,
        Option.getOrUndefined(Option.map(parent, (span) => span._tag === "Span" ? span.name : span.spanId))
      ])
      assert.deepStrictEqual(parents, [
        ["maker", undefined],
        ["asker", undefined],
        ["Discovery.search", undefined],
        ["Discovery.fetchDocument", "Discovery.search"]
      ])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is not visible to the caller's tracer", () =>
    Effect.gen(function*() {
      const names: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          names.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      const server = yield* AuthorizationServer.discover(issuer)
      yield* server.config.pipe(Effect.withSpan("asker"), Effect.withTracer(tracer))
      assert.deepStrictEqual(names, ["asker"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the purpose of metadata", () => {
  const layer = TestProvider.layer({ metadata: { jwks_uri: undefined } })
  const known = { type: "oauth", metadata: { issuer, introspectionEndpoint: "https://as.test/introspect" } } as const

  it.effect("is set by a JWT verifier when it is built, and then keys are required", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.discover(issuer)
      yield* sourceOf(server).declarePurpose(Purpose.jwtVerification)
      const lazy = yield* Effect.flip(server.config)
      assert.strictEqual(lazy.outcome, "Incomplete")
      assert.include(lazy.message, "no jwks_uri, which JWT verification needs")
      const eager = yield* AuthorizationServer.fetch(issuer)
      assert.include(
        (yield* Effect.flip(sourceOf(eager).declarePurpose(Purpose.jwtVerification))).message,
        "no jwks_uri"
      )
      const byHand = yield* AuthorizationServer.make(known)
      assert.include(
        (yield* Effect.flip(sourceOf(byHand).declarePurpose(Purpose.jwtVerification))).message,
        "no jwks_uri"
      )
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("does not affect the document as long as no verifier needs more", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.discover(issuer)
      assert.isUndefined((yield* server.config).metadata.jwksUri)
      assert.isUndefined((yield* (yield* AuthorizationServer.fetch(issuer)).config).metadata.jwksUri)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("covers both verifiers, and a document for one of them never replaces a document for both", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = yield* AuthorizationServer.discover(issuer)
      yield* sourceOf(server).declarePurpose(Purpose.jwtVerification)
      yield* sourceOf(server).declarePurpose(Purpose.introspection)
      const good = yield* server.config
      yield* provider.fault("metadata", Fault.missing("jwks_uri"))
      yield* TestClock.adjust("2 hours")
      yield* ask(server.config)
      assert.strictEqual(yield* server.config, good)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("starts another search if it is set after a search, and that finds the document with the member", () =>
    Effect.gen(function*() {
      const lazy = yield* AuthorizationServer.discover(issuer)
      assert.isUndefined((yield* lazy.config).metadata.jwksUri)
      yield* sourceOf(lazy).declarePurpose(Purpose.jwtVerification)
      yield* settled
      assert.isDefined((yield* lazy.config).metadata.jwksUri)
      const eager = yield* AuthorizationServer.fetch(issuer)
      yield* sourceOf(eager).declarePurpose(Purpose.jwtVerification)
      assert.isDefined((yield* eager.config).metadata.jwksUri)
    }).pipe(
      Effect.scoped,
      Effect.provide(TestProvider.layer({ metadataAt: { "oauth-authorization-server": { jwks_uri: undefined } } }))
    ))

  it.effect("may be configured, and then that one counts", () =>
    Effect.gen(function*() {
      const purpose = Purpose.introspection
      const lazy = yield* AuthorizationServer.discover(issuer, { purpose })
      assert.isDefined((yield* lazy.config).metadata.introspectionEndpoint)
      const eager = yield* AuthorizationServer.fetch(issuer, { purpose })
      assert.isDefined((yield* eager.config).metadata.introspectionEndpoint)
      const byHand = yield* AuthorizationServer.make(known, { purpose })
      assert.strictEqual((yield* byHand.config).issuer, issuer)
      const other = yield* AuthorizationServer.discover(issuer, {
        purpose: Purpose.make("device flow", ({ deviceAuthorizationEndpoint }) =>
          deviceAuthorizationEndpoint === undefined ? ["device_authorization_endpoint"] : [])
      })
      const error = yield* Effect.flip(other.config)
      assert.include(error.message, "no device_authorization_endpoint, which device flow needs")
    }).pipe(Effect.scoped, Effect.provide(layer)))
})
