/**
 * Preset for SAP Cloud Identity Services.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the tenant", "https://acme.accounts.ondemand.com"),
  clientId: Preset.text(
    "The client ID of the application that provides the MCP server",
    "11111111-2222-3333-4444-555555555555"
  ),
  issuer: Preset.optional(Preset.text(
    "The member issuer of the metadata, if it has no https:// before it",
    "acme.accounts.ondemand.com"
  ))
}

/**
 * SAP Cloud Identity Services (Identity Authentication). Permissions are in the claim `ias_apis`, which ID tokens lack. XSUAA
 * is another service.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "sap-ias",
  title: "SAP Cloud Identity Services",
  parameters,
  settings: ({ clientId, issuer, url }) => ({
    issuer: url,
    type: "oidc",
    ...(issuer === undefined
      ? {}
      : { metadataUrl: `${url}/.well-known/openid-configuration`, documentIssuer: issuer }),
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        audience: AudiencePolicy.anyOf(clientId),
        accessTokenMark: { claim: "ias_apis" },
        scopeClaims: ["ias_apis"]
      }
    },
    roles: [["groups"]]
  }),
  facts: {
    tokens: "Always a JWT. The audience is the client ID of the application that provides the API.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "optional",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "In the application of the MCP server, add the APIs that it provides. Their names are the scopes of the MCP server.",
      "In each client application, add a dependency on these APIs.",
      "Clients request a token with the resource `urn:sap:identity:application:provider:name:<dependency>`."
    ],
    clients: "Applications are registered by hand. Clients must send the resource in the form of SAP, not the URL.",
    limits: [
      "Clients that send the URL of the MCP server as resource, as MCP demands, get no token for it.",
      "Tokens that are bound to a client certificate are refused.",
      "ID tokens have the same audience. Only the claim ias_apis tells access tokens from them; that they lack it is inferred."
    ],
    overrides: [{
      requirement: "The issuer of the document is identical to the requested issuer (RFC 8414, section 3.3).",
      reason:
        "Some tenants publish an issuer without https://. Only the parameter issuer allows it, and the URL is fixed.",
      purpose: "verification"
    }],
    sources: [
      {
        fact: "Access tokens for APIs have the list ias_apis, and the client ID of the provider as audience.",
        source: "https://help.sap.com/docs/cloud-identity-services",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Some tenants have an issuer without a scheme.",
        source: "https://github.com/SAP/cloud-sdk-js/issues/6923",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "A dependency is requested by its resource URN.",
        source: "https://sap.github.io/cloud-sdk/docs/js/features/connectivity/identity-authentication-service",
        date: "2026-11",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri }) => {
    if (typeof issuer !== "string" || typeof jwks_uri !== "string" || !jwks_uri.endsWith("/oauth2/certs")) {
      return undefined
    }
    return /\.accounts(?:400)?\.(?:ondemand\.com|cloud\.sap)$/.test(issuer) ? "certain" : "likely"
  }
})
