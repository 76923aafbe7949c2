import { Policy } from "@effect-mcp-auth/core"
import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { HttpClient } from "effect/http"
import { now, protectProduct, resource } from "./protectProduct.ts"

const missing = Presets.names.filter((name) => !(TestProvider.products as ReadonlyArray<string>).includes(name))

/** Presets that are refused as a whole, so that no provider behaves like them. */
const refused = new Set(["okta-org", "slack"])

describe("the presets", () => {
  it("have a fixture each, unless the provider is refused", () => {
    assert.deepStrictEqual(missing.filter((name) => !refused.has(name)), [])
  })

  for (const name of Presets.names) {
    it.effect(`name themselves and their sources: ${name}`, () =>
      Effect.gen(function*() {
        const { definition } = yield* Presets.load(name)
        assert.strictEqual(definition.name, name)
        assert.isAbove(definition.facts.sources.length, 0)
        for (const { accepts, example, fromText, isSecret } of Object.values(definition.parameters)) {
          assert.isTrue(isSecret || accepts(fromText(example)), example)
        }
      }))
  }
})

for (const name of TestProvider.products) {
  describe(`the preset ${name}`, () => {
    it.effect("accepts an access token of the product for the resource, and reads its claims", () =>
      Effect.gen(function*() {
        const { authenticate, preset, product } = yield* protectProduct(name)
        const info = yield* authenticate(yield* product.issue("access", resource))
        const { clientId, roles, scopes, subject } = product.expected
        assert.strictEqual(info.subject, subject)
        assert.strictEqual(info.clientId, clientId)
        assert.deepStrictEqual([...info.scopes].toSorted(), [...scopes].toSorted())
        const at = Result.isSuccess(preset.settings) ? preset.settings.success.roles : undefined
        for (const role of roles) {
          const { permitted } = yield* Policy.evaluate(Policy.role(role, { at }), info)
          assert.isTrue(permitted, role)
          const byDefault = yield* Policy.evaluate(Policy.role(role), info)
          assert.isTrue(byDefault.permitted, `${role}, without a second setting`)
        }
      }).pipe(Effect.scoped))

    it.effect("accepts the access token a second time, from memory", () =>
      Effect.gen(function*() {
        const { authenticate, product } = yield* protectProduct(name)
        const token = yield* product.issue("access", resource)
        const first = yield* authenticate(token)
        const second = yield* authenticate(token)
        yield* authenticate(token)
        assert.deepStrictEqual([...second.scopes], [...first.scopes])
      }).pipe(Effect.scoped))

    it.effect("finds metadata, and suggests itself for it", () =>
      Effect.gen(function*() {
        const { preset, product } = yield* protectProduct(name)
        const server = yield* Effect.provideService(
          preset.authorizationServer,
          HttpClient.HttpClient,
          product.client
        )
        assert.isString((yield* server.config).issuer)
        const { document } = product.provider
        if ("issuer" in document) assert.isDefined(preset.definition.fingerprint(document))
      }).pipe(Effect.scoped))

    it.effect("is the only one that is suggested with certainty for the metadata of the product", () =>
      Effect.gen(function*() {
        const { product } = yield* protectProduct(name)
        const { document } = product.provider
        const suggested = Preset.detect(document, yield* Presets.loadAll)
        const certain = suggested.filter(({ confidence }) => confidence === "certain")
        assert.deepStrictEqual(certain.filter(({ definition }) => definition.name !== name), [])
      }).pipe(Effect.scoped))

    it.effect("refuses every other token of the product", () =>
      Effect.gen(function*() {
        const { authenticate, product } = yield* protectProduct(name)
        for (const kind of product.kinds) {
          if (kind === "access" || kind === "machine") continue
          const error = yield* Effect.flip(authenticate(yield* product.issue(kind, resource)))
          assert.strictEqual(error._tag, "InvalidToken", kind)
        }
      }).pipe(Effect.scoped))

    it.effect("accepts the token of a machine, if the product issues one", () =>
      Effect.gen(function*() {
        const { authenticate, product } = yield* protectProduct(name)
        if (!product.kinds.includes("machine")) return
        assert.isDefined((yield* authenticate(yield* product.issue("machine", resource))).issuer)
      }).pipe(Effect.scoped))

    it.effect("refuses an access token that has expired, is of another issuer, or was forged", () =>
      Effect.gen(function*() {
        const { authenticate, product } = yield* protectProduct(name)
        const tokens = [
          yield* product.issue("access", resource, { exp: now - 3600 }),
          yield* product.issue("access", resource, { iss: "https://evil.test" }),
          `${(yield* product.issue("access", resource)).slice(0, -8)}AAAAAAAA`
        ]
        for (const token of tokens) {
          assert.strictEqual((yield* Effect.flip(authenticate(token)))._tag, "InvalidToken")
        }
      }).pipe(Effect.scoped))
  })
}
