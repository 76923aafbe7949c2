/**
 * Preset for Authelia.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the Authelia portal", "https://auth.example.com")
}

/**
 * Authelia. Access tokens are JWTs as in RFC 9068 if the client has a signing algorithm for them, and otherwise opaque.
 * Their audience is the requested resource, which the configuration of the client must list.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "authelia",
  title: "Authelia",
  parameters,
  settings: ({ url }) => ({
    issuer: url,
    verification: { method: "jwt", options: { typ: "rfc9068", scopeClaims: ["scope", "scp"] } },
    roles: [["groups"]]
  }),
  facts: {
    tokens: "Opaque by default. With access_token_signed_response_alg, a JWT of the type at+jwt.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "yes",
    dpop: "no",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Register each MCP client under identity_providers.oidc.clients, with its redirect URIs.",
      "Add the URL of the MCP server to the list audience of the client.",
      "Set access_token_signed_response_alg of the client, for example to RS256.",
      "Add the scopes that the client may request to its list scopes."
    ],
    clients: "Clients cannot register. The user of a client must enter a client ID from the configuration of Authelia.",
    limits: [
      "Opaque tokens are refused: set access_token_signed_response_alg for each client.",
      "A client must request the resource, unless requested_audience_mode of the client is implicit.",
      "Groups are in access tokens only if a claims policy adds them."
    ],
    overrides: [],
    sources: [
      {
        fact: "Signed access tokens follow RFC 9068. Without a signing algorithm, access tokens are opaque.",
        source: "https://www.authelia.com/configuration/identity-providers/openid-connect/clients/",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "The audience must be listed for the client. The resource parameter (RFC 8707) is supported.",
        source: "https://www.authelia.com/integration/openid-connect/introduction/",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "Both metadata documents are published. Responses name the issuer.",
        source: "https://github.com/authelia/authelia",
        date: "2026-08",
        confidence: "source code"
      },
      {
        fact: "Access tokens also state their scopes in scp.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ authorization_endpoint, issuer, token_endpoint }) => {
    if (typeof issuer !== "string") return undefined
    return authorization_endpoint === `${issuer}/api/oidc/authorization` &&
        token_endpoint === `${issuer}/api/oidc/token`
      ? "certain"
      : undefined
  }
})
