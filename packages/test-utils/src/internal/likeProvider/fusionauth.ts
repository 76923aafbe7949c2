import type { LikeProvider } from "./model.ts"

const issuer = "https://example.fusionauth.io"
const tenantId = "11111111-2222-3333-4444-555555555555"
const applicationId = "22222222-3333-4444-5555-666666666666"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/oauth2/authorize`,
  token_endpoint: `${issuer}/oauth2/token`,
  userinfo_endpoint: `${issuer}/oauth2/userinfo`,
  introspection_endpoint: `${issuer}/oauth2/introspect`,
  device_authorization_endpoint: `${issuer}/oauth2/device_authorize`,
  end_session_endpoint: `${issuer}/oauth2/logout`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  scopes_supported: ["openid", "offline_access"],
  response_types_supported: ["code", "id_token", "token id_token"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256", "ES256"],
  code_challenge_methods_supported: ["S256"]
}

/** The claims of access tokens and ID tokens. */
const user = {
  iss: issuer,
  sub: "00000000-0000-0001-0000-000000000000",
  aud: applicationId,
  tid: tenantId,
  authenticationType: "PASSWORD",
  auth_time: 1_799_999_000,
  scope: "openid notes:read",
  jti: "1"
}

export const fusionauth: LikeProvider = {
  name: "fusionauth",
  parameters: { url: issuer, tenantId, applicationId },
  documents: [[`${issuer}/.well-known/openid-configuration/${tenantId}`, document]],
  tokens: () => ({
    access: { header: { typ: "JWT" }, claims: { ...user, applicationId, roles: ["editor"] } },
    id: { header: { typ: "JWT" }, claims: user },
    refresh: { claims: user },
    otherApi: {
      header: { typ: "JWT" },
      claims: {
        ...user,
        aud: "33333333-3333-4444-5555-666666666666",
        applicationId: "33333333-3333-4444-5555-666666666666"
      }
    }
  }),
  expected: {
    subject: "00000000-0000-0001-0000-000000000000",
    clientId: undefined,
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  evidence: "documentation"
}
