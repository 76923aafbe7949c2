import type { LikeProvider } from "./model.ts"

const issuer = "https://app-example.frontegg.com"
const applicationId = "5e1c2d3f-0000-4000-8000-000000000003"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  userinfo_endpoint: `${issuer}/identity/resources/users/v2/me`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  code_challenge_methods_supported: ["S256"]
}

const user = {
  iss: issuer,
  sub: "6a4b5c6d-0000-4000-8000-000000000004",
  aud: applicationId,
  type: "userToken",
  tenantId: "7b5c6d7e-0000-4000-8000-000000000005",
  email: "ada@example.com",
  roles: ["editor"],
  permissions: ["notes.edit"]
}

export const frontegg: LikeProvider = {
  name: "frontegg",
  parameters: { url: issuer, applicationIds: [applicationId] },
  documents: [[`${issuer}/oauth/.well-known/openid-configuration`, document]],
  tokens: () => ({
    access: { header: { typ: "JWT" }, claims: user },
    machine: {
      header: { typ: "JWT" },
      claims: { iss: issuer, sub: "notes-job", aud: applicationId, type: "tenantApiToken", tenantId: user.tenantId }
    },
    id: { header: { typ: "JWT" }, claims: { ...user, nonce: "n" } },
    otherApi: { header: { typ: "JWT" }, claims: { ...user, aud: "other-application" } }
  }),
  expected: {
    subject: "6a4b5c6d-0000-4000-8000-000000000004",
    clientId: undefined,
    scopes: [],
    roles: ["editor", "notes.edit"]
  },
  evidence: "documentation"
}
