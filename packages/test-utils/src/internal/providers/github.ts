import type { Provider } from "./model.ts"

const issuer = "https://github.com/login/oauth"

const common = {
  issuer,
  authorization_endpoint: "https://github.com/login/oauth/authorize",
  token_endpoint: "https://github.com/login/oauth/access_token",
  device_authorization_endpoint: "https://github.com/login/device/code",
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
}

export const github: Provider = {
  name: "GitHub",
  issuer,
  documents: [
    {
      // PKCE, and no key set.
      url: "https://github.com/.well-known/oauth-authorization-server/login/oauth",
      form: "oauth-authorization-server",
      json: {
        ...common,
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        scopes_supported: ["offline_access"]
      },
      errors: []
    },
    {
      // The key set, and no PKCE.
      url: "https://github.com/login/oauth/.well-known/openid-configuration",
      form: "openid-configuration",
      json: {
        ...common,
        jwks_uri: "https://github.com/login/oauth/.well-known/jwks",
        response_modes_supported: ["query"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        claims_supported: ["sub", "aud", "exp", "iat", "iss"],
        scopes_supported: ["openid", "offline_access"]
      },
      errors: ["pkce_not_supported"]
    }
  ],
  source: "https://docs.github.com/en/apps/github-authentication-discovery-endpoints",
  date: "2026-10",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
