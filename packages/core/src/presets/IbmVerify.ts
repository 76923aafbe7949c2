/**
 * Preset for IBM Verify.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the tenant", "https://acme.verify.ibm.com"),
  audience: Preset.list(Preset.text("The audiences of access tokens, which are client IDs", "notes-client")),
  clientId: Preset.text("The ID of the client that introspects tokens", "notes-server"),
  clientSecret: Preset.secret("The secret of the client that introspects tokens")
}

/**
 * IBM Verify (IBM Security Verify, SaaS). Access tokens are opaque by default, and are introspected.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "ibm-verify",
  title: "IBM Verify",
  parameters,
  settings: ({ audience, clientId, clientSecret, url }) => ({
    issuer: `${url}/oidc/endpoint/default`,
    type: "oidc",
    verification: {
      method: "introspection",
      options: {
        authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret),
        audience: AudiencePolicy.anyOf(...audience),
        // Responses about tokens that grant access have a scope.
        accessTokenMark: { claim: "scope" }
      }
    },
    roles: [["groupIds"]]
  }),
  facts: {
    tokens: "Opaque by default. An application can be configured to get JWTs. Both are introspected.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "optional",
    steps: [
      "Add a custom OpenID Connect application for the clients, with the scopes of the MCP server.",
      "Add an API client that may introspect tokens, and set the parameters clientId and clientSecret to it.",
      "Set the parameter audience to the client IDs of the applications that may call."
    ],
    clients: "Applications are registered by hand.",
    limits: [
      "The audience is a client ID, so that all tokens of these clients are accepted, whatever API they are for.",
      "That introspection responses have aud and scope, and what they contain for refresh tokens, is unverified.",
      "The claim groupIds for roles is unverified."
    ],
    overrides: [],
    sources: [
      {
        fact: "The issuer is the URL of the tenant followed by /oidc/endpoint/default.",
        source: "https://docs.verify.ibm.com/verify/docs/support-developers-auth-code",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "Access tokens are opaque by default, and have the client ID as audience.",
        source: "no source found",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ issuer }) => {
    if (typeof issuer !== "string" || !issuer.endsWith("/oidc/endpoint/default")) return undefined
    return /\.verify\.ibm(?:cloud)?\.com\//.test(issuer) ? "certain" : "likely"
  }
})
