/**
 * Preset for the organization's authorization server of Okta, which cannot be used.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The domain of the organization", "example.okta.com")
}

/**
 * The organization's own authorization server of Okta. It is refused: its access tokens are for Okta's own API, and Okta
 * forbids to validate them elsewhere. Use a custom authorization server, with the preset `okta`.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "okta-org",
  title: "Okta, organization server",
  parameters,
  settings: ({ domain }) => ({
    refused:
      `the access tokens of https://${domain} are for Okta's own API, and Okta forbids other services to validate ` +
      "them; add a custom authorization server in Security, API, and use the preset \"okta\" with its ID as parameter \"server\""
  }),
  facts: {
    tokens: "A JWT for Okta's own API. Okta may change its content at any time.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "optional",
    resourceIndicators: "no",
    dpop: "yes",
    idJag: "optional",
    tokenExchange: "yes",
    steps: ["Add a custom authorization server, and use the preset okta."],
    clients: "Clients cannot use an MCP server with this authorization server.",
    limits: ["The server has no custom scopes and no audience of yours."],
    overrides: [],
    sources: [
      {
        fact:
          "Access tokens of the organization server are for Okta only, and must not be validated by other services.",
        source: "https://developer.okta.com/docs/concepts/auth-servers/",
        date: "2026-08",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri }) => {
    if (typeof issuer !== "string" || !/^https:\/\/[^/]+$/.test(issuer)) return undefined
    if (jwks_uri !== `${issuer}/oauth2/v1/keys`) return undefined
    return /\.(?:okta|oktapreview|okta-emea)\.com$/.test(issuer) ? "certain" : "likely"
  }
})
