/**
 * Preset for OpenIddict.
 *
 * @since 0.1.0
 */
import * as IssuerPolicy from "../discovery/IssuerPolicy.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The URL of the server, without a slash at the end", "https://id.example.com"),
  audience: Preset.optional(Preset.text("The resource of the server, if it is not the URL of the MCP server", "notes"))
}

/**
 * OpenIddict, a framework for ASP.NET Core. Its access tokens are encrypted by default. Disable that, because only the
 * server itself can read encrypted tokens.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "openiddict",
  title: "OpenIddict",
  parameters,
  settings: ({ audience, url }) => ({
    issuer: url,
    // The issuer is a URI of .NET, which has a slash after a host without a path.
    issuerPolicy: IssuerPolicy.rootSlash,
    verification: {
      method: "jwt",
      options: {
        typ: "rfc9068",
        audience: audience === undefined ? AudiencePolicy.resource : AudiencePolicy.anyOf(audience)
      }
    },
    roles: [["role"]]
  }),
  facts: {
    tokens: "Encrypted by default (JWE). Without encryption, a JWT of the type at+jwt.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "unknown",
    dpop: "no",
    idJag: "no",
    tokenExchange: "unknown",
    steps: [
      "Call `DisableAccessTokenEncryption()` on the server builder.",
      "Call `SetResources` on the principal with the URL of the MCP server, or set the parameter audience to the resource.",
      "Register the scopes of the MCP server, and the applications that may request them."
    ],
    clients: "The operator registers each client.",
    limits: [
      "An encrypted token, which has five parts, is refused: disable the encryption of access tokens.",
      "Whether current versions honor the resource parameter is unverified."
    ],
    overrides: [{
      requirement: "The issuer of the document is identical to the requested issuer (RFC 8414, section 3.3).",
      reason:
        "An issuer without a path has a slash at its end, because it is a URI of .NET. Both forms name the same host.",
      purpose: "verification"
    }],
    sources: [
      {
        fact:
          "Access tokens are encrypted unless DisableAccessTokenEncryption is called, and then have the type at+jwt.",
        source: "https://documentation.openiddict.com/configuration/token-formats.html",
        date: "2024-10",
        confidence: "source code"
      },
      {
        fact: "The audience is set by SetResources. Scopes are a string, and the client is client_id.",
        source: "https://github.com/openiddict/openiddict-core",
        date: "2024-10",
        confidence: "source code"
      },
      {
        fact: "The issuer of a server without a path has a slash at its end.",
        source: "https://github.com/openiddict/openiddict-core",
        date: "2024-10",
        confidence: "inferred"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri, token_endpoint }) => {
    if (typeof issuer !== "string") return undefined
    const base = issuer.endsWith("/") ? issuer : `${issuer}/`
    return jwks_uri === `${base}.well-known/jwks` && token_endpoint === `${base}connect/token` ? "likely" : undefined
  }
})
