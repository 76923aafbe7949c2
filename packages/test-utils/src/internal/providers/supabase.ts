import type { Provider } from "./model.ts"

const host = "https://example-project.supabase.co"
const issuer = `${host}/auth/v1`

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  userinfo_endpoint: `${issuer}/oauth/userinfo`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  registration_endpoint: `${issuer}/oauth/clients/register`,
  scopes_supported: ["openid", "profile", "email", "phone"],
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256", "HS256", "ES256"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
  claims_supported: ["sub", "aud", "iss", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "name"],
  code_challenge_methods_supported: ["S256", "plain"]
}

export const supabase: Provider = {
  name: "Supabase Auth",
  issuer,
  documents: [
    {
      url: `${host}/.well-known/oauth-authorization-server/auth/v1`,
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
  source: "https://supabase.com/docs/guides/auth/oauth-server/getting-started",
  date: "2026-04",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
