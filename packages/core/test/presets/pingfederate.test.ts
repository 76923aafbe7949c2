import { Discovery } from "@effect-mcp-auth/core"
import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { protectProduct } from "./protectProduct.ts"

/** The endpoint that discovery with the preset finds, and the repairs that it applied. */
const endpointIn = Effect.fnUntraced(function*(change: (document: Schema.JsonObject) => Schema.JsonObject) {
  const { preset, product } = yield* protectProduct("pingfederate")
  const settings = yield* Effect.fromResult(preset.settings)
  const { document } = product.provider
  const client = HttpClient.make((request) =>
    Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(change(document))))
  )
  const { metadata, repairs } = yield* Discovery.discover(Preset.strategyOf(settings), settings.issuer).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )
  return { document, endpoint: metadata.introspectionEndpoint, repairs: repairs.map(({ name }) => name) }
})

const known = "https://sso.example.com:9031/as/introspect.oauth2"

describe("the preset pingfederate", () => {
  it.effect("knows the introspection endpoint that an old document does not name", () =>
    Effect.gen(function*() {
      const { document, endpoint, repairs } = yield* endpointIn((document) => document)
      assert.notProperty(document, "introspection_endpoint")
      assert.strictEqual(endpoint, known)
      assert.lengthOf(repairs, 1)
    }).pipe(Effect.scoped))

  it.effect("repairs an endpoint that is null or empty", () =>
    Effect.gen(function*() {
      for (const introspection_endpoint of [null, ""]) {
        const { endpoint } = yield* endpointIn((document) => ({ ...document, introspection_endpoint }))
        assert.strictEqual(endpoint, known)
      }
    }).pipe(Effect.scoped))

  it.effect("changes nothing in a document that names an endpoint", () =>
    Effect.gen(function*() {
      const published = "https://sso.example.com:9031/as/introspect2.oauth2"
      const { endpoint, repairs } = yield* endpointIn((document) => ({
        ...document,
        introspection_endpoint: published
      }))
      assert.strictEqual(endpoint, published)
      assert.deepStrictEqual(repairs, [])
    }).pipe(Effect.scoped))

  it.effect("introspects at that endpoint, and accepts no response about a refresh token", () =>
    Effect.gen(function*() {
      const { callerOf, product, refusalOf } = yield* protectProduct("pingfederate")
      assert.strictEqual((yield* callerOf("access")).subject, "ada")
      const urls = (yield* product.provider.requests).filter(({ method }) => method === "POST").map(({ url }) => url)
      assert.deepStrictEqual(urls, [known])
      assert.strictEqual(yield* refusalOf("refresh"), "not-an-access-token")
    }).pipe(Effect.scoped))
})
