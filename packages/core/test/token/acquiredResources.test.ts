import { AuthorizationServer, IssuerLookup, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, type Scope } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { issuer, resource } from "./harness.ts"

type Connection = Effect.Effect<void, never, Scope.Scope>

/** Functions of a user that need a connection to answer about a token, and find nothing. */
const methods: Readonly<
  Record<string, (connection: Connection) => TokenVerifier.Method<Scope.Scope | HttpClient.HttpClient>>
> = {
  "the function of a custom verifier": (connection) => TokenVerifier.custom(() => Effect.as(connection, undefined)),
  "the lookup of an API key": (connection) => TokenVerifier.apiKeys({ keys: () => Effect.as(connection, undefined) }),
  "the lookup of an issuer": (connection) => IssuerLookup.make({ lookup: () => Effect.as(connection, undefined) })
}

describe("what a function acquires for a token", () => {
  for (const [name, methodOf] of Object.entries(methods)) {
    it.effect(`is released when ${name} ends, so that tokens that are made up take no memory`, () =>
      Effect.gen(function*() {
        const { client, providers: [, other] } = yield* TestProvider.makeNetwork(
          { issuer },
          { issuer: "https://evil.test" }
        )
        if (other === undefined) return assert.fail()
        const acquired = yield* Ref.make(0)
        const open = yield* Ref.make(0)
        const connection = Effect.acquireRelease(
          Effect.andThen(Ref.update(acquired, (count) => count + 1), Ref.update(open, (count) => count + 1)),
          () => Ref.update(open, (count) => count - 1)
        )
        const layer = McpAuth.layer({
          resource,
          authorizationServers: [AuthorizationServer.discover(issuer)],
          verifier: methodOf(connection)
        }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
        const { authenticate } = yield* Effect.flatMap(
          Layer.build(layer),
          (context) => Effect.provide(McpAuth.McpAuth, context)
        )
        for (const token of ["mcp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg", yield* other.mint()]) {
          const headers = { authorization: `Bearer ${token}` }
          yield* Effect.exit(authenticate(HttpServerRequest.fromWeb(new Request(resource, { headers }))))
        }
        assert.isAbove(yield* Ref.get(acquired), 0)
        assert.strictEqual(yield* Ref.get(open), 0)
      }).pipe(Effect.scoped))
  }
})
