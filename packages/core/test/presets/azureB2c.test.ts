import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct } from "./protectProduct.ts"

describe("the preset azure-b2c", () => {
  it.effect("refuses a token of another user flow, which has the same issuer, keys and audience", () =>
    Effect.gen(function*() {
      const { callerOf, refusalOf } = yield* protectProduct("azure-b2c")
      assert.strictEqual(yield* refusalOf("access", { tfp: "B2C_1_partners" }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("access", { tfp: undefined }), "wrong-audience")
      assert.isDefined((yield* callerOf("access", { tfp: undefined, acr: "b2c_1_SIGNIN" })).subject)
    }).pipe(Effect.scoped))

  it.effect("refuses an ID token for the API itself, with and without nonce", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("azure-b2c")
      assert.strictEqual(yield* refusalOf("id"), "not-an-access-token")
      assert.strictEqual(yield* refusalOf("id", { nonce: "n" }), "not-an-access-token")
    }).pipe(Effect.scoped))
})
