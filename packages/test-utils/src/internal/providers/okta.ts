import type { Provider } from "./model.ts"

const org = "https://example-tenant.okta.com"

const authMethods = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]
const requestObjectAlgorithms = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]

/** The members of both kinds of Okta's authorization servers, with their endpoints below `base`. */
const oauth = (issuer: string, base: string) => ({
  issuer,
  authorization_endpoint: `${base}/v1/authorize`,
  token_endpoint: `${base}/v1/token`,
  jwks_uri: `${base}/v1/keys`,
  registration_endpoint: `${org}/oauth2/v1/clients`,
  introspection_endpoint: `${base}/v1/introspect`,
  introspection_endpoint_auth_methods_supported: authMethods,
  revocation_endpoint: `${base}/v1/revoke`,
  revocation_endpoint_auth_methods_supported: authMethods,
  end_session_endpoint: `${base}/v1/logout`,
  device_authorization_endpoint: `${base}/v1/device/authorize`,
  pushed_authorization_request_endpoint: `${base}/v1/par`,
  response_types_supported: ["code", "token", "id_token", "code id_token", "code token", "id_token token"],
  response_modes_supported: ["query", "fragment", "form_post", "okta_post_message"],
  grant_types_supported: [
    "authorization_code",
    "implicit",
    "refresh_token",
    "password",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code"
  ],
  subject_types_supported: ["public"],
  scopes_supported: ["openid", "profile", "email", "address", "phone", "offline_access"],
  token_endpoint_auth_methods_supported: authMethods,
  code_challenge_methods_supported: ["S256"],
  request_parameter_supported: true,
  request_object_signing_alg_values_supported: requestObjectAlgorithms,
  dpop_signing_alg_values_supported: ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
})

/** The members that OpenID Connect adds. */
const openid = (base: string) => ({
  userinfo_endpoint: `${base}/v1/userinfo`,
  id_token_signing_alg_values_supported: ["RS256"],
  claims_supported: [
    "iss",
    "ver",
    "sub",
    "aud",
    "iat",
    "exp",
    "jti",
    "auth_time",
    "amr",
    "idp",
    "nonce",
    "name",
    "email"
  ]
})

const orgBase = `${org}/oauth2`

export const oktaOrg: Provider = {
  name: "Okta, org authorization server",
  issuer: org,
  documents: [
    {
      url: `${org}/.well-known/oauth-authorization-server`,
      form: "oauth-authorization-server",
      json: oauth(org, orgBase),
      errors: []
    },
    {
      url: `${org}/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: { ...oauth(org, orgBase), ...openid(orgBase) },
      errors: []
    }
  ],
  source: "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/orgas",
  date: "2026-06",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}

const custom = `${org}/oauth2/default`

export const oktaCustom: Provider = {
  name: "Okta, custom authorization server",
  issuer: custom,
  documents: [
    {
      // Since June 2026. Before, the appended form was the only one.
      url: `${org}/.well-known/oauth-authorization-server/oauth2/default`,
      form: "oauth-authorization-server",
      json: oauth(custom, custom),
      errors: []
    },
    {
      url: `${custom}/.well-known/oauth-authorization-server`,
      form: "oauth-authorization-server-appended",
      json: oauth(custom, custom),
      errors: []
    },
    {
      url: `${custom}/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: { ...oauth(custom, custom), ...openid(custom) },
      errors: []
    }
  ],
  source: "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/customas",
  date: "2026-06",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
