/**
 * Preset for Scalekit.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { either } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the environment", "https://example.scalekit.com"),
  resourceId: Preset.name("The ID of the MCP server in Scalekit", "res_1234567890")
}

/**
 * Scalekit. Each MCP server has an issuer of its own. Access tokens are JWTs whose issuer is that of the server or, in older
 * environments, that of the environment.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "scalekit",
  title: "Scalekit",
  parameters,
  settings: ({ resourceId, url }) => {
    const issuer = `${url}/resources/${resourceId}`
    return {
      issuer,
      tokenIssuers: [issuer, url],
      verification: {
        method: "jwt",
        options: {
          algorithms: ["RS256"],
          audience: either(AudiencePolicy.resource, AudiencePolicy.anyOf(resourceId)),
          accessTokenMark: { claim: "client_id" },
          scopeClaims: ["scope", "scopes"]
        }
      },
      roles: [["roles"]]
    }
  },
  facts: {
    tokens: "Always a JWT, signed with RS256.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "optional",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Add an MCP server in the dashboard, with its URL as the server URL.",
      "Turn on dynamic client registration and Client ID Metadata Documents for it.",
      "Add the scopes of your server, such as notes:read.",
      "Note the resource ID, which begins with res_."
    ],
    clients:
      "Clients register dynamically or by a Client ID Metadata Document, if the MCP server in Scalekit allows it.",
    limits: [
      "Both issuers are accepted, because Scalekit moves tokens from the environment to the MCP server.",
      "Tokens without client_id are refused."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "Scalekit names the server by its resource ID, which belongs to this MCP server alone.",
        purpose: "verification"
      },
      {
        requirement: "RFC 9068, section 4: the issuer of a token must be that of the metadata.",
        reason: "Tokens name the environment or the MCP server as issuer, with the same keys.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "The metadata is at the inserted RFC 8414 URL of /resources/{id}. The keys are those of the environment.",
        source: "https://github.com/jlowin/fastmcp/blob/main/src/fastmcp/server/auth/providers/scalekit.py",
        date: "2026-08",
        confidence: "source code"
      },
      {
        fact:
          "Tokens have the resource ID in aud. Scalekit offers dynamic registration and metadata documents per server.",
        source: "https://glama.ai/mcp/servers/scalekit-developers/scalekit-mcpuse-example",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "Access tokens always have client_id and jti, and may have roles and permissions.",
        source: "https://docs.scalekit.com/guides/accesstoken-claims.md",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Tokens of machines state their scopes in scopes.",
        source: "https://docs.scalekit.com/cookbooks/m2m-jwks-and-oauth-scopes.md",
        date: "2026-11",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri }) => {
    if (typeof issuer !== "string") return undefined
    const [, environment] = /^(https:\/\/[^/]+)\/resources\/res_\w+$/.exec(issuer) ?? []
    if (environment === undefined) return undefined
    return jwks_uri === `${environment}/keys` ? "certain" : "likely"
  }
})
