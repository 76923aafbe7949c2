/**
 * Preset for Keycloak.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The base URL of the server, with `/auth` for versions before 17", "https://id.example.com"),
  realm: Preset.name("The name of the realm", "notes"),
  roleClient: Preset.optional(
    Preset.text("The ID of the client whose roles are read in place of those of the realm", "notes-server")
  )
}

/**
 * Keycloak. Access tokens are JWTs whose audience must be the resource: by an audience mapper on a client scope, or by
 * resource indicators, which are experimental in Keycloak 26.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "keycloak",
  title: "Keycloak",
  parameters,
  settings: ({ realm, roleClient, url }) => ({
    issuer: `${url}/realms/${realm}`,
    verification: { method: "jwt", options: {} },
    // Roles of the realm and of clients can have equal names, so only one of the two is read.
    roles: [roleClient === undefined ? ["realm_access", "roles"] : ["resource_access", roleClient, "roles"]]
  }),
  facts: {
    tokens: "Always a JWT. The header has the type JWT, or at+jwt if the client says so. The claim typ is Bearer.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "yes",
    resourceIndicators: "optional",
    dpop: "yes",
    idJag: "optional",
    tokenExchange: "yes",
    steps: [
      "Create a client scope with the name of a scope of your server, such as notes:read.",
      "Add an audience mapper to that client scope, with the URL of the MCP server as included custom audience.",
      "Add the client scope to the realm as a default or optional client scope, so that registered clients can request it.",
      "Or start Keycloak with the feature resource-indicators, and add the MCP server as a client with the attribute resource_url.",
      "Check the policies of client registration: by default, only trusted hosts may register clients anonymously.",
      "For client ID metadata documents, start Keycloak with the feature cimd, and add a client policy with the trusted domains."
    ],
    clients:
      "Clients register dynamically, if a policy of the realm allows their host. The user sees one consent page.",
    limits: [
      "Without an audience mapper, tokens have the audience account or none, and are refused.",
      "Resource indicators and client ID metadata documents are experimental features, which are off by default.",
      "Policy.role reads the roles of the realm. With the parameter roleClient, it reads the roles of that client instead.",
      "The host name of the issuer follows from the setting hostname. Behind a proxy, set it to the public URL."
    ],
    overrides: [],
    sources: [
      {
        fact: "The audience is set by an audience mapper, or by the experimental feature resource-indicators. " +
          "Client registration and the issuer in authorization responses are supported.",
        source: "https://www.keycloak.org/securing-apps/mcp-authz-server",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "Without an audience mapper and roles of clients, access tokens have no audience.",
        source: "https://phasetwo.io/tutorials/clients/audience/",
        date: "2026-10",
        confidence: "reported"
      },
      {
        fact: "The metadata is at the inserted RFC 8414 URL since 26.4, and at the appended OpenID URL.",
        source: "https://www.keycloak.org/docs/latest/release_notes/index.html",
        date: "2025-10",
        confidence: "captured"
      },
      {
        fact: "Access tokens have the claim typ Bearer, ID tokens ID, refresh tokens Refresh.",
        source: "https://github.com/keycloak/keycloak",
        date: "2026-08",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri }) => {
    if (typeof issuer !== "string" || !/\/realms\/[^/]+$/.test(issuer)) return undefined
    return jwks_uri === `${issuer}/protocol/openid-connect/certs` ? "certain" : "likely"
  }
})
