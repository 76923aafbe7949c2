import {
  AuthorizationServer,
  ClientAuthentication,
  JwkSet,
  McpAuth,
  Purpose,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted, Ref, type Scope } from "effect"
import type { HttpClient } from "effect/http"
import { callTool, serve, server, start } from "../server/harness.ts"
import { issuer, outcome, resource } from "./harness.ts"

const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("secret"))
const introspection = TokenVerifier.introspection({ authentication })
const both = TokenVerifier.firstOf(TokenVerifier.jwt(), introspection)
const custom = TokenVerifier.custom(() => Effect.succeed({ sub: "ada", aud: resource }), { acceptWithoutExpiry: true })

type Server = Effect.Effect<
  AuthorizationServer.AuthorizationServer<unknown>,
  unknown,
  HttpClient.HttpClient | Scope.Scope
>

const endpoints = { introspectionEndpoint: `${issuer}/introspect`, jwksUri: `${issuer}/jwks` }

/** The ways to configure a server that has only one of the two endpoints. */
const waysTo = (endpoint: keyof typeof endpoints): Readonly<Record<string, Server>> => ({
  discover: AuthorizationServer.discover(issuer),
  fetch: AuthorizationServer.fetch(issuer),
  make: AuthorizationServer.make({ type: "oauth", metadata: { issuer, [endpoint]: endpoints[endpoint] } })
})

const build = <R>(method: TokenVerifier.Method<R>, server: Server) =>
  Effect.gen(function*() {
    const verify = yield* method.make({ resource, authorizationServers: [yield* server] })
    return (token: string) => outcome(verify(Redacted.make(token)))
  })

const withoutKeys = TestProvider.layer({ metadata: { jwks_uri: undefined } })
const withoutIntrospection = TestProvider.layer({ metadata: { introspection_endpoint: undefined } })

describe("a provider without jwks_uri", () => {
  for (const [way, server] of Object.entries(waysTo("introspectionEndpoint"))) {
    it.effect(`AuthorizationServer.${way}: introspection alone verifies its tokens`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const verify = yield* build(introspection, server)
        assert.strictEqual(yield* verify(yield* provider.mintOpaque()), "accepted")
      }).pipe(Effect.scoped, Effect.provide(withoutKeys)))

    it.effect(`AuthorizationServer.${way}: a custom verifier needs nothing of its metadata`, () =>
      Effect.gen(function*() {
        const verify = yield* build(custom, server)
        assert.strictEqual(yield* verify("key"), "accepted")
      }).pipe(Effect.scoped, Effect.provide(withoutKeys)))
  }

  for (const way of ["fetch", "make"]) {
    it.effect(`AuthorizationServer.${way}: a JWT verifier cannot be built, and the error names a remedy`, () =>
      Effect.gen(function*() {
        const server = waysTo("introspectionEndpoint")[way] ?? Effect.die(way)
        const error = yield* Effect.flip(build(TokenVerifier.jwt(), server))
        if (!(error instanceof TokenVerifier.InvalidVerifier)) return assert.fail(String(error))
        assert.include(error.message, "no jwks_uri, which JWT verification needs")
        assert.include(error.message, "TokenVerifier.introspection")
        assert.strictEqual(error.message.includes("mergeDocuments"), way === "fetch")
      }).pipe(Effect.scoped, Effect.provide(withoutKeys)))
  }

  it.effect("AuthorizationServer.discover: firstOf verifies opaque tokens, and the error about a JWT names the missing member", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* build(both, AuthorizationServer.discover(issuer))
      assert.strictEqual(yield* verify(yield* provider.mintOpaque()), "accepted")
      assert.strictEqual(yield* verify(yield* provider.mint()), "VerificationUnavailable")
    }).pipe(Effect.scoped, Effect.provide(withoutKeys)))

  it.effect("AuthorizationServer.discover: the option purpose takes precedence over the needs of the verifier", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = AuthorizationServer.discover(issuer, { purpose: Purpose.jwtVerification })
      const verify = yield* build(introspection, server)
      assert.strictEqual(yield* verify(yield* provider.mintOpaque()), "VerificationUnavailable")
    }).pipe(Effect.scoped, Effect.provide(withoutKeys)))

  for (const [way, server] of Object.entries(waysTo("introspectionEndpoint"))) {
    it.effect(`McpAuth.protect with AuthorizationServer.${way}: introspection alone accepts a call`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        // Building a server of this test has no expected failure.
        const { handle } = yield* start({
          verifier: introspection,
          authorizationServers: [yield* Effect.orDie(server)]
        })
        assert.strictEqual((yield* callTool(handle, yield* provider.mintOpaque())).status, 200)
      }).pipe(Effect.scoped, Effect.provide(withoutKeys)))
  }

  it.effect("the environment: with client credentials, opaque tokens are accepted", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const env = {
        MCP_AUTH_RESOURCE: resource,
        MCP_AUTH_ISSUER: issuer,
        MCP_AUTH_CLIENT_ID: "notes",
        MCP_AUTH_CLIENT_SECRET: "secret"
      }
      const app = server(yield* Ref.make<ReadonlyArray<string>>([])).pipe(
        McpAuth.protect(),
        Layer.provide(
          McpAuth.layerFromConfig().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
        )
      )
      assert.strictEqual((yield* callTool(yield* serve(app), yield* provider.mintOpaque())).status, 200)
    }).pipe(Effect.scoped, Effect.provide(withoutKeys)))
})

describe("a provider without introspection_endpoint", () => {
  for (const way of ["fetch", "make"]) {
    it.effect(`AuthorizationServer.${way}: introspection cannot be built, and the error names a remedy`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(build(introspection, waysTo("jwksUri")[way] ?? Effect.die(way)))
        if (!(error instanceof TokenVerifier.InvalidVerifier)) return assert.fail(String(error))
        assert.include(error.message, "no introspection_endpoint, which introspection needs")
        assert.include(error.message, "TokenVerifier.jwt")
      }).pipe(Effect.scoped, Effect.provide(withoutIntrospection)))
  }

  it.effect("AuthorizationServer.discover: firstOf verifies JWTs", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* build(both, AuthorizationServer.discover(issuer))
      assert.strictEqual(yield* verify(yield* provider.mint()), "accepted")
      assert.strictEqual(yield* verify(yield* provider.mintOpaque()), "VerificationUnavailable")
    }).pipe(Effect.scoped, Effect.provide(withoutIntrospection)))
})

describe("a provider that splits its metadata", () => {
  const split = TestProvider.layer({
    metadataAt: {
      "oauth-authorization-server": { jwks_uri: undefined },
      "openid-configuration": { introspection_endpoint: undefined }
    },
    serves: ["oauth-authorization-server", "openid-configuration"]
  })
  const ways = { discover: AuthorizationServer.discover, fetch: AuthorizationServer.fetch }

  for (const [way, known] of Object.entries(ways)) {
    it.effect(`AuthorizationServer.${way}: each verifier finds the document that it needs`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const jwt = yield* build(TokenVerifier.jwt(), known(issuer))
        assert.strictEqual(yield* jwt(yield* provider.mint()), "accepted")
        const opaque = yield* build(introspection, known(issuer))
        assert.strictEqual(yield* opaque(yield* provider.mintOpaque()), "accepted")
      }).pipe(Effect.scoped, Effect.provide(split)))

    it.effect(`AuthorizationServer.${way}: a key set of its own finds the document that it needs`, () =>
      Effect.gen(function*() {
        const keys = yield* JwkSet.make(yield* known(issuer))
        assert.lengthOf(yield* keys.find({ kid: "rs256-1", algorithm: "RS256" }), 1)
      }).pipe(Effect.scoped, Effect.provide(split)))

    it.effect(`AuthorizationServer.${way}: firstOf finds both with mergeDocuments`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const verify = yield* build(both, known(issuer, { mergeDocuments: true }))
        assert.strictEqual(yield* verify(yield* provider.mint()), "accepted")
        assert.strictEqual(yield* verify(yield* provider.mintOpaque()), "accepted")
      }).pipe(Effect.scoped, Effect.provide(split)))
  }
})
