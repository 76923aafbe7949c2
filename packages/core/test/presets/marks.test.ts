import type { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { protectProduct } from "./protectProduct.ts"

type Changes = Parameters<TestProvider.ProductProvider["issue"]>[2]

/** Tokens for the right audience that lack what tells an access token from another token. */
const unmarked: ReadonlyArray<readonly [name: TestProvider.ProductName, rule: string, changes: Changes]> = [
  ["zitadel", "without jti", { jti: undefined }],
  ["scalekit", "without client_id", { client_id: undefined }],
  ["ory", "of a refresh token", { token_use: "refresh_token" }],
  ["ory", "without token_use", { token_use: undefined }],
  ["pingfederate", "without client_id", { client_id: undefined }],
  ["salesforce", "of a refresh token", { token_type: "refresh_token" }],
  ["authentik", "without a scope", { scope: undefined }],
  ["authentik", "with at_hash, as for refresh tokens", { at_hash: "x" }]
]

/** Tokens for another audience, or of another client. */
const misdirected: ReadonlyArray<readonly [name: TestProvider.ProductName, rule: string, changes: Changes]> = [
  ["salesforce", "for Salesforce, of another client", {
    aud: ["https://example-tenant.my.salesforce.com"],
    client_id: "3MVG9other.client"
  }],
  ["gitlab", "of an application that registered itself", { client_id: "registered" }],
  ["frontegg", "with an unknown type", { type: "vendor" }],
  ["frontegg", "with a nonce", { nonce: "n" }],
  ["frontegg", "without a type", { type: undefined }]
]

describe("presets whose tokens need a second mark", () => {
  for (const [name, rule, changes] of unmarked) {
    it.effect(`${name} refuses a token or an introspection response ${rule}`, () =>
      Effect.gen(function*() {
        const { refusalOf } = yield* protectProduct(name)
        assert.strictEqual(yield* refusalOf("access", changes), "not-an-access-token")
      }).pipe(Effect.scoped))
  }

  for (const [name, rule, changes] of misdirected) {
    it.effect(`${name} refuses a token ${rule}`, () =>
      Effect.gen(function*() {
        const { refusalOf } = yield* protectProduct(name)
        const reason = yield* refusalOf("access", changes)
        assert.oneOf(reason, ["wrong-audience", "not-an-access-token"])
      }).pipe(Effect.scoped))
  }

  it.effect("authentik does not introspect an opaque token, because it can be a refresh token", () =>
    Effect.gen(function*() {
      const { product, refusalOf } = yield* protectProduct("authentik")
      assert.strictEqual(yield* refusalOf("refresh"), "malformed")
      assert.strictEqual(yield* product.provider.count("introspection"), 0)
    }).pipe(Effect.scoped))

  it.effect("salesforce accepts a token for Salesforce that an app of the configuration got", () =>
    Effect.gen(function*() {
      const { callerOf } = yield* protectProduct("salesforce")
      const info = yield* callerOf("access", { aud: ["https://example-tenant.my.salesforce.com"] })
      assert.strictEqual(info.clientId, "3MVG9notes.client")
    }).pipe(Effect.scoped))
})
