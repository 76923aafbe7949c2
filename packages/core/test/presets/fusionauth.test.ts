import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { protectProduct } from "./protectProduct.ts"

describe("the preset fusionauth", () => {
  it.effect("refuses an ID token, which has the same audience and scope and no applicationId", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("fusionauth")
      assert.strictEqual(yield* refusalOf("id"), "not-an-access-token")
    }).pipe(Effect.scoped))

  it.effect("refuses an applicationId that is not that of the audience", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("fusionauth")
      assert.strictEqual(yield* refusalOf("access", { applicationId: "other" }), "not-an-access-token")
    }).pipe(Effect.scoped))

  it.effect("pins the issuer of the tenant, if it is not the URL of FusionAuth", () =>
    Effect.gen(function*() {
      const { settings } = (yield* Presets.load("fusionauth"))({
        url: "https://example.fusionauth.io",
        tenantId: "11111111-2222-3333-4444-555555555555",
        applicationId: "22222222-3333-4444-5555-666666666666",
        issuer: "acme.com"
      })
      const policy = Result.isSuccess(settings) ? settings.success.issuerPolicy : undefined
      const accepts = (answered: string) => policy?.accepts({ asked: "https://example.fusionauth.io", answered })
      assert.deepStrictEqual([accepts("acme.com"), accepts("https://example.fusionauth.io")], [true, false])
    }))
})
