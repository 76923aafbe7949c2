import {
  AuthorizationServer,
  Discovery,
  type DiscoveryError,
  type FetchLimits,
  type Issuer,
  IssuerPolicy,
  Purpose,
  Repairs,
  type ServerConfig,
  Transpiler,
  Validation
} from "@effect-mcp-auth/core"
import { type Context, Effect, type Schema, type Scope } from "effect"
import type { HttpClient } from "effect/http"
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

describe("fetching", () => {
  it("fails in two ways, and needs a client", () => {
    expect(Discovery.fetchServerConfig("")).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed, Client>
    >()
    expect(Discovery.fetchServerConfigByWellKnownUrl("")).type.toBe<Effect.Effect<Config, Failed, Client>>()
  })

  it("needs what transpileData needs, and hides what it fails with in TranspileError", () => {
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

  it("knows three types of servers", () => {
    expect(Discovery.fetchServerConfig).type.not.toBeCallableWith("", { type: "saml" })
  })
})

describe("strategies", () => {
  it("of the library need a client and fail with nothing of their own", () => {
    expect(Discovery.mcp).type.toBe<Discovery.Strategy>()
    expect(Discovery.oauth).type.toBe<Discovery.Strategy<never, Client>>()
    expect(Discovery.wellKnownUrl("", "")).type.toBe<Discovery.Strategy>()
    expect(Discovery.fromUrls("", () => [])).type.toBe<Discovery.Strategy>()
    expect(Discovery.manual({ issuer: "" })).type.toBe<Discovery.Strategy<never, never>>()
  })

  it("of your own show what they fail with and need", () => {
    expect(vault).type.toBe<Discovery.Strategy<VaultError, Vault>>()
    expect(Discovery.discover(vault, "")).type.toBe<
      Effect.Effect<Config, Issuer.InvalidIssuer | Failed<VaultError>, Vault>
    >()
    expect(Discovery.search(vault, "")).type.toBe<
      Effect.Effect<Discovery.Search<VaultError>, Issuer.InvalidIssuer, Vault>
    >()
  })

  it("join what their parts fail with and need", () => {
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
  it("keep every attempt with its own error", () => {
    type Attempt = Failed<VaultError>["attempts"][number]
    expect<Attempt["error"]>().type.toBe<DiscoveryError.AttemptError<VaultError> | undefined>()
    expect<Failed["outcome"]>().type.toBe<"Refused" | "Incomplete" | "Transient" | "Miss">()
  })

  it("can be told apart by their tags", () => {
    expect(
      Effect.catchTag(Discovery.fetchServerConfig(""), "DiscoveryFailed", () => Effect.succeed(0))
    ).type.toBe<Effect.Effect<Config | number, Issuer.InvalidIssuer, Client>>()
  })
})

describe("authorization servers", () => {
  it("are discovered lazily: only a wrong issuer fails at once", () => {
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

  it("that are made by hand need nothing, and cannot fail later", () => {
    expect(AuthorizationServer.make({ type: "oauth", metadata: { issuer: "" } })).type.toBe<
      Effect.Effect<AuthorizationServer.AuthorizationServer<never>, Issuer.InvalidIssuer | Failed>
    >()
  })

  it("of a strategy show what it fails with and needs", () => {
    expect(AuthorizationServer.fromStrategy(vault, "")).type.toBe<
      Effect.Effect<
        AuthorizationServer.AuthorizationServer<Failed<VaultError>>,
        Issuer.InvalidIssuer,
        Vault | Scope.Scope
      >
    >()
  })
})

describe("transpilers, policies, purposes, rules", () => {
  it("a transpiler fails in one way and needs what its repairs need", () => {
    const repair = Transpiler.make({ name: "", reason: "", apply: needsVault })
    expect(Transpiler.run(repair, {})).type.toBe<
      Effect.Effect<Transpiler.Transpiled, Transpiler.TranspileError, Vault>
    >()
    expect(Transpiler.all(Repairs.pkce, repair)).type.toBe<Transpiler.Transpiler<Vault>>()
    expect(Transpiler.fromTranspileData(needsVault)).type.toBe<Transpiler.Transpiler<Vault>>()
  })

  it("judging an issuer fails in one way", () => {
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

  it("limits need not be provided", () => {
    expect<typeof FetchLimits.FetchLimits>().type.toBe<Context.Reference<FetchLimits.Limits>>()
  })
})
