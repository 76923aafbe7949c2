/**
 * Preset for oidc-provider, the OpenID provider for Node.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The issuer of the provider, as it is passed to its constructor", "https://id.example.com")
}

/**
 * The package oidc-provider. Access tokens are JWTs (RFC 9068) if the resource is configured so.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "oidc-provider",
  title: "oidc-provider",
  parameters,
  settings: ({ url }) => ({
    issuer: url,
    type: "oidc",
    verification: { method: "jwt", options: { typ: "rfc9068" } }
  }),
  facts: {
    tokens:
      "Opaque by default. If the resource server information says jwt, a JWT of the type at+jwt with one audience.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "optional",
    resourceIndicators: "yes",
    dpop: "yes",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Configure `features.resourceIndicators.getResourceServerInfo`, which throws until it is configured.",
      "Return the audience (the URL of the MCP server), its scopes, and `accessTokenFormat: \"jwt\"` with `jwt.sign.alg`.",
      "Enable `features.registration` for clients that register themselves. Client ID Metadata Documents are experimental."
    ],
    clients: "Clients register dynamically if the operator enables it. They must send the parameter resource.",
    limits: [
      "A client that asks for openid, and sends no resource to the token endpoint, gets a token for the userinfo endpoint.",
      "Tokens that are signed with HS256, or encrypted, are refused. Both are settings of the resource."
    ],
    overrides: [],
    sources: [
      {
        fact:
          "JWT access tokens have the type at+jwt and the audience of the resource, and are never issued without one.",
        source: "https://github.com/panva/node-oidc-provider",
        date: "2026-08-21",
        confidence: "source code"
      },
      {
        fact: "Resource indicators are enabled by default, and fail until getResourceServerInfo is configured.",
        source: "https://github.com/panva/node-oidc-provider/blob/main/docs/README.md",
        date: "2026-08-21",
        confidence: "source code"
      },
      {
        fact: "The documents of OpenID Connect Discovery and of RFC 8414 are served.",
        source: "https://github.com/panva/node-oidc-provider",
        date: "2026-11",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ introspection_endpoint, issuer, jwks_uri, userinfo_endpoint }) =>
    typeof issuer === "string" && jwks_uri === `${issuer}/jwks` && userinfo_endpoint === `${issuer}/me` &&
      (introspection_endpoint === undefined || introspection_endpoint === `${issuer}/token/introspection`)
      ? "likely"
      : undefined
})
