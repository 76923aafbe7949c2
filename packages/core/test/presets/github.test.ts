import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { settled } from "../time.ts"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset github", () => {
  it.effect("refuses a token of another app", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("github")
      assert.strictEqual(yield* refusalOf("access", { client_id: "Iv23liOther000000000" }), "rejected")
    }).pipe(Effect.scoped))

  for (const token of ["ghp_personalaccesstoken", "ghs_installation", "github_pat_11AAAA", "gho_", "opaque"]) {
    it.effect(`does not send to GitHub what is no token of an app: ${token}`, () =>
      Effect.gen(function*() {
        const { authenticate, product } = yield* protectProduct("github")
        assert.strictEqual((yield* Effect.flip(authenticate(token)))._tag, "InvalidToken")
        const requests = yield* product.provider.requests
        assert.isFalse(requests.some(({ url }) => url.includes("/applications/")))
      }).pipe(Effect.scoped))
  }

  it.effect("counts wrong credentials of the app as an outage, and does not print the token", () =>
    Effect.gen(function*() {
      const { authenticate, product } = yield* protectProduct("github", { clientSecret: Redacted.make("wrong") })
      const token = yield* product.issue("access", resource)
      const error = yield* Effect.flip(authenticate(token))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, token)
      assert.include(error.message, "https://api.github.com/applications/")
    }).pipe(Effect.scoped))

  it.effect("accepts the token of a client while another address floods it with made-up tokens", () =>
    Effect.gen(function*() {
      const slow = HttpClient.transformResponse(Effect.delay("1 second"))
      const { authenticate, product } = yield* protectProduct("github", {}, slow)
      const flood = yield* Effect.forkChild(Effect.forEach(
        Array.from({ length: 200 }, (_, index) => `gho_${"x".repeat(33)}${String(index).padStart(3, "0")}`),
        (token) => Effect.exit(authenticate(token, "203.0.113.1")),
        { concurrency: "unbounded" }
      ))
      yield* settled
      const token = yield* product.issue("access", resource)
      const good = yield* Effect.forkChild(Effect.timed(authenticate(token, "198.51.100.1")))
      for (let second = 0; second < 30; second++) {
        yield* TestClock.adjust("1 second")
        yield* settled
      }
      const [took] = yield* Fiber.join(good)
      assert.isAtMost(Duration.toMillis(took), 2000)
      yield* Fiber.join(flood)
    }).pipe(Effect.scoped))

  it.effect("sends the token in the body, and asks once for a token that it has seen", () =>
    Effect.gen(function*() {
      const { authenticate, product } = yield* protectProduct("github")
      const token = yield* product.issue("access", resource)
      const info = yield* authenticate(token)
      yield* authenticate(token)
      const checks = (yield* product.provider.requests).filter(({ url }) => url.includes("/applications/"))
      assert.lengthOf(checks, 1)
      assert.deepStrictEqual(checks.map(({ body, url }) => [body.includes(token), url.includes(token)]), [[
        true,
        false
      ]])
      assert.notInclude(JSON.stringify(info.claims), token)
    }).pipe(Effect.scoped))
})
