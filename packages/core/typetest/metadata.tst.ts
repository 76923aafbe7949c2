import {
  type AuthorizationServerMetadata,
  Issuer,
  type ProtectedResourceMetadata,
  ResourceIdentifier,
  WellKnown
} from "@effect-mcp-auth/core"
import type { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "tstyche"

describe("identifiers", () => {
  it("are made with one typed error, and need nothing", () => {
    expect(Issuer.make("")).type.toBe<Effect.Effect<Issuer.Issuer, Issuer.InvalidIssuer>>()
    expect(Issuer.makeResult("")).type.toBe<Result.Result<Issuer.Issuer, Issuer.InvalidIssuer>>()
    expect(ResourceIdentifier.make("")).type.toBe<
      Effect.Effect<ResourceIdentifier.ResourceIdentifier, ResourceIdentifier.InvalidResourceIdentifier>
    >()
    expect(ResourceIdentifier.makeResult("")).type.toBe<
      Result.Result<ResourceIdentifier.ResourceIdentifier, ResourceIdentifier.InvalidResourceIdentifier>
    >()
  })

  it("cannot be swapped, and are not made of plain strings", () => {
    expect(WellKnown.candidates).type.not.toBeCallableWith("https://as.example.com")
    expect(WellKnown.candidates).type.not.toBeCallableWith({} as ResourceIdentifier.ResourceIdentifier)
    expect(WellKnown.protectedResource).type.not.toBeCallableWith({} as Issuer.Issuer)
  })

  it("lead to plain URLs, without effects", () => {
    const issuer = {} as Issuer.Issuer
    expect(WellKnown.oauthAuthorizationServer(issuer)).type.toBe<string>()
    expect(WellKnown.openidConfiguration(issuer)).type.toBe<string>()
    expect(WellKnown.openidConfigurationInserted(issuer)).type.toBe<string>()
    expect(WellKnown.candidates(issuer)).type.toBe<ReadonlyArray<string>>()
    expect(WellKnown.protectedResource({} as ResourceIdentifier.ResourceIdentifier)).type.toBe<string>()
  })

  it("name the reason by a closed set of words", () => {
    expect<"query">().type.toBeAssignableTo<Issuer.InvalidIssuer["reason"]>()
    expect<string>().type.not.toBeAssignableTo<Issuer.InvalidIssuer["reason"]>()
  })
})

describe("metadata", () => {
  it("has camelCase members, and keeps those that nobody knows", () => {
    type Server = AuthorizationServerMetadata.AuthorizationServerMetadata
    expect<Server["issuer"]>().type.toBe<string>()
    expect<Server["jwksUri"]>().type.toBe<string | undefined>()
    expect<Server["clientIdMetadataDocumentSupported"]>().type.toBe<boolean | undefined>()
    expect<Server["additionalParameters"]>().type.toBe<Schema.JsonObject | undefined>()
    type Resource = ProtectedResourceMetadata.ProtectedResourceMetadata
    expect<Resource["authorizationServers"]>().type.toBe<ReadonlyArray<string> | undefined>()
  })
})
