/**
 * Preset for Google.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { numberOf, present } from "./internal/responseMembers.ts"
import { asBearer, tokenCheck } from "./internal/tokenCheck.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  clientIds: Preset.list(
    Preset.text(
      "The OAuth client IDs of your Google Cloud project whose tokens are accepted",
      "1234567890-abc.apps.googleusercontent.com"
    )
  )
}

const issuer = "https://accounts.google.com"

/**
 * Google. Access tokens are opaque, and have no audience but the client that they were issued to. The token information
 * endpoint of Google describes them, and their client must be one of yours.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "google",
  title: "Google",
  parameters,
  settings: ({ clientIds }) => ({
    issuer,
    verification: {
      method: "custom",
      verifier: tokenCheck({
        handles: (token) => /^ya29\.[\w.-]+$/.test(token),
        // The service also reads the token from the query. A header keeps it out of logs.
        url: "https://oauth2.googleapis.com/tokeninfo",
        method: "POST",
        authorize: asBearer,
        rejects: [400, 401],
        claimsOf: ({ aud, azp, email, email_verified, exp, scope, sub }) =>
          present({ iss: issuer, aud, azp, sub, scope, exp: numberOf(exp), email, email_verified })
      }, { audience: AudiencePolicy.anyOf(...clientIds), scopeClaims: ["scope"] })
    }
  }),
  facts: {
    tokens: "Always opaque, with the prefix ya29. The ID token is a JWT and is not accepted.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Create an OAuth client for each MCP client in the Google Cloud console, and configure the consent screen.",
      "Set clientIds to the IDs of these clients, and of no others.",
      "Let clients request the scope openid, so that Google names the user, and email if you need the address."
    ],
    clients:
      "Clients cannot register. Each user of a client must enter a client ID, and often a secret, of your project.",
    limits: [
      "Every client in clientIds may act as its users here. A token that such a client got for a Google API is accepted too.",
      "Scopes are those of Google. You cannot define scopes of your own, so use policies about the user.",
      "A token without the scope openid names no user, and shares no session with another token.",
      "A response about a token is cached for 30 seconds. A revoked token is accepted for that long.",
      "A change of the prefix of access tokens makes this preset refuse them."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "Google issues no audience for other APIs. The audience must be one of your own clients instead.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "The metadata has no introspection endpoint and no registration endpoint, and advertises PKCE with S256.",
        source: "https://accounts.google.com/.well-known/openid-configuration",
        date: "2026-09",
        confidence: "captured"
      },
      {
        fact: "The token information has aud, azp, sub, scope and exp. The client library sends the token in a header.",
        source: "https://github.com/googleapis/google-auth-library-nodejs",
        date: "2026-11",
        confidence: "source code"
      },
      {
        fact: "Access tokens begin with ya29.",
        source: "https://developers.google.com/identity/protocols/oauth2",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "The resource parameter is ignored.",
        source: "No source names the parameter.",
        date: "2026-11",
        confidence: "inferred"
      }
    ]
  },
  fingerprint: (document) => document["issuer"] === issuer ? "certain" : undefined
})
