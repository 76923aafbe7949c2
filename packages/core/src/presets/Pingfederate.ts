/**
 * Preset for PingFederate.
 *
 * @since 0.1.0
 */
import * as Repairs from "../discovery/Repairs.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The issuer: the base URL of PingFederate", "https://sso.example.com:9031"),
  clientId: Preset.text("The client ID of the MCP server, for introspection", "notes-server"),
  clientSecret: Preset.secret("The client secret of the MCP server")
}

/**
 * PingFederate. Access tokens are references or JWTs, by the access token manager. They are verified by introspection,
 * because a JWT need not name its issuer and audience.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "pingfederate",
  title: "PingFederate",
  parameters,
  settings: ({ clientId, clientSecret, url }) => ({
    issuer: url,
    type: "oidc",
    repairs: Repairs.endpoints({ introspectionEndpoint: `${url}/as/introspect.oauth2` }),
    loginRepairs: Repairs.pkce,
    verification: {
      method: "introspection",
      options: {
        authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret),
        // Only a response about an access token names the client. For a refresh token, it is active and nothing else.
        accessTokenMark: { claim: "client_id" },
        scopeClaims: ["scope"]
      }
    }
  }),
  facts: {
    tokens: "A reference or a JWT, by the access token manager. Both are verified by introspection.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "optional",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create an access token manager for the MCP server, and set its audience claim to the URL of the MCP server.",
      "Add an access token mapping that sets the attribute sub.",
      "Add the scopes of your server, and a resource URI of the manager with the URL of the MCP server.",
      "Create a client with the grant Access Token Validation for introspection, with a client secret."
    ],
    clients: "Clients register dynamically, if PingFederate allows it. Otherwise, users enter a client ID.",
    limits: [
      "The introspection response must have an audience. If the access token manager sets none, tokens are refused.",
      "Without a mapping of sub, tokens of a user share no session.",
      "The audience claim of reference tokens is unverified: add an attribute aud to the manager, if it is missing.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [
      {
        requirement:
          "MCP 2025-11-25, Authorization Code Protection: clients refuse a server that does not advertise PKCE.",
        reason: "PingFederate supports PKCE with S256. Old versions do not advertise it.",
        purpose: "login"
      }
    ],
    sources: [
      {
        fact:
          "The response has client_id, scope, exp and the attributes of the token. For refresh tokens, it has only active.",
        source:
          "https://docs.pingidentity.com/pingfederate/latest/developers_reference_guide/pf_introspec_endpoint.html",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Old documents have neither introspection_endpoint nor code_challenge_methods_supported.",
        source: "https://connect-interop.pinglabs.org:9031/.well-known/openid-configuration",
        date: "2026-10",
        confidence: "captured"
      },
      {
        fact: "The audience of a token is set in the access token manager.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ issuer, ping_end_session_endpoint, ping_revoked_sris_endpoint, token_endpoint }) => {
    if (ping_end_session_endpoint !== undefined || ping_revoked_sris_endpoint !== undefined) return "certain"
    return typeof issuer === "string" && token_endpoint === `${issuer}/as/token.oauth2` ? "likely" : undefined
  }
})
