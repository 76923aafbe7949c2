import { McpAuth } from "@effect-mcp-auth/core"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { Effect, identity, Layer, Option } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"

export const resource = "https://api.test/mcp"

/** The time of the tests, in seconds since 1970. */
export const now = 1_800_000_000

/** A protected resource that trusts one product, by its preset alone, and the product in memory. */
export const protectProduct = Effect.fnUntraced(function*(
  name: TestProvider.ProductName,
  changes: Readonly<Record<string, unknown>> = {},
  clientOf: (client: HttpClient.HttpClient) => HttpClient.HttpClient = identity
) {
  yield* TestClock.setTime(now * 1000)
  const product = yield* TestProvider.likeProvider(name)
  const preset = (yield* Presets.load(name))({ ...product.parameters, ...changes })
  const layer = McpAuth.layer({ resource, authorizationServers: [preset] }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, clientOf(product.client)))
  )
  const { authenticate } = yield* Effect.flatMap(
    Layer.build(layer),
    (context) => Effect.provide(McpAuth.McpAuth, context)
  )
  const request = (token: string) =>
    HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
  const send = (token: string, address?: string) =>
    authenticate(request(token).modify({ remoteAddress: Option.fromNullishOr(address) }))
  type Claims = Parameters<TestProvider.ProductProvider["issue"]>[2]
  return {
    product,
    preset,
    authenticate: send,
    /** The caller of a token of this kind, with changed claims. */
    callerOf: (kind: TestProvider.TokenKind, claims?: Claims) =>
      Effect.flatMap(product.issue(kind, resource, claims), (token) => send(token)),
    /** Why a token of this kind, with changed claims, is refused. */
    refusalOf: Effect.fnUntraced(function*(kind: TestProvider.TokenKind, claims?: Claims) {
      const error = yield* Effect.flip(send(yield* product.issue(kind, resource, claims)))
      return error._tag === "InvalidToken" ? error.reason : error._tag
    })
  }
})
