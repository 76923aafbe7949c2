import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

describe("the suggestions for a metadata document", () => {
  it.effect("are none for a document of a conforming provider, and for documents that are no metadata", () =>
    Effect.gen(function*() {
      const { document } = yield* TestProvider.TestProvider
      const definitions = yield* Presets.loadAll
      const odd = { issuer: 7, jwks_uri: [], token_endpoint: null, authorization_endpoint: {}, claims_supported: "x" }
      for (const one of [document, {}, odd, { issuer: "" }, { issuer: "https://" }]) {
        assert.deepStrictEqual(Preset.detect(one, definitions).map(({ definition }) => definition.name), [])
      }
    }).pipe(Effect.provide(TestProvider.layer())))
})
