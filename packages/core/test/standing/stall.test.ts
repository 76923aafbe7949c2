/**
 * A stalled process receives no response, however quickly the authorization server answered: that time does not count
 * against the server.
 */
import { ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { settled } from "../time.ts"
import { outcome, verifier } from "../token/harness.ts"

/** A clock that stands still like the process, and then wakes everything that was due, once. */
const makeClock = () => {
  let now = 1_800_000_000_000
  let sleepers: Array<{ readonly due: number; readonly wake: () => void }> = []
  const nanos = () => BigInt(now) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        sleepers.push({ due: now + Duration.toMillis(duration), wake: () => resume(Effect.void) })
      })
  }
  const standStill = (milliseconds: number) =>
    Effect.suspend(() => {
      now += milliseconds
      const due = sleepers.filter((sleeper) => sleeper.due <= now)
      sleepers = sleepers.filter((sleeper) => sleeper.due > now)
      for (const { wake } of due) wake()
      return settled
    })
  return { clock, standStill }
}

/** Responses of the introspection endpoint wait until they are released. */
const gated = (answered: Deferred.Deferred<void>) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.transform(client, (response, { url }) =>
        url.endsWith("/introspect")
          ? Effect.tap(response, () =>
            Deferred.await(answered))
          : response))
  )

const introspection = TokenVerifier.introspection({
  authentication: ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret")),
  concurrency: 1
})

const scenario = (stalls: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const answered = yield* Deferred.make<void>()
    const { clock, standStill } = makeClock()
    return yield* Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier({
        ...introspection,
        make: (trust) => Effect.provideService(introspection.make(trust), Clock.Clock, clock)
      })
      const tokens = yield* Effect.replicateEffect(provider.mintOpaque(), 2)
      const outcomes = yield* Effect.forkChild(
        Effect.forEach(tokens, (token) => outcome(verify(token)), { concurrency: "unbounded" }).pipe(
          Effect.provideService(Clock.Clock, clock)
        )
      )
      yield* settled
      for (const milliseconds of stalls) yield* standStill(milliseconds)
      yield* Deferred.succeed(answered, undefined)
      return yield* Fiber.join(outcomes)
    }).pipe(Effect.provide(Layer.provideMerge(gated(answered), TestProvider.layer())))
  }).pipe(Effect.scoped)

describe("a process that stalls for longer than all limits", () => {
  it.effect("still receives the responses that arrived meanwhile, and its own queue does not time out", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* scenario([60_000]), ["accepted", "accepted"])
      assert.deepStrictEqual(yield* scenario([60_000, 60_000, 60_000]), ["accepted", "accepted"])
    }))

  it.effect("does not wait forever: time in which it runs counts against the request", () =>
    Effect.gen(function*() {
      const outcomes = yield* scenario(Array.from({ length: 100 }, () => 1_000))
      assert.deepStrictEqual(outcomes, ["VerificationUnavailable", "VerificationUnavailable"])
    }))
})
