import type { LikeProvider } from "./model.ts"

const origin = "https://openiddict.example.com"
const issuer = `${origin}/`

const document = {
  issuer,
  authorization_endpoint: `${issuer}connect/authorize`,
  token_endpoint: `${issuer}connect/token`,
  introspection_endpoint: `${issuer}connect/introspect`,
  end_session_endpoint: `${issuer}connect/logout`,
  userinfo_endpoint: `${issuer}connect/userinfo`,
  jwks_uri: `${issuer}.well-known/jwks`,
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  response_types_supported: ["code"],
  response_modes_supported: ["form_post", "fragment", "query"],
  scopes_supported: ["openid", "offline_access", "notes:read"],
  claims_supported: ["aud", "exp", "iat", "iss", "sub"],
  id_token_signing_alg_values_supported: ["RS256"],
  code_challenge_methods_supported: ["S256"],
  subject_types_supported: ["public"],
  authorization_response_iss_parameter_supported: true
}

const user = {
  iss: issuer,
  sub: "1b2c",
  client_id: "notes-client",
  oi_prst: "notes-client",
  oi_au_id: "a",
  oi_tkn_id: "t"
}

export const openiddict: LikeProvider = {
  name: "openiddict",
  parameters: { url: origin },
  documents: [
    [`${origin}/.well-known/openid-configuration`, document],
    [`${origin}/.well-known/oauth-authorization-server`, document]
  ],
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "a", aud: resource, scope: "openid notes:read", role: "editor" }
    },
    machine: {
      header: { typ: "at+jwt" },
      claims: { iss: issuer, sub: "notes-job", client_id: "notes-job", jti: "m", aud: resource, scope: "notes:read" }
    },
    id: {
      header: { typ: "JWT" },
      claims: { iss: issuer, sub: "1b2c", aud: "notes-client", at_hash: "x", azp: "notes-client" }
    },
    otherApi: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "o", aud: "https://other.example.com/", scope: "notes:read" }
    }
  }),
  expected: { subject: "1b2c", clientId: "notes-client", scopes: ["openid", "notes:read"], roles: ["editor"] },
  evidence: "documentation"
}
