/**
 * Preset for Kinde.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The Kinde domain, or the custom domain", "https://example.kinde.com")
}

/**
 * Kinde. Access tokens are JWTs whose audience is the list of APIs that the client requested with the parameter `audience`.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "kinde",
  title: "Kinde",
  parameters,
  settings: ({ url }) => ({
    issuer: url,
    verification: { method: "jwt", options: { algorithms: ["RS256"], scopeClaims: ["scp", "scope"] } },
    roles: [{ path: ["roles"], member: "key" }]
  }),
  facts: {
    tokens: "Always a JWT, signed with RS256.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Add an API whose audience is the URL of the MCP server, and add its scopes.",
      "Create an application for each MCP client, with its redirect URIs, and authorize it for the API.",
      "If your policies need roles, add them to the access token: Tokens, Token customization of the application."
    ],
    clients:
      "Users enter the client ID of an application. The client must request the API with the parameter audience. It is " +
      "unknown whether Kinde reads the parameter resource of MCP clients.",
    limits: [
      "Tokens of clients that request no audience have an empty audience, and are refused.",
      "The claim permissions is about the user: use Policy.permission. Policy.role reads the keys of roles, not their names."
    ],
    overrides: [],
    sources: [
      {
        fact: "Access tokens have aud as a list of APIs, azp, jti, org_code, permissions, and scp as a list.",
        source: "https://docs.kinde.com/build/tokens/about-access-tokens/",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Roles are in access tokens after a change of the token customization.",
        source: "https://docs.kinde.com/build/tokens/token-customization",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Roles are a list of objects with id, key and name.",
        source: "https://github.com/kinde-oss/js-utils/blob/main/lib/utils/token/getRoles.ts",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "ID tokens have at_hash, and another audience.",
        source: "https://docs.kinde.com/build/tokens/about-id-tokens",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Keys are at /.well-known/jwks, and tokens are signed with RS256 only.",
        source: "https://docs.kinde.com/build/tokens/verifying-json-web-tokens/",
        date: "2026-08",
        confidence: "reported"
      },
      {
        fact: "Tokens of machines state their scopes in scope.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ authorization_endpoint, issuer, userinfo_endpoint }) => {
    if (typeof issuer !== "string") return undefined
    if (/^https:\/\/[\w-]+\.kinde\.com$/.test(issuer)) return "certain"
    return authorization_endpoint === `${issuer}/oauth2/auth` &&
        userinfo_endpoint === `${issuer}/oauth2/v2/user_profile`
      ? "likely"
      : undefined
  }
})
