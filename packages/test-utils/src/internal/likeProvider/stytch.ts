import type { LikeProvider } from "./model.ts"

const domain = "example.customers.stytch.com"
const issuer = `https://${domain}`
const projectId = "project-live-11111111-2222-3333-4444-555555555555"
const clientId = "connected-app-live-d731954d-dab3-4a2b-bdee-07f3ad1be888"

const document = {
  issuer,
  authorization_endpoint: "https://notes.example.com/oauth/authorize",
  token_endpoint: `${issuer}/v1/oauth2/token`,
  introspection_endpoint: `${issuer}/v1/oauth2/introspect`,
  registration_endpoint: `${issuer}/v1/oauth2/register`,
  revocation_endpoint: `${issuer}/v1/oauth2/revoke`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  scopes_supported: ["openid", "email", "profile", "offline_access", "notes:read"],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
  code_challenge_methods_supported: ["S256"]
}

const user = {
  iss: issuer,
  sub: "user-live-16d9ba61-97a1-4ba4-9720-b03761dc50c6",
  aud: [projectId],
  jti: "1"
}

export const stytch: LikeProvider = {
  name: "stytch",
  parameters: { domain, projectId },
  documents: [
    [`${issuer}/.well-known/oauth-authorization-server`, document],
    [`${issuer}/.well-known/openid-configuration`, {
      ...document,
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"]
    }]
  ],
  tokens: () => ({
    access: { header: { typ: "JWT" }, claims: { ...user, client_id: clientId, scope: "openid notes:read" } },
    id: { header: { typ: "JWT" }, claims: { ...user, aud: [clientId], nonce: "n" } },
    // A session JWT of the same user, which names no client.
    refresh: {
      header: { typ: "JWT" },
      claims: { ...user, "https://stytch.com/session": { id: "session-live-1", started_at: "2027-01-15T08:00:00Z" } }
    },
    otherApi: {
      header: { typ: "JWT" },
      claims: { ...user, aud: ["project-live-99999999"], client_id: clientId, scope: "openid notes:read" }
    }
  }),
  expected: {
    subject: "user-live-16d9ba61-97a1-4ba4-9720-b03761dc50c6",
    clientId,
    scopes: ["openid", "notes:read"],
    roles: []
  },
  evidence: "documentation"
}
