import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct } from "./protectProduct.ts"

describe("the preset workos", () => {
  it.effect("refuses the audience of the environment, unless a listed client acts for itself", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("workos")
      assert.strictEqual(yield* refusalOf("otherApi"), "wrong-audience")
      assert.strictEqual(
        yield* refusalOf("machine", { client_id: "client_other", sub: "client_other" }),
        "wrong-audience"
      )
      assert.strictEqual(yield* refusalOf("machine", { sub: "user_01E4ZCR3C56J083X43JQXF3JK5" }), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("refuses machines if none is listed, and is not built with half of the parameters", () =>
    Effect.gen(function*() {
      const neither = { environmentClientId: undefined, machineClients: undefined }
      const { refusalOf } = yield* protectProduct("workos", neither)
      assert.strictEqual(yield* refusalOf("machine"), "wrong-audience")
      const error = yield* Effect.flip(protectProduct("workos", { machineClients: undefined }))
      assert.strictEqual(error._tag, "InvalidPreset")
    }).pipe(Effect.scoped))
})
