/**
 * Preset for GitHub.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { memberOf } from "../fetch/internal/documentBody.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../token/ClientAuthentication.ts"
import { present, wordsOf } from "./internal/responseMembers.ts"
import { tokenCheck } from "./internal/tokenCheck.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  clientId: Preset.name("The client ID of your OAuth app or GitHub App", "Iv23liExample0000000"),
  clientSecret: Preset.secret("The client secret of the app")
}

const issuer = "https://github.com/login/oauth"

/** The expiry, in seconds since 1970. Absent: the token does not expire. */
const expiryOf = (value: Schema.Json | undefined): Schema.Json | undefined => {
  if (value === undefined || value === null) return undefined
  const expiry = typeof value === "string" ? DateTime.make(value) : Option.none()
  // The claim rules refuse an expiry that cannot be read.
  return Option.isSome(expiry) ? Math.floor(expiry.value.epochMilliseconds / 1000) : "unreadable"
}

/**
 * GitHub. Access tokens are opaque and have no audience, so each token is checked with the credentials of your own app:
 * GitHub then describes only tokens that were issued to this app.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "github",
  title: "GitHub",
  parameters,
  settings: ({ clientId, clientSecret }) => ({
    issuer,
    verification: {
      method: "custom",
      verifier: tokenCheck({
        // Tokens of OAuth apps and of GitHub Apps for users. Personal access tokens belong to no app.
        handles: (token) => /^gh[ou]_\w+$/.test(token),
        url: `https://api.github.com/applications/${clientId}/token`,
        method: "POST",
        authorize: (request, token) =>
          Effect.map(
            ClientAuthentication.clientSecretBasic(clientId, clientSecret).prove(issuer),
            ({ headers }) =>
              request.pipe(
                HttpClientRequest.accept("application/vnd.github+json"),
                HttpClientRequest.setHeaders({ ...headers, "x-github-api-version": "2022-11-28" }),
                HttpClientRequest.bodyJsonUnsafe({ access_token: Redacted.value(token) })
              )
          ),
        rejects: [404],
        // The response repeats the token, so that only these members are read.
        claimsOf: ({ app, expires_at, scopes, user }) => {
          const id = memberOf(user, "id")
          return present({
            iss: issuer,
            client_id: memberOf(app, "client_id"),
            sub: typeof id === "number" ? String(id) : undefined,
            login: memberOf(user, "login"),
            scope: wordsOf(scopes).join(" "),
            exp: expiryOf(expires_at)
          })
        }
      }, { audience: AudiencePolicy.noneButClients(clientId), scopeClaims: ["scope"], acceptWithoutExpiry: true })
    }
  }),
  facts: {
    tokens: "Always opaque: gho_ for users of OAuth apps, ghu_ for users of GitHub Apps.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Register an OAuth app or a GitHub App, with the redirect URIs of your MCP clients.",
      "Create a client secret, and set clientId and clientSecret.",
      "Give the client ID to the users of MCP clients, because clients cannot register."
    ],
    clients:
      "Clients cannot register. All clients share your app: its client ID and, at GitHub, its client secret to log in.",
    limits: [
      "Tokens of other apps, personal access tokens and installation tokens are refused.",
      "Tokens of an OAuth app do not expire. They are accepted until they are revoked, and up to 30 seconds longer.",
      "Scopes are those of GitHub. Tokens of a GitHub App have permissions instead, and no scopes.",
      "The subject is the number of the user account. The claim login can change.",
      "Only github.com is covered, not GitHub Enterprise Server and not ghe.com."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "GitHub tokens have no audience. GitHub itself checks that the token was issued to your app.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "The app check needs the credentials of the app, takes gho_ and ghu_ tokens, and answers 404 to any other.",
        source: "https://docs.github.com/en/rest/apps/oauth-applications",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Its response has app, user, scopes, and expires_at if the token expires.",
        source: "https://github.com/octokit/oauth-methods.js",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "The RFC 8414 document has PKCE and the issuer of responses. Only the OpenID document has the key set.",
        source: "https://docs.github.com/en/apps/github-authentication-discovery-endpoints",
        date: "2026-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: (document) => document["issuer"] === issuer ? "certain" : undefined
})
