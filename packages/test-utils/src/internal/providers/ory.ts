import type { Provider } from "./model.ts"

const issuer = "https://example-project.projects.oryapis.com"

export const ory: Provider = {
  name: "Ory Network",
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer,
      authorization_endpoint: `${issuer}/oauth2/auth`,
      device_authorization_endpoint: `${issuer}/oauth2/device/auth`,
      token_endpoint: `${issuer}/oauth2/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      revocation_endpoint: `${issuer}/oauth2/revoke`,
      end_session_endpoint: `${issuer}/oauth2/sessions/logout`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      subject_types_supported: ["public"],
      response_types_supported: ["code", "code id_token", "id_token", "token id_token", "token", "token id_token code"],
      response_modes_supported: ["query", "fragment", "form_post"],
      grant_types_supported: [
        "authorization_code",
        "implicit",
        "client_credentials",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code"
      ],
      scopes_supported: ["offline_access", "offline", "openid"],
      claims_supported: ["sub"],
      claims_parameter_supported: false,
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt", "none"],
      id_token_signing_alg_values_supported: ["RS256"],
      id_token_signed_response_alg: ["RS256"],
      userinfo_signing_alg_values_supported: ["none", "RS256"],
      userinfo_signed_response_alg: ["RS256"],
      request_object_signing_alg_values_supported: ["none", "RS256", "ES256"],
      request_parameter_supported: true,
      request_uri_parameter_supported: true,
      require_request_uri_registration: true,
      backchannel_logout_supported: true,
      frontchannel_logout_supported: true,
      code_challenge_methods_supported: ["plain", "S256"],
      credentials_endpoint_draft_00: `${issuer}/credentials`,
      // An array of objects, which no member of the specifications is.
      credentials_supported_draft_00: [{
        format: "jwt_vc_json",
        types: ["VerifiableCredential", "UserInfoCredential"],
        cryptographic_binding_methods_supported: ["jwk"],
        cryptographic_suites_supported: ["PS256", "RS256", "ES256", "EdDSA"]
      }]
    },
    errors: []
  }],
  source: "https://www.ory.com/docs/oauth2-oidc/wellknown-endpoint-discovery",
  date: "2026-07",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
