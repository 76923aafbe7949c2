import type { Provider } from "./model.ts"

const issuer = "https://example-tenant.my.salesforce.com"
const base = `${issuer}/services/oauth2`

export const salesforce: Provider = {
  name: "Salesforce",
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      revocation_endpoint: `${base}/revoke`,
      userinfo_endpoint: `${base}/userinfo`,
      introspection_endpoint: `${base}/introspect`,
      registration_endpoint: `${base}/register`,
      jwks_uri: `${issuer}/id/keys`,
      scopes_supported: ["api", "chatter_api", "content", "full", "id", "mcp_api", "openid", "refresh_token", "web"],
      response_types_supported: ["code", "token", "token id_token"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      dpop_signing_alg_values_supported: ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"],
      display_values_supported: ["page", "popup", "touch"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
      claims_supported: ["active", "address", "email", "family_name", "organization_id", "sub", "user_id", "user_type"],
      code_challenge_methods_supported: ["S256"]
    },
    errors: []
  }],
  source: "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm",
  date: "2026-10",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
