/**
 * Preset for Logto.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The Logto endpoint of the tenant, without /oidc", "https://example-tenant.logto.app")
}

/**
 * Logto. Access tokens are JWTs if the client requests an API resource with the `resource` parameter, and otherwise
 * opaque. The API resource must have the URL of the MCP server as its identifier.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "logto",
  title: "Logto",
  parameters,
  settings: ({ url }) => ({
    issuer: `${url}/oidc`,
    type: "oidc",
    verification: { method: "jwt", options: { scopeClaims: ["scope"] } },
    roles: [["roles"]]
  }),
  facts: {
    tokens: "A JWT if the client requests an API resource, otherwise opaque.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "no",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create an API resource whose identifier is the URL of the MCP server.",
      "Add the scopes of your server, such as notes:read, to the API resource as permissions.",
      "Create a role with these permissions, and assign it to users.",
      "Create an application for each MCP client, with its redirect URIs."
    ],
    clients: "Clients cannot register. The user of a client must enter the ID of an application that you created.",
    limits: [
      "Tokens of clients that request no resource are opaque, and are refused.",
      "Tokens for a resource of an organization have the claim organization_id. Check it with a policy: tokens of every " +
      "organization are accepted.",
      "Roles are in access tokens only if a custom token claim adds them under the name roles."
    ],
    overrides: [],
    sources: [
      {
        fact: "Tokens for an API resource are JWTs with the identifier of the resource as audience.",
        source: "https://docs.logto.io/authorization/validate-access-tokens",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Without a resource, the access token is opaque.",
        source: "https://docs.logto.io/concepts/opaque-token",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Only the OpenID document is published, and it has no registration endpoint.",
        source: "https://docs.logto.io/integrate-logto/application-data-structure",
        date: "2025-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri, scopes_supported }) => {
    if (Array.isArray(scopes_supported) && scopes_supported.includes("urn:logto:scope:organizations")) return "certain"
    return typeof issuer === "string" && issuer.endsWith(".logto.app/oidc") && jwks_uri === `${issuer}/jwks`
      ? "likely"
      : undefined
  }
})
