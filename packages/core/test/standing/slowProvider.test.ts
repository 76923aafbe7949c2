/**
 * An authorization server that is slower than the fetch limits: one caller waits for the whole limit, and the next
 * callers are answered at once, with a `Retry-After` until the next fetch.
 */
import { ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { callTool, type Handle, start as startServer } from "../server/harness.ts"
import { pass, settled } from "../time.ts"
import { assertStated, type Stated } from "./harness.ts"

type Provider = TestProvider.TestProvider["Service"]

const verifier = TokenVerifier.introspection({
  authentication: ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))
})

interface Source {
  readonly endpoint: "metadata" | "jwks" | "introspection"
  readonly mint: (provider: Provider) => Effect.Effect<string>
  readonly start: typeof started
}

const started = Effect.map(Effect.provide(startServer(), NodeJws.layer), ({ handle }) => handle)

const sources: ReadonlyArray<Source> = [
  { endpoint: "metadata", mint: ({ mint }) => mint(), start: started },
  { endpoint: "jwks", mint: ({ mint }) => mint(), start: started },
  {
    endpoint: "introspection",
    mint: ({ mintOpaque }) => mintOpaque(),
    start: Effect.map(startServer({ verifier }), ({ handle }) => handle)
  }
]

const slow: ReadonlyArray<readonly [rule: string, fault: Fault.Fault]> = [
  ["that does not answer", Fault.delay("1 hour")],
  ["that is slower than the limit of an attempt", Fault.delay("6 seconds")],
  ["whose body does not end", Fault.slowBody()]
]

const withProvider = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(TestProvider.layer()),
    Effect.provideService(Random.Random, { nextDoubleUnsafe: () => 0.5, nextIntUnsafe: () => 0 })
  )

for (const { endpoint, mint, start } of sources) {
  describe(`${endpoint} of an authorization server`, () => {
    const scenario = Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const handle = yield* start
      const ask = Effect.flatMap(mint(provider), (token) => callTool(handle, token))
      return { ask, handle, provider }
    })

    for (const [rule, fault] of slow) {
      it.effect(`${rule}: one caller waits for 10 seconds, and the next ones do not wait`, () =>
        Effect.gen(function*() {
          const { ask, provider } = yield* scenario
          yield* provider.fault(endpoint, fault)
          yield* assertStated(ask, "503 in 10 s, retry after 10 s", "the first caller")
          const before = yield* provider.count(endpoint)
          yield* assertStated(ask, "503 in 0 s, retry after 10 s", "the next caller")
          yield* TestClock.adjust("5 seconds")
          yield* assertStated(ask, "503 in 0 s, retry after 5 s", "a caller after 5 seconds")
          assert.strictEqual(yield* provider.count(endpoint), before)
          yield* provider.heal()
          yield* TestClock.adjust("5 seconds")
          yield* assertStated(ask, "200 in 0 s", "a caller who retries after Retry-After")
        }).pipe(withProvider))
    }

    it.effect("that keeps failing is asked again after the duration of the failed attempt", () =>
      Effect.gen(function*() {
        const { ask, provider } = yield* scenario
        yield* provider.fault(endpoint, Fault.delay("1 hour"))
        yield* assertStated(ask, "503 in 10 s", "the first caller")
        yield* TestClock.adjust("10 seconds")
        const before = yield* provider.count(endpoint)
        const next = yield* Effect.forkChild(ask)
        yield* settled
        assert.strictEqual(yield* provider.count(endpoint), before + 1)
        yield* assertStated(ask, endpoint === "introspection" ? "503 in 0 s" : "503 in 2 s", "a caller in the meantime")
        yield* pass(10)
        assert.strictEqual((yield* Fiber.join(next)).status, 503)
        yield* assertStated(ask, "503 in 0 s", "a caller after the second failure")
      }).pipe(withProvider))

    it.effect("that a client stops waiting for is known to fail for the next client", () =>
      Effect.gen(function*() {
        const { handle, provider } = yield* scenario
        yield* provider.fault(endpoint, Fault.delay("1 hour"))
        const token = yield* mint(provider)
        const patient = yield* Effect.forkChild(callTool(handle, token))
        const controller = new AbortController()
        const hasty = yield* Effect.forkChild(callTool(aborting(handle, controller), yield* mint(provider)))
        yield* pass(3)
        controller.abort()
        yield* pass(7)
        assert.strictEqual((yield* Fiber.join(patient)).status, 503)
        yield* Fiber.interrupt(hasty)
        yield* assertStated(callTool(handle, yield* mint(provider)), "503 in 0 s", "the next client")
      }).pipe(withProvider))
  })
}

/** Requests whose client disconnects on demand. */
const aborting = (handle: Handle, { signal }: AbortController): Handle => (request) =>
  handle(new Request(request, { signal }))

describe("a token for which the authorization server is too slow", () => {
  const answers: ReadonlyArray<readonly [rule: string, fault: Fault.Fault | undefined, answered: Stated]> = [
    ["does not open the circuit for tokens that the server answers meanwhile", undefined, "200 in 0 s"],
    ["does not open the circuit while the server refuses requests about other tokens", Fault.status(401), "503 in 0 s"]
  ]
  for (const [rule, fault, answered] of answers) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* startServer({ verifier })
        const ask = Effect.flatMap(provider.mintOpaque(), (token) => callTool(handle, token))
        yield* assertStated(ask, "200 in 0 s", "before")
        yield* provider.fault("introspection", Fault.delay("1 hour"), { times: 2 })
        const slow = yield* Effect.forkChild(ask)
        yield* settled
        // Its second attempt hangs as well.
        yield* pass(7)
        yield* provider.heal()
        if (fault !== undefined) yield* provider.fault("introspection", fault)
        yield* assertStated(ask, answered, "another token")
        yield* provider.heal()
        yield* pass(4)
        assert.strictEqual((yield* Fiber.join(slow)).status, 503)
        yield* assertStated(ask, "200 in 0 s", "a token after it")
      }).pipe(withProvider))
  }

  it.effect("opens the circuit if the last answer came no later than its request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* startServer({ verifier })
      const ask = Effect.flatMap(provider.mintOpaque(), (token) => callTool(handle, token))
      yield* assertStated(ask, "200 in 0 s", "before")
      yield* provider.fault("introspection", Fault.delay("1 hour"))
      yield* assertStated(ask, "503 in 10 s", "a token")
      yield* assertStated(ask, "503 in 0 s", "the next token")
    }).pipe(withProvider))
})
