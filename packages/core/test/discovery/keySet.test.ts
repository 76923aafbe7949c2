import { AuthorizationServer, JwkSet, type MetadataFetchError } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect } from "effect"
import { chance, elapse, limited } from "./harness.ts"

/** Requests the keys of a server whose metadata is known. A failure is returned as its error. */
const asked = Effect.gen(function*() {
  const server = yield* AuthorizationServer.make({
    type: "oauth",
    metadata: { issuer: "https://as.test", jwksUri: "https://as.test/jwks" }
  })
  const { find } = yield* JwkSet.make(server)
  const provider = yield* TestProvider.TestProvider
  const start = yield* Clock.currentTimeMillis
  const { took, value } = yield* elapse(
    Effect.match(find({ kid: undefined, algorithm: "RS256" }), {
      onFailure: (error) => error._tag === "MetadataFetchError" ? error.reason : error,
      onSuccess: () => "found" as const
    })
  )
  const times = (yield* provider.requests).map(({ at }) => Math.round(at - start))
  return { took: Math.round(took), value, times, inFlight: yield* provider.inFlight }
})

const fetchWithFault = (fault: Fault.Fault, times = Infinity) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    yield* provider.fault("jwks", fault, { times })
    return yield* asked
  }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))

/** `deepStrictEqual` compares only the names of errors. */
const fields = (reason: unknown) => typeof reason === "object" ? { ...reason } : reason

const status = (status: number, retryAfter?: number): Partial<MetadataFetchError.Status> => ({
  _tag: "Status",
  status,
  ...(retryAfter === undefined ? {} : { retryAfter: Duration.millis(retryAfter) })
})

describe("a key set is fetched with the retries of discovery", () => {
  const waits: ReadonlyArray<readonly [random: number, times: ReadonlyArray<number>]> = [
    [0, [0, 160, 480]],
    [0.5, [0, 200, 600]],
    [1, [0, 240, 720]]
  ]
  for (const [random, expected] of waits) {
    it.effect(`the waits double, with a jitter of a fifth: requests at ${expected.join(", ")} ms`, () =>
      Effect.gen(function*() {
        const { times, value } = yield* fetchWithFault(Fault.status(503))
        assert.deepStrictEqual(times, expected)
        assert.deepStrictEqual(fields(value), status(503))
      }).pipe(chance(random)))
  }

  it.effect("a transient failure is retried", () =>
    Effect.gen(function*() {
      for (
        const fault of [Fault.status(503), Fault.connectionError("ECONNRESET"), Fault.truncatedBody({ broken: true })]
      ) {
        const { times, value } = yield* fetchWithFault(fault, 2)
        assert.strictEqual(value, "found")
        assert.strictEqual(times.length, 3)
      }
    }))

  it.effect("a permanent failure is not retried", () =>
    Effect.gen(function*() {
      for (const fault of [Fault.status(404), Fault.html, Fault.missing("keys"), Fault.redirect("https://evil.test")]) {
        const { times, took, value } = yield* fetchWithFault(fault)
        assert.notStrictEqual(value, "found")
        assert.deepStrictEqual(times, [0])
        assert.strictEqual(took, 0)
      }
    }))

  it.effect("Retry-After is waited for", () =>
    Effect.gen(function*() {
      const { times, value } = yield* fetchWithFault(Fault.status(503, { "retry-after": "7" }), 1)
      assert.deepStrictEqual(times, [0, 7000])
      assert.strictEqual(value, "found")
    }))

  it.effect("Retry-After beyond the time limit is not waited for", () =>
    Effect.gen(function*() {
      const { times, took, value } = yield* fetchWithFault(Fault.status(503, { "retry-after": "15" }))
      assert.deepStrictEqual(times, [0])
      assert.strictEqual(took, 0)
      assert.deepStrictEqual(fields(value), status(503, 15_000))
    }))

  it.effect("a hanging request is given up after the time of an attempt, and retried", () =>
    Effect.gen(function*() {
      const { times, value } = yield* fetchWithFault(Fault.delay("1 hour"), 1)
      assert.deepStrictEqual(times, [0, 5200])
      assert.strictEqual(value, "found")
    }).pipe(chance(0.5)))

  it.effect("hanging requests end within the time of a search", () =>
    Effect.gen(function*() {
      const { inFlight, times, took, value } = yield* fetchWithFault(Fault.delay("1 hour"))
      assert.deepStrictEqual(times, [0, 5200])
      assert.strictEqual(took, 8000)
      assert.deepStrictEqual(fields(value), { _tag: "Timeout", duration: Duration.millis(8000), of: "search" })
      assert.strictEqual(inFlight, 0)
    }).pipe(limited({ totalTimeout: Duration.seconds(8) }), chance(0.5)))

  it.effect("every attempt that hangs has its duration in the error", () =>
    Effect.gen(function*() {
      const { times, value } = yield* fetchWithFault(Fault.delay("1 hour"))
      assert.deepStrictEqual(times, [0, 1800, 4400])
      assert.deepStrictEqual(fields(value), { _tag: "Timeout", duration: Duration.millis(1000), of: "attempt" })
    }).pipe(
      limited({ attemptTimeout: Duration.seconds(1), retryDelay: Duration.seconds(1), retries: 2 }),
      chance(0)
    ))

  it.effect("the number of attempts has the configured limit", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* fetchWithFault(Fault.status(503)).pipe(limited({ retries: 0 }))).times.length, 1)
      assert.strictEqual((yield* fetchWithFault(Fault.status(503)).pipe(limited({ retries: 4 }))).times.length, 5)
    }))
})
