import type { LikeProvider } from "./model.ts"

const issuer = "https://auth.example.com"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/api/oidc/authorization`,
  token_endpoint: `${issuer}/api/oidc/token`,
  introspection_endpoint: `${issuer}/api/oidc/introspection`,
  revocation_endpoint: `${issuer}/api/oidc/revocation`,
  pushed_authorization_request_endpoint: `${issuer}/api/oidc/pushed-authorization-request`,
  jwks_uri: `${issuer}/jwks.json`,
  scopes_supported: ["openid", "offline_access", "profile", "groups", "email"],
  response_types_supported: ["code"],
  response_modes_supported: ["form_post", "query", "fragment"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true
}

const openid = {
  ...document,
  userinfo_endpoint: `${issuer}/api/oidc/userinfo`,
  subject_types_supported: ["public", "pairwise"],
  id_token_signing_alg_values_supported: ["RS256", "none"]
}

const user = { iss: issuer, sub: "f0919359-9d15-4e15-bcba-83b41620a073", client_id: "notes-client" }

export const authelia: LikeProvider = {
  name: "authelia",
  parameters: { url: issuer },
  documents: [
    [`${issuer}/.well-known/oauth-authorization-server`, document],
    [`${issuer}/.well-known/openid-configuration`, openid]
  ],
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "1", aud: [resource], scope: "openid notes:read", groups: ["editor"] }
    },
    machine: {
      header: { typ: "at+jwt" },
      claims: { iss: issuer, sub: "notes-job", client_id: "notes-job", jti: "2", aud: [resource], scope: "notes:read" }
    },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: user.sub, azp: "notes-client", aud: ["notes-client"] } },
    refresh: { prefix: "authelia_rt_", claims: user },
    otherApi: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "3", aud: ["https://other.example.com"], scope: "openid" }
    }
  }),
  expected: {
    subject: "f0919359-9d15-4e15-bcba-83b41620a073",
    clientId: "notes-client",
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  evidence: "documentation"
}
