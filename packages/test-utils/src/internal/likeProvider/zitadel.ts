import * as Redacted from "effect/Redacted"
import type { LikeProvider } from "./model.ts"

const issuer = "https://example.zitadel.cloud"
const projectId = "170079991923474689"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/oauth/v2/authorize`,
  token_endpoint: `${issuer}/oauth/v2/token`,
  introspection_endpoint: `${issuer}/oauth/v2/introspect`,
  userinfo_endpoint: `${issuer}/oidc/v1/userinfo`,
  revocation_endpoint: `${issuer}/oauth/v2/revoke`,
  end_session_endpoint: `${issuer}/oidc/v1/end_session`,
  device_authorization_endpoint: `${issuer}/oauth/v2/device_authorization`,
  jwks_uri: `${issuer}/oauth/v2/keys`,
  scopes_supported: ["openid", "profile", "email", "phone", "address", "offline_access"],
  response_types_supported: ["code", "id_token", "id_token token"],
  grant_types_supported: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
  introspection_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt"],
  code_challenge_methods_supported: ["S256"]
}

const clientId = "170088295403946241"

const user = { iss: issuer, sub: "170086774599581953", client_id: clientId, username: "ada@example.com" }
const audience = [clientId, "170086824411201793", projectId]

export const zitadel: LikeProvider = {
  name: "zitadel",
  parameters: {
    url: issuer,
    projectId,
    clientId: "170086824411201793",
    clientSecret: Redacted.make("zitadel-secret")
  },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  tokens: () => ({
    access: {
      claims: {
        ...user,
        jti: "1",
        aud: audience,
        scope: "openid profile notes:read",
        "urn:zitadel:iam:org:project:roles": { editor: { "170079991923474688": "example.com" } },
        [`urn:zitadel:iam:org:project:${projectId}:roles`]: { editor: { "170079991923474688": "example.com" } }
      }
    },
    machine: {
      claims: { iss: issuer, sub: "notes-job", client_id: "notes-job", jti: "2", aud: [projectId], scope: "openid" }
    },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: user.sub, azp: clientId, aud: audience, at_hash: "x" } },
    otherApi: { claims: { ...user, jti: "3", aud: ["170000000000000001"], scope: "openid" } }
  }),
  expected: {
    subject: "170086774599581953",
    clientId,
    scopes: ["openid", "profile", "notes:read"],
    roles: ["editor"]
  },
  evidence: "published document"
}
