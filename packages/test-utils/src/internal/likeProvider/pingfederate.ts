import * as Redacted from "effect/Redacted"
import type { LikeProvider } from "./model.ts"

const issuer = "https://sso.example.com:9031"

/** The document of an old version, which lacks the introspection endpoint and PKCE. */
const document = {
  version: "3.0",
  issuer,
  authorization_endpoint: `${issuer}/as/authorization.oauth2`,
  token_endpoint: `${issuer}/as/token.oauth2`,
  revocation_endpoint: `${issuer}/as/revoke_token.oauth2`,
  userinfo_endpoint: `${issuer}/idp/userinfo.openid`,
  jwks_uri: `${issuer}/pf/JWKS`,
  ping_revoked_sris_endpoint: `${issuer}/pf-ws/rest/sessionMgmt/revokedSris`,
  ping_end_session_endpoint: `${issuer}/idp/startSLO.ping`,
  scopes_supported: ["phone", "address", "email", "openid", "profile"],
  response_types_supported: ["code", "token", "id_token", "code token", "code id_token", "token id_token"],
  response_modes_supported: ["fragment", "query", "form_post"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["none", "HS256", "RS256", "ES256"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"]
}

const user = { sub: "ada", client_id: "notes-client", token_type: "Bearer", scope: "openid notes:read" }

export const pingfederate: LikeProvider = {
  name: "pingfederate",
  parameters: { url: issuer, clientId: "notes-server", clientSecret: Redacted.make("ping-secret") },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  introspectionUrl: `${issuer}/as/introspect.oauth2`,
  tokens: (resource) => ({
    access: { claims: { ...user, aud: resource } },
    machine: { claims: { client_id: "notes-job", token_type: "Bearer", scope: "notes:read", aud: resource } },
    id: { header: {}, claims: { iss: issuer, sub: "ada", aud: "notes-client", at_hash: "x" } },
    // The response about a refresh token says that it is active, and nothing else.
    refresh: { claims: {} },
    otherApi: { claims: { ...user, aud: "https://other.example.com" } }
  }),
  expected: { subject: "ada", clientId: "notes-client", scopes: ["openid", "notes:read"], roles: [] },
  evidence: "documentation"
}
