/**
 * Preset for Duende IdentityServer.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The issuer of the server, in lower case", "https://id.example.com"),
  audience: Preset.optional(
    Preset.text("The name of the API resource, if it is not the URL of the MCP server", "notes")
  )
}

/**
 * Duende IdentityServer, and its predecessor IdentityServer4. Access tokens are JWTs (RFC 9068) whose audience is the name
 * of an API resource.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "duende",
  title: "Duende IdentityServer",
  parameters,
  settings: ({ audience, url }) => ({
    issuer: url,
    verification: {
      method: "jwt",
      options: {
        typ: "rfc9068",
        audience: audience === undefined ? AudiencePolicy.resource : AudiencePolicy.anyOf(audience)
      }
    },
    roles: [["role"], ["roles"]]
  }),
  facts: {
    tokens: "A JWT of the type at+jwt. A client can be configured to get reference tokens, which are opaque.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "optional",
    resourceIndicators: "yes",
    dpop: "yes",
    idJag: "no",
    tokenExchange: "optional",
    steps: [
      "Add an API resource. Name it by the URL of the MCP server, or set the parameter audience to its name.",
      "Add its scopes to the API resource. An API scope alone gives tokens without an audience.",
      "Register clients by hand, or install the add-on for dynamic registration."
    ],
    clients: "Clients are registered by hand, unless the add-on is installed.",
    limits: [
      "Tokens without an audience are refused. They are issued if a scope belongs to no API resource.",
      "Reference tokens are refused. Set the access token type of the client to JWT.",
      "Resource indicators need an edition of Duende IdentityServer that includes resource isolation."
    ],
    overrides: [],
    sources: [
      {
        fact: "Access tokens have the type at+jwt, the names of API resources as audience, and a list of scopes.",
        source: "https://github.com/DuendeSoftware/products",
        date: "2026-07-23",
        confidence: "source code"
      },
      {
        fact: "The metadata is at the well-known URLs of OpenID Connect Discovery and RFC 8414.",
        source: "https://github.com/DuendeSoftware/products",
        date: "2026-07-23",
        confidence: "source code"
      },
      {
        fact: "Token exchange is an extension grant, which the operator must implement.",
        source: "https://docs.duendesoftware.com/identityserver/tokens/extension-grants",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri, token_endpoint }) =>
    typeof issuer === "string" && jwks_uri === `${issuer}/.well-known/openid-configuration/jwks` &&
      token_endpoint === `${issuer}/connect/token`
      ? "certain"
      : undefined
})
