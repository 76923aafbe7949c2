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

  it.effect("accepts the project as audience from a listed client, and not from sessions and ID tokens", () =>
    Effect.gen(function*() {
      const clientsOfSharedAudience = ["UDJleGFtcGxlOlRQQS1jbGllbnQ="]
      const { callerOf, refusalOf } = yield* protectProduct("descope", { clientsOfSharedAudience })
      const shared = { aud: ["P-example-project"] }
      const [client] = clientsOfSharedAudience
      assert.strictEqual((yield* callerOf("access", shared)).clientId, client)
      assert.strictEqual((yield* callerOf("access")).clientId, client)
      assert.strictEqual(yield* refusalOf("access", { ...shared, client_id: "other" }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("access", { aud: ["P-other"] }), "wrong-audience")
      const iss = "https://api.descope.com/v1/apps/P-example-project"
      assert.strictEqual(yield* refusalOf("otherApi", { iss }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("otherApi", { iss, client_id: String(client) }), "wrong-audience")
      assert.strictEqual(yield* refusalOf("id", { ...shared, nonce: undefined }), "wrong-audience")
    }).pipe(Effect.scoped))
})
