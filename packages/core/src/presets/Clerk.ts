/**
 * Preset for Clerk.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { either } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The host of the Frontend API", "clerk.example.com"),
  clientsWithoutAudience: Preset.optional(
    Preset.list(
      Preset.text(
        "The IDs of OAuth applications whose access tokens are accepted without an audience",
        "client_2VTWUzvGC5UhdJCNx6xG1D98edc"
      )
    )
  )
}

/**
 * Clerk, with OAuth access tokens as JWTs. Session tokens have the same issuer and keys, so the token must have the type
 * `at+jwt`. The audience is the resource, if the client sends the parameter `resource`. Otherwise the token has no audience.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "clerk",
  title: "Clerk",
  parameters,
  settings: ({ clientsWithoutAudience: clients, domain }) => ({
    issuer: `https://${domain}`,
    verification: {
      method: "jwt",
      options: {
        typ: "rfc9068",
        audience: clients === undefined
          ? AudiencePolicy.resource
          : either(AudiencePolicy.resource, AudiencePolicy.noneButClients(...clients)),
        accessTokenMark: { claim: "client_id" },
        scopeClaims: ["scope"]
      }
    }
  }),
  facts: {
    tokens:
      "A JWT with the type at+jwt, if the setting for JWTs is on: the default of applications created since January 2026. " +
      "Otherwise an opaque token, which begins with oat_ and is refused.",
    clientIdMetadataDocuments: "yes",
    dynamicRegistration: "optional",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "In OAuth applications, Settings, switch on that access tokens are generated as JWTs.",
      "Switch on dynamic client registration, if your clients have no metadata document.",
      "Check that a token has the URL of the MCP server as aud. If a client does not send resource, register it by hand, and " +
      "list it in the parameter clientsWithoutAudience."
    ],
    clients: "Clients use a metadata document, or register dynamically. The user sees a consent page.",
    limits: [
      "A token of a client that sends no parameter resource has no audience. Any registered client can get one, so it is refused.",
      "Every token without audience of a listed application is accepted, also one for another API.",
      "Opaque tokens of older applications are refused: switch on JWTs. Clerk's endpoint for their introspection is not in its metadata.",
      "Tokens of machines (M2M) are not accepted: their audience is another machine."
    ],
    overrides: [
      {
        requirement: "An access token must have an audience (RFC 9068, section 2.2), which must be the resource (MCP).",
        reason:
          "Only with the parameter clientsWithoutAudience: Clerk sets aud only if the client sends the parameter resource.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "OAuth access tokens are JWTs by default since 8 January 2026, with the keys of session tokens.",
        source: "https://clerk.com/changelog/2026-01-08-jwt-oauth-access-tokens",
        date: "2026-01",
        confidence: "documented"
      },
      {
        fact:
          "OAuth access tokens have the type at+jwt, client_id, scope and jti. Tokens of machines have a subject that begins with mch_.",
        source: "https://github.com/clerk/javascript/tree/main/packages/backend",
        date: "2026-09",
        confidence: "source code"
      },
      {
        fact:
          "The claim aud is set only if a resource was granted. A client that sends no resource gets a token without audience.",
        source: "https://github.com/clerk/javascript/pull/9585",
        date: "2026-08",
        confidence: "reported"
      },
      {
        fact: "Both metadata documents exist, and announce client ID metadata documents.",
        source: "https://clerk.com/docs/guides/configure/auth-strategies/oauth/how-clerk-implements-oauth",
        date: "2026-08",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ issuer, op_tos_uri, service_documentation }) => {
    if (op_tos_uri === "https://clerk.com/legal/standard-terms") return "certain"
    if (typeof issuer === "string" && issuer.endsWith(".clerk.accounts.dev")) return "certain"
    return service_documentation === "https://clerk.com/docs" ? "likely" : undefined
  }
})
