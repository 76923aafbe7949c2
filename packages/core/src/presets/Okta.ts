/**
 * Preset for a custom authorization server of Okta.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The domain of the organization", "example.okta.com"),
  server: Preset.optional(
    Preset.name("The ID of the custom authorization server. Default: default", "aus8aus76q8iphupD0h7")
  ),
  audience: Preset.optional(
    Preset.list(
      Preset.text("The audience of the authorization server, if it is not the URL of the MCP server", "api://notes")
    )
  )
}

/**
 * A custom authorization server of Okta. It has one audience for all its access tokens, which must be the URL of the MCP server,
 * or is the parameter `audience`. The organization's own server is the preset `okta-org`, which is refused.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "okta",
  title: "Okta",
  parameters,
  settings: ({ audience, domain, server = "default" }) => ({
    issuer: `https://${domain}/oauth2/${server}`,
    verification: {
      method: "jwt",
      options: { audience: audience === undefined ? AudiencePolicy.resource : AudiencePolicy.anyOf(...audience) }
    },
    roles: [["groups"]]
  }),
  facts: {
    tokens: "Always a JWT. Scopes are the list scp, and the client is cid. The subject is the login name of the user.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "optional",
    resourceIndicators: "optional",
    dpop: "yes",
    idJag: "yes",
    tokenExchange: "yes",
    steps: [
      "In Security, API, add an authorization server for this MCP server. Its audience is the URL of the MCP server.",
      "Add a scope for each permission.",
      "Add an access policy and a rule. Without them, no client gets a token.",
      "Add a claim groups for access tokens, if you use roles.",
      "Register each client, and assign users to it."
    ],
    clients:
      "Clients are registered by hand. Dynamic registration needs a token of an administrator. Metadata documents are " +
      "for AI agents only.",
    limits: [
      "All tokens of an authorization server have one audience. Use one authorization server for each MCP server.",
      "The parameter resource is used only in organizations with Okta for AI Agents.",
      "The subject is the login name. A name that is given to another person later is the same subject. The claim uid stays with the user.",
      "The server called default has the audience api://default, unless you change it."
    ],
    overrides: [
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason:
          "Only with the parameter audience: an authorization server that existed before may have another audience.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "Metadata is at the inserted RFC 8414 URL since June 2026, and at the appended URLs.",
        source: "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/customas",
        date: "2026-06",
        confidence: "documented"
      },
      {
        fact: "Access tokens have the claims scp (a list), cid and uid. A client that acts for itself is the subject.",
        source: "Access tokens in public documentation of several projects, Okta's own samples among them",
        date: "2026-08",
        confidence: "reported"
      },
      {
        fact: "The parameter resource, ID-JAG and agents need Okta for AI Agents.",
        source: "https://developer.okta.com/docs/release-notes/2026/",
        date: "2026-08",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri, response_modes_supported }) => {
    if (typeof issuer !== "string" || !/^https:\/\/[^/]+\/oauth2\/[^/]+$/.test(issuer)) return undefined
    if (jwks_uri !== `${issuer}/v1/keys`) return undefined
    return Array.isArray(response_modes_supported) && response_modes_supported.includes("okta_post_message")
      ? "certain"
      : "likely"
  }
})
