import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"

describe("the preset slack", () => {
  it.effect("is refused, with the reason and what to do instead", () =>
    Effect.gen(function*() {
      const { settings } = (yield* Presets.load("slack"))({})
      assert.isTrue(Result.isFailure(settings))
      if (Result.isFailure(settings)) {
        assert.strictEqual(settings.failure.reason, "provider-refused")
        assert.include(settings.failure.message, "use an authorization server that signs users in with Slack")
      }
    }))
})
