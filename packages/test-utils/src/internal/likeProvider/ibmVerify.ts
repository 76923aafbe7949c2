import * as Redacted from "effect/Redacted"
import type { LikeProvider } from "./model.ts"

const issuer = "https://acme.verify.ibm.com/oidc/endpoint/default"

const document = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  introspection_endpoint: `${issuer}/introspect`,
  revocation_endpoint: `${issuer}/revoke`,
  userinfo_endpoint: `${issuer}/userinfo`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ["code", "id_token", "token"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  scopes_supported: ["openid", "profile", "email"],
  code_challenge_methods_supported: ["S256"]
}

const user = { iss: issuer, sub: "643000XYZ", client_id: "notes-client", groupIds: ["editor"] }

export const ibmVerify: LikeProvider = {
  name: "ibm-verify",
  parameters: {
    url: "https://acme.verify.ibm.com",
    audience: ["notes-client"],
    clientId: "notes-server",
    clientSecret: Redacted.make("a-secret-of-ibm-verify")
  },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  tokens: () => ({
    access: { claims: { ...user, aud: "notes-client", scope: "openid notes:read" } },
    id: { header: {}, claims: { ...user, aud: "notes-client", at_hash: "x" } },
    otherApi: { claims: { ...user, client_id: "other-client", aud: "other-client", scope: "notes:read" } }
  }),
  expected: { subject: "643000XYZ", clientId: "notes-client", scopes: ["openid", "notes:read"], roles: ["editor"] },
  evidence: "documentation"
}
