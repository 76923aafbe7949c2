import type { Provider } from "./model.ts"

const issuer = "https://accounts.google.com"

const metadata = {
  issuer,
  authorization_endpoint: "https://accounts.google.com/o/oauth2/v2/auth",
  device_authorization_endpoint: "https://oauth2.googleapis.com/device/code",
  token_endpoint: "https://oauth2.googleapis.com/token",
  userinfo_endpoint: "https://openidconnect.googleapis.com/v1/userinfo",
  revocation_endpoint: "https://oauth2.googleapis.com/revoke",
  jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
  response_types_supported: ["code", "token", "id_token", "code token", "code id_token", "token id_token", "none"],
  response_modes_supported: ["query", "fragment", "form_post"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  scopes_supported: ["openid", "email", "profile"],
  token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
  claims_supported: ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "sub"],
  code_challenge_methods_supported: ["plain", "S256"],
  grant_types_supported: [
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer"
  ]
}

export const google: Provider = {
  name: "Google",
  // Google's own MCP servers write the issuer with a slash; the document does not.
  issuer: `${issuer}/`,
  documents: [
    {
      url: "https://accounts.google.com/.well-known/oauth-authorization-server",
      form: "oauth-authorization-server",
      json: metadata,
      errors: []
    },
    {
      url: "https://accounts.google.com/.well-known/openid-configuration",
      form: "openid-configuration",
      json: metadata,
      errors: []
    }
  ],
  source: "https://developers.google.com/identity/openid-connect/openid-connect#discovery",
  date: "2026-09",
  issuerPolicy: { _tag: "rootSlash" },
  repairs: [],
  unaided: "IssuerMismatch",
  beyondRepair: []
}

const project = "https://securetoken.google.com/example-project"

/** It signs tokens but has no token endpoint: for verification only. */
const signingOnly = ["invalid_server_metadata", "code_response_type_not_supported", "pkce_not_supported"]

export const firebase: Provider = {
  name: "Firebase Authentication",
  issuer: project,
  documents: [{
    url: `${project}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer: project,
      jwks_uri: "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"]
    },
    errors: signingOnly
  }],
  source: "https://firebase.google.com/docs/auth/admin/verify-id-tokens",
  date: "2021-12",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: signingOnly
}
