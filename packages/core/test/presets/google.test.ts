import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset google", () => {
  it.effect("refuses a token that was issued to a client that is not configured", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("google")
      assert.strictEqual(yield* refusalOf("otherApi"), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("sends the token in a header and not in the URL, and asks once for a token that it has seen", () =>
    Effect.gen(function*() {
      const { authenticate, product } = yield* protectProduct("google")
      const token = yield* product.issue("access", resource)
      yield* authenticate(token)
      yield* authenticate(token)
      const checks = (yield* product.provider.requests).filter(({ url }) => url.includes("tokeninfo"))
      assert.deepStrictEqual(checks.map(({ headers, url }) => [url, headers["authorization"]]), [
        ["https://oauth2.googleapis.com/tokeninfo", `Bearer ${token}`]
      ])
    }).pipe(Effect.scoped))

  it.effect("does not send an ID token or the token of another provider to Google", () =>
    Effect.gen(function*() {
      const { authenticate, product } = yield* protectProduct("google")
      for (const token of [yield* product.issue("id", resource), "gho_token", "ya29"]) {
        assert.strictEqual((yield* Effect.flip(authenticate(token)))._tag, "InvalidToken")
      }
      assert.isFalse((yield* product.provider.requests).some(({ url }) => url.includes("tokeninfo")))
    }).pipe(Effect.scoped))

  it.effect("accepts a token without a subject, as a principal of its own", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("google")
      const info = yield* callerOf("access", { sub: undefined })
      assert.isUndefined(info.subject)
      assert.isDefined(info.tokenDigest)
    }).pipe(Effect.scoped))
})
