import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset better-auth", () => {
  it.effect("refuses a token of the JWT plugin by its type, even if its audience is the resource", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("better-auth")
      const claims = { aud: resource, client_id: "exampleClient", scope: "notes:read" }
      assert.strictEqual(yield* refusalOf("otherApi", claims), "not-an-access-token")
    }).pipe(Effect.scoped))
})
