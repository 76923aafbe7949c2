import type { Provider } from "./model.ts"

const issuer = "https://www.facebook.com"

export const facebook: Provider = {
  name: "Facebook Login",
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer,
      authorization_endpoint: "https://facebook.com/dialog/oauth/",
      jwks_uri: `${issuer}/.well-known/oauth/openid/jwks/`,
      response_types_supported: ["id_token", "token id_token"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
      claims_supported: ["iss", "aud", "sub", "iat", "exp", "jti", "nonce", "at_hash", "name", "email", "picture"]
    },
    errors: ["invalid_server_metadata", "code_response_type_not_supported", "pkce_not_supported"]
  }],
  source: "https://developers.facebook.com/documentation/facebook-login/guides/advanced/oidc-token",
  date: "2024-10",
  issuerPolicy: { _tag: "exact" },
  // The code flow with PKCE and its token endpoint are documented, but are not in the metadata.
  repairs: ["pkce"],
  endpoints: { tokenEndpoint: "https://graph.facebook.com/oauth/access_token" },
  unaided: "Found",
  // The metadata lists the response types, and a repair must not contradict the metadata.
  beyondRepair: ["code_response_type_not_supported"]
}
