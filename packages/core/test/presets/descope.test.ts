import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

describe("the preset descope", () => {
  it.effect("accepts the issuer of the MCP server and that of its project, and no other", () =>
    Effect.gen(function*() {
      const { callerOf, refusalOf } = yield* protectProduct("descope")
      const apps = "https://api.descope.com/v1/apps"
      for (const iss of [`${apps}/P-example-project`, `${apps}/agentic/P-example-project/MS-example-server`]) {
        assert.strictEqual((yield* callerOf("access", { iss })).issuer, iss)
      }
      for (const iss of ["P-example-project", `${apps}/P-other`, `${apps}/agentic/P-example-project/MS-other`]) {
        assert.strictEqual(yield* refusalOf("access", { iss, aud: resource }), "unknown-issuer")
      }
    }).pipe(Effect.scoped))

  it.effect("refuses the project as audience, which all tokens of the project may have", () =>
    Effect.gen(function*() {
      const { refusalOf } = yield* protectProduct("descope")
      assert.strictEqual(yield* refusalOf("access", { aud: ["P-example-project"] }), "wrong-audience")
    }).pipe(Effect.scoped))
})
