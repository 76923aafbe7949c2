import type { LikeProvider } from "./model.ts"

const issuer = "https://example.kinde.com"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/oauth2/auth`,
  token_endpoint: `${issuer}/oauth2/token`,
  userinfo_endpoint: `${issuer}/oauth2/v2/user_profile`,
  jwks_uri: `${issuer}/.well-known/jwks`,
  scopes_supported: ["openid", "profile", "email", "offline"],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  code_challenge_methods_supported: ["S256"]
}

const clientId = "dee7f3c57b3c47e8b96edde2c7ecab7d"

const user = {
  iss: issuer,
  sub: "kp:1234567890",
  azp: clientId,
  org_code: "org_1234567890",
  permissions: ["notes:edit"],
  roles: [{ id: "018e0a12-7c2f-9d3e-4b5a-6f7081920a1b", key: "editor", name: "Editor" }],
  feature_flags: { theme: { t: "s", v: "pink" } },
  scp: ["openid", "profile", "notes:read"],
  jti: "1"
}

export const kinde: LikeProvider = {
  name: "kinde",
  parameters: { url: issuer },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  tokens: (resource) => ({
    access: { header: { typ: "JWT" }, claims: { ...user, aud: [resource] } },
    machine: {
      header: { typ: "JWT" },
      claims: {
        iss: issuer,
        azp: "notes-job",
        gty: ["client_credentials"],
        jti: "2",
        aud: [resource],
        scope: "notes:read"
      }
    },
    id: {
      header: { typ: "JWT" },
      claims: { iss: issuer, sub: user.sub, azp: clientId, aud: [issuer, clientId], at_hash: "x", jti: "3" }
    },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, aud: [] } }
  }),
  expected: {
    subject: "kp:1234567890",
    clientId,
    scopes: ["openid", "profile", "notes:read"],
    roles: ["editor"]
  },
  evidence: "documentation"
}
