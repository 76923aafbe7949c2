/**
 * Preset for Cloudflare Access.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the team", "https://acme.cloudflareaccess.com"),
  audience: Preset.list(Preset.text(
    "The application audience (AUD) tags of the Access applications in front of the MCP server",
    "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"
  ))
}

/**
 * Cloudflare Access in front of the MCP server. It sends its token in the header `Cf-Access-Jwt-Assertion`: set the option
 * `tokenHeaders` of the resource to it.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "cloudflare-access",
  title: "Cloudflare Access",
  parameters,
  settings: ({ audience, url }) => ({
    issuer: url,
    metadata: { issuer: url, jwksUri: `${url}/cdn-cgi/access/certs` },
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        audience: AudiencePolicy.anyOf(...audience),
        accessTokenMark: { claim: "type", equals: "app" }
      }
    }
  }),
  facts: {
    tokens: "A JWT for an application of Access, which Cloudflare adds to each request. It has no scope.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Add a self-hosted application of Access for the host of the MCP server, with a policy for its users.",
      "Copy the application audience (AUD) tag to the parameter audience.",
      "Set the option `tokenHeaders: [\"Cf-Access-Jwt-Assertion\"]`, or `MCP_AUTH_TOKEN_HEADERS`.",
      "Make sure that requests reach the server only through Cloudflare."
    ],
    clients: "Users log in at Cloudflare before a request reaches the server. The server sees no login of MCP.",
    limits: [
      "Tokens have no scopes. `requiredScopes` and `Policy.scopes` refuse all of them. Use policies about the claim email.",
      "Without the option tokenHeaders, the header of Cloudflare is not read.",
      "Requests of Access service tokens are refused, because their token has an empty subject.",
      "Access for SaaS, which is an OpenID provider with another issuer, is another product."
    ],
    overrides: [],
    sources: [
      {
        fact: "Tokens have the issuer of the team, the AUD tag as audience, and the type app. The algorithm is RS256.",
        source:
          "https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/application-token/",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The header is Cf-Access-Jwt-Assertion. Keys are at /cdn-cgi/access/certs, and rotate every six weeks.",
        source:
          "https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/",
        date: "2026-05-06",
        confidence: "documented"
      },
      {
        fact: "The token of a service token has common_name, and an empty subject.",
        source: "https://docs.rs/cf-access",
        date: "2025-03-30",
        confidence: "reported"
      }
    ]
  },
  // Access publishes no metadata document.
  fingerprint: () => undefined
})
