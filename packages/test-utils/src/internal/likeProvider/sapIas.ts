import type { LikeProvider } from "./model.ts"

const issuer = "https://acme.accounts.ondemand.com"
const clientId = "22222222-2222-4333-8444-555555555555"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/oauth2/authorize`,
  token_endpoint: `${issuer}/oauth2/token`,
  introspection_endpoint: `${issuer}/oauth2/introspect`,
  revocation_endpoint: `${issuer}/oauth2/revoke`,
  userinfo_endpoint: `${issuer}/oauth2/userinfo`,
  end_session_endpoint: `${issuer}/oauth2/logout`,
  jwks_uri: `${issuer}/oauth2/certs`,
  response_types_supported: ["code", "id_token", "token"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  scopes_supported: ["openid", "email", "profile", "groups"],
  code_challenge_methods_supported: ["plain", "S256"],
  tls_client_certificate_bound_access_tokens: true
}

const user = {
  iss: issuer,
  sub: "P000001",
  azp: "notes-client",
  app_tid: "5e0bd49b",
  scim_id: "ada",
  groups: ["editor"]
}

export const sapIas: LikeProvider = {
  name: "sap-ias",
  parameters: { url: issuer, clientId },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  tokens: () => ({
    access: { header: {}, claims: { ...user, aud: clientId, ias_apis: ["notes:read", "notes:write"], jti: "a" } },
    machine: {
      header: {},
      claims: { iss: issuer, sub: "notes-job", azp: "notes-job", aud: clientId, ias_apis: ["notes:read"], jti: "m" }
    },
    id: { header: {}, claims: { ...user, aud: clientId, jti: "i" } },
    otherApi: { header: {}, claims: { ...user, aud: "other", ias_apis: ["notes:read"], jti: "o" } }
  }),
  expected: { subject: "P000001", clientId: "notes-client", scopes: ["notes:read", "notes:write"], roles: ["editor"] },
  evidence: "documentation"
}
