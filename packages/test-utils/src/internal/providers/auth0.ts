import type { Provider } from "./model.ts"

const base = "https://example-tenant.us.auth0.com"

const metadata = {
  // The slash is part of the issuer.
  issuer: `${base}/`,
  authorization_endpoint: `${base}/authorize`,
  token_endpoint: `${base}/oauth/token`,
  device_authorization_endpoint: `${base}/oauth/device/code`,
  userinfo_endpoint: `${base}/userinfo`,
  mfa_challenge_endpoint: `${base}/mfa/challenge`,
  jwks_uri: `${base}/.well-known/jwks.json`,
  registration_endpoint: `${base}/oidc/register`,
  revocation_endpoint: `${base}/oauth/revoke`,
  end_session_endpoint: `${base}/oidc/logout`,
  scopes_supported: ["openid", "profile", "offline_access", "name", "email", "email_verified", "picture", "phone"],
  response_types_supported: [
    "code",
    "token",
    "id_token",
    "code token",
    "code id_token",
    "token id_token",
    "code token id_token"
  ],
  response_modes_supported: ["query", "fragment", "form_post"],
  code_challenge_methods_supported: ["S256", "plain"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["HS256", "RS256", "PS256"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
  token_endpoint_auth_signing_alg_values_supported: ["RS256", "RS384", "PS256"],
  claims_supported: ["aud", "auth_time", "email", "email_verified", "exp", "iat", "iss", "name", "picture", "sub"],
  request_parameter_supported: false,
  request_uri_parameter_supported: false
}

export const auth0: Provider = {
  name: "Auth0",
  issuer: `${base}/`,
  documents: [
    {
      url: `${base}/.well-known/oauth-authorization-server`,
      form: "oauth-authorization-server",
      json: metadata,
      errors: []
    },
    {
      url: `${base}/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: metadata,
      errors: []
    }
  ],
  source: "https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery",
  date: "2025-08",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
