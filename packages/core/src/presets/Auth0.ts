/**
 * Preset for Auth0.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The domain of the tenant, or its custom domain", "example-tenant.us.auth0.com"),
  audience: Preset.optional(
    Preset.list(
      Preset.text("The identifier of the API, if it is not the URL of the MCP server", "https://notes.example.com/api")
    )
  ),
  rolesClaim: Preset.optional(
    Preset.text(
      "The claim with roles that an action adds. Default: permissions",
      "https://notes.example.com/roles"
    )
  )
}

/**
 * Auth0. Access tokens are JWTs for an API of the tenant. The identifier of this API must be the URL of the MCP server, or is
 * the parameter `audience`.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "auth0",
  title: "Auth0",
  parameters,
  settings: ({ audience, domain, rolesClaim = "permissions" }) => ({
    // The slash at the end is part of the issuer.
    issuer: `https://${domain}/`,
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256", "PS256"],
        audience: audience === undefined ? AudiencePolicy.resource : AudiencePolicy.anyOf(...audience)
      }
    },
    roles: [[rolesClaim]]
  }),
  facts: {
    tokens: "A JWT, if the client requests an API with resource or audience, or the tenant has a default audience. " +
      "Otherwise an opaque or encrypted token for the user information endpoint, which is refused.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "optional",
    resourceIndicators: "optional",
    dpop: "yes",
    idJag: "optional",
    tokenExchange: "yes",
    steps: [
      "Create an API whose identifier is the URL of the MCP server, with the signing algorithm RS256.",
      "Choose the token profile RFC 9068 for this API. Switch on RBAC and permissions in the token, if you use permissions.",
      "In the advanced settings of the tenant, switch on the resource parameter compatibility profile, and the issuer in " +
      "authorization responses.",
      "Import the metadata document of each client, or switch on dynamic registration and make a connection domain-level.",
      "Grant the API to the clients."
    ],
    clients: "Clients are imported by an administrator, or register dynamically as third-party applications. Such an " +
      "application can use domain-level connections only.",
    limits: [
      "Without the compatibility profile, the parameter resource is ignored, and clients get a token that is refused.",
      "If a client sends resource and audience, audience decides.",
      "An API with the algorithm HS256 cannot be used: its tokens are signed with a shared secret.",
      "The claim permissions has the rights of the user, not a grant to the client. It is read as roles, not as scopes.",
      "Roles themselves are in a token only if an action adds them, as a claim whose name is a URL: the parameter rolesClaim."
    ],
    overrides: [
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason:
          "Only with the parameter audience: an API that existed before has another identifier, which cannot be changed.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "The two profiles of access tokens, their claims azp or client_id, scope and permissions, and the audience list.",
        source: "https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "The issuer ends with a slash. Both metadata documents exist.",
        source: "https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery",
        date: "2025-08",
        confidence: "captured"
      },
      {
        fact:
          "The parameter resource needs the compatibility profile. The issuer in authorization responses is a setting.",
        source: "https://auth0.com/ai/docs/mcp/get-started/authorization-for-your-mcp-server",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "A client that acts for itself has the subject {client ID}@clients, and gty client-credentials.",
        source: "Access tokens in public documentation of several projects",
        date: "2026-09",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ issuer, mfa_challenge_endpoint }) =>
    typeof issuer === "string" && mfa_challenge_endpoint === `${issuer}mfa/challenge`
      ? "certain"
      : typeof issuer === "string" && /^https:\/\/[^/]+\.auth0\.com\/$/.test(issuer)
      ? "certain"
      : undefined
})
