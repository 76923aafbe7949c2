import type { Provider } from "./model.ts"

const issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE"
const domain = "https://example-tenant.auth.us-east-1.amazoncognito.com"

export const cognito: Provider = {
  name: "Amazon Cognito",
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    // PKCE works ("Using PKCE in authorization code grants" in the developer guide), but the document does not
    // advertise it.
    json: {
      issuer,
      authorization_endpoint: `${domain}/oauth2/authorize`,
      token_endpoint: `${domain}/oauth2/token`,
      userinfo_endpoint: `${domain}/oauth2/userInfo`,
      revocation_endpoint: `${domain}/oauth2/revoke`,
      end_session_endpoint: `${domain}/logout`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ["RS256"],
      response_types_supported: ["code", "token"],
      scopes_supported: ["openid", "email", "phone", "profile"],
      subject_types_supported: ["public"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"]
    },
    errors: ["pkce_not_supported"]
  }],
  source: "https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html",
  date: "2026-05",
  issuerPolicy: { _tag: "exact" },
  repairs: ["pkce"],
  unaided: "Found",
  beyondRepair: []
}
