/**
 * Preset for FusionAuth.
 *
 * @since 0.1.0
 */
import * as IssuerPolicy from "../discovery/IssuerPolicy.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of FusionAuth", "https://example.fusionauth.io"),
  tenantId: Preset.guid("The ID of the tenant", "11111111-2222-3333-4444-555555555555"),
  applicationId: Preset.guid(
    "The ID of the application, which is its client ID",
    "22222222-3333-4444-5555-666666666666"
  ),
  issuer: Preset.optional(
    Preset.text("The issuer of the tenant, if it is not the URL of FusionAuth", "https://id.example.com")
  )
}

/**
 * FusionAuth. Access tokens are JWTs whose audience is the application, as in ID tokens. The claim `applicationId` tells them
 * apart. The issuer is a setting of the tenant.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "fusionauth",
  title: "FusionAuth",
  parameters,
  settings: ({ applicationId, issuer, tenantId, url }) => ({
    issuer: url,
    metadataUrl: `${url}/.well-known/openid-configuration/${tenantId}`,
    documentIssuer: issuer ?? url,
    issuerPolicy: IssuerPolicy.expected(issuer ?? url),
    verification: {
      method: "jwt",
      options: {
        audience: AudiencePolicy.anyOf(applicationId),
        // ID tokens have the same audience and a scope, and no applicationId since version 1.24.
        accessTokenMark: { claim: "applicationId", equals: applicationId },
        scopeClaims: ["scope"]
      }
    },
    roles: [["roles"]]
  }),
  facts: {
    tokens:
      "Always a JWT of the type JWT. The default key signs with HS256, which cannot be verified with published keys.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Set the issuer of the tenant to the URL of FusionAuth. The default acme.com is not a URL.",
      "Create an RSA or EC key pair, and choose it as the access token signing key and ID token signing key.",
      "Create an application for the MCP server, add its scopes, and set the scope handling policy to Strict.",
      "Register users for the application."
    ],
    clients:
      "All clients share the client ID of the application. Users must enter it. No registration of clients is known.",
    limits: [
      "A token proves the application, not the client: MCP clients and the server share the client ID.",
      "Users who are not registered for the application have no applicationId in their tokens, and are refused.",
      "Tokens of machines (entities) have another audience, and are refused.",
      "Tokens state their scopes since version 1.50. Tokens of older versions grant none.",
      "If the issuer of the tenant is not the URL of FusionAuth, clients that compare issuers refuse the metadata."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "The audience is always the application, which must belong to the MCP server alone.",
        purpose: "verification"
      },
      {
        requirement: "RFC 8414, section 3.3: the issuer of the metadata must be the requested issuer.",
        reason: "The issuer is a setting of the tenant. The preset pins both the URL of the metadata and the issuer.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "The audience of access and ID tokens is the client ID. Access tokens have applicationId, roles and scope.",
        source: "https://fusionauth.io/docs/lifecycle/authenticate-users/oauth/tokens",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "ID tokens have no applicationId and no roles since version 1.24.",
        source: "https://fusionauth.io/docs/lifecycle/authenticate-users/oauth/tokens",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The metadata of a tenant has the tenant ID after the well-known part. The default issuer is acme.com.",
        source: "https://github.com/FusionAuth/fusionauth-issues/issues/343",
        date: "2026-08",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ authorization_endpoint, jwks_uri, token_endpoint }) => {
    if (typeof jwks_uri !== "string" || typeof authorization_endpoint !== "string") return undefined
    const origin = /^https:\/\/[^/]+/.exec(authorization_endpoint)?.[0]
    return jwks_uri === `${origin}/.well-known/jwks.json` && authorization_endpoint === `${origin}/oauth2/authorize` &&
        token_endpoint === `${origin}/oauth2/token`
      ? "likely"
      : undefined
  }
})
