import { McpAuth } from "@effect-mcp-auth/core"
import * as GithubActions from "@effect-mcp-auth/core/presets/GithubActions"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"

const resource = "https://api.test/mcp"

describe("the preset github-actions", () => {
  it.effect("refuses workflows of other owners, although their tokens have the audience of the resource", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_800_000_000_000)
      const product = yield* TestProvider.likeProvider("github-actions")
      const layer = McpAuth.layer({
        resource,
        authorizationServers: [GithubActions.preset({ ownerIds: ["65", "66"] })]
      }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, product.client)))
      const context = yield* Layer.build(layer)
      const { authenticate } = yield* Effect.provide(McpAuth.McpAuth, context)
      const ask = (claims: { readonly repository_owner_id: string | undefined }) =>
        Effect.flatMap(product.issue("access", resource, claims), (token) =>
          authenticate(HttpServerRequest.fromWeb(
            new Request(resource, { headers: { authorization: `Bearer ${token}` } })
          )))
      assert.strictEqual((yield* ask({ repository_owner_id: "66" })).subject, "74")
      for (const id of ["67", "6", "", undefined]) {
        const error = yield* Effect.flip(ask({ repository_owner_id: id }))
        assert.strictEqual(error._tag, "InvalidToken")
      }
    }).pipe(Effect.scoped))
})
