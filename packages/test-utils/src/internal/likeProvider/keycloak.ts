import type { LikeProvider } from "./model.ts"

const issuer = "https://keycloak.example.com/realms/notes"
const protocol = `${issuer}/protocol/openid-connect`

const document = {
  issuer,
  authorization_endpoint: `${protocol}/auth`,
  token_endpoint: `${protocol}/token`,
  introspection_endpoint: `${protocol}/token/introspect`,
  userinfo_endpoint: `${protocol}/userinfo`,
  end_session_endpoint: `${protocol}/logout`,
  jwks_uri: `${protocol}/certs`,
  registration_endpoint: `${issuer}/clients-registrations/openid-connect`,
  grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
  response_types_supported: ["code", "none"],
  subject_types_supported: ["public", "pairwise"],
  id_token_signing_alg_values_supported: ["PS256", "RS256", "ES256", "EdDSA", "HS512"],
  scopes_supported: ["openid", "basic", "notes:read"],
  code_challenge_methods_supported: ["plain", "S256"],
  tls_client_certificate_bound_access_tokens: true,
  authorization_response_iss_parameter_supported: true
}

const user = {
  iss: issuer,
  sub: "1b2c3d4e-0000-4000-8000-1234567890ab",
  azp: "notes-client",
  sid: "8a6f1c2e",
  acr: "1"
}

export const keycloak: LikeProvider = {
  name: "keycloak",
  parameters: { url: "https://keycloak.example.com", realm: "notes" },
  documents: [
    [`${issuer}/.well-known/openid-configuration`, document],
    ["https://keycloak.example.com/.well-known/oauth-authorization-server/realms/notes", document]
  ],
  key: (key) => ({ ...key, x5c: ["MIIC"], x5t: "thumb", "x5t#S256": "thumb" }),
  tokens: (resource) => ({
    access: {
      header: { typ: "JWT" },
      claims: {
        ...user,
        typ: "Bearer",
        jti: "onrtac:1",
        aud: [resource, "account"],
        scope: "openid notes:read",
        realm_access: { roles: ["editor"] },
        resource_access: { account: { roles: ["view-profile"] } }
      }
    },
    machine: {
      header: { typ: "JWT" },
      claims: {
        iss: issuer,
        sub: "5e884898-0000-4000-8000-da28047151d0",
        azp: "notes-job",
        client_id: "notes-job",
        typ: "Bearer",
        jti: "trrtcc:2",
        aud: resource,
        scope: "notes:read"
      }
    },
    id: { header: { typ: "JWT" }, claims: { ...user, typ: "ID", jti: "3", aud: "notes-client", at_hash: "x" } },
    refresh: { header: { typ: "JWT" }, claims: { ...user, typ: "Refresh", jti: "4", aud: issuer, scope: "openid" } },
    otherApi: {
      header: { typ: "JWT" },
      claims: { ...user, typ: "Bearer", jti: "5", aud: "account", scope: "openid notes:read" }
    }
  }),
  expected: {
    subject: "1b2c3d4e-0000-4000-8000-1234567890ab",
    clientId: "notes-client",
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  evidence: "published document"
}
