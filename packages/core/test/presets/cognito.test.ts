import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset cognito", () => {
  it.effect("refuses every token without an audience, if no machine client is listed", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("cognito", { machineClients: undefined })
      assert.strictEqual(yield* refusalOf("machine"), "wrong-audience")
      assert.strictEqual(yield* refusalOf("otherApi"), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("refuses a machine client that is not listed, and a user of a listed one, without an audience", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("cognito")
      assert.strictEqual(yield* refusalOf("machine", { client_id: "other" }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("machine", { username: "ada" }), "wrong-audience")
      assert.strictEqual(
        yield* refusalOf("access", { aud: undefined, client_id: "5example4client6id" }),
        "wrong-audience"
      )
    }).pipe(Effect.scoped))

  it.effect("refuses a listed machine client whose token names another audience", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("cognito")
      assert.strictEqual(yield* refusalOf("machine", { aud: "https://other.test" }), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("refuses an ID token whose audience is the resource", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("cognito")
      assert.strictEqual(yield* refusalOf("id", { aud: resource, at_hash: undefined }), "not-an-access-token")
      assert.strictEqual(yield* refusalOf("access", { token_use: undefined }), "not-an-access-token")
    }).pipe(Effect.scoped))
})
