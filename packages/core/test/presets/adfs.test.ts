import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset adfs", () => {
  it.effect("refuses the issuer of the metadata in a token, because only ID tokens have it", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("adfs")
      assert.strictEqual(yield* refusalOf("access", { iss: "https://ADFS.EXAMPLE.COM/adfs" }), "unknown-issuer")
      assert.strictEqual(yield* refusalOf("id", { aud: resource }), "unknown-issuer")
    }).pipe(Effect.scoped))

  it.effect("accepts a configured issuer of access tokens instead of the default one", () =>
    Effect.gen(function*() {
      const accessTokenIssuer = "http://sts.example.com/adfs/services/trust"
      const { callerOf, refusalOf } = yield* protectProduct("adfs", { accessTokenIssuer })
      assert.strictEqual(
        (yield* callerOf("access", { iss: accessTokenIssuer })).clientId,
        "97fec0e9-d322-4922-83e6-4b8208415ddf"
      )
      assert.strictEqual(yield* refusalOf("access"), "unknown-issuer")
    }).pipe(Effect.scoped))

  it.effect("reads the subject from the claim that its parameter names", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("adfs", { subjectClaim: "upn" })
      assert.strictEqual((yield* callerOf("access", { sub: undefined })).subject, "ada@example.com")
    }).pipe(Effect.scoped))
})
