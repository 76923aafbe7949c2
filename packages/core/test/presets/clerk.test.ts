import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset clerk", () => {
  it.effect("refuses an access token without an audience, because any client gets one by sending no resource", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("clerk")
      assert.strictEqual(yield* refusalOf("access", { aud: undefined }), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("accepts a listed client without an audience, and no other", () =>
    Effect.gen(function*() {
      const clientsWithoutAudience = ["client_2VTWUzvGC5UhdJCNx6xG1D98edc"]
      const { callerOf, refusalOf } = yield* protectProduct("clerk", { clientsWithoutAudience })
      assert.deepStrictEqual((yield* callerOf("access", { aud: undefined })).audience, [])
      assert.strictEqual(yield* refusalOf("access", { aud: undefined, client_id: "client_other" }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("access", { aud: "https://other.test" }), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("refuses session tokens and ID tokens by their type, whatever their claims", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("clerk")
      const claims = { aud: resource, client_id: "client_2VTWUzvGC5UhdJCNx6xG1D98edc", scope: "notes:read" }
      assert.strictEqual(yield* refusalOf("otherApi", claims), "not-an-access-token")
      assert.strictEqual(yield* refusalOf("id", claims), "not-an-access-token")
      assert.strictEqual(yield* refusalOf("access", { client_id: undefined }), "not-an-access-token")
    }).pipe(Effect.scoped))
})
