import type { LikeProvider } from "./model.ts"

const issuer = "https://duende.example.com"

const document = {
  issuer,
  jwks_uri: `${issuer}/.well-known/openid-configuration/jwks`,
  authorization_endpoint: `${issuer}/connect/authorize`,
  token_endpoint: `${issuer}/connect/token`,
  userinfo_endpoint: `${issuer}/connect/userinfo`,
  end_session_endpoint: `${issuer}/connect/endsession`,
  check_session_iframe: `${issuer}/connect/checksession`,
  revocation_endpoint: `${issuer}/connect/revocation`,
  introspection_endpoint: `${issuer}/connect/introspect`,
  device_authorization_endpoint: `${issuer}/connect/deviceauthorization`,
  frontchannel_logout_supported: true,
  scopes_supported: ["openid", "profile", "notes:read", "offline_access"],
  claims_supported: ["sub", "name"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token", "implicit"],
  response_types_supported: ["code", "token", "id_token", "id_token token", "code id_token"],
  response_modes_supported: ["form_post", "query", "fragment"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
  id_token_signing_alg_values_supported: ["RS256"],
  subject_types_supported: ["public"],
  code_challenge_methods_supported: ["plain", "S256"],
  request_parameter_supported: true
}

const user = { iss: issuer, sub: "1", client_id: "notes-client", auth_time: 1_800_000_000, idp: "local", amr: ["pwd"] }

export const duende: LikeProvider = {
  name: "duende",
  parameters: { url: issuer },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  key: (key) => ({ ...key, x5c: [], d: null, alg: key["alg"] ?? "RS256" }),
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: { ...user, jti: "A", aud: resource, scope: ["openid", "notes:read"], role: "editor", nbf: 1_700_000_000 }
    },
    machine: {
      header: { typ: "at+jwt" },
      claims: { iss: issuer, client_id: "notes-job", jti: "M", aud: resource, scope: ["notes:read"] }
    },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: "1", aud: "notes-client", at_hash: "x", sid: "s" } },
    otherApi: { header: { typ: "at+jwt" }, claims: { ...user, jti: "O", aud: "other", scope: ["notes:read"] } }
  }),
  expected: { subject: "1", clientId: "notes-client", scopes: ["openid", "notes:read"], roles: ["editor"] },
  evidence: "published document"
}
