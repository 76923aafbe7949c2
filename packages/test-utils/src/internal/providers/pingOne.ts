import type { Provider } from "./model.ts"

const host = "https://auth.pingone.com"
const environment = "00000000-0000-4000-8000-000000000000"
const issuer = `${host}/${environment}/as`

const requestAlgorithms = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512"]

const oauth = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  introspection_endpoint: `${issuer}/introspect`,
  revocation_endpoint: `${issuer}/revoke`,
  device_authorization_endpoint: `${issuer}/device_authorization`,
  require_pushed_authorization_requests: false,
  scopes_supported: ["openid", "profile", "email", "address", "phone"],
  response_types_supported: [
    "code",
    "id_token",
    "token id_token",
    "code id_token",
    "code token",
    "code token id_token"
  ],
  // "pi.flow" is proprietary to PingOne.
  response_modes_supported: ["pi.flow", "query", "fragment", "form_post"],
  grant_types_supported: [
    "authorization_code",
    "implicit",
    "client_credentials",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code"
  ],
  token_endpoint_auth_methods_supported: [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt"
  ],
  token_endpoint_auth_signing_alg_values_supported: requestAlgorithms,
  code_challenge_methods_supported: ["plain", "S256"]
}

export const pingOne: Provider = {
  name: "PingOne",
  issuer,
  documents: [
    {
      url: `${host}/.well-known/oauth-authorization-server/${environment}/as`,
      form: "oauth-authorization-server",
      json: oauth,
      errors: []
    },
    {
      url: `${issuer}/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: {
        ...oauth,
        userinfo_endpoint: `${issuer}/userinfo`,
        end_session_endpoint: `${issuer}/signoff`,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        userinfo_signing_alg_values_supported: ["none"],
        request_parameter_supported: true,
        request_uri_parameter_supported: false,
        request_object_signing_alg_values_supported: ["none", ...requestAlgorithms],
        claims_parameter_supported: false,
        claim_types_supported: ["normal"],
        claims_supported: [
          "sub",
          "iss",
          "auth_time",
          "acr",
          "name",
          "given_name",
          "preferred_username",
          "email",
          "locale"
        ]
      },
      errors: []
    }
  ],
  source:
    "https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2/discovery-openid-configuration.html",
  date: "2026-04",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
