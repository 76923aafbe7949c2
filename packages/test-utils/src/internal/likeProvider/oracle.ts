import type { LikeProvider } from "./model.ts"

const domain = "https://idcs-9dc693e80d9b469480d7afe00e743931.identity.oraclecloud.com"
const issuer = "https://identity.oraclecloud.com/"

const document = {
  issuer,
  authorization_endpoint: `${domain}/oauth2/v1/authorize`,
  token_endpoint: `${domain}/oauth2/v1/token`,
  userinfo_endpoint: `${domain}/oauth2/v1/userinfo`,
  revocation_endpoint: `${domain}/oauth2/v1/revoke`,
  introspection_endpoint: `${domain}/oauth2/v1/introspect`,
  end_session_endpoint: `${domain}/oauth2/v1/userlogout`,
  jwks_uri: `${domain}/admin/v1/SigningCert/jwk`,
  scopes_supported: ["openid", "profile", "offline_access", "email"],
  response_types_supported: ["code", "token", "id_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  claims_supported: ["aud", "exp", "iat", "iss", "jti", "sub"],
  grant_types_supported: ["client_credentials", "refresh_token", "authorization_code"]
}

const user = {
  iss: issuer,
  sub: "ada@example.com",
  sub_type: "user",
  client_id: "1b2c3d",
  tenant: "idcs-9dc693e80d9b469480d7afe00e743931"
}

export const oracle: LikeProvider = {
  name: "oracle",
  parameters: { url: domain, issuer, tenant: "idcs-9dc693e80d9b469480d7afe00e743931" },
  documents: [[`${domain}/.well-known/openid-configuration`, document]],
  tokens: (resource) => ({
    access: {
      header: { "x5t": "thumb", "x5t#S256": "thumb" },
      claims: { ...user, tok_type: "AT", aud: resource, scope: "notes:read", jti: "a" }
    },
    machine: {
      header: {},
      claims: {
        ...user,
        sub: "1b2c3d",
        sub_type: "client",
        tok_type: "AT",
        aud: resource,
        scope: "notes:read",
        jti: "m"
      }
    },
    id: { header: {}, claims: { ...user, tok_type: "IT", aud: [resource, issuer], at_hash: "x" } },
    otherApi: {
      header: {},
      claims: { ...user, tok_type: "AT", aud: "https://other.example.com/", scope: "notes:read", jti: "o" }
    }
  }),
  expected: { subject: "ada@example.com", clientId: "1b2c3d", scopes: ["notes:read"], roles: [] },
  evidence: "documentation"
}
