/**
 * Preset for PropelAuth.
 *
 * @since 0.1.0
 */
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The auth URL of the project", "https://auth.example.com"),
  clientId: Preset.text("The client ID of the MCP server, for introspection", "notes-server"),
  clientSecret: Preset.secret("The client secret of the MCP server")
}

/**
 * PropelAuth. Access tokens of MCP clients are verified by introspection, and their audience is the resource that the client
 * requested.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "propelauth",
  title: "PropelAuth",
  parameters,
  settings: ({ clientId, clientSecret, url }) => ({
    issuer: `${url}/oauth/2.1`,
    verification: {
      method: "introspection",
      options: {
        authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret),
        scopeClaims: ["scope"]
      }
    }
  }),
  facts: {
    tokens: "Verified by introspection only.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "yes",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Turn on MCP authentication for the environment.",
      "Add the scopes of your server, such as notes:read, on the page MCP.",
      "Allow MCP clients to register, or create OAuth clients for them.",
      "Create the credentials for request validation, and set clientId and clientSecret."
    ],
    clients: "Clients register dynamically, if the environment allows it. They must request the URL of the MCP server.",
    limits: [
      "Roles in organizations are not read. Use Policy.claims with the claims of your introspection response.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [],
    sources: [
      {
        fact:
          "The endpoints are below /oauth/2.1. Clients must send the parameter resource with the URL of the MCP server.",
        source: "https://docs.propelauth.com/reference/api/mcp",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Clients register dynamically, and the metadata is at the inserted RFC 8414 URL of /oauth/2.1.",
        source: "https://docs.propelauth.com/mcp-authentication/overview",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "The introspection response has aud, which is compared with the URL of the MCP server.",
        source: "https://github.com/PrefectHQ/fastmcp",
        date: "2026-08",
        confidence: "source code"
      }
    ]
  },
  fingerprint: ({ introspection_endpoint, issuer }) => {
    if (typeof issuer !== "string" || !issuer.endsWith("/oauth/2.1")) return undefined
    return introspection_endpoint === `${issuer}/introspect` ? "certain" : "likely"
  }
})
