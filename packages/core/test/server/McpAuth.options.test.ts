import {
  AuthorizationServer,
  ClientAuthentication,
  type Jws,
  McpAuth,
  type McpAuthOptions,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer, Redacted, Ref } from "effect"
import { McpServer } from "effect/ai"
import { HttpRouter, HttpServerResponse } from "effect/http"
import {
  buildError,
  callTool,
  discover,
  issuer,
  options,
  type ProtectOptions,
  type Reached,
  resource,
  send,
  serve,
  server,
  serverWith,
  start
} from "./harness.ts"

const reached: Effect.Effect<Reached> = Ref.make<ReadonlyArray<string>>([])

const refusal = Effect.fnUntraced(function*(changes: Partial<ProtectOptions>) {
  return yield* buildError(server(yield* reached).pipe(McpAuth.protect(options(changes))))
})

type Problem = McpAuthOptions.InvalidOptions["reason"]

describe("invalid options", () => {
  const rows: ReadonlyArray<
    readonly [
      rule: string,
      changes: Partial<ProtectOptions>,
      problem: Problem,
      subject: string | undefined,
      says: RegExp
    ]
  > = [
    [
      "no authorization server",
      { authorizationServers: [] },
      "no-authorization-server",
      undefined,
      /add at least one/
    ],
    [
      "an authorization server twice",
      { authorizationServers: [discover(issuer), discover("https://other.test"), discover(issuer)] },
      "duplicate-authorization-server",
      issuer,
      /remove one/
    ],
    [
      "the issuer of one authorization server among the token issuers of another",
      {
        authorizationServers: [
          discover(issuer),
          AuthorizationServer.discover("https://other.test", { tokenIssuers: ["https://other.test", issuer] })
        ]
      },
      "shared-token-issuer",
      issuer,
      /tokenIssuers/
    ],
    [
      "one token issuer of two authorization servers",
      {
        authorizationServers: ["https://a.test", "https://b.test"].map((url) =>
          AuthorizationServer.discover(url, { tokenIssuers: ["http://adfs.test/trust"] })
        )
      },
      "shared-token-issuer",
      "http://adfs.test/trust",
      /tokenIssuers/
    ],
    [
      "offline_access among the supported scopes",
      { scopesSupported: ["offline_access"] },
      "offline-access",
      undefined,
      /leave it out/
    ],
    [
      "offline_access among the required scopes",
      { requiredScopes: ["a", "offline_access"] },
      "offline-access",
      undefined,
      /leave it out/
    ],
    [
      "a guessable secret",
      { requestStateSecret: Redacted.make("x".repeat(31)) },
      "short-secret",
      undefined,
      /random/
    ],
    [
      "one guessable secret of several",
      { requestStateSecret: [Redacted.make("x".repeat(32)), Redacted.make("x".repeat(31))] },
      "short-secret",
      undefined,
      /random/
    ],
    ["an empty list of secrets", { requestStateSecret: [] }, "short-secret", undefined, /or the list is empty/],
    ...(["0 seconds", Number.POSITIVE_INFINITY, Number.NaN, -1] as const).map((lifetime) =>
      [
        `a lifetime of request states of ${lifetime}`,
        { requestStateLifetime: lifetime },
        "invalid-request-state-lifetime",
        undefined,
        /finite/
      ] as const
    ),
    ["two scopes in one string", { scopesSupported: ["a b"] }, "invalid-scope", "a b", /one scope in each string/],
    ["a scope with a quote", { requiredScopes: ["a\"b"] }, "invalid-scope", "a\"b", /RFC 6749/],
    ["a scope with a backslash", { scopesSupported: ["a\\b"] }, "invalid-scope", "a\\b", /RFC 6749/],
    ["a scope that is not ASCII", { scopesSupported: ["n\u00f6te"] }, "invalid-scope", "n\u00f6te", /RFC 6749/],
    ["a scope with a line break", { scopesSupported: ["a\r\nx: y"] }, "invalid-scope", "a\r\nx: y", /RFC 6749/],
    ["an empty scope", { scopesSupported: [""] }, "invalid-scope", "", /RFC 6749/],
    [
      "a resource at another path than the server",
      { resource: "https://api.test/other" },
      "not-served",
      "/other",
      /servedPath/
    ],
    [
      "a resource at a longer path than the server",
      { resource: "https://api.test/mcp/x" },
      "not-served",
      "/mcp/x",
      /servedPath/
    ],
    ["a served path at which nothing is served", { servedPath: "/elsewhere" }, "not-served", "/elsewhere", /servedPath/]
  ]
  for (const [rule, changes, problem, subject, says] of rows) {
    it.effect(`${rule}: ${problem}`, () =>
      Effect.gen(function*() {
        const error = yield* refusal(changes)
        if (error._tag !== "InvalidOptions") return assert.fail(error._tag)
        assert.deepStrictEqual([error.reason, error.subject], [problem, subject])
        assert.strictEqual(error.resource, changes.resource ?? resource)
        assert.match(error.message, says)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const identifiers: ReadonlyArray<readonly [rule: string, resource: string]> = [
    ["a fragment", "https://api.test/mcp#x"],
    ["http", "http://api.test/mcp"],
    ["http on loopback, unless it is allowed", "http://127.0.0.1/mcp"],
    ["user information", "https://user:secret@api.test/mcp"],
    ["no scheme", "api.test/mcp"],
    ["dot segments", "https://api.test/a/../mcp"],
    ["nothing", ""]
  ]
  for (const [rule, identifier] of identifiers) {
    it.effect(`a resource with ${rule}: InvalidResourceIdentifier`, () =>
      Effect.gen(function*() {
        const error = yield* refusal({ resource: identifier })
        assert.strictEqual(error._tag, "InvalidResourceIdentifier")
        assert.notInclude(error.message, "secret")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("an invalid issuer: InvalidIssuer", () =>
    Effect.gen(function*() {
      const error = yield* refusal({ authorizationServers: [discover("https://as.test#x")] })
      assert.strictEqual(error._tag, "InvalidIssuer")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("two issuers that differ in a slash are two servers", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ authorizationServers: [discover(issuer), discover(`${issuer}/`)] })
      assert.strictEqual((yield* callTool(handle, undefined)).status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("invalid verifiers", () => {
  const secret = ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))
  // Only JavaScript can write this, because TypeScript refuses it: a symmetric algorithm with public keys.
  const symmetric = "HS256" as Jws.Algorithm
  const none = "none" as Jws.Algorithm
  const rows: ReadonlyArray<readonly [rule: string, changes: Partial<ProtectOptions>, says: RegExp]> = [
    [
      "HS256 with published keys",
      { verifier: TokenVerifier.jwt({ algorithms: ["RS256", symmetric] }) },
      /choose among .* \("HS256"\)/
    ],
    ["the algorithm none", { verifier: TokenVerifier.jwt({ algorithms: [none] }) }, /choose among .* \("none"\)/],
    ["an empty list of algorithms", { verifier: TokenVerifier.jwt({ algorithms: [] }) }, /`algorithms` is empty/],
    [
      "introspection at two servers",
      {
        authorizationServers: [discover(issuer), discover("https://other.test")],
        verifier: TokenVerifier.introspection({ authentication: secret })
      },
      /`issuer`/
    ],
    [
      "introspection at a server that is not trusted",
      { verifier: TokenVerifier.introspection({ authentication: secret, issuer: "https://other.test" }) },
      /`issuer`/
    ],
    [
      "one of several that is invalid",
      { verifier: TokenVerifier.firstOf(TokenVerifier.jwt(), TokenVerifier.jwt({ algorithms: [symmetric] })) },
      /"HS256"/
    ]
  ]
  for (const [rule, changes, says] of rows) {
    it.effect(`${rule}: InvalidVerifier`, () =>
      Effect.gen(function*() {
        const error = yield* refusal(changes)
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.match(error.message, says)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("introspection at one of two servers can be built if it is named", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({
        authorizationServers: [discover(issuer), discover("https://other.test")],
        verifier: TokenVerifier.introspection({ authentication: secret, issuer })
      })
      const provider = yield* TestProvider.TestProvider
      assert.strictEqual((yield* callTool(handle, yield* provider.mintOpaque())).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

/** A server whose registrations do not need `AuthInfo`, so that by mistake it can be served without protection. */
const open = (path: HttpRouter.PathInput = "/mcp") =>
  serverWith(McpServer.resource({ uri: "notes://open", name: "open", content: Effect.succeed("open") }), { path })

describe("protected and served MCP servers", () => {
  it.effect("one resource twice on one router is an error: duplicate-resource", () =>
    Effect.gen(function*() {
      const error = yield* buildError(Layer.mergeAll(
        Layer.fresh(open()).pipe(McpAuth.protect(options())),
        Layer.fresh(open("/other")).pipe(McpAuth.protect(options({ servedPath: "/other" })))
      ))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "duplicate-resource", error.message)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("two resources of different hosts whose metadata would have one path are an error: duplicate-resource", () =>
    Effect.gen(function*() {
      // Only the Host header tells which of the two a request means, and it is not trusted.
      const error = yield* buildError(Layer.mergeAll(
        Layer.fresh(open()).pipe(McpAuth.protect(options())),
        Layer.fresh(open("/two")).pipe(
          McpAuth.protect(options({ resource: "https://two.test/mcp", servedPath: "/two" }))
        )
      ))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "duplicate-resource", error.message)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("two servers that share their tools because they share a layer are an error: shared-server", () =>
    Effect.gen(function*() {
      const error = yield* buildError(Layer.mergeAll(
        open().pipe(McpAuth.protect(options())),
        open("/two").pipe(McpAuth.protect(options({ resource: "https://api.test/two" })))
      ))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "shared-server", error.message)
      assert.include(error.message, "Layer.fresh")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a server whose routes are added together is protected", () =>
    Effect.gen(function*() {
      const added = HttpRouter.addAll([
        HttpRouter.route("POST", "/mcp", Effect.succeed(HttpServerResponse.text("inside")))
      ])
      const handle = yield* serve(Layer.merge(open("/other"), added).pipe(McpAuth.protect(options())))
      assert.strictEqual((yield* callTool(handle, undefined)).status, 401)
      assert.strictEqual((yield* send(handle, resource, { method: "POST" })).status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a server layer that is built without protection before is an error: not-served", () =>
    Effect.gen(function*() {
      const mcp = open()
      const error = yield* buildError(Layer.merge(mcp, mcp.pipe(McpAuth.protect(options()))))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "not-served", String(error))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a server layer with two protections is an error for the second: not-served", () =>
    Effect.gen(function*() {
      const mcp = open()
      const error = yield* buildError(Layer.merge(
        mcp.pipe(McpAuth.protect(options())),
        mcp.pipe(McpAuth.protect(options({ resource: "https://api.test/two", servedPath: "/mcp" })))
      ))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "not-served", String(error))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a protected server and the same unprotected layer after it do not bypass the gate", () =>
    Effect.gen(function*() {
      const mcp = open()
      const exit = yield* Effect.exit(serve(Layer.provideMerge(mcp, mcp.pipe(McpAuth.protect(options())))))
      if (exit._tag === "Failure") return
      assert.strictEqual((yield* callTool(exit.value, undefined)).status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a proxy that rewrites paths is configured with servedPath, which changes nothing that clients see", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start({ servedPath: "/internal" }, { path: "/internal" })
      const challenged = yield* send(handle, "https://internal.test/internal", { method: "POST" })
      assert.include(
        challenged.headers.get("www-authenticate") ?? "",
        "https://api.test/.well-known/oauth-protected-resource/mcp"
      )
      const url = "https://internal.test/internal"
      assert.strictEqual((yield* callTool(handle, yield* provider.mint(), "WhoAmI", url)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a router prefix is part of the path", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const prefixed = Layer.effectDiscard(Effect.gen(function*() {
        const router = yield* HttpRouter.HttpRouter
        const below = Layer.succeed(HttpRouter.HttpRouter, router.prefixed("/v1"))
        yield* Layer.build(Layer.provide(server(yield* reached), below))
      }))
      const handle = yield* serve(prefixed.pipe(
        Layer.merge(McpServer.McpServer.layer),
        McpAuth.protect(options({ resource: "https://api.test/v1/mcp" }))
      ))
      const token = yield* provider.mint({ claims: { aud: "https://api.test/v1/mcp" } })
      const url = "https://api.test/v1/mcp"
      assert.strictEqual((yield* callTool(handle, undefined, "WhoAmI", url)).status, 401)
      assert.strictEqual((yield* callTool(handle, token, "WhoAmI", url)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a server makes no request before it receives one", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.connectionError())
      const { handle } = yield* start()
      assert.strictEqual((yield* callTool(handle, undefined)).status, 401)
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("an eager server does not start with a wrong provider", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      const eager = AuthorizationServer.fetch(issuer, { type: "oauth" })
      const error = yield* buildError(
        server(yield* reached).pipe(McpAuth.protect({ resource, authorizationServers: [eager] }))
      )
      assert.strictEqual(error._tag, "DiscoveryFailed")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a server that is configured by hand fetches only keys", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const byHand = AuthorizationServer.make({ type: "oauth", metadata: { issuer, jwksUri: `${issuer}/jwks` } })
      const app = server(yield* reached).pipe(McpAuth.protect({ resource, authorizationServers: [byHand] }))
      const handle = yield* serve(app)
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 200)
      assert.deepStrictEqual((yield* provider.requests).map(({ endpoint }) => endpoint), ["jwks"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

type Environment = Readonly<Record<string, string>>

const required: Environment = { MCP_AUTH_RESOURCE: resource, MCP_AUTH_ISSUER: issuer }

const fromEnvironment = (env: Environment) =>
  McpAuth.layerFromConfig().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

const configured = Effect.fnUntraced(function*(env: Environment) {
  const app = server(yield* reached).pipe(McpAuth.protect(), Layer.provide(fromEnvironment(env)))
  return { handle: yield* serve(app) }
})

/** What a client learns without a token. */
const learned = Effect.fnUntraced(function*({ handle }: Effect.Success<ReturnType<typeof configured>>, url = resource) {
  const { origin, pathname } = new URL(url)
  const metadata = yield* send(handle, `${origin}/.well-known/oauth-protected-resource${pathname}`)
  const challenge = yield* send(handle, url, { method: "POST", headers: { origin: "https://app.test" } })
  return [metadata, challenge].map(({ body, headers, status }) => ({ status, body, headers: [...headers].toSorted() }))
})

describe("the environment", () => {
  const failing: ReadonlyArray<readonly [rule: string, env: Environment, tag: string, says: RegExp]> = [
    ["without a resource", { MCP_AUTH_ISSUER: issuer }, "ConfigError", /MCP_AUTH_RESOURCE/],
    ["without an issuer", { MCP_AUTH_RESOURCE: resource }, "ConfigError", /MCP_AUTH_ISSUER/],
    [
      "with an issuer of commas only",
      { ...required, MCP_AUTH_ISSUER: " , " },
      "ConfigError",
      /MCP_AUTH_ISSUER has no entry/
    ],
    ["with an invalid issuer", { ...required, MCP_AUTH_ISSUER: "as.test" }, "InvalidIssuer", /as\.test/],
    ["with an http issuer", { ...required, MCP_AUTH_ISSUER: "http://127.0.0.1:8080" }, "InvalidIssuer", /http/],
    ["with an issuer twice", { ...required, MCP_AUTH_ISSUER: `${issuer} ${issuer}` }, "InvalidOptions", /occurs twice/],
    [
      "with an http resource",
      { ...required, MCP_AUTH_RESOURCE: "http://127.0.0.1/mcp" },
      "InvalidResourceIdentifier",
      /http/
    ],
    ["with an unknown type", { ...required, MCP_AUTH_TYPE: "saml" }, "ConfigError", /MCP_AUTH_TYPE/],
    ["with an unknown repair", { ...required, MCP_AUTH_REPAIRS: "pkce magic" }, "ConfigError", /MCP_AUTH_REPAIRS/],
    [
      "with an invalid boolean",
      { ...required, MCP_AUTH_SHOW_ERROR_DETAILS: "perhaps" },
      "ConfigError",
      /SHOW_ERROR_DETAILS/
    ],
    [
      "with offline_access",
      { ...required, MCP_AUTH_SCOPES_SUPPORTED: "a,offline_access" },
      "InvalidOptions",
      /leave it out/
    ],
    ["with a path that is not served", { ...required, MCP_AUTH_SERVED_PATH: "/other" }, "InvalidOptions", /servedPath/],
    [
      "with credentials for introspection and two issuers",
      {
        ...required,
        MCP_AUTH_ISSUER: `${issuer} https://other.test`,
        MCP_AUTH_CLIENT_ID: "notes",
        MCP_AUTH_CLIENT_SECRET: "s3cret"
      },
      "InvalidVerifier",
      /`issuer`/
    ],
    [
      "with a client ID without a secret",
      { ...required, MCP_AUTH_CLIENT_ID: "notes" },
      "ConfigError",
      /MCP_AUTH_CLIENT_SECRET/
    ],
    [
      "with a secret without a client ID",
      { ...required, MCP_AUTH_CLIENT_SECRET: "s3cret" },
      "ConfigError",
      /MCP_AUTH_CLIENT_ID/
    ]
  ]
  for (const [rule, env, tag, says] of failing) {
    it.effect(`${rule} is a typed error: ${tag}`, () =>
      Effect.gen(function*() {
        const app = server(yield* reached).pipe(McpAuth.protect(), Layer.provide(fromEnvironment(env)))
        const error = yield* buildError(app)
        assert.strictEqual(error._tag, tag, error.message)
        assert.match(error.message, says)
        assert.notInclude(error.message, "s3cret")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  const same: ReadonlyArray<readonly [rule: string, env: Environment, changes: Partial<ProtectOptions>]> = [
    ["the two required variables", {}, { scopesSupported: undefined }],
    ["comma-separated lists", { MCP_AUTH_SCOPES_SUPPORTED: "a,b, c" }, { scopesSupported: ["a", "b", "c"] }],
    ["space-separated lists", { MCP_AUTH_SCOPES_SUPPORTED: " a\tb\n c " }, { scopesSupported: ["a", "b", "c"] }],
    ["required scopes", { MCP_AUTH_REQUIRED_SCOPES: "a b" }, { scopesSupported: [], requiredScopes: ["a", "b"] }],
    [
      "several issuers",
      { MCP_AUTH_ISSUER: `https://b.test/x, ${issuer}` },
      { scopesSupported: undefined, authorizationServers: [discover("https://b.test/x"), discover(issuer)] }
    ],
    [
      "allowed origins",
      { MCP_AUTH_ALLOWED_ORIGINS: "https://app.test https://b.test" },
      { scopesSupported: undefined, allowedOrigins: ["https://app.test", "https://b.test"] }
    ]
  ]
  for (const [rule, env, changes] of same) {
    it.effect(`${rule}: have the effect of the same options`, () =>
      Effect.gen(function*() {
        const byEnvironment = yield* learned(yield* configured({ ...required, ...env }))
        assert.deepStrictEqual(byEnvironment, yield* learned(yield* start(changes)))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("accepts and refuses requests like options in code", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* configured({ ...required, MCP_AUTH_REQUIRED_SCOPES: "notes:read" })
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 200)
      assert.strictEqual((yield* callTool(handle, yield* provider.mint({ claims: { scope: "x" } }))).status, 403)
      assert.strictEqual((yield* callTool(handle, yield* provider.mint({ claims: { aud: "x" } }))).status, 401)
      assert.strictEqual((yield* callTool(handle, yield* provider.mintOpaque())).status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("configures audiences, one of which a token needs instead of the resource", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* configured({ ...required, MCP_AUTH_AUDIENCE: "api://notes, api://old" })
      for (
        const [aud, status] of [["api://notes", 200], ["api://old", 200], [resource, 401], ["api://x", 401]] as const
      ) {
        assert.strictEqual((yield* callTool(handle, yield* provider.mint({ claims: { aud } }))).status, status)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("configures repairs of the provider's document", () =>
    Effect.gen(function*() {
      const methods = Effect.fnUntraced(function*(env: Environment) {
        const context = yield* Layer.build(fromEnvironment(env))
        const [server] = Context.get(context, McpAuth.McpAuth).authorizationServers
        return server === undefined ? undefined : (yield* server.config).metadata.codeChallengeMethodsSupported
      })
      assert.isUndefined(yield* methods(required))
      assert.deepStrictEqual(yield* methods({ ...required, MCP_AUTH_REPAIRS: "pkce" }), ["S256"])
    }).pipe(
      Effect.scoped,
      Effect.provide(TestProvider.layer({ metadata: { code_challenge_methods_supported: undefined } }))
    ))

  it.effect("configures client credentials, and opaque tokens are introspected with them", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const credentials = { MCP_AUTH_CLIENT_ID: "notes", MCP_AUTH_CLIENT_SECRET: "s3cret" }
      const { handle } = yield* configured({ ...required, ...credentials })
      assert.strictEqual((yield* callTool(handle, yield* provider.mintOpaque())).status, 200)
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 200)
      assert.strictEqual((yield* callTool(handle, "opaque-token-never-issued")).status, 401)
      const asked = (yield* provider.requests).filter(({ endpoint }) => endpoint === "introspection")
      assert.strictEqual(asked.length, 2)
      for (const { headers } of asked) assert.strictEqual(headers["authorization"], `Basic ${btoa("notes:s3cret")}`)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("allows http on loopback for development if configured", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* configured({
        MCP_AUTH_RESOURCE: "http://localhost:3000/mcp",
        MCP_AUTH_ISSUER: "http://localhost:8080",
        MCP_AUTH_ALLOW_INSECURE_LOOPBACK: "true"
      })
      const url = "http://localhost:3000/mcp"
      const token = yield* provider.mint({ claims: { aud: url } })
      assert.strictEqual((yield* callTool(handle, token, "WhoAmI", url)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer({ issuer: "http://localhost:8080" }))))

  it.effect("shows error details if configured", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* configured({ ...required, MCP_AUTH_SHOW_ERROR_DETAILS: "true" })
      const answer = yield* callTool(handle, yield* provider.mint({ expiresIn: -3600 }))
      assert.include(answer.body, "the access token has expired")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
