import type { LikeProvider } from "./model.ts"

const issuer = "https://oidc-provider.example.com"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  userinfo_endpoint: `${issuer}/me`,
  end_session_endpoint: `${issuer}/session/end`,
  introspection_endpoint: `${issuer}/token/introspection`,
  pushed_authorization_request_endpoint: `${issuer}/request`,
  authorization_response_iss_parameter_supported: true,
  claims_parameter_supported: false,
  code_challenge_methods_supported: ["S256"],
  dpop_signing_alg_values_supported: ["ES256", "Ed25519", "EdDSA"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  id_token_signing_alg_values_supported: ["RS256"],
  response_modes_supported: ["form_post", "fragment", "query"],
  response_types_supported: ["code"],
  scopes_supported: ["openid", "offline_access"],
  subject_types_supported: ["public"]
}

const user = { iss: issuer, sub: "ada", client_id: "notes-client" }

export const oidcProvider: LikeProvider = {
  name: "oidc-provider",
  parameters: { url: issuer },
  documents: [
    [`${issuer}/.well-known/openid-configuration`, document],
    [`${issuer}/.well-known/oauth-authorization-server`, document]
  ],
  algorithm: "EdDSA",
  tokens: (resource) => ({
    access: { header: { typ: "at+jwt" }, claims: { ...user, jti: "a", aud: resource, scope: "notes:read" } },
    machine: {
      header: { typ: "at+jwt" },
      claims: { iss: issuer, sub: "notes-job", client_id: "notes-job", jti: "m", aud: resource, scope: "notes:read" }
    },
    id: { header: {}, claims: { iss: issuer, sub: "ada", aud: "notes-client", at_hash: "x" } },
    otherApi: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "o", aud: "https://other.example.com/mcp", scope: "notes:read" }
    }
  }),
  expected: { subject: "ada", clientId: "notes-client", scopes: ["notes:read"], roles: [] },
  evidence: "real server"
}
