import {
  AuthorizationServerMetadata,
  Issuer,
  ProtectedResourceMetadata,
  ResourceIdentifier,
  WellKnown
} from "@effect-mcp-auth/core"
import type { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "tstyche"

describe("identifiers", () => {
  it("are made with one typed error, and require nothing", () => {
    expect(Issuer.make("")).type.toBe<Effect.Effect<Issuer.Issuer, Issuer.InvalidIssuer>>()
    expect(Issuer.makeResult("")).type.toBe<Result.Result<Issuer.Issuer, Issuer.InvalidIssuer>>()
    expect(ResourceIdentifier.make("")).type.toBe<
      Effect.Effect<ResourceIdentifier.ResourceIdentifier, ResourceIdentifier.InvalidResourceIdentifier>
    >()
    expect(ResourceIdentifier.makeResult("")).type.toBe<
      Result.Result<ResourceIdentifier.ResourceIdentifier, ResourceIdentifier.InvalidResourceIdentifier>
    >()
  })

  it("are not interchangeable, and not assignable from plain strings", () => {
    expect(WellKnown.candidates).type.not.toBeCallableWith("https://as.example.com")
    expect(WellKnown.candidates).type.not.toBeCallableWith({} as ResourceIdentifier.ResourceIdentifier)
    expect(WellKnown.protectedResource).type.not.toBeCallableWith({} as Issuer.Issuer)
  })

  it("give plain URLs, without effects", () => {
    const issuer = {} as Issuer.Issuer
    expect(WellKnown.oauthAuthorizationServer(issuer)).type.toBe<string>()
    expect(WellKnown.openidConfiguration(issuer)).type.toBe<string>()
    expect(WellKnown.openidConfigurationInserted(issuer)).type.toBe<string>()
    expect(WellKnown.candidates(issuer)).type.toBe<ReadonlyArray<string>>()
    expect(WellKnown.protectedResource({} as ResourceIdentifier.ResourceIdentifier)).type.toBe<string>()
  })

  it("give places by a closed set of forms, and back without failing", () => {
    const issuer = {} as Issuer.Issuer
    expect<WellKnown.Form>().type.toBe<
      | "oauth-authorization-server"
      | "openid-configuration"
      | "openid-configuration-inserted"
      | "oauth-authorization-server-appended"
    >()
    expect(WellKnown.oauthAuthorizationServerAppended(issuer)).type.toBe<string>()
    expect(WellKnown.ofForm(issuer, "openid-configuration")).type.toBe<string>()
    expect(WellKnown.ofForm).type.not.toBeCallableWith(issuer, "oauth-protected-resource")
    expect(WellKnown.ofForm).type.not.toBeCallableWith("https://as.example.com", "openid-configuration")
    expect(WellKnown.leadsTo(issuer, "")).type.toBe<boolean>()
    expect(WellKnown.leadsTo).type.not.toBeCallableWith("https://as.example.com", "")
    expect(WellKnown.issuersOf("")).type.toBe<
      ReadonlyArray<{ readonly form: WellKnown.Form; readonly issuer: Issuer.Issuer }>
    >()
  })

  it("of resources give only the places of resources", () => {
    const resource = {} as ResourceIdentifier.ResourceIdentifier
    expect(WellKnown.protectedResourceRoot(resource)).type.toBe<string>()
    expect(WellKnown.protectedResourceCandidates(resource)).type.toBe<ReadonlyArray<string>>()
    expect(WellKnown.protectedResourceRoot).type.not.toBeCallableWith("https://api.example.com")
    expect(WellKnown.protectedResourceRoot).type.not.toBeCallableWith({} as Issuer.Issuer)
    expect(WellKnown.protectedResourceCandidates).type.not.toBeCallableWith("https://api.example.com")
    expect(WellKnown.protectedResourceCandidates).type.not.toBeCallableWith({} as Issuer.Issuer)
  })

  it("are made under rules that can only be relaxed for loopback", () => {
    expect(Issuer.make("", { allowInsecureLoopback: true })).type.toBe<
      Effect.Effect<Issuer.Issuer, Issuer.InvalidIssuer>
    >()
    expect<Issuer.Options>().type.toBe<{ readonly allowInsecureLoopback?: boolean | undefined }>()
    expect<ResourceIdentifier.Options>().type.toBe<{ readonly allowInsecureLoopback?: boolean | undefined }>()
  })

  it("have schemas of plain strings", () => {
    expect<typeof Issuer.Issuer.Type>().type.toBe<Issuer.Issuer>()
    expect<typeof Issuer.Issuer.Encoded>().type.toBe<string>()
    expect(Issuer.InsecureLoopbackIssuer).type.toBe<typeof Issuer.Issuer>()
    expect<typeof ResourceIdentifier.ResourceIdentifier.Type>().type.toBe<ResourceIdentifier.ResourceIdentifier>()
    expect(ResourceIdentifier.InsecureLoopbackResourceIdentifier).type.toBe<
      typeof ResourceIdentifier.ResourceIdentifier
    >()
  })

  it("name the refused string, and the reason", () => {
    expect<Issuer.InvalidIssuer["issuer"]>().type.toBe<string>()
    expect<ResourceIdentifier.InvalidResourceIdentifier["resource"]>().type.toBe<string>()
    expect<ResourceIdentifier.InvalidResourceIdentifier["reason"]>().type.toBe<Issuer.InvalidIssuer["reason"]>()
  })

  it("have a closed set of reasons", () => {
    expect<"query">().type.toBeAssignableTo<Issuer.InvalidIssuer["reason"]>()
    expect<string>().type.not.toBeAssignableTo<Issuer.InvalidIssuer["reason"]>()
  })
})

describe("metadata", () => {
  it("has camelCase members, and keeps unknown ones", () => {
    type Server = AuthorizationServerMetadata.AuthorizationServerMetadata
    expect<Server["issuer"]>().type.toBe<string>()
    expect<Server["jwksUri"]>().type.toBe<string | undefined>()
    expect<Server["clientIdMetadataDocumentSupported"]>().type.toBe<boolean | undefined>()
    expect<Server["additionalParameters"]>().type.toBe<Schema.JsonObject | undefined>()
    type Resource = ProtectedResourceMetadata.ProtectedResourceMetadata
    expect<Resource["authorizationServers"]>().type.toBe<readonly [string, ...ReadonlyArray<string>] | undefined>()
  })

  it("has defaults as functions, pure and total", () => {
    const server: AuthorizationServerMetadata.AuthorizationServerMetadata = { issuer: "" }
    expect(AuthorizationServerMetadata.responseModes(server)).type.toBe<ReadonlyArray<string>>()
    expect(AuthorizationServerMetadata.grantTypes(server)).type.toBe<ReadonlyArray<string>>()
    expect(AuthorizationServerMetadata.tokenEndpointAuthMethods(server)).type.toBe<ReadonlyArray<string>>()
    expect(AuthorizationServerMetadata.revocationEndpointAuthMethods(server)).type.toBe<ReadonlyArray<string>>()
    expect(AuthorizationServerMetadata.claimTypes(server)).type.toBe<ReadonlyArray<string>>()
    expect(AuthorizationServerMetadata.requestUriParameter(server)).type.toBe<boolean>()
    expect(AuthorizationServerMetadata.advertisesS256(server)).type.toBe<boolean>()
    expect(AuthorizationServerMetadata.authorizationResponseIss(server)).type.toBe<boolean>()
    expect(ProtectedResourceMetadata.acceptsHeader({ resource: "" })).type.toBe<boolean>()
  })

  it("is a JSON object on the wire, and requires nothing to be read or written", () => {
    expect<typeof AuthorizationServerMetadata.AuthorizationServerMetadata.Encoded>().type.toBe<Schema.JsonObject>()
    expect<typeof AuthorizationServerMetadata.AuthorizationServerMetadata.DecodingServices>().type.toBe<never>()
    expect<typeof AuthorizationServerMetadata.AuthorizationServerMetadata.EncodingServices>().type.toBe<never>()
    expect<typeof ProtectedResourceMetadata.ProtectedResourceMetadata.Encoded>().type.toBe<Schema.JsonObject>()
  })

  it("names at least one authorization server, if any, and always the resource", () => {
    type Resource = ProtectedResourceMetadata.ProtectedResourceMetadata
    expect<Resource["resource"]>().type.toBe<string>()
    expect<{ readonly resource: string; readonly authorizationServers: readonly [] }>().type.not.toBeAssignableTo<
      Resource
    >()
    expect<{ readonly authorizationServers: readonly [string] }>().type.not.toBeAssignableTo<Resource>()
  })
})
