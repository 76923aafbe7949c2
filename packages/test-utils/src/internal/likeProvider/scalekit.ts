import type { LikeProvider } from "./model.ts"

const environment = "https://example.scalekit.com"
const resourceId = "res_1234567890"
const issuer = `${environment}/resources/${resourceId}`

const document = {
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${environment}/oauth/token`,
  registration_endpoint: `${issuer}/oauth/register`,
  jwks_uri: `${environment}/keys`,
  scopes_supported: ["openid", "profile", "email", "notes:read"],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
  code_challenge_methods_supported: ["S256"]
}

const user = {
  iss: issuer,
  sub: "usr_987654321098765432",
  client_id: "skc_987654321098765432",
  oid: "org_69615647365005430",
  jti: "tkn_1"
}

export const scalekit: LikeProvider = {
  name: "scalekit",
  parameters: { url: environment, resourceId },
  documents: [[`${environment}/.well-known/oauth-authorization-server/resources/${resourceId}`, document]],
  tokens: (resource) => ({
    access: {
      header: { typ: "JWT" },
      claims: { ...user, aud: [resourceId, resource], scope: "openid notes:read", roles: ["editor"] }
    },
    machine: {
      header: { typ: "JWT" },
      claims: {
        iss: environment,
        sub: "m2m_1",
        client_id: "m2m_1",
        jti: "tkn_2",
        aud: [resourceId],
        scopes: ["notes:read"]
      }
    },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: user.sub, azp: user.client_id, aud: [user.client_id] } },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, aud: ["res_0000000000"], scope: "openid notes:read" } }
  }),
  expected: {
    subject: "usr_987654321098765432",
    clientId: "skc_987654321098765432",
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  evidence: "documentation"
}
