/**
 * Preset for Casdoor.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The origin of the server", "https://door.example.com"),
  audience: Preset.optional(Preset.list(Preset.text(
    "The client IDs that are accepted as audience, for clients that do not send the parameter resource",
    "notes-client"
  )))
}

/**
 * Casdoor. All applications have one issuer and one key. Refresh tokens are JWTs with the same audience, so that the preset
 * demands the claim `tokenType` of access tokens.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "casdoor",
  title: "Casdoor",
  parameters,
  settings: ({ audience, url }) => ({
    issuer: url,
    verification: {
      method: "jwt",
      options: {
        audience: audience === undefined ? AudiencePolicy.resource : AudiencePolicy.anyOf(...audience),
        accessTokenMark: { claim: "tokenType", equals: "access-token" }
      }
    }
  }),
  facts: {
    tokens: "Always a JWT, with the whole record of the user. The ID token is the access token.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "yes",
    resourceIndicators: "yes",
    dpop: "yes",
    idJag: "no",
    tokenExchange: "unknown",
    steps: [
      "Create an application, and choose the token format JWT or JWT-Standard. Do not choose JWT-Custom.",
      "Add the scopes of the MCP server to the application.",
      "If clients do not send the parameter resource, set the parameter audience to their client IDs."
    ],
    clients: "Clients can register dynamically. They should send the parameter resource.",
    limits: [
      "An ID token cannot be told from an access token, because Casdoor issues one token as both.",
      "The format JWT-Custom can keep the type of an access token in refresh tokens. Tokens with the claim TokenType of " +
      "another kind are refused.",
      "Scopes that a client separates by commas, instead of spaces, are read as one scope.",
      "With client IDs as audience, every client with one of these IDs is accepted, for any purpose of its tokens."
    ],
    overrides: [],
    sources: [
      {
        fact:
          "Refresh tokens are JWTs with the issuer, audience and key of access tokens, and tokenType refresh-token.",
        source: "https://github.com/casdoor/casdoor/blob/master/object/token_jwt.go",
        date: "2026-08-22",
        confidence: "source code"
      },
      {
        fact: "The audience is the resource if the client sent one, or else the client ID.",
        source: "https://github.com/casdoor/casdoor/blob/master/object/token_jwt.go",
        date: "2026-08-22",
        confidence: "source code"
      },
      {
        fact: "The scopes are those of the request as it was written, so that commas can separate them.",
        source: "https://github.com/casdoor/casdoor",
        date: "2026-08-22",
        confidence: "source code"
      }
    ]
  },
  fingerprint: ({ token_endpoint }) =>
    typeof token_endpoint === "string" && token_endpoint.endsWith("/api/login/oauth/access_token")
      ? "certain"
      : undefined
})
