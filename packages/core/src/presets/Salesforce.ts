/**
 * Preset for Salesforce.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import { looksLikeJwt } from "../token/internal/jwt.ts"
import * as TokenVerifier from "../token/TokenVerifier.ts"
import { demanding, either } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The My Domain host of the org", "example.my.salesforce.com"),
  clientId: Preset.text("The consumer key of the app that introspects tokens", "3MVG9example.key"),
  clientSecret: Preset.secret("The consumer secret of this app"),
  clientIds: Preset.list(Preset.text("The consumer keys of the apps whose tokens are accepted", "3MVG9notes.client"))
}

/** Tokens of an app of yours, without an audience or for Salesforce itself. */
const issuedTo = (issuer: string, clientIds: readonly [string, ...ReadonlyArray<string>]) =>
  either(
    AudiencePolicy.noneButClients(...clientIds),
    demanding(AudiencePolicy.anyOf(issuer), {
      expected: `a client_id of ${clientIds.join(" or ")}`,
      holds: ({ client_id }) => typeof client_id === "string" && clientIds.includes(client_id)
    })
  )

/**
 * Salesforce. Access tokens must be JWT-based: opaque ones contain a character that no bearer token may have. They have no
 * audience for other APIs, so they are verified by introspection, and must have been issued to an app of yours.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "salesforce",
  title: "Salesforce",
  parameters,
  settings: ({ clientId, clientIds, clientSecret, domain }) => ({
    issuer: `https://${domain}`,
    type: "oidc",
    verification: {
      method: "custom",
      verifier: {
        ...TokenVerifier.introspection({
          authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret),
          audience: issuedTo(`https://${domain}`, clientIds),
          // Refresh tokens are active too.
          accessTokenMark: { claim: "token_type", equals: "access_token" },
          scopeClaims: ["scope"]
        }),
        // Refresh tokens, and the access tokens of other apps, are opaque.
        handles: looksLikeJwt
      }
    }
  }),
  facts: {
    tokens: "Opaque by default, with an exclamation mark. JWT-based if the app says so, which this preset needs.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "yes",
    resourceIndicators: "unknown",
    dpop: "yes",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create an app for your MCP clients, with OAuth, PKCE and their redirect URIs.",
      "Let this app issue JWT-based access tokens for named users.",
      "Create a second app for the MCP server, and authorize it to introspect all tokens of the org.",
      "Set clientId and clientSecret to those of the second app, and clientIds to the consumer key of the first."
    ],
    clients:
      "Users enter the consumer key of your app. Tokens of clients that registered themselves are refused, because their " +
      "IDs are unknown here.",
    limits: [
      "A token that an app in clientIds got for the Salesforce API is accepted too.",
      "Scopes are those of Salesforce. You cannot define scopes of your own, besides custom permissions.",
      "Opaque access tokens are refused: RFC 6750, section 2.1 does not allow their exclamation mark.",
      "It is unverified that introspection describes JWT-based access tokens as it does opaque ones.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason:
          "Salesforce tokens have no audience, or Salesforce itself. Their client must be one of your apps instead.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "One app can be authorized to introspect all tokens of the org, with its credentials in the header or body.",
        source:
          "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oidc_token_introspection_endpoint.htm",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The response has active, scope, client_id, username, sub, token_type access_token, exp, iat and nbf.",
        source: "Postman collection Salesforce Platform APIs, OpenID Connect Token Introspection Endpoint",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact:
          "JWT-based access tokens are an option of the app, for services outside Salesforce. They are signed with RS256.",
        source: "https://help.salesforce.com/s/articleView?id=xcloud.jwt_access_tokens.htm",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact:
          "The introspection response about a JWT-based token has the same members, and no audience or that of the org.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      },
      {
        fact: "Only the OpenID document is published, with PKCE, DPoP algorithms and a registration endpoint.",
        source: "https://login.salesforce.com/.well-known/openid-configuration",
        date: "2026-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ issuer, token_endpoint }) => {
    if (typeof issuer !== "string" || token_endpoint !== `${issuer}/services/oauth2/token`) return undefined
    return /^https:\/\/[\w.-]+\.salesforce\.com$/.test(issuer) ? "certain" : "likely"
  }
})
