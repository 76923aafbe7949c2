import type { Provider } from "./model.ts"

const issuer = "https://oauth.platform.intuit.com/op/v1"

export const intuit: Provider = {
  name: "Intuit",
  issuer,
  documents: [{
    // Another host, and an underscore: the URL does not follow from the issuer.
    url: "https://developer.api.intuit.com/.well-known/openid_configuration",
    form: "other",
    json: {
      issuer,
      authorization_endpoint: "https://appcenter.intuit.com/connect/oauth2",
      token_endpoint: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
      userinfo_endpoint: "https://accounts.platform.intuit.com/v1/openid_connect/userinfo",
      revocation_endpoint: "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid", "email", "profile", "address", "phone"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
      claims_supported: ["aud", "exp", "iat", "iss", "realmid", "sub"]
    },
    errors: ["pkce_not_supported"]
  }],
  source:
    "https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-openid-discovery-doc",
  date: "2026-10",
  issuerPolicy: { _tag: "exact" },
  // Intuit does not document that it checks code_verifier, so no repair may claim it.
  repairs: [],
  unaided: "Miss",
  beyondRepair: ["pkce_not_supported"]
}
