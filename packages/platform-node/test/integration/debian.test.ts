/**
 * Two more real providers, from packages of Debian, without a preset. Their tests are skipped where they are not installed.
 */
import { AuthorizationServer, McpAuth } from "@effect-mcp-auth/core"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { decodeJwt } from "jose"
import {
  because,
  glewlwydNeeds,
  lemonldapNeeds,
  missing,
  startGlewlwyd,
  startLemonldap
} from "./support/debianProviders.ts"
import { live } from "./support/live.ts"

const resource = "https://api.example.com/mcp"
const otherApi = "https://other.example.com/mcp"

/** A server that trusts one provider, which it discovers as an OpenID provider. */
const protect = Effect.fnUntraced(function*(issuer: string) {
  const layer = McpAuth.layer({
    resource,
    authorizationServers: [AuthorizationServer.discover(issuer, { type: "oidc", allowInsecureLoopback: true })]
  }).pipe(Layer.provide(NodeMcpAuth.layerWith({ allow: ["loopback"], connectTimeout: "5 minutes" })))
  const { authenticate } = yield* Effect.flatMap(
    Layer.build(layer),
    (context) => Effect.provide(McpAuth.McpAuth, context)
  )
  const callerOf = (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    )
  return {
    callerOf,
    reasonOf: (token: string) =>
      Effect.map(Effect.flip(callerOf(token)), (error) => error._tag === "InvalidToken" ? error.reason : error._tag)
  }
})

const noGlewlwyd = missing(glewlwydNeeds)

describe.skipIf(noGlewlwyd !== undefined)(`Glewlwyd${because(noGlewlwyd)}`, () => {
  live(
    "is discovered, its access token is accepted, and its ID token and a token for another API are refused",
    () =>
      Effect.gen(function*() {
        const { issuer, tokensFor } = yield* startGlewlwyd([resource, otherApi])
        const { callerOf, reasonOf } = yield* protect(issuer)
        const { access, id } = yield* tokensFor(resource)
        const info = yield* callerOf(access)
        assert.deepStrictEqual([info.issuer, info.clientId], [issuer, "notes"])
        assert.strictEqual(info.subject, decodeJwt(access).sub)
        assert.isTrue(info.scopes.has("notes:read"))
        assert.strictEqual(yield* reasonOf(id), "not-an-access-token")
        assert.strictEqual(yield* reasonOf((yield* tokensFor(otherApi)).access), "wrong-audience")
      })
  )
})

const noLemonldap = missing(lemonldapNeeds)

describe.skipIf(noLemonldap !== undefined)(`LemonLDAP::NG${because(noLemonldap)}`, () => {
  live(
    "is discovered, its access token is accepted, and its ID token is refused, though it names the resource",
    () =>
      Effect.gen(function*() {
        const { issuer, tokensFor } = yield* startLemonldap(resource)
        const { callerOf, reasonOf } = yield* protect(issuer)
        const { access, id } = yield* tokensFor(resource)
        const info = yield* callerOf(access)
        assert.deepStrictEqual([info.issuer, info.subject, info.clientId], [issuer, "dwho", "notes"])
        assert.isTrue(info.scopes.has("notes:read"))
        assert.deepStrictEqual(decodeJwt(id).aud, ["notes", resource])
        assert.strictEqual(yield* reasonOf(id), "not-an-access-token")
      })
  )

  live("issues tokens that are refused if their audience is not the resource", () =>
    Effect.gen(function*() {
      const { issuer, tokensFor } = yield* startLemonldap(otherApi)
      const { reasonOf } = yield* protect(issuer)
      assert.strictEqual(yield* reasonOf((yield* tokensFor(resource)).access), "wrong-audience")
    }))
})
