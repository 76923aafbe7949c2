import type { LikeProvider } from "./model.ts"

const base = "https://api.asgardeo.io/t/acme"
const issuer = `${base}/oauth2/token`

const document = {
  issuer,
  authorization_endpoint: `${base}/oauth2/authorize`,
  token_endpoint: issuer,
  introspection_endpoint: `${base}/oauth2/introspect`,
  revocation_endpoint: `${base}/oauth2/revoke`,
  userinfo_endpoint: `${base}/oauth2/userinfo`,
  end_session_endpoint: `${base}/oidc/logout`,
  jwks_uri: `${base}/oauth2/jwks`,
  registration_endpoint: `${base}/api/identity/oauth2/dcr/v1.1/register`,
  response_types_supported: ["code", "id_token", "token"],
  grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
  subject_types_supported: ["public", "pairwise"],
  id_token_signing_alg_values_supported: ["RS256"],
  code_challenge_methods_supported: ["S256", "plain"],
  request_parameter_supported: "true",
  claims_parameter_supported: "true",
  backchannel_logout_supported: "true"
}

const user = { iss: issuer, sub: "e46eebba-0000-4000-8000-1234567890ab", azp: "notes-client", org_id: "10084a8d" }

export const wso2: LikeProvider = {
  name: "wso2",
  parameters: { url: base, audience: ["notes-client", "https://api.test/mcp"] },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  key: (key) => ({ ...key, "x5c": ["MIIC"], "x5t#S256": "thumb" }),
  tokens: (resource) => ({
    access: {
      header: { typ: "at+jwt" },
      claims: {
        ...user,
        aut: "APPLICATION_USER",
        client_id: "notes-client",
        aud: ["notes-client", resource],
        scope: "notes:read openid",
        roles: ["editor"],
        nbf: 1_700_000_000,
        jti: "a"
      }
    },
    machine: {
      header: { typ: "at+jwt" },
      claims: {
        iss: issuer,
        sub: "notes-job",
        aut: "APPLICATION",
        client_id: "notes-job",
        azp: "notes-job",
        aud: ["notes-job", resource],
        scope: "notes:read",
        jti: "m"
      }
    },
    id: { header: {}, claims: { ...user, aud: "notes-client", amr: ["BasicAuthenticator"], isk: "i" } },
    otherApi: {
      header: { typ: "at+jwt" },
      claims: {
        ...user,
        aut: "APPLICATION_USER",
        client_id: "other-client",
        aud: "other-client",
        scope: "notes:read",
        jti: "o"
      }
    }
  }),
  expected: {
    subject: "e46eebba-0000-4000-8000-1234567890ab",
    clientId: "notes-client",
    scopes: ["notes:read", "openid"],
    roles: ["editor"]
  },
  evidence: "documentation"
}
