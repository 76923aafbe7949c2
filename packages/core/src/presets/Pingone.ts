/**
 * Preset for PingOne.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  environment: Preset.guid("The ID of the environment", "11111111-2222-3333-4444-555555555555"),
  host: Preset.optional(
    Preset.host("The host of the region: auth.pingone.com (the default), auth.pingone.eu or another", "auth.pingone.eu")
  )
}

/**
 * PingOne. Access tokens for a custom resource are JWTs whose audience is that of the resource. The requested scopes choose
 * the resource.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "pingone",
  title: "PingOne",
  parameters,
  settings: ({ environment, host = "auth.pingone.com" }) => ({
    issuer: `https://${host}/${environment}/as`,
    verification: { method: "jwt", options: { scopeClaims: ["scope"] } },
    roles: [["roles"]]
  }),
  facts: {
    tokens: "A JWT for a custom resource.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create a custom resource whose audience is the URL of the MCP server. The default audience is its name.",
      "Add the scopes of your server, such as notes:read, to the resource.",
      "Create an application for each MCP client, with its redirect URIs, and allow it these scopes.",
      "If roles are wanted, map an attribute with the name roles to the resource."
    ],
    clients:
      "Users enter the client ID of an application that you created. It is unknown whether clients can register.",
    limits: [
      "A client must request a scope of the resource, because the scopes choose the audience.",
      "Custom domains are not covered.",
      "The names of the claims scope and client_id, and the signature with RS256, are unverified."
    ],
    overrides: [],
    sources: [
      {
        fact: "A token for a custom resource has the audience and the scopes of this resource.",
        source: "https://developer.pingidentity.com/pingone-api/workflow-library/authorization-and-authentication/" +
          "get-a-token-for-custom-resource-access.html",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Both metadata documents are published, with PKCE.",
        source:
          "https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2/discovery-openid-configuration.html",
        date: "2026-04",
        confidence: "captured"
      },
      {
        fact: "Access tokens have the claims scope, client_id, env and org.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ issuer, response_modes_supported }) => {
    if (typeof issuer !== "string") return undefined
    const isPingOne = /^https:\/\/auth\.pingone\.[a-z.]+\/[0-9a-f-]{36}\/as$/.test(issuer)
    if (isPingOne) return "certain"
    return Array.isArray(response_modes_supported) && response_modes_supported.includes("pi.flow")
      ? "likely"
      : undefined
  }
})
