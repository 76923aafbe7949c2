import type { Provider } from "./model.ts"

const issuer = "https://example-tenant.clerk.accounts.dev"

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "none"],
  client_id_metadata_document_supported: true,
  scopes_supported: ["openid", "profile", "email", "public_metadata", "private_metadata", "offline_access"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  claims_supported: ["sub", "iss", "aud", "exp", "iat", "email", "name", "org_id"],
  service_documentation: "https://clerk.com/docs",
  ui_locales_supported: ["en"],
  op_tos_uri: "https://clerk.com/legal/standard-terms",
  code_challenge_methods_supported: ["S256"]
}

export const clerk: Provider = {
  name: "Clerk",
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
  source: "https://clerk.com/docs/guides/configure/auth-strategies/oauth/how-clerk-implements-oauth",
  date: "2026-08",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
