import type { Provider } from "./model.ts"

const issuer = "https://example-tenant.authkit.app"
const base = `${issuer}/oauth2`

const common = {
  issuer,
  authorization_endpoint: `${base}/authorize`,
  token_endpoint: `${base}/token`,
  introspection_endpoint: `${base}/introspection`,
  device_authorization_endpoint: `${base}/device_authorization`,
  jwks_uri: `${base}/jwks`,
  response_types_supported: ["code"],
  scopes_supported: ["email", "offline_access", "openid", "profile"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_post", "client_secret_basic"]
}

export const workos: Provider = {
  name: "WorkOS AuthKit",
  issuer,
  documents: [
    {
      // PKCE and both kinds of client registration, but no members of OpenID Connect.
      url: `${issuer}/.well-known/oauth-authorization-server`,
      form: "oauth-authorization-server",
      json: {
        ...common,
        registration_endpoint: `${base}/register`,
        client_id_metadata_document_supported: true,
        code_challenge_methods_supported: ["S256"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
      },
      errors: []
    },
    {
      // The reverse: OpenID Connect, without PKCE and client registration.
      url: `${issuer}/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: {
        ...common,
        userinfo_endpoint: `${base}/userinfo`,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        grant_types_supported: [
          "authorization_code",
          "client_credentials",
          "refresh_token",
          "urn:ietf:params:oauth:grant-type:device_code"
        ]
      },
      errors: ["pkce_not_supported"]
    }
  ],
  source: "https://workos.com/docs/reference/workos-connect/metadata",
  date: "2026-09",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
