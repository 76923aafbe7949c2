import type { Provider } from "./model.ts"

// The tenant of Microsoft's own examples.
const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
const login = "https://login.microsoftonline.com"

/**
 * The members of all documents. PKCE works ("Request an authorization code" recommends it), but no document advertises
 * it.
 */
const common = {
  response_modes_supported: ["query", "fragment", "form_post"],
  subject_types_supported: ["pairwise"],
  id_token_signing_alg_values_supported: ["RS256"],
  http_logout_supported: true,
  frontchannel_logout_supported: true,
  cloud_instance_name: "microsoftonline.com",
  cloud_graph_host_name: "graph.windows.net",
  msgraph_host: "graph.microsoft.com",
  rbac_url: "https://pas.windows.net"
}

/** The second version of the endpoints, for one tenant or for `common`. */
const v2 = (authority: string) => ({
  ...common,
  authorization_endpoint: `${login}/${authority}/oauth2/v2.0/authorize`,
  token_endpoint: `${login}/${authority}/oauth2/v2.0/token`,
  device_authorization_endpoint: `${login}/${authority}/oauth2/v2.0/devicecode`,
  end_session_endpoint: `${login}/${authority}/oauth2/v2.0/logout`,
  jwks_uri: `${login}/${authority}/discovery/v2.0/keys`,
  kerberos_endpoint: `${login}/${authority}/kerberos`,
  userinfo_endpoint: "https://graph.microsoft.com/oidc/userinfo",
  token_endpoint_auth_methods_supported: [
    "client_secret_post",
    "private_key_jwt",
    "client_secret_basic",
    "self_signed_tls_client_auth"
  ],
  response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
  scopes_supported: ["openid", "profile", "email", "offline_access"],
  request_uri_parameter_supported: false,
  mtls_endpoint_aliases: { token_endpoint: `https://mtlsauth.microsoft.com/${authority}/oauth2/v2.0/token` },
  tls_client_certificate_bound_access_tokens: true,
  claims_supported: [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "preferred_username",
    "name",
    "tid",
    "ver"
  ]
})

const source = "https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc"

export const entraV1: Provider = {
  name: "Entra ID, version 1",
  issuer: `${login}/${tenant}`,
  documents: [{
    url: `${login}/${tenant}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      ...common,
      issuer: `https://sts.windows.net/${tenant}/`,
      authorization_endpoint: `${login}/${tenant}/oauth2/authorize`,
      token_endpoint: `${login}/${tenant}/oauth2/token`,
      device_authorization_endpoint: `${login}/${tenant}/oauth2/devicecode`,
      end_session_endpoint: `${login}/${tenant}/oauth2/logout`,
      check_session_iframe: `${login}/${tenant}/oauth2/checksession`,
      userinfo_endpoint: `${login}/${tenant}/openid/userinfo`,
      jwks_uri: `${login}/common/discovery/keys`,
      token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
      response_types_supported: ["code", "id_token", "code id_token", "token id_token", "token"],
      scopes_supported: ["openid"],
      microsoft_multi_refresh_token: true,
      tenant_region_scope: "NA",
      claims_supported: ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name"]
    },
    errors: ["pkce_not_supported"]
  }],
  source: "https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens",
  date: "2026-07",
  issuerPolicy: { _tag: "expected", issuer: `https://sts.windows.net/${tenant}/` },
  repairs: ["pkce"],
  unaided: "IssuerMismatch",
  beyondRepair: []
}

export const entraV2: Provider = {
  name: "Entra ID, version 2",
  issuer: `${login}/${tenant}/v2.0`,
  documents: [{
    url: `${login}/${tenant}/v2.0/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: { ...v2(tenant), issuer: `${login}/${tenant}/v2.0`, tenant_region_scope: "NA" },
    errors: ["pkce_not_supported"]
  }],
  source,
  date: "2026-10",
  issuerPolicy: { _tag: "exact" },
  repairs: ["pkce"],
  unaided: "Found",
  beyondRepair: []
}

export const entraCommon: Provider = {
  name: "Entra ID, version 2, common",
  issuer: `${login}/common/v2.0`,
  documents: [{
    url: `${login}/common/v2.0/.well-known/openid-configuration`,
    form: "openid-configuration",
    // The placeholder is literal: the tenant is known only after a user has logged in.
    json: { ...v2("common"), issuer: `${login}/{tenantid}/v2.0`, tenant_region_scope: null },
    errors: ["pkce_not_supported"]
  }],
  source,
  date: "2026-10",
  issuerPolicy: { _tag: "template", template: `${login}/{tenantid}/v2.0` },
  repairs: ["pkce"],
  unaided: "IssuerMismatch",
  beyondRepair: []
}
