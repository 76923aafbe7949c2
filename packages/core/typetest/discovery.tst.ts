import {
  AuthorizationServer,
  Discovery,
  type DiscoveryError,
  type FetchLimits,
  type Issuer,
  IssuerPolicy,
  type MetadataFetchError,
  Purpose,
  Repairs,
  type ServerConfig,
  Transpiler,
  Validation
} from "@effect-mcp-auth/core"
import { type Context, type Duration, Effect, type Option, type Schema, type Scope } from "effect"
import type { Headers, HttpClient, HttpClientRequest } from "effect/http"
import { describe, expect, it } from "tstyche"

type Config = ServerConfig.ServerConfig
type Failed<E = never> = DiscoveryError.DiscoveryFailed<E>
type Client = HttpClient.HttpClient

interface VaultError {
  readonly _tag: "VaultError"
}
interface Vault {
  readonly _: unique symbol
}
declare const fromVault: (issuer: string) => Effect.Effect<object, VaultError, Vault>
declare const needsVault: (document: Schema.JsonObject) => Effect.Effect<object, VaultError, Vault>
const vault = Discovery.fromEffect("vault", fromVault)

describe("fetching metadata", () => {
  it("fails with two errors, and requires a client", () => {
    expect(Discovery.fetchServerConfig("")).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed, Client>
    >()
    expect(Discovery.fetchServerConfigByWellKnownUrl("")).type.toBe<Effect.Effect<Config, Failed, Client>>()
  })

  it("requires what transpileData requires, and wraps its failure in TranspileError", () => {
    expect(Discovery.fetchServerConfig("", { transpileData: needsVault })).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed, Client | Vault>
    >()
    expect(Discovery.fetchServerConfig("", { transpileData: (document) => document })).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed, Client>
    >()
    expect(Discovery.fetchServerConfig("", { transpileData: Repairs.pkce })).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed, Client>
    >()
    expect(Discovery.fetchServerConfigByWellKnownUrl("", { transpileData: needsVault })).type.toBe<
      Effect.Effect<Config, Failed, Client | Vault>
    >()
  })

  it("by a URL accepts an expected issuer, and neither a policy nor merging", () => {
    expect(Discovery.fetchServerConfigByWellKnownUrl("", { expectedIssuer: "", type: "oauth" })).type.toBe<
      Effect.Effect<Config, Failed, Client>
    >()
    expect(Discovery.fetchServerConfigByWellKnownUrl).type.not.toBeCallableWith("", {
      issuerPolicy: IssuerPolicy.exact
    })
    expect(Discovery.fetchServerConfigByWellKnownUrl).type.not.toBeCallableWith("", { mergeDocuments: true })
    expect(Discovery.fetchServerConfig).type.not.toBeCallableWith("", { expectedIssuer: "" })
  })

  it("with a strategy accepts search options, and no repairs", () => {
    expect(Discovery.discover(Discovery.mcp, "", { purpose: Purpose.any, mergeDocuments: true })).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed, Client>
    >()
    expect(Discovery.search(Discovery.mcp, "")).type.toBe<
      Effect.Effect<Discovery.Search, Issuer.InvalidIssuer, Client>
    >()
    expect(Discovery.discover).type.not.toBeCallableWith(Discovery.mcp, "", { transpileData: Repairs.pkce })
    expect<Discovery.Search<VaultError>["attempts"]>().type.toBe<ReadonlyArray<DiscoveryError.Attempt<VaultError>>>()
    expect<Discovery.Search["config"]>().type.toBe<Option.Option<Config>>()
  })

  it("has three types of servers", () => {
    expect(Discovery.fetchServerConfig).type.not.toBeCallableWith("", { type: "saml" })
  })
})

describe("strategies", () => {
  it("of the library require a client and have no failure of their own", () => {
    expect(Discovery.mcp).type.toBe<Discovery.Strategy>()
    expect(Discovery.oauth).type.toBe<Discovery.Strategy<never, Client>>()
    expect(Discovery.wellKnownUrl("", "")).type.toBe<Discovery.Strategy>()
    expect(Discovery.fromUrls("", () => [])).type.toBe<Discovery.Strategy>()
    expect(Discovery.manual({ issuer: "" })).type.toBe<Discovery.Strategy<never, never>>()
  })

  it("of the library are values, in every form", () => {
    expect(Discovery.oidc).type.toBe<Discovery.Strategy>()
    expect(Discovery.oidcInserted).type.toBe<Discovery.Strategy>()
    expect(Discovery.oauthAppended).type.toBe<Discovery.Strategy>()
    expect(Discovery.wellKnownUrl("", undefined, { type: "oidc", allowInsecureLoopback: true })).type.toBe<
      Discovery.Strategy
    >()
    expect(Discovery.wellKnownUrl).type.not.toBeCallableWith("", "", { type: "auto" })
    expect(Discovery.manual({ issuer: "" }, { type: "oidc" })).type.toBe<Discovery.Strategy<never, never>>()
    expect(Discovery.manual).type.not.toBeCallableWith({ jwksUri: "" })
  })

  it("accept options, and require what their repairs require", () => {
    expect(Discovery.strategyOf()).type.toBe<Discovery.Strategy>()
    expect(Discovery.strategyOf({ type: "oidc", issuerPolicy: IssuerPolicy.exact, validation: {} })).type.toBe<
      Discovery.Strategy
    >()
    expect(Discovery.strategyOf({ transpileData: needsVault })).type.toBe<Discovery.Strategy<never, Client | Vault>>()
    expect(Discovery.strategyOf).type.not.toBeCallableWith({ type: "saml" })
  })

  it("with custom URLs receive the issuer with its brand", () => {
    expect(Discovery.fromUrls).type.toBeCallableWith("", (issuer: Issuer.Issuer) => [issuer])
    expect(Discovery.fromUrls).type.not.toBeCallableWith("", () => "https://as.example.com")
    expect(Discovery.fromEffect).type.toBeCallableWith("", (issuer: Issuer.Issuer) => Effect.succeed({ issuer }))
    expect(Discovery.fromEffect).type.not.toBeCallableWith("", () => Effect.succeed("a text"))
    expect(Discovery.fromEffect).type.not.toBeCallableWith("", () => ({ issuer: "" }))
  })

  it("are distinguishable from other values, and expose their failure and requirements", () => {
    expect(Discovery.isStrategy({})).type.toBe<boolean>()
    const value: unknown = vault
    if (Discovery.isStrategy(value)) expect(value).type.toBe<Discovery.Strategy<unknown, unknown>>()
    expect<Discovery.Error<typeof vault>>().type.toBe<VaultError>()
    expect<Discovery.Services<typeof vault>>().type.toBe<Vault>()
    expect<Discovery.Error<typeof Discovery.mcp>>().type.toBe<never>()
    expect<Discovery.Services<typeof Discovery.mcp>>().type.toBe<Client>()
    expect<Discovery.Error<string>>().type.toBe<never>()
  })

  it("can be refined in both call styles, with valid options only", () => {
    type Same = Discovery.Strategy<VaultError, Vault>
    expect(Discovery.validate(vault)).type.toBe<Same>()
    expect(Discovery.validate(vault, { revision: "2025-11-25" })).type.toBe<Same>()
    expect(Discovery.retry(vault, { times: 1, delay: "1 second" })).type.toBe<Same>()
    expect(Discovery.timeout(vault, "1 second")).type.toBe<Same>()
    expect(Discovery.withHeaders(vault, { accept: "application/json" })).type.toBe<Same>()
    expect(Discovery.mapRequest(vault, (request) => request)).type.toBe<Same>()
    expect(Discovery.withIssuerPolicy(vault, IssuerPolicy.exact)).type.toBe<Same>()
    expect(Discovery.transpile(vault, Repairs.pkce)).type.toBe<Same>()
    expect(Discovery.race([vault, vault], { delay: "1 second" })).type.toBe<Same>()
    expect(Discovery.retry).type.not.toBeCallableWith(vault, { delay: "1 second" })
    expect(Discovery.timeout).type.not.toBeCallableWith(vault, "soon")
    expect(Discovery.mapRequest).type.not.toBeCallableWith(vault, () => "https://as.example.com")
    expect(Discovery.transpile).type.not.toBeCallableWith(vault, () => Promise.resolve({}))
    expect(Discovery.orElse).type.not.toBeCallableWith(vault, "oidc")
    expect<Discovery.RequestMap>().type.toBe<
      (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
    >()
    expect<Discovery.RetryOptions>().type.toBe<
      { readonly times: number; readonly delay?: Duration.Input | undefined }
    >()
    expect(Discovery.withHeaders).type.toBeCallableWith({} as Headers.Input)
    expect(Discovery.withHeaders).type.not.toBeCallableWith(vault, 7)
  })

  it("that are custom expose their failure and requirements", () => {
    expect(vault).type.toBe<Discovery.Strategy<VaultError, Vault>>()
    expect(Discovery.discover(vault, "")).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed<VaultError>, Vault>
    >()
    expect(Discovery.search(vault, "")).type.toBe<
      Effect.Effect<Discovery.Search<VaultError>, Issuer.InvalidIssuer, Vault>
    >()
  })

  it("join the failures and requirements of their parts", () => {
    expect(Discovery.orElse(Discovery.mcp, vault)).type.toBe<Discovery.Strategy<VaultError, Client | Vault>>()
    expect(Discovery.mcp.pipe(Discovery.orElse(vault))).type.toBe<Discovery.Strategy<VaultError, Client | Vault>>()
    expect(Discovery.firstOf(vault, Discovery.oidc)).type.toBe<Discovery.Strategy<VaultError, Client | Vault>>()
    expect(Discovery.race([vault, Discovery.oidc])).type.toBe<Discovery.Strategy<VaultError, Client | Vault>>()
  })

  it("keep both through every combinator", () => {
    type Same = Discovery.Strategy<VaultError, Vault>
    expect(vault.pipe(Discovery.validate())).type.toBe<Same>()
    expect(vault.pipe(Discovery.retry({ times: 1 }))).type.toBe<Same>()
    expect(vault.pipe(Discovery.timeout("1 second"))).type.toBe<Same>()
    expect(vault.pipe(Discovery.withHeaders({ accept: "application/json" }))).type.toBe<Same>()
    expect(vault.pipe(Discovery.mapRequest((request) => request))).type.toBe<Same>()
    expect(vault.pipe(Discovery.withIssuerPolicy(IssuerPolicy.exact))).type.toBe<Same>()
    expect(vault.pipe(Discovery.transpile(Repairs.pkce))).type.toBe<Same>()
    expect(Discovery.mcp.pipe(Discovery.transpile(needsVault))).type.toBe<Discovery.Strategy<never, Client | Vault>>()
  })
})

describe("errors", () => {
  it("keep the typed error of every attempt", () => {
    type Attempt = Failed<VaultError>["attempts"][number]
    expect<Attempt["error"]>().type.toBe<DiscoveryError.AttemptError<VaultError> | undefined>()
    expect<Failed["outcome"]>().type.toBe<"Refused" | "Incomplete" | "Transient" | "Miss">()
  })

  it("name the request, and how every attempt ended", () => {
    expect<Failed["by"]>().type.toBe<"issuer" | "url">()
    expect<DiscoveryError.Outcome>().type.toBe<"Refused" | "Incomplete" | "Transient" | "Miss" | "Found">()
    expect<DiscoveryError.Attempt["error"]>().type.toBe<DiscoveryError.AttemptError | undefined>()
    expect<DiscoveryError.Attempt<VaultError>>().type.toBeAssignableTo<DiscoveryError.Attempt<unknown>>()
    expect<DiscoveryError.AttemptError["_tag"]>().type.toBe<
      | "MetadataFetchError"
      | "NoDocument"
      | "IssuerMismatch"
      | "TranspileError"
      | "InvalidMetadata"
      | "IncompleteMetadata"
      | "InvalidServerConfig"
    >()
    expect<DiscoveryError.NoDocument["reason"]>().type.toBe<"nothing" | "no-json-object" | "no-issuer">()
    expect<DiscoveryError.IncompleteMetadata["missing"]>().type.toBe<ReadonlyArray<string>>()
    expect<DiscoveryError.InvalidMetadata["issues"]>().type.toBe<
      ReadonlyArray<{ readonly member: string; readonly message: string }>
    >()
  })

  it("of fetching have a closed set of reasons", () => {
    expect<MetadataFetchError.MetadataFetchError["reason"]>().type.toBe<MetadataFetchError.Reason>()
    expect<MetadataFetchError.Reason["_tag"]>().type.toBe<
      | "Transport"
      | "Timeout"
      | "Status"
      | "BodyTooLarge"
      | "NotMetadata"
      | "Redirect"
      | "RefusedAddress"
      | "RefusedUrl"
      | "ProxyFailed"
    >()
    expect<MetadataFetchError.RefusedUrl["reason"]>().type.toBe<Issuer.InvalidIssuer["reason"]>()
    expect<MetadataFetchError.Timeout["of"]>().type.toBe<"attempt" | "search">()
    expect<MetadataFetchError.Redirect["reason"]>().type.toBe<
      "foreign-origin" | "too-many" | "unusable-location" | "not-followed"
    >()
    expect<MetadataFetchError.Status["retryAfter"]>().type.toBe<Duration.Duration | undefined>()
    expect<MetadataFetchError.MetadataFetchError["method"]>().type.toBe<"GET" | "POST" | undefined>()
  })

  it("are distinguishable by their tags", () => {
    expect(
      Effect.catchTag(Discovery.fetchServerConfig(""), "DiscoveryFailed", () => Effect.succeed(0))
    ).type.toBe<Effect.Effect<Config | number, Issuer.InvalidIssuer, Client>>()
  })
})

describe("authorization servers", () => {
  it("are discovered lazily: only an invalid issuer fails at once", () => {
    expect(AuthorizationServer.discover("")).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed>,
        Issuer.InvalidIssuer,
        Client | Scope.Scope
      >
    >()
  })

  it("are fetched eagerly: a wrong provider fails at once", () => {
    expect(AuthorizationServer.fetch("")).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed>,
        Issuer.InvalidIssuer | Failed,
        Client | Scope.Scope
      >
    >()
  })

  it("that are configured by hand require nothing, and cannot fail later", () => {
    expect(AuthorizationServer.make({ type: "oauth", metadata: { issuer: "" } })).type.toBe<
      Effect.Effect<AuthorizationServer.AuthorizationServer<never>, Issuer.InvalidIssuer | Failed>
    >()
  })

  it("with a strategy expose its failure and requirements", () => {
    expect(AuthorizationServer.fromStrategy(vault, "")).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed<VaultError>>,
        Issuer.InvalidIssuer,
        Vault | Scope.Scope
      >
    >()
  })
})

describe("authorization servers by options", () => {
  const server = {} as AuthorizationServer.AuthorizationServer<VaultError>

  it("require what their repairs require", () => {
    expect(AuthorizationServer.discover("", { transpileData: needsVault, staleFor: "1 hour" })).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed>,
        Issuer.InvalidIssuer,
        Client | Vault | Scope.Scope
      >
    >()
    expect(AuthorizationServer.fetch("", { transpileData: needsVault })).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed>,
        Issuer.InvalidIssuer | Failed,
        Client | Vault | Scope.Scope
      >
    >()
    expect(AuthorizationServer.discover).type.not.toBeCallableWith("", { lifetime: "for ever" })
    expect<AuthorizationServer.CacheOptions>().type.toBe<{
      readonly lifetime?: Duration.Input | undefined
      readonly staleFor?: Duration.Input | undefined
    }>()
  })

  it("with a strategy accept a policy for tokens, and no repairs", () => {
    expect(AuthorizationServer.fromStrategy(vault, "", { issuerPolicy: IssuerPolicy.exact })).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed<VaultError>>,
        Issuer.InvalidIssuer,
        Vault | Scope.Scope
      >
    >()
    expect(AuthorizationServer.fromStrategy).type.not.toBeCallableWith(vault, "", { transpileData: Repairs.pkce })
  })

  it("check issuers of tokens without effects", () => {
    expect(AuthorizationServer.mayIssue(server, "")).type.toBe<boolean>()
    expect(AuthorizationServer.issues(server, {} as Config, "")).type.toBe<boolean>()
    expect(AuthorizationServer.issues).type.not.toBeCallableWith(server, "")
  })

  it("keep their failure in their type, and are assignable to one with more failures", () => {
    expect(server.config).type.toBe<Effect.Effect<Config, VaultError>>()
    expect<AuthorizationServer.AuthorizationServer<never>>().type.toBeAssignableTo<typeof server>()
    expect(server.issuer).type.toBe<Issuer.Issuer>()
  })

  it("name at least one location", () => {
    expect<Config["locations"]>().type.toBe<readonly [string, ...ReadonlyArray<string>]>()
    expect<Config["type"]>().type.toBe<"oauth" | "oidc">()
    expect<Config["freshFor"]>().type.toBe<Option.Option<Duration.Duration>>()
    expect<ServerConfig.Oddity["code"]>().type.toBe<"content_type_not_json" | "documents_merged" | "member_ignored">()
    expect<Config["repairs"]>().type.toBe<ReadonlyArray<Transpiler.Applied>>()
  })
})

describe("issuer policies", () => {
  it("are values of one type, and decide without effects", () => {
    expect(IssuerPolicy.exact).type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(IssuerPolicy.rootSlash).type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(IssuerPolicy.expected("")).type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(IssuerPolicy.template("")).type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(IssuerPolicy.leadsBackTo("")).type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(IssuerPolicy.acceptAnyUnsafe).type.toBe<IssuerPolicy.IssuerPolicy>()
    expect(IssuerPolicy.exact.accepts({ asked: "", answered: "" })).type.toBe<boolean>()
    expect(IssuerPolicy.exact.expects("")).type.toBe<string>()
    expect<IssuerPolicy.Claim>().type.toBe<
      { readonly asked: string; readonly answered: string; readonly claims?: Schema.JsonObject | undefined }
    >()
  })
})

describe("repairs", () => {
  it("of the library require nothing", () => {
    expect(Repairs.pkce).type.toBe<Transpiler.Transpiler>()
    expect(Repairs.nulls).type.toBe<Transpiler.Transpiler>()
    expect(Repairs.emptyArrays).type.toBe<Transpiler.Transpiler>()
    expect(Repairs.responseTypes).type.toBe<Transpiler.Transpiler>()
    expect(Repairs.byName).type.toBe<ReadonlyMap<string, Transpiler.Transpiler>>()
  })

  it("add known endpoints, and no others", () => {
    expect(Repairs.endpoints({ tokenEndpoint: "" })).type.toBe<Transpiler.Transpiler>()
    expect<Repairs.Endpoint>().type.toBe<
      | "authorizationEndpoint"
      | "tokenEndpoint"
      | "jwksUri"
      | "registrationEndpoint"
      | "introspectionEndpoint"
      | "revocationEndpoint"
      | "userinfoEndpoint"
    >()
    expect(Repairs.endpoints).type.not.toBeCallableWith({ issuer: "" })
    expect(Repairs.endpoints).type.not.toBeCallableWith({ token_endpoint: "" })
    expect(Repairs.endpoints).type.not.toBeCallableWith({ tokenEndpoint: 7 })
  })

  it("return an object or an effect of one, and never a promise", () => {
    expect(Transpiler.make({ name: "", reason: "", apply: (document) => document })).type.toBe<Transpiler.Transpiler>()
    expect(Transpiler.make).type.not.toBeCallableWith({ name: "", reason: "", apply: () => Promise.resolve({}) })
    expect(Transpiler.make).type.not.toBeCallableWith({ name: "", reason: "", apply: () => "a text" })
    expect(Transpiler.make).type.not.toBeCallableWith({ name: "", apply: (document: object) => document })
    expect<Promise<object>>().type.not.toBeAssignableTo<Transpiler.Answer>()
    expect(Transpiler.fromTranspileData((document) => document)).type.toBe<Transpiler.Transpiler>()
    expect(Transpiler.fromTranspileData(Repairs.pkce)).type.toBe<Transpiler.Transpiler>()
  })

  it("are distinguishable from other values, and expose their requirements", () => {
    expect(Transpiler.isTranspiler({})).type.toBe<boolean>()
    const value: unknown = Repairs.pkce
    if (Transpiler.isTranspiler(value)) expect(value).type.toBe<Transpiler.Transpiler<unknown>>()
    expect(Transpiler.identity).type.toBe<Transpiler.Transpiler>()
    expect<Transpiler.Services<Transpiler.Transpiler<Vault>>>().type.toBe<Vault>()
    expect<Transpiler.Services<typeof Repairs.pkce>>().type.toBe<never>()
    expect(Transpiler.all()).type.toBe<Transpiler.Transpiler>()
  })

  it("fail for one of four reasons", () => {
    expect<Transpiler.TranspileError["reason"]>().type.toBe<"failed" | "threw" | "no-object" | "changed-issuer">()
  })
})

describe("transpilers, policies, purposes, rules", () => {
  it("a transpiler fails with one error and requires what its repairs require", () => {
    const repair = Transpiler.make({ name: "", reason: "", apply: needsVault })
    expect(Transpiler.run(repair, {})).type.toBe<
      Effect.Effect<Transpiler.Transpiled, Transpiler.TranspileError, Vault>
    >()
    expect(Transpiler.all(Repairs.pkce, repair)).type.toBe<Transpiler.Transpiler<Vault>>()
    expect(Transpiler.fromTranspileData(needsVault)).type.toBe<Transpiler.Transpiler<Vault>>()
  })

  it("checking an issuer fails with one error", () => {
    expect(IssuerPolicy.judge(IssuerPolicy.exact, { asked: "", answered: "", location: "" })).type.toBe<
      Effect.Effect<void, IssuerPolicy.IssuerMismatch>
    >()
  })

  it("validation reports without an effect, or fails with its report", () => {
    const subject = { type: "oauth", metadata: { issuer: "" } } as const
    expect(Validation.validate(subject)).type.toBe<Validation.Report>()
    expect(Validation.validateServerConfig(subject)).type.toBe<
      Effect.Effect<Validation.Report, Validation.InvalidServerConfig>
    >()
    expect(Validation.validate).type.not.toBeCallableWith(subject, { revision: "2024-11-05" })
  })

  it("a purpose is pure", () => {
    expect(Purpose.verification.missing({ issuer: "" })).type.toBe<ReadonlyArray<string>>()
  })

  it("purposes can be made, joined and named", () => {
    expect(Purpose.make("", () => [])).type.toBe<Purpose.Purpose>()
    expect(Purpose.make("", ({ jwksUri = "" }) => [jwksUri])).type.toBe<Purpose.Purpose>()
    expect(Purpose.make).type.not.toBeCallableWith("", () => "jwks_uri")
    expect(Purpose.make).type.not.toBeCallableWith("", () => Effect.succeed([]))
    expect(Purpose.any).type.toBe<Purpose.Purpose>()
    expect(Purpose.jwtVerification).type.toBe<Purpose.Purpose>()
    expect(Purpose.introspection).type.toBe<Purpose.Purpose>()
    expect(Purpose.verification).type.toBe<Purpose.Purpose>()
    expect(Purpose.authorization).type.toBe<Purpose.Purpose>()
    expect(Purpose.all(Purpose.any, Purpose.introspection)).type.toBe<Purpose.Purpose>()
    expect(Purpose.all()).type.toBe<Purpose.Purpose>()
  })

  it("rules are data, for the known revisions", () => {
    expect(Validation.rules).type.toBe<ReadonlyArray<Validation.Rule>>()
    expect(Validation.without(Validation.rules, [""])).type.toBe<ReadonlyArray<Validation.Rule>>()
    expect(Validation.latestRevision).type.toBe<Validation.Revision>()
    expect<Validation.Revision>().type.toBe<"2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28">()
    expect<typeof Validation.Revision.Type>().type.toBe<Validation.Revision>()
    const own: Validation.Rule = {
      code: "",
      severity: "error",
      since: "2025-03-26",
      reference: "",
      holds: "",
      advice: "",
      check: () => "holds"
    }
    expect(Validation.rule(own)).type.toBe<Validation.Rule>()
    expect(Validation.rule).type.not.toBeCallableWith({ ...own, severity: "fatal" })
    expect(Validation.rule).type.not.toBeCallableWith({ ...own, since: "2024-11-05" })
    expect(Validation.rule).type.not.toBeCallableWith({ ...own, check: () => Effect.succeed("holds") })
    expect<typeof Validation.Finding.Type>().type.toBe<Validation.Report["errors"][number]>()
    expect<typeof Validation.Success.Type>().type.toBe<Validation.Report["successes"][number]>()
    expect<Validation.InvalidServerConfig["report"]>().type.toBe<Validation.Report>()
    expect<Validation.Options>().type.toBe<{
      readonly revision?: Validation.Revision | undefined
      readonly rules?: ReadonlyArray<Validation.Rule> | undefined
    }>()
  })

  it("limits are optional", () => {
    expect<typeof FetchLimits.FetchLimits>().type.toBe<Context.Reference<FetchLimits.Limits>>()
  })
})
