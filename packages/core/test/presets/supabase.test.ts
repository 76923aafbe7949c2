import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset supabase", () => {
  it.effect("refuses the audience authenticated, if no client is listed", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("supabase")
      assert.strictEqual(yield* refusalOf("access", { aud: "authenticated" }), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("accepts the audience authenticated from a listed client, and not from the app's own sessions", () =>
    Effect.gen(function*() {
      const clientsOfSharedAudience = ["9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d"]
      const { callerOf, refusalOf } = yield* protectProduct("supabase", { clientsOfSharedAudience })
      const shared = { aud: "authenticated" }
      assert.strictEqual((yield* callerOf("access", shared)).clientId, clientsOfSharedAudience[0])
      assert.strictEqual(yield* refusalOf("access", { ...shared, client_id: "other" }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("otherApi"), "not-an-access-token")
      assert.strictEqual(yield* refusalOf("otherApi", { aud: resource }), "not-an-access-token")
    }).pipe(Effect.scoped))
})
