import type { LikeProvider } from "./model.ts"

const host = "https://better-auth.example.com"
const issuer = `${host}/api/auth`
const authMethods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]

const document = {
  issuer,
  scopes_supported: ["openid", "profile", "email", "offline_access", "notes:read"],
  authorization_endpoint: `${issuer}/oauth2/authorize`,
  token_endpoint: `${issuer}/oauth2/token`,
  jwks_uri: `${issuer}/jwks`,
  registration_endpoint: `${issuer}/oauth2/register`,
  introspection_endpoint: `${issuer}/oauth2/introspect`,
  revocation_endpoint: `${issuer}/oauth2/revoke`,
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  token_endpoint_auth_methods_supported: ["none", ...authMethods],
  introspection_endpoint_auth_methods_supported: authMethods,
  revocation_endpoint_auth_methods_supported: authMethods,
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true
}

const openid = {
  ...document,
  claims_supported: ["sub", "iss", "aud", "exp", "iat"],
  userinfo_endpoint: `${issuer}/oauth2/userinfo`,
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["EdDSA"],
  end_session_endpoint: `${issuer}/oauth2/end-session`,
  acr_values_supported: ["urn:mace:incommon:iap:bronze"],
  prompt_values_supported: ["login", "consent", "create", "select_account", "none"]
}

const subject = "mJ2exampleUser"
const client = "exampleClient"
const machine = "exampleMachine"

export const betterAuth: LikeProvider = {
  name: "better-auth",
  parameters: { url: issuer },
  documents: [
    [`${host}/.well-known/oauth-authorization-server/api/auth`, document],
    [`${issuer}/.well-known/openid-configuration`, openid]
  ],
  algorithm: "EdDSA",
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: {
        iss: issuer,
        sub: subject,
        aud: [resource, `${issuer}/oauth2/userinfo`],
        client_id: client,
        azp: client,
        scope: "openid notes:read",
        sid: "s",
        jti: "1"
      }
    },
    machine: {
      header: { typ: "at+jwt" },
      claims: {
        iss: issuer,
        sub: machine,
        aud: resource,
        client_id: machine,
        azp: machine,
        scope: "notes:read",
        jti: "2"
      }
    },
    id: {
      header: {},
      claims: { iss: issuer, sub: subject, aud: client, acr: "0", auth_time: 1_799_999_000, nonce: "n" }
    },
    // A token of the JWT plugin for a session of the application itself.
    otherApi: { header: {}, claims: { iss: issuer, sub: subject, aud: host, email: "ada@example.com" } }
  }),
  expected: { subject, clientId: client, scopes: ["openid", "notes:read"], roles: [] },
  evidence: "real server"
}
