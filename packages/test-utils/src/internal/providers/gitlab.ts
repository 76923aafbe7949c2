import type { Provider } from "./model.ts"

const issuer = "https://gitlab.com"

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  revocation_endpoint: `${issuer}/oauth/revoke`,
  introspection_endpoint: `${issuer}/oauth/introspect`,
  userinfo_endpoint: `${issuer}/oauth/userinfo`,
  registration_endpoint: `${issuer}/oauth/register`,
  jwks_uri: `${issuer}/oauth/discovery/keys`,
  scopes_supported: ["api", "read_api", "read_user", "read_repository", "write_repository", "openid", "email", "mcp"],
  response_types_supported: ["code"],
  response_modes_supported: ["query", "fragment", "form_post"],
  // "device_code" is not the registered name of that grant.
  grant_types_supported: ["authorization_code", "client_credentials", "device_code", "refresh_token"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  claim_types_supported: ["normal"],
  claims_supported: [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "name",
    "nickname",
    "preferred_username",
    "email",
    "groups",
    "https://gitlab.org/claims/groups/owner"
  ],
  code_challenge_methods_supported: ["plain", "S256"]
}

export const gitlab: Provider = {
  name: "GitLab",
  issuer,
  documents: [
    {
      url: `${issuer}/.well-known/oauth-authorization-server`,
      form: "oauth-authorization-server",
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
  source: "https://docs.gitlab.com/integration/openid_connect_provider/",
  date: "2026-10",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
