import type { LikeProvider } from "./model.ts"

const issuer = "https://casdoor.example.com"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/login/oauth/authorize`,
  token_endpoint: `${issuer}/api/login/oauth/access_token`,
  userinfo_endpoint: `${issuer}/api/userinfo`,
  jwks_uri: `${issuer}/.well-known/jwks`,
  introspection_endpoint: `${issuer}/api/login/oauth/introspect`,
  response_types_supported: ["code", "token", "id_token", "none"],
  response_modes_supported: ["login", "code", "link"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  code_challenge_methods_supported: ["S256"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  scopes_supported: ["openid", "email", "profile", "offline_access"],
  claims_supported: ["iss", "sub", "aud", "iat", "exp", "owner", "displayName"],
  request_parameter_supported: true,
  request_object_signing_alg_values_supported: ["HS256", "HS384", "HS512"]
}

const user = {
  iss: issuer,
  sub: "0a1b2c3d-0000-4000-8000-1234567890ab",
  owner: "acme",
  name: "ada",
  isAdmin: false,
  azp: "notes-client",
  nonce: "",
  scope: "openid notes:read",
  jti: "admin/1"
}

export const casdoor: LikeProvider = {
  name: "casdoor",
  parameters: { url: issuer },
  documents: [
    [`${issuer}/.well-known/openid-configuration`, document],
    [`${issuer}/.well-known/oauth-authorization-server`, document]
  ],
  key: (key) => ({ ...key, x5c: ["MIIC"] }),
  tokens: (resource) => ({
    access: { header: { typ: "JWT" }, claims: { ...user, tokenType: "access-token", aud: [resource] } },
    machine: {
      header: { typ: "JWT" },
      claims: {
        iss: issuer,
        sub: "acme/notes-job",
        azp: "notes-job",
        scope: "notes:read",
        tokenType: "access-token",
        aud: [resource]
      }
    },
    refresh: { header: { typ: "JWT" }, claims: { ...user, tokenType: "refresh-token", aud: [resource] } },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, tokenType: "access-token", aud: ["other-client"] } }
  }),
  expected: {
    subject: "0a1b2c3d-0000-4000-8000-1234567890ab",
    clientId: "notes-client",
    scopes: ["openid", "notes:read"],
    roles: []
  },
  evidence: "published document"
}
