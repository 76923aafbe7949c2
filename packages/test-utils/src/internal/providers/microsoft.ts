import type { Provider } from "./model.ts"

// The tenant of Microsoft's own examples.
const tenantId = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
const host = "https://example-tenant.b2clogin.com"
const tenant = `${host}/example-tenant.onmicrosoft.com`
const flow = `${tenant}/b2c_1_signin`

/** One issuer for all user flows of a tenant, so a URL with a user flow does not match the issuer. */
const b2cIssuer = `${host}/${tenantId}/v2.0/`

const b2c = {
  issuer: b2cIssuer,
  authorization_endpoint: `${flow}/oauth2/v2.0/authorize`,
  token_endpoint: `${flow}/oauth2/v2.0/token`,
  end_session_endpoint: `${flow}/oauth2/v2.0/logout`,
  jwks_uri: `${flow}/discovery/v2.0/keys`,
  response_modes_supported: ["query", "fragment", "form_post"],
  response_types_supported: [
    "code",
    "code id_token",
    "code token",
    "code id_token token",
    "id_token",
    "id_token token",
    "token",
    "token id_token"
  ],
  scopes_supported: ["openid"],
  subject_types_supported: ["pairwise"],
  id_token_signing_alg_values_supported: ["RS256"],
  token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
  claims_supported: ["name", "emails", "sub", "tfp", "iss", "iat", "exp", "aud", "acr", "nonce", "auth_time"]
}

export const azureB2C: Provider = {
  name: "Azure AD B2C",
  issuer: `${flow}/v2.0`,
  documents: [
    {
      url: `${flow}/v2.0/.well-known/openid-configuration`,
      form: "openid-configuration",
      json: b2c,
      errors: ["pkce_not_supported"]
    },
    {
      // The older way to name the user flow.
      url: `${tenant}/v2.0/.well-known/openid-configuration?p=b2c_1_signin`,
      form: "other",
      json: b2c,
      errors: ["pkce_not_supported"]
    }
  ],
  source: "https://learn.microsoft.com/en-us/azure/active-directory-b2c/openid-connect",
  date: "2026-07",
  issuerPolicy: { _tag: "expected", issuer: b2cIssuer },
  repairs: ["pkce"],
  unaided: "IssuerMismatch",
  beyondRepair: []
}

const adfsBase = "https://adfs.example.com/adfs"

export const adfs: Provider = {
  name: "AD FS",
  // The host in the spelling of Windows. Requests use the lower-case host; the issuer is unchanged.
  issuer: "https://ADFS.EXAMPLE.COM/adfs",
  documents: [{
    url: `${adfsBase}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer: "https://ADFS.EXAMPLE.COM/adfs",
      authorization_endpoint: `${adfsBase}/oauth2/authorize/`,
      token_endpoint: `${adfsBase}/oauth2/token/`,
      device_authorization_endpoint: `${adfsBase}/oauth2/devicecode`,
      end_session_endpoint: `${adfsBase}/oauth2/logout`,
      userinfo_endpoint: `${adfsBase}/userinfo`,
      jwks_uri: `${adfsBase}/discovery/keys`,
      token_endpoint_auth_methods_supported: [
        "client_secret_post",
        "client_secret_basic",
        "private_key_jwt",
        "windows_client_authentication"
      ],
      response_types_supported: ["code", "id_token", "code id_token", "id_token token", "code token"],
      response_modes_supported: ["query", "fragment", "form_post"],
      grant_types_supported: [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "implicit",
        "password",
        "srv_challenge",
        "urn:ietf:params:oauth:grant-type:device_code",
        "device_code"
      ],
      subject_types_supported: ["pairwise"],
      scopes_supported: ["allatclaims", "email", "user_impersonation", "logon_cert", "aza", "profile", "openid"],
      id_token_signing_alg_values_supported: ["RS256"],
      token_endpoint_auth_signing_alg_values_supported: ["RS256"],
      // Not an endpoint: an identifier that happens to be an http URL.
      access_token_issuer: "http://ADFS.EXAMPLE.COM/adfs/services/trust",
      claims_supported: ["aud", "iss", "iat", "exp", "auth_time", "nonce", "at_hash", "c_hash", "sub", "upn"],
      microsoft_multi_refresh_token: true,
      capabilities: ["kdf_ver2"],
      as_access_token_token_binding_supported: true
    },
    errors: ["pkce_not_supported"]
  }],
  source: "https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/development/ad-fs-logout-openid-connect",
  date: "2024-12",
  issuerPolicy: { _tag: "exact" },
  repairs: ["pkce"],
  unaided: "Found",
  beyondRepair: []
}
