import type { Provider } from "./model.ts"

const base = "https://authentik.example.com/application/o"
const application = `${base}/example-app/`

export const authentik: Provider = {
  name: "authentik",
  // One issuer for each application. The slash is part of it.
  issuer: application,
  documents: [{
    url: `${application}.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer: application,
      authorization_endpoint: `${base}/authorize/`,
      token_endpoint: `${base}/token/`,
      userinfo_endpoint: `${base}/userinfo/`,
      end_session_endpoint: `${application}end-session/`,
      introspection_endpoint: `${base}/introspect/`,
      revocation_endpoint: `${base}/revoke/`,
      device_authorization_endpoint: `${base}/device/`,
      jwks_uri: `${application}jwks/`,
      response_types_supported: ["code", "id_token", "id_token token", "code token", "code id_token"],
      response_modes_supported: ["query", "fragment", "form_post"],
      grant_types_supported: [
        "authorization_code",
        "refresh_token",
        "implicit",
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code"
      ],
      id_token_signing_alg_values_supported: ["RS256"],
      subject_types_supported: ["public"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
      acr_values_supported: ["goauthentik.io/providers/oauth2/default"],
      scopes_supported: ["email", "openid", "profile", "offline_access"],
      request_parameter_supported: false,
      claims_supported: ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "name"],
      claims_parameter_supported: false,
      code_challenge_methods_supported: ["plain", "S256"]
    },
    errors: []
  }],
  source: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
  date: "2025-10",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
