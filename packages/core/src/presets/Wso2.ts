/**
 * Preset for Asgardeo and WSO2 Identity Server.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url(
    "The base URL, with the organization: `https://api.asgardeo.io/t/acme`, or `https://id.example.com:9443` of a server",
    "https://api.asgardeo.io/t/acme"
  ),
  audience: Preset.list(Preset.text(
    "The audiences of access tokens: client IDs, or an audience that the applications add",
    "https://api.example.com/mcp"
  ))
}

/**
 * Asgardeo and WSO2 Identity Server. The audience of access and ID tokens is the client ID, unless the application adds one.
 * The preset demands the claim `aut`, which only access tokens have.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "wso2",
  title: "Asgardeo and WSO2 Identity Server",
  parameters,
  settings: ({ audience, url }) => ({
    issuer: `${url}/oauth2/token`,
    type: "oidc",
    verification: {
      method: "jwt",
      options: { audience: AudiencePolicy.anyOf(...audience), accessTokenMark: { claim: "aut" } }
    },
    roles: [["roles"], ["groups"]]
  }),
  facts: {
    tokens: "A JWT if the application has the access token type JWT. The default of WSO2 Identity Server is opaque.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "optional",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "optional",
    steps: [
      "In the protocol settings of each application, choose the access token type JWT.",
      "Add the URL of the MCP server to the audiences of the application, and to the parameter audience.",
      "Add an API resource with the scopes of the MCP server, and authorize the applications for it."
    ],
    clients: "Applications are registered by hand, or dynamically if the operator allows it.",
    limits: [
      "Opaque tokens are refused. Their introspection also accepts refresh tokens, and names the user `username`.",
      "With client IDs as audience, an access token for another API of the same application is accepted, too.",
      "The claim aut as the mark of access tokens is reported, and not documented for all versions."
    ],
    overrides: [],
    sources: [
      {
        fact: "The issuer is the URL of the token endpoint.",
        source: "https://is.docs.wso2.com/en/latest/guides/authentication/oidc/discover-oidc-configs/",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "Access tokens have the claim aut: APPLICATION, APPLICATION_USER or AGENT. Its absence in ID tokens.",
        source: "https://wso2.com/asgardeo/docs/references/token-introspection/",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "The audience is the client ID, and applications can add audiences.",
        source: "https://wso2.com/asgardeo/docs/references/app-settings/oidc-settings-for-app/",
        date: "2026-11",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ issuer, token_endpoint }) =>
    typeof issuer === "string" && issuer.endsWith("/oauth2/token") && token_endpoint === issuer ? "certain" : undefined
})
