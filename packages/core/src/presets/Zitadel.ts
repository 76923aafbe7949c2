/**
 * Preset for ZITADEL.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the instance, or its custom domain", "https://example.zitadel.cloud"),
  projectId: Preset.name("The ID of the project of the MCP server", "170079991923474689"),
  clientId: Preset.text("The client ID of an application of the type API in this project", "170086824411201793"),
  clientSecret: Preset.secret("The client secret of this application")
}

/**
 * ZITADEL. Access tokens are opaque by default, and their audience is the project. They are verified by introspection,
 * because JWTs do not state their scopes.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "zitadel",
  title: "ZITADEL",
  parameters,
  settings: ({ clientId, clientSecret, projectId, url }) => ({
    issuer: url,
    type: "oidc",
    // An object with a member for each role. Another claim has the roles in whichever project the request is for.
    roles: [{ path: [`urn:zitadel:iam:org:project:${projectId}:roles`], keys: true }],
    verification: {
      method: "introspection",
      options: {
        authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret),
        audience: AudiencePolicy.anyOf(projectId),
        // ID tokens have the same audience, and no jti.
        accessTokenMark: { claim: "jti" },
        scopeClaims: ["scope"]
      }
    }
  }),
  facts: {
    tokens: "Opaque, or a JWT if the application says so. Both are verified by introspection.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "yes",
    steps: [
      "Create a project for the MCP server alone. Every application of the project can call the server.",
      "Add an application of the type API with the method Basic, for introspection. Note its client ID and secret.",
      "Add an application with PKCE for each MCP client, with its redirect URIs.",
      "If an application of another project is to call the server, let it request the scope " +
      "urn:zitadel:iam:org:project:id:{projectId}:aud."
    ],
    clients:
      "Users enter the client ID of an application that you created. It is unknown whether clients can register.",
    limits: [
      "A token of every application of the project is accepted, whichever API its client asked for.",
      "Roles are in tokens if the project asserts them on authentication. A role counts whichever organization granted it.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "ZITADEL names the project instead of the URL. The project must belong to the MCP server alone.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "The introspection response has aud, client_id, exp, iat, iss, jti, scope and sub. ID tokens have no jti.",
        source: "https://zitadel.com/docs/apis/openidoauth/claims",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The API application introspects with its client ID and secret in HTTP basic authentication.",
        source: "https://zitadel.com/docs/guides/integrate/token-introspection/basic-auth",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact:
          "Roles are the keys of the claim urn:zitadel:iam:org:project:{projectId}:roles. The values name organizations.",
        source: "https://github.com/zitadel/zitadel/blob/main/internal/api/oidc/userinfo.go",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "The audience of a token is the project and all client IDs of the project.",
        source: "https://zitadel.com/docs/apis/openidoauth/claims",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "Only the OpenID document is published, with introspection_endpoint.",
        source: "https://github.com/zitadel/oidc",
        date: "2026-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ introspection_endpoint, issuer, userinfo_endpoint }) => {
    if (typeof issuer !== "string") return undefined
    return introspection_endpoint === `${issuer}/oauth/v2/introspect` &&
        userinfo_endpoint === `${issuer}/oidc/v1/userinfo`
      ? "certain"
      : undefined
  }
})
