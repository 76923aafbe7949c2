import type { Provider } from "./model.ts"

const issuer = "https://example-tenant.logto.app/oidc"

export const logto: Provider = {
  name: "Logto",
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/me`,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/token/introspection`,
      revocation_endpoint: `${issuer}/token/revocation`,
      end_session_endpoint: `${issuer}/session/end`,
      scopes_supported: [
        "openid",
        "offline_access",
        "profile",
        "email",
        "phone",
        "roles",
        "urn:logto:scope:organizations"
      ],
      response_types_supported: ["code id_token", "code", "id_token", "none"],
      response_modes_supported: ["form_post", "fragment", "query"],
      grant_types_supported: ["implicit", "authorization_code", "refresh_token", "client_credentials"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES384"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      claims_parameter_supported: true,
      claims_supported: ["sub", "name", "picture", "email", "email_verified", "phone_number", "username", "roles"],
      claim_types_supported: ["normal"],
      request_parameter_supported: false,
      request_uri_parameter_supported: false
    },
    errors: []
  }],
  source: "https://docs.logto.io/integrate-logto/application-data-structure",
  date: "2025-10",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
