/**
 * Preset for Stytch Connected Apps.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { either } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The project domain or custom domain", "example.customers.stytch.com"),
  projectId: Preset.name("The ID of the project", "project-live-11111111-2222-3333-4444-555555555555")
}

/**
 * Stytch Connected Apps. Access tokens are JWTs whose audience is the project, and whose issuer is the project domain or an
 * older form without a scheme. Session JWTs of the same project have no client, and are refused.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "stytch",
  title: "Stytch",
  parameters,
  settings: ({ domain, projectId }) => ({
    issuer: `https://${domain}`,
    tokenIssuers: [`https://${domain}`, `stytch.com/${projectId}`],
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        audience: either(AudiencePolicy.resource, AudiencePolicy.anyOf(projectId)),
        // Session JWTs and tokens of machines have the same issuer, key and audience, and no client_id.
        accessTokenMark: { claim: "client_id" },
        scopeClaims: ["scope"]
      }
    }
  }),
  facts: {
    tokens: "Always a JWT, signed with RS256.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "optional",
    resourceIndicators: "no",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Turn on Connected Apps in the dashboard, and host the page where users give consent.",
      "Allow dynamic client registration in the settings of Connected Apps, or create an app for each MCP client.",
      "Add the scopes of your server as custom scopes of the project.",
      "If the project serves more than one API, set a custom audience for the access tokens of each app: the URL of the " +
      "MCP server."
    ],
    clients: "Clients register dynamically, if the project allows it. The user sees the consent page that you host.",
    limits: [
      "The audience is the project, unless an app has a custom audience. A token for any API of the project is accepted.",
      "Tokens of machines (M2M) have no client_id, and are refused."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason:
          "Stytch names the project. The project must belong to the MCP server, or its apps need a custom audience.",
        purpose: "verification"
      },
      {
        requirement: "RFC 9068, section 4: the issuer of a token must be that of the metadata.",
        reason:
          "Stytch documents the issuer stytch.com/{projectId} for tokens that a client got at the domain stytch.com.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "Access tokens have iss, sub, aud with the project, client_id, jti and scope. An app may add audiences.",
        source: "https://stytch.com/docs/api-reference/b2b/api/connected-apps/tokens/connected-app-access-token-object",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Tokens of machines have the issuer stytch.com/{projectId}, the same audience, and no client_id.",
        source: "https://stytch.com/docs/api/get-m2m-token",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Session JWTs have no client_id.",
        source: "https://stytch.com/docs/guides/sessions/using-jwts",
        date: "2026-08",
        confidence: "inferred"
      }
    ]
  },
  fingerprint: ({ introspection_endpoint, issuer, jwks_uri }) => {
    if (typeof issuer !== "string") return undefined
    if (/^https:\/\/[\w.-]+\.customers\.stytch\.(?:com|dev)$/.test(issuer)) return "certain"
    return introspection_endpoint === `${issuer}/v1/oauth2/introspect` && jwks_uri === `${issuer}/.well-known/jwks.json`
      ? "likely"
      : undefined
  }
})
