import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct } from "./protectProduct.ts"

describe("the preset auth0", () => {
  it.effect("accepts the identifier of an API, and no longer the resource, if the parameter audience names it", () =>
    Effect.gen(function*() {
      const { callerOf, refusalOf } = yield* protectProduct("auth0", { audience: ["https://health.example.com"] })
      assert.deepStrictEqual([...(yield* callerOf("otherApi")).scopes], ["openid"])
      assert.strictEqual(yield* refusalOf("access"), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("reads the client of both token profiles", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("auth0")
      assert.strictEqual((yield* callerOf("machine")).clientId, "OOZH6s5sgOORoVKBMNRu0xRd4I3dl5T7")
      assert.strictEqual((yield* callerOf("access")).clientId, "my_client_id")
    }).pipe(Effect.scoped))

  it.effect("reads roles in the namespaced claim that an action adds, if the parameter rolesClaim names it", () =>
    Effect.gen(function*() {
      const rolesClaim = "https://notes.example.com/roles"
      const { callerOf } = yield* protectProduct("auth0", { rolesClaim })
      const { roles } = yield* callerOf("access", { [rolesClaim]: ["editor"] })
      assert.deepStrictEqual([...roles ?? []], ["editor"])
    }).pipe(Effect.scoped))

  it.effect("does not read permissions of the user as scopes of the client", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("auth0")
      assert.isFalse((yield* callerOf("access")).scopes.has("notes:write"))
    }).pipe(Effect.scoped))
})
