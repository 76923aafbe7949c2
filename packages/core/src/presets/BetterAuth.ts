/**
 * Preset for better-auth, with its OAuth provider plugin.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url(
    "The base URL with its path, or the option issuer of the JWT plugin",
    "https://app.example.com/api/auth"
  )
}

/**
 * The OAuth provider plugin of better-auth. Access tokens are JWTs of RFC 9068, if the client requests a resource that the
 * plugin knows. The keys are Ed25519 by default.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "better-auth",
  title: "better-auth",
  parameters,
  settings: ({ url }) => ({
    issuer: url,
    verification: { method: "jwt", options: { typ: "rfc9068", scopeClaims: ["scope"] } }
  }),
  facts: {
    tokens:
      "A JWT with the type at+jwt, if the client sends a valid resource, and the JWT plugin is used. Otherwise an opaque " +
      "token, which is refused. Keys are EdDSA with Ed25519, unless configured otherwise.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "optional",
    resourceIndicators: "yes",
    dpop: "yes",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Add the JWT plugin and the OAuth provider plugin.",
      "Add the URL of the MCP server to the valid audiences, or as a resource, of the OAuth provider.",
      "Serve the metadata at the well-known URLs below the host: the plugin exports handlers for both documents.",
      "Add the plugin for client ID metadata documents, or allow dynamic registration."
    ],
    clients:
      "Clients use a metadata document or register dynamically, if you allow it. The login and consent pages are yours.",
    limits: [
      "Opaque tokens are refused. Clients that send no parameter resource get one.",
      "Roles are in the token only if customAccessTokenClaims adds them.",
      "A token that is bound to a key (DPoP) is refused."
    ],
    overrides: [],
    sources: [
      {
        fact:
          "Access tokens have the type at+jwt, and sub, aud, client_id, azp, scope and jti. The subject of a machine is its client.",
        source: "https://github.com/better-auth/better-auth/blob/main/packages/oauth-provider/src/token.ts",
        date: "2026-09",
        confidence: "source code"
      },
      {
        fact:
          "The issuer is the option of the JWT plugin, or the base URL. Metadata has iss in responses, S256 and the keys at /jwks.",
        source: "https://github.com/better-auth/better-auth/blob/main/packages/oauth-provider/src/metadata.ts",
        date: "2026-08",
        confidence: "source code"
      }
    ]
  },
  fingerprint: ({ authorization_endpoint, introspection_endpoint, issuer, jwks_uri }) => {
    if (typeof issuer !== "string" || authorization_endpoint !== `${issuer}/oauth2/authorize`) return undefined
    if (jwks_uri !== `${issuer}/jwks` || introspection_endpoint !== `${issuer}/oauth2/introspect`) return undefined
    return "likely"
  }
})
