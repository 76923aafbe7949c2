import * as OktaOrg from "@effect-mcp-auth/core/presets/OktaOrg"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct } from "./protectProduct.ts"

describe("the preset okta", () => {
  it.effect("accepts the configured audience of an authorization server", () =>
    Effect.gen(function*() {
      const { callerOf, refusalOf } = yield* protectProduct("okta", { audience: ["api://default"] })
      assert.strictEqual((yield* callerOf("otherApi")).subject, "ada@example.com")
      assert.strictEqual(yield* refusalOf("access"), "wrong-audience")
    }).pipe(Effect.scoped))

  it.effect("refuses a token of another authorization server of the organization", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("okta")
      for (const iss of ["https://example-tenant.okta.com", "https://example-tenant.okta.com/oauth2/aus1"]) {
        assert.strictEqual(yield* refusalOf("access", { iss }), "unknown-issuer")
      }
    }).pipe(Effect.scoped))
})

describe("the preset okta-org", () => {
  it.effect("is refused with the reason and the preset to use instead", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.fromResult(OktaOrg.preset({ domain: "example.okta.com" }).settings))
      assert.strictEqual(error.reason, "provider-refused")
      assert.include(error.message, "use the preset \"okta\"")
    }))
})
