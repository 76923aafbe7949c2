/**
 * Preset for Slack, which is refused.
 *
 * @since 0.1.0
 */
import * as Preset from "./Preset.ts"

const parameters = {}

/**
 * Slack. It cannot be the authorization server of an MCP server: nothing at Slack says which app an access token was issued
 * to. The preset exists to say so.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "slack",
  title: "Slack",
  parameters,
  settings: () => ({
    refused:
      "the access tokens of Slack are for the Slack API alone, and Slack does not say which app a token was issued " +
      "to, so a token of any Slack app would be accepted; use an authorization server that signs users in with Slack"
  }),
  facts: {
    tokens: "Always opaque, with prefixes such as xoxp- and xoxb-. They have no audience.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "unknown",
    tokenExchange: "no",
    steps: [
      "Use an authorization server that issues tokens for your MCP server, and add Slack to it as an identity provider.",
      "If tools call the Slack API, store the user's Slack token in your server, apart from its access token for MCP."
    ],
    clients: "Clients cannot use Slack as authorization server for your MCP server.",
    limits: [
      "auth.test names the user and the workspace of a token. For user tokens, no documented member names the app.",
      "An ID token names the app as audience, but MCP clients send access tokens."
    ],
    overrides: [],
    sources: [
      {
        fact: "The documented response of auth.test has url, team, user, team_id and user_id, and bot_id for bots.",
        source: "https://docs.slack.dev/reference/methods/auth.test",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The type of the response in the Slack SDK has an optional app_id. No source says when it is present.",
        source: "https://docs.slack.dev/tools/node-slack-sdk/reference/web-api/type-aliases/AuthTestResponse",
        date: "2026-11",
        confidence: "unverified"
      },
      {
        fact: "Only the OpenID document is published, without PKCE and registration.",
        source: "https://docs.slack.dev/authentication/sign-in-with-slack",
        date: "2026-03",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ issuer }) => issuer === "https://slack.com" ? "certain" : undefined
})
