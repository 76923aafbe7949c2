/**
 * Preset for Ory Network and Ory Hydra.
 *
 * @since 0.1.0
 */
import * as Repairs from "../discovery/Repairs.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url(
    "The issuer: the URL of the Ory Network project, or of Hydra",
    "https://example.projects.oryapis.com"
  ),
  accessTokens: Preset.optional(
    Preset.name("The form of access tokens: opaque, verified by introspection (the default), or jwt", "opaque")
  ),
  apiKey: Preset.optional(
    Preset.secret("For opaque tokens: an API key of the Ory Network project, or any text if Hydra asks for none")
  ),
  adminUrl: Preset.optional(
    Preset.url("For opaque tokens of Hydra: the URL of its admin API", "https://hydra-admin.example.com")
  )
}

/** Ory Network and Hydra have the same claims. `ext` holds those that the consent page adds. */
const claims = { scopeClaims: ["scope", "scp"] } as const

/**
 * Ory Network and Ory Hydra. Access tokens are opaque by default, and their audience is what the client requested with the
 * parameter `audience`, from a list of its own.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "ory",
  title: "Ory Network and Ory Hydra",
  parameters,
  settings: ({ accessTokens = "opaque", adminUrl, apiKey, url }) => {
    const server = {
      issuer: url,
      type: "oidc",
      roles: [["ext", "roles"]],
      loginRepairs: Repairs.pkce
    } as const
    if (accessTokens === "jwt") return { ...server, verification: { method: "jwt", options: claims } }
    if (accessTokens !== "opaque") return { refused: "the parameter accessTokens is neither opaque nor jwt" }
    if (apiKey === undefined) {
      return { refused: "opaque tokens need the parameter apiKey; set it, or set accessTokens to jwt" }
    }
    return {
      ...server,
      // The introspection endpoint is part of the admin API, which the metadata does not name.
      repairs: Repairs.endpoints({ introspectionEndpoint: `${adminUrl ?? url}/admin/oauth2/introspect` }),
      verification: {
        method: "introspection",
        options: {
          ...claims,
          authentication: ClientAuthentication.bearerToken(apiKey),
          // Refresh tokens are active too.
          accessTokenMark: { claim: "token_use", equals: "access_token" }
        }
      }
    }
  },
  facts: {
    tokens:
      "Opaque by default, with the prefix ory_at_. A JWT by the access token strategy of the project or of the client.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "optional",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create an OAuth 2.0 client for each MCP client, with the URL of the MCP server in its list audience.",
      "Let the client request this URL with the parameter audience.",
      "Let the consent page grant the requested audience and scopes.",
      "For opaque tokens, create an API key of the project. For Hydra, make the admin API reachable for the MCP server."
    ],
    clients:
      "Clients that request no audience get tokens that are refused. MCP clients send the parameter resource, which Ory " +
      "does not read, so a client needs the audience in its authorization request.",
    limits: [
      "An issuer with a slash at the end is not covered.",
      "The admin API of Hydra has no authentication of its own: never expose it to the internet. Plain http is not covered.",
      "JWTs name the same subject to every client, also if the client has pairwise subjects.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [
      {
        requirement:
          "MCP 2025-11-25, Authorization Code Protection: clients refuse a server that does not advertise PKCE.",
        reason: "Ory supports PKCE with S256. Versions before ory/hydra#2311 do not advertise it.",
        purpose: "login"
      }
    ],
    sources: [
      {
        fact: "The introspection response has aud as a list, client_id, ext, scope, sub, and token_use.",
        source: "https://www.ory.com/docs/hydra/reference/api",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Refresh tokens are active, with token_use refresh_token.",
        source: "https://github.com/ory/hydra",
        date: "2026-07",
        confidence: "source code"
      },
      {
        fact: "The admin API of Ory Network needs an API key as bearer token.",
        source: "https://www.ory.com/docs/concepts/personal-access-token",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "JWTs have their scopes in the list scp by default, and custom claims under ext.",
        source: "https://www.ory.com/docs/oauth2-oidc/jwt-access-token",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "There is no support for the parameter resource.",
        source: "https://github.com/ory/hydra",
        date: "2026-07",
        confidence: "source code"
      }
    ]
  },
  fingerprint: ({ credentials_endpoint_draft_00, issuer, jwks_uri, token_endpoint }) => {
    if (typeof issuer !== "string") return undefined
    if (credentials_endpoint_draft_00 !== undefined || issuer.endsWith(".projects.oryapis.com")) return "certain"
    return jwks_uri === `${issuer}/.well-known/jwks.json` && token_endpoint === `${issuer}/oauth2/token`
      ? "likely"
      : undefined
  }
})
