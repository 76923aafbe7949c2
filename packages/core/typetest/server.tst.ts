import {
  AudiencePolicy,
  AuthInfo,
  AuthorizationServer,
  BearerAuth,
  BearerToken,
  Challenge,
  ClientAuthentication,
  type DiscoveryError,
  FetchAuth,
  type Issuer,
  JwkSet,
  Jws,
  McpAuth,
  type McpAuthOptions,
  type MetadataFetchError,
  type Policy,
  type ProtectedResourceMetadata,
  type ResourceIdentifier,
  type ScopeHierarchy,
  TokenError,
  TokenVerifier
} from "@effect-mcp-auth/core"
import {
  type Config,
  type Context,
  type Duration,
  Effect,
  Layer,
  Redacted,
  type Result,
  Schema,
  type Scope
} from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { type HttpClient, HttpRouter, type HttpServer, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { describe, expect, it } from "tstyche"

type Client = HttpClient.HttpClient
type Info = AuthInfo.AuthInfo["Service"]
type BuildError = McpAuth.BuildError
type InvalidOptions = McpAuthOptions.InvalidOptions
type Failed = DiscoveryError.DiscoveryFailed

/** A failure and a requirement of the application, which must not be lost. */
interface VaultError {
  readonly _tag: "VaultError"
}
interface Vault {
  readonly _: unique symbol
}

declare const request: HttpServerRequest.HttpServerRequest
declare const trust: TokenVerifier.Trust
declare const byHand: AuthorizationServer.AuthorizationServer<never>
declare const fromVault: Effect.Effect<AuthorizationServer.AuthorizationServer<never>, VaultError, Vault>
declare const lookUp: (token: Redacted.Redacted) => Effect.Effect<object | undefined, VaultError, Vault>

const resource = "https://api.example.com/mcp"
const discovered = AuthorizationServer.discover("https://as.example.com")
const eager = AuthorizationServer.fetch("https://as.example.com")
const protocols = [McpProtocol.v2026_07_28, McpProtocol.v2025_11_25] as const
const identity = { name: "notes", version: "1.0.0", path: "/mcp", protocols } as const

const WhoAmI = Tool.make("WhoAmI", { success: Schema.String, dependencies: [AuthInfo.AuthInfo] })
const Notes = Toolkit.make(WhoAmI)
declare const handlers: Layer.Layer<Tool.HandlersFor<(typeof Notes)["tools"]>>
declare const httpServer: Layer.Layer<HttpServer.HttpServer>
declare const client: Layer.Layer<Client>

describe("a server with a tool that reads AuthInfo", () => {
  const registrations = McpServer.toolkit(Notes).pipe(Layer.provide(handlers))
  const server = McpServer.layerHttp({ ...identity, registrations })
  const protectedServer = server.pipe(McpAuth.protect({ resource, authorizationServers: [discovered] }))

  it("still requires AuthInfo after it is served", () => {
    expect(server).type.toBeAssignableTo<
      Layer.Layer<
        McpServer.McpServer,
        unknown,
        HttpRouter.HttpRouter | HttpRouter.Request<"Requires", AuthInfo.AuthInfo>
      >
    >()
    expect(server).type.not.toBeAssignableTo<Layer.Layer<McpServer.McpServer, unknown, HttpRouter.HttpRouter>>()
  })

  it("does not run without protection, because AuthInfo cannot be provided", () => {
    const environment: Layer.Layer<HttpServer.HttpServer | Client> = Layer.mergeAll(httpServer, client)
    const bare = HttpRouter.serve(server)
    expect<Layer.Services<typeof bare>>().type.toBe<HttpServer.HttpServer | AuthInfo.AuthInfo>()
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(bare, environment)))
  })

  it("runs with protection, on a server and a client", () => {
    const environment: Layer.Layer<HttpServer.HttpServer | Client> = Layer.mergeAll(httpServer, client)
    const guarded = HttpRouter.serve(protectedServer)
    expect<Layer.Services<typeof guarded>>().type.toBe<HttpServer.HttpServer | Client>()
    expect(Effect.runPromise).type.toBeCallableWith(Layer.launch(Layer.provide(guarded, environment)))
  })

  it("requires only a router and a client when it is protected", () => {
    expect<Layer.Services<typeof protectedServer>>().type.toBe<HttpRouter.HttpRouter | Client>()
  })

  it("is still a server, so that more can be registered with it", () => {
    expect(protectedServer).type.toBeAssignableTo<
      Layer.Layer<McpServer.McpServer, unknown, HttpRouter.HttpRouter | Client>
    >()
  })
})

declare const bare: Layer.Layer<McpServer.McpServer, "bare", HttpRouter.HttpRouter>
declare const routes: Layer.Layer<never, never, HttpRouter.HttpRouter>

describe("protect", () => {
  it("exposes the failure and requirements of its options", () => {
    expect(bare.pipe(McpAuth.protect({ resource, authorizationServers: [byHand] }))).type.toBe<
      Layer.Layer<McpServer.McpServer, "bare" | BuildError, HttpRouter.HttpRouter | Client>
    >()
    expect(bare.pipe(McpAuth.protect({ resource, authorizationServers: [discovered] }))).type.toBe<
      Layer.Layer<McpServer.McpServer, "bare" | BuildError | Issuer.InvalidIssuer, HttpRouter.HttpRouter | Client>
    >()
    expect(bare.pipe(McpAuth.protect({ resource, authorizationServers: [eager] }))).type.toBe<
      Layer.Layer<
        McpServer.McpServer,
        "bare" | BuildError | Issuer.InvalidIssuer | Failed,
        HttpRouter.HttpRouter | Client
      >
    >()
    expect(bare.pipe(McpAuth.protect({ resource, authorizationServers: [byHand, fromVault] }))).type.toBe<
      Layer.Layer<McpServer.McpServer, "bare" | BuildError | VaultError, HttpRouter.HttpRouter | Client | Vault>
    >()
  })

  it("requires the services of its verifier, and turns its failure into an outage", () => {
    const verifier = TokenVerifier.custom(lookUp)
    expect(bare.pipe(McpAuth.protect({ resource, authorizationServers: [byHand], verifier }))).type.toBe<
      Layer.Layer<McpServer.McpServer, "bare" | BuildError, HttpRouter.HttpRouter | Client | Vault>
    >()
  })

  it("without options requires McpAuth", () => {
    expect(bare.pipe(McpAuth.protect())).type.toBe<
      Layer.Layer<McpServer.McpServer, "bare" | InvalidOptions, HttpRouter.HttpRouter | McpAuth.McpAuth>
    >()
  })

  it("protects MCP servers: another layer requires one", () => {
    expect(routes.pipe(McpAuth.protect())).type.toBe<
      Layer.Layer<never, InvalidOptions, HttpRouter.HttpRouter | McpAuth.McpAuth | McpServer.McpServer>
    >()
  })

  it("requires a resource, and does not accept another name for it in the metadata", () => {
    expect(McpAuth.protect).type.not.toBeCallableWith({ authorizationServers: [byHand] })
    expect(McpAuth.protect).type.not.toBeCallableWith({ resource })
    expect(McpAuth.protect).type.not.toBeCallableWith({
      resource,
      authorizationServers: [byHand],
      metadata: { resource: "https://evil.example.com" }
    })
    expect(McpAuth.protect).type.not.toBeCallableWith({
      resource,
      authorizationServers: [byHand],
      requestStateSecret: "a plain string"
    })
  })
})

describe("McpAuth", () => {
  it("is a service that fails only with an AuthError", () => {
    type Service = McpAuth.McpAuth["Service"]
    expect<ReturnType<Service["authenticate"]>>().type.toBe<Effect.Effect<Info, TokenError.AuthError>>()
    expect<ReturnType<Service["refuse"]>>().type.toBe<HttpServerResponse.HttpServerResponse>()
    expect<Service["resource"]>().type.toBe<ResourceIdentifier.ResourceIdentifier>()
    expect<Service["metadata"]>().type.toBe<Effect.Effect<ProtectedResourceMetadata.ProtectedResourceMetadata>>()
    expect<Service["authorizationServers"]>().type.toBe<
      ReadonlyArray<AuthorizationServer.AuthorizationServer<unknown>>
    >()
    expect<keyof Service>().type.toBe<
      "authenticate" | "authorizationServers" | "metadata" | "metadataUrl" | "refuse" | "resource"
    >()
  })

  it("as a layer has the types of protect, and requires no scope", () => {
    expect(McpAuth.layer({ resource, authorizationServers: [discovered] })).type.toBe<
      Layer.Layer<McpAuth.McpAuth, BuildError | Issuer.InvalidIssuer, Client>
    >()
    expect(McpAuth.layer({ resource, authorizationServers: [fromVault] })).type.toBe<
      Layer.Layer<McpAuth.McpAuth, BuildError | VaultError, Client | Vault>
    >()
  })

  it("from the environment has two more failures", () => {
    expect(McpAuth.layerFromConfig()).type.toBe<
      Layer.Layer<
        McpAuth.McpAuth,
        BuildError | Issuer.InvalidIssuer | Config.ConfigError | McpAuth.DevelopmentInProduction,
        Client
      >
    >()
  })

  it("in development mode provides nothing that a type shows, and can fail in production", () => {
    expect(McpAuth.development).type.toBe<
      Layer.Layer<never, McpAuth.DevelopmentInProduction | Config.ConfigError>
    >()
    expect(
      McpAuth.layer({ resource, authorizationServers: [byHand] }).pipe(Layer.provide(McpAuth.development))
    ).type.toBe<
      Layer.Layer<McpAuth.McpAuth, BuildError | McpAuth.DevelopmentInProduction | Config.ConfigError, Client>
    >()
  })

  it("says why options are invalid by a closed set of reasons", () => {
    expect<"short-secret">().type.toBeAssignableTo<InvalidOptions["reason"]>()
    expect<string>().type.not.toBeAssignableTo<InvalidOptions["reason"]>()
  })

  it("fails to be built with four errors", () => {
    expect<BuildError>().type.toBe<
      | InvalidOptions
      | ResourceIdentifier.InvalidResourceIdentifier
      | TokenVerifier.InvalidVerifier
      | ScopeHierarchy.InvalidScopeHierarchy
    >()
  })

  it("on stdio is for registrations, and requires a caller", () => {
    expect(McpAuth.layerStdio({ subject: "ada", scopes: new Set() })).type.toBe<
      Layer.Layer<
        McpServer.McpRequest<"Requires", AuthInfo.AuthInfo> | McpServer.McpRequest<"Requires", Policy.Needs<never>>,
        InvalidOptions | ScopeHierarchy.InvalidScopeHierarchy,
        McpServer.McpServer
      >
    >()
    expect(McpAuth.layerStdio).type.not.toBeCallableWith({ subject: "ada" })
  })

  it("serves the legacy metadata with the provided McpAuth", () => {
    expect(McpAuth.legacyAuthorizationServerMetadata()).type.toBe<
      Layer.Layer<
        never,
        InvalidOptions | TokenError.VerificationUnavailable,
        McpAuth.McpAuth | HttpRouter.HttpRouter
      >
    >()
    expect(McpAuth.legacyAuthorizationServerMetadata).type.not.toBeCallableWith({ issuer: "mine" })
  })
})

describe("middleware", () => {
  const route = HttpRouter.add(
    "GET",
    "/me",
    Effect.map(AuthInfo.AuthInfo, ({ subject }) => HttpServerResponse.text(subject ?? ""))
  )

  it("provides AuthInfo to routes that require it, with the provided McpAuth", () => {
    expect(route).type.toBe<
      Layer.Layer<never, never, HttpRouter.HttpRouter | HttpRouter.Request<"Requires", AuthInfo.AuthInfo>>
    >()
    expect(McpAuth.middleware.layer).type.toBe<
      Layer.Layer<HttpRouter.Request<"Requires", AuthInfo.AuthInfo>, never, McpAuth.McpAuth>
    >()
  })

  it("of an HttpApi requires McpAuth and nothing else", () => {
    expect(BearerAuth.layer).type.toBe<Layer.Layer<BearerAuth.BearerAuth, never, McpAuth.McpAuth>>()
  })
})

describe("FetchAuth", () => {
  it("exposes why it cannot be built, and never fails afterwards", () => {
    expect(FetchAuth.make({ resource, authorizationServers: [discovered] })).type.toBe<
      Effect.Effect<FetchAuth.FetchAuth, BuildError | Issuer.InvalidIssuer, Client | Scope.Scope>
    >()
    expect(FetchAuth.make({ resource, authorizationServers: [fromVault] })).type.toBe<
      Effect.Effect<FetchAuth.FetchAuth, BuildError | VaultError, Client | Vault | Scope.Scope>
    >()
    expect<ReturnType<FetchAuth.FetchAuth["authenticate"]>>().type.toBe<Effect.Effect<FetchAuth.Outcome>>()
  })

  it("with a failure limit requires the address of each client", () => {
    const failureLimit = { limit: 3, window: "1 minute" } as const
    const limited = FetchAuth.make({ resource, authorizationServers: [discovered], failureLimit })
    expect(limited).type.toBe<
      Effect.Effect<FetchAuth.LimitedFetchAuth, BuildError | Issuer.InvalidIssuer, Client | Scope.Scope>
    >()
    const perhaps: { readonly failureLimit?: McpAuthOptions.FailureLimit } = {}
    expect(FetchAuth.make({ resource, authorizationServers: [byHand], ...perhaps })).type.toBe<
      Effect.Effect<FetchAuth.LimitedFetchAuth, BuildError, Client | Scope.Scope>
    >()
    expect<FetchAuth.LimitedFetchAuth["authenticate"]>().type.not.toBeCallableWith(new Request(resource))
    expect<FetchAuth.LimitedFetchAuth["authenticate"]>().type.not.toBeCallableWith(new Request(resource), {})
    expect<FetchAuth.LimitedFetchAuth["authenticate"]>().type.toBeCallableWith(new Request(resource), {
      clientAddress: "203.0.113.7"
    })
    expect<FetchAuth.FetchAuth["authenticate"]>().type.toBeCallableWith(new Request(resource))
  })

  it("answers a request or accepts it", () => {
    expect<FetchAuth.Outcome["_tag"]>().type.toBe<"Answered" | "Accepted">()
    expect<Extract<FetchAuth.Outcome, { readonly _tag: "Accepted" }>["info"]>().type.toBe<Info>()
    expect<Extract<FetchAuth.Outcome, { readonly _tag: "Answered" }>["response"]>().type.toBe<Response>()
  })
})

describe("challenges", () => {
  const options = { resourceMetadata: "", scopes: [] }

  it("are pure, and total over the errors", () => {
    expect(Challenge.rejection(new TokenError.MissingCredentials(), options)).type.toBe<Challenge.Rejection>()
    expect(Challenge.response(new TokenError.MissingCredentials(), options)).type.toBe<
      HttpServerResponse.HttpServerResponse
    >()
    expect(Challenge.rejection(options)).type.toBe<(error: TokenError.AuthError) => Challenge.Rejection>()
    expect(Challenge.response(options)).type.toBe<
      (error: TokenError.AuthError) => HttpServerResponse.HttpServerResponse
    >()
    expect<ReturnType<typeof Challenge.retryAfterOf>>().type.toBe<Duration.Duration>()
    expect<Challenge.Rejection["status"]>().type.toBe<400 | 401 | 403 | 413 | 429 | 503>()
    expect(Challenge.rejection).type.not.toBeCallableWith(new Error(), options)
  })
})

describe("AuthInfo", () => {
  it("contains its token redacted", () => {
    expect<Info["token"]>().type.toBe<Redacted.Redacted>()
  })

  it("names the caller without an effect", () => {
    expect(AuthInfo.principal).type.toBe<(info: Info) => string>()
  })

  it("decodes claims, and fails with one error", () => {
    expect(AuthInfo.claims(Schema.Struct({ email: Schema.String }))).type.toBe<
      Effect.Effect<{ readonly email: string }, Schema.SchemaError, AuthInfo.AuthInfo>
    >()
  })
})

describe("tokens", () => {
  it("are read without an effect, and refused with two errors", () => {
    type Read = Result.Result<Redacted.Redacted, TokenError.MissingCredentials | TokenError.InvalidRequest>
    expect(BearerToken.read({ authorization: [], url: "" })).type.toBe<Read>()
    expect(BearerToken.fromRequest(request)).type.toBe<Read>()
  })

  it("are verified by methods that expose their requirements", () => {
    expect(TokenVerifier.jwt()).type.toBe<TokenVerifier.Method>()
    expect<TokenVerifier.Method>().type.toBe<TokenVerifier.Method<Client>>()
    expect(TokenVerifier.introspection({
      authentication: ClientAuthentication.clientSecretBasic("", Redacted.make(""))
    })).type.toBe<TokenVerifier.Method>()
    expect(TokenVerifier.custom(lookUp)).type.toBe<TokenVerifier.Method<Vault>>()
    expect(TokenVerifier.firstOf(TokenVerifier.jwt(), TokenVerifier.custom(lookUp))).type.toBe<
      TokenVerifier.Method<Client | Vault>
    >()
    expect(TokenVerifier.firstOf).type.not.toBeCallableWith()
  })

  it("fail with three errors, whatever the method", () => {
    expect<TokenVerifier.VerifyToken>().type.toBe<
      (
        token: Redacted.Redacted,
        request?: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">
      ) => Effect.Effect<Info, TokenError.TokenError>
    >()
    expect<TokenError.TokenError["_tag"]>().type.toBe<
      "InvalidToken" | "InsufficientScope" | "VerificationUnavailable"
    >()
    expect<TokenError.AuthError["_tag"]>().type.toBe<
      | "InvalidToken"
      | "InsufficientScope"
      | "VerificationUnavailable"
      | "TooManyFailures"
      | "ServerUnavailable"
      | "ContentTooLarge"
      | "AccessDenied"
      | "MissingCredentials"
      | "InvalidRequest"
    >()
  })

  it("have a verifier that declares its services and its error", () => {
    expect(TokenVerifier.jwt().make(trust)).type.toBe<
      Effect.Effect<TokenVerifier.VerifyToken, TokenVerifier.InvalidVerifier, Client | Scope.Scope>
    >()
    expect(TokenVerifier.custom(lookUp).make(trust)).type.toBe<
      Effect.Effect<TokenVerifier.VerifyToken, TokenVerifier.InvalidVerifier, Vault | Scope.Scope>
    >()
  })

  it("carry durations, not numbers of milliseconds", () => {
    expect<TokenError.VerificationUnavailable["retryAfter"]>().type.toBe<Duration.Duration | undefined>()
    expect<TokenError.TooManyFailures["retryAfter"]>().type.toBe<Duration.Duration>()
    expect<TokenError.ServerUnavailable["retryAfter"]>().type.toBe<Duration.Duration | undefined>()
  })

  it("cannot be signed with a secret, or without a signature", () => {
    expect(TokenVerifier.jwt).type.not.toBeCallableWith({ algorithms: ["HS256"] })
    expect(TokenVerifier.jwt).type.not.toBeCallableWith({ algorithms: ["none"] })
    expect(TokenVerifier.jwt).type.toBeCallableWith({ algorithms: ["ES256", "EdDSA"] })
  })
})

describe("keys and secrets", () => {
  it("are fetched from a server, and fail as that does", () => {
    expect(JwkSet.make(byHand)).type.toBe<
      Effect.Effect<
        JwkSet.JwkSet<MetadataFetchError.MetadataFetchError | DiscoveryError.IncompleteMetadata>,
        never,
        Client | Scope.Scope
      >
    >()
  })

  it("are used through a service with a default", () => {
    expect<typeof Jws.Jws>().type.toBe<Context.Reference<Jws.Shape>>()
    expect(Jws.layer).type.toBe<Layer.Layer<never>>()
    expect<ReturnType<Jws.Shape["prepare"]>>().type.toBe<Effect.Effect<Jws.VerifySignature, Jws.UnusableKey>>()
  })

  it("are never plain strings", () => {
    expect(ClientAuthentication.clientSecretBasic).type.not.toBeCallableWith("notes", "secret")
    expect(ClientAuthentication.clientSecretPost).type.not.toBeCallableWith("notes", "secret")
    expect(ClientAuthentication.clientSecretBasic("notes", Redacted.make(""))).type.toBe<
      ClientAuthentication.ClientAuthentication
    >()
    expect<ReturnType<ClientAuthentication.ClientAuthentication["prove"]>>().type.toBe<
      Effect.Effect<ClientAuthentication.Proof>
    >()
  })
})

describe("audiences", () => {
  it("are checked without an effect, and at least one is named", () => {
    expect(AudiencePolicy.resource).type.toBe<AudiencePolicy.AudiencePolicy>()
    expect(AudiencePolicy.anyOf("a")).type.toBe<AudiencePolicy.AudiencePolicy>()
    expect(AudiencePolicy.anyOf).type.not.toBeCallableWith()
    expect(AudiencePolicy.noneButClients).type.not.toBeCallableWith()
    expect<ReturnType<AudiencePolicy.AudiencePolicy["accepts"]>>().type.toBe<boolean>()
  })
})

describe("API keys", () => {
  it("need the services of their lookup, and nothing for a list", () => {
    const found = { id: "a", hash: "b", subject: "c", scopes: [] }
    expect(TokenVerifier.apiKeys({ keys: [found] })).type.toBe<TokenVerifier.Method<never>>()
    const lookup = (): Effect.Effect<typeof found | undefined, VaultError, Vault> => Effect.succeed(found)
    expect(TokenVerifier.apiKeys({ keys: lookup })).type.toBe<TokenVerifier.Method<Vault>>()
  })
})
