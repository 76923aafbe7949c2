import { client, clientId, entraTokens, subject, tenant } from "./entraTokens.ts"
import type { LikeProvider } from "./model.ts"

const host = `https://${tenant}.ciamlogin.com`
const issuer = `${host}/${tenant}/v2.0`

const document = {
  issuer,
  authorization_endpoint: `${host}/${tenant}/oauth2/v2.0/authorize`,
  token_endpoint: `${host}/${tenant}/oauth2/v2.0/token`,
  device_authorization_endpoint: `${host}/${tenant}/oauth2/v2.0/devicecode`,
  end_session_endpoint: `${host}/${tenant}/oauth2/v2.0/logout`,
  jwks_uri: `${host}/${tenant}/discovery/v2.0/keys`,
  userinfo_endpoint: "https://graph.microsoft.com/oidc/userinfo",
  response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
  response_modes_supported: ["query", "fragment", "form_post"],
  subject_types_supported: ["pairwise"],
  id_token_signing_alg_values_supported: ["RS256"],
  token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
  scopes_supported: ["openid", "profile", "email", "offline_access"],
  tenant_region_scope: null,
  cloud_instance_name: "microsoftonline.com"
}

export const entraExternal: LikeProvider = {
  name: "entra-external",
  parameters: { tenant, clientId },
  documents: [[`${issuer}/.well-known/openid-configuration`, document]],
  key: (key) => ({ ...key, x5t: key["kid"] ?? "", x5c: ["MIIC"], issuer }),
  tokens: () => entraTokens({ issuer, version: "2.0", audience: clientId }),
  expected: { subject, clientId: client, scopes: ["notes:read", "notes:write"], roles: ["editor"] },
  evidence: "documentation"
}
