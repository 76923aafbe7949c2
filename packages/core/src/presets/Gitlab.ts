/**
 * Preset for GitLab.
 *
 * @since 0.1.0
 */
import { memberOf } from "../fetch/internal/documentBody.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { numberOf, present, wordsOf } from "./internal/responseMembers.ts"
import { asBearer, tokenCheck } from "./internal/tokenCheck.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the GitLab instance", "https://gitlab.com"),
  clientIds: Preset.list(
    Preset.text("The IDs of the GitLab applications whose tokens are accepted", "1cb242f495280beb4291e64bee2a17f3")
  )
}

/**
 * GitLab. Access tokens are opaque and have no audience. GitLab names the user and the application of a token, and the
 * application must be one of yours.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "gitlab",
  title: "GitLab",
  parameters,
  settings: ({ clientIds, url }) => ({
    issuer: url,
    verification: {
      method: "custom",
      verifier: tokenCheck({
        handles: (token) => /^(?:[A-Za-z]\w*-)?[0-9a-f]{64}$/.test(token),
        url: `${url}/oauth/token/info`,
        method: "GET",
        authorize: asBearer,
        rejects: [400, 401],
        claimsOf: ({ application, created_at, expires_in, resource_owner_id, scope }, now) => {
          const remaining = numberOf(expires_in)
          return present({
            iss: url,
            client_id: memberOf(application, "uid"),
            sub: typeof resource_owner_id === "number" ? String(resource_owner_id) : undefined,
            scope: wordsOf(scope).join(" "),
            iat: numberOf(created_at),
            exp: remaining === undefined ? undefined : now + remaining
          })
        }
      }, { audience: AudiencePolicy.noneButClients(...clientIds), scopeClaims: ["scope"] })
    }
  }),
  facts: {
    tokens: "Always opaque: 64 hexadecimal digits. They expire after two hours.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "yes",
    resourceIndicators: "no",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "no",
    steps: [
      "Create an application for your MCP clients, for the instance, a group or a user, with their redirect URIs.",
      "Choose the scopes of the application, such as openid and read_user.",
      "Set clientIds to the ID of this application."
    ],
    clients:
      "GitLab lets clients register. Tokens of clients that registered themselves are refused, because their IDs are " +
      "unknown here. Users must enter the ID of your application.",
    limits: [
      "Introspection is not used: it describes only tokens of the asking application, and names no user.",
      "Tokens for the user account itself, such as personal access tokens, are refused.",
      "Scopes are those of GitLab. You cannot define scopes of your own. Group membership is not in the token.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "GitLab tokens have no audience. The token must have been issued to one of your applications instead.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "The response of /oauth/token/info has resource_owner_id, scope, expires_in, application.uid and created_at.",
        source: "https://docs.gitlab.com/api/oauth2/#retrieve-the-token-information",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Tokens are hexadecimal and expire after 7200 seconds.",
        source: "https://gitlab.com/gitlab-org/gitlab/-/blob/master/config/initializers/doorkeeper.rb",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "An introspection response has no subject, and is inactive for tokens of another application.",
        source: "https://github.com/doorkeeper-gem/doorkeeper/blob/main/lib/doorkeeper/oauth/token_introspection.rb",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "Both metadata documents have a registration endpoint and advertise PKCE with S256.",
        source: "https://gitlab.com/.well-known/oauth-authorization-server",
        date: "2026-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ claims_supported, issuer, registration_endpoint }) => {
    if (issuer === "https://gitlab.com") return "certain"
    if (Array.isArray(claims_supported) && claims_supported.includes("https://gitlab.org/claims/groups/owner")) {
      return "certain"
    }
    return typeof issuer === "string" && registration_endpoint === `${issuer}/oauth/register` ? "likely" : undefined
  }
})
