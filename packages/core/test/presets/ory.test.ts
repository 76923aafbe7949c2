import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result } from "effect"
import { protectProduct, resource } from "./protectProduct.ts"

const url = "https://example-project.projects.oryapis.com"

const refusals: ReadonlyArray<readonly [rule: string, parameters: Readonly<Record<string, unknown>>, word: string]> = [
  ["opaque tokens without an API key", { url }, "apiKey"],
  ["an unknown form of access tokens", { url, accessTokens: "saml" }, "accessTokens"]
]

describe("the preset ory", () => {
  for (const [rule, parameters, word] of refusals) {
    it.effect(`refuses ${rule}, and names the parameter`, () =>
      Effect.gen(function*() {
        const { settings } = (yield* Presets.load("ory"))(parameters)
        assert.isTrue(Result.isFailure(settings))
        if (Result.isFailure(settings)) assert.include(settings.failure.message, word)
      }))
  }

  it.effect("verifies JWTs by their signature, if access tokens are JWTs", () =>
    Effect.gen(function*() {
      const { authenticate, product } = yield* protectProduct("ory", { accessTokens: "jwt" })
      const token = yield* product.provider.mint({ claims: { aud: [resource], scp: ["notes:read"], scope: undefined } })
      assert.deepStrictEqual([...(yield* authenticate(token)).scopes], ["notes:read"])
      assert.isFalse((yield* product.provider.requests).some(({ url }) => url.includes("introspect")))
    }).pipe(Effect.scoped))

  it.effect("introspects at the admin API of Hydra, if its URL is set", () =>
    Effect.gen(function*() {
      const { settings } = (yield* Presets.load("ory"))({
        url: "https://hydra.example.com",
        adminUrl: "https://hydra-admin.example.com",
        apiKey: Redacted.make("none")
      })
      const repairs = Result.isSuccess(settings) ? settings.success.repairs : undefined
      const [repair] = repairs?.repairs ?? []
      assert.strictEqual(repair?.name, "endpoints")
    }))
})
