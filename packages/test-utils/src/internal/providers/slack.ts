import type { Provider } from "./model.ts"

const issuer = "https://slack.com"

export const slack: Provider = {
  name: "Slack",
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    // PKCE is generally available since March 2026, but the document does not advertise it.
    json: {
      issuer,
      authorization_endpoint: `${issuer}/openid/connect/authorize`,
      token_endpoint: `${issuer}/api/openid.connect.token`,
      userinfo_endpoint: `${issuer}/api/openid.connect.userInfo`,
      jwks_uri: `${issuer}/openid/connect/keys`,
      scopes_supported: ["openid", "profile", "email"],
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: ["authorization_code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      claims_supported: ["sub", "auth_time", "iss"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"]
    },
    errors: ["pkce_not_supported"]
  }],
  source: "https://docs.slack.dev/authentication/sign-in-with-slack",
  date: "2026-03",
  issuerPolicy: { _tag: "exact" },
  repairs: ["pkce"],
  unaided: "Found",
  beyondRepair: []
}
