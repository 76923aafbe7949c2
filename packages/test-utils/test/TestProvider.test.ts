import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose"

const KeySet = Schema.Struct({ keys: Schema.Array(Schema.Struct({ kid: Schema.String, kty: Schema.String })) })

const keySet = Effect.gen(function*() {
  const { document } = yield* TestProvider.TestProvider
  const response = yield* HttpClient.get(String(document["jwks_uri"]))
  const json = yield* response.json
  const { keys } = yield* Schema.decodeUnknownEffect(KeySet)(json)
  return { kids: keys.map(({ kid }) => kid), json }
})

it.layer(TestProvider.layer(), { excludeTestServices: true })("key rotation", (it) => {
  it.effect("creates new key IDs each time, and keeps the old keys unless they are dropped", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.rotate()
      yield* provider.rotate()
      const { kids } = yield* keySet
      assert.strictEqual(new Set(kids).size, 9)
      yield* provider.rotate({ dropOld: true })
      assert.sameMembers((yield* keySet).kids, ["rs256-4", "es256-4", "eddsa-4"])
    }))

  it.effect.each(["RS256", "ES256", "EdDSA"] as const)(
    "%s tokens verify with the published keys, and forged tokens do not",
    (algorithm) =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.rotate()
        // The provider's own document: jose verifies it independently.
        const keys = createLocalJWKSet((yield* keySet).json as unknown as JSONWebKeySet)
        const verifies = (token: string) =>
          Effect.match(Effect.tryPromise(() => jwtVerify(token, keys)), {
            onFailure: () => false,
            onSuccess: () => true
          })
        assert.isTrue(yield* verifies(yield* provider.mint({ algorithm })))
        assert.isFalse(yield* verifies(yield* provider.mint({ algorithm, forged: true })))
      })
  )
})
