import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct } from "./protectProduct.ts"

const projectId = "project-live-11111111-2222-3333-4444-555555555555"

describe("the preset stytch", () => {
  it.effect("accepts the older issuer of the same project", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("stytch")
      assert.strictEqual(
        (yield* callerOf("access", { iss: `stytch.com/${projectId}` })).issuer,
        `stytch.com/${projectId}`
      )
    }).pipe(Effect.scoped))

  for (const iss of ["stytch.com/project-live-99999999", `https://stytch.com/${projectId}`, "stytch.com"]) {
    it.effect(`refuses the issuer ${iss}`, () =>
      Effect.gen(function*() {
        const { refusalOf } = yield* protectProduct("stytch")
        assert.strictEqual(yield* refusalOf("access", { iss }), "unknown-issuer")
      }).pipe(Effect.scoped))
  }

  it.effect("refuses a session JWT and a token of a machine, which name no client", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("stytch")
      assert.strictEqual(yield* refusalOf("refresh"), "not-an-access-token")
      assert.strictEqual(yield* refusalOf("access", { client_id: undefined }), "not-an-access-token")
    }).pipe(Effect.scoped))

  it.effect("accepts the URL of the server as custom audience", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("stytch")
      assert.isDefined((yield* callerOf("access", { aud: ["https://api.test/mcp"] })).subject)
    }).pipe(Effect.scoped))
})
