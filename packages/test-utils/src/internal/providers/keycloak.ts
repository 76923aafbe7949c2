import type { Provider } from "./model.ts"

const host = "https://keycloak.example.com"
const issuer = `${host}/realms/example-realm`
const base = `${issuer}/protocol/openid-connect`

const algorithms = ["PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"]
const withSecrets = [...algorithms, "HS256", "HS384", "HS512"]
const keyWraps = ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5"]
const contentEncryptions = ["A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]
const authMethods = ["private_key_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth"]

const endpoints = {
  token_endpoint: `${base}/token`,
  introspection_endpoint: `${base}/token/introspect`,
  revocation_endpoint: `${base}/revoke`,
  userinfo_endpoint: `${base}/userinfo`,
  registration_endpoint: `${issuer}/clients-registrations/openid-connect`,
  device_authorization_endpoint: `${base}/auth/device`,
  backchannel_authentication_endpoint: `${base}/ext/ciba/auth`,
  pushed_authorization_request_endpoint: `${base}/ext/par/request`
}

const metadata = {
  issuer,
  ...endpoints,
  mtls_endpoint_aliases: endpoints,
  authorization_endpoint: `${base}/auth`,
  jwks_uri: `${base}/certs`,
  end_session_endpoint: `${base}/logout`,
  check_session_iframe: `${base}/login-status-iframe.html`,
  frontchannel_logout_supported: true,
  backchannel_logout_supported: true,
  grant_types_supported: [
    "authorization_code",
    "implicit",
    "refresh_token",
    "password",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:openid:params:grant-type:ciba"
  ],
  response_types_supported: [
    "code",
    "none",
    "id_token",
    "token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token"
  ],
  response_modes_supported: ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
  subject_types_supported: ["public", "pairwise"],
  id_token_signing_alg_values_supported: withSecrets,
  id_token_encryption_alg_values_supported: keyWraps,
  id_token_encryption_enc_values_supported: contentEncryptions,
  userinfo_signing_alg_values_supported: [...withSecrets, "none"],
  userinfo_encryption_alg_values_supported: keyWraps,
  userinfo_encryption_enc_values_supported: contentEncryptions,
  request_object_signing_alg_values_supported: [...withSecrets, "none"],
  request_object_encryption_alg_values_supported: keyWraps,
  request_object_encryption_enc_values_supported: contentEncryptions,
  authorization_signing_alg_values_supported: withSecrets,
  token_endpoint_auth_methods_supported: authMethods,
  token_endpoint_auth_signing_alg_values_supported: withSecrets,
  introspection_endpoint_auth_methods_supported: authMethods,
  introspection_endpoint_auth_signing_alg_values_supported: withSecrets,
  revocation_endpoint_auth_methods_supported: authMethods,
  revocation_endpoint_auth_signing_alg_values_supported: withSecrets,
  backchannel_token_delivery_modes_supported: ["poll", "ping"],
  acr_values_supported: ["0", "1"],
  claims_supported: ["aud", "sub", "iss", "auth_time", "name", "given_name", "preferred_username", "email", "acr"],
  claim_types_supported: ["normal"],
  claims_parameter_supported: true,
  scopes_supported: ["openid", "profile", "email", "roles", "web-origins", "offline_access", "acr", "basic"],
  request_parameter_supported: true,
  request_uri_parameter_supported: true,
  require_request_uri_registration: true,
  require_pushed_authorization_requests: false,
  code_challenge_methods_supported: ["plain", "S256"],
  tls_client_certificate_bound_access_tokens: true,
  dpop_signing_alg_values_supported: algorithms,
  authorization_response_iss_parameter_supported: true
}

export const keycloak: Provider = {
  name: "Keycloak",
  issuer,
  documents: [
    {
      // Since Keycloak 26.4.
      url: `${host}/.well-known/oauth-authorization-server/realms/example-realm`,
      form: "oauth-authorization-server",
      json: metadata,
      errors: []
    },
    {
      url: `${issuer}/.well-known/oauth-authorization-server`,
      form: "oauth-authorization-server-appended",
      json: metadata,
      errors: []
    },
    {
      url: `${issuer}/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: metadata,
      errors: []
    }
  ],
  source: "https://www.keycloak.org/securing-apps/oidc-layers",
  date: "2025-09",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
