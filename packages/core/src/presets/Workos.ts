/**
 * Preset for WorkOS AuthKit.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { demanding, either } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  domain: Preset.host("The AuthKit domain", "example-tenant.authkit.app"),
  environmentClientId: Preset.optional(
    Preset.text(
      "The client ID of the environment: the audience of applications that act for themselves",
      "client_01ENV"
    )
  ),
  machineClients: Preset.optional(
    Preset.list(
      Preset.text(
        "The client IDs of applications that may act for themselves. Needs environmentClientId",
        "client_01M2M"
      )
    )
  )
}

type Names = readonly [string, ...ReadonlyArray<string>]

/** A token that one of the clients got for itself: its subject is the client. */
const isOwnToken = (clients: Names) => ({ client_id, sub }: Schema.JsonObject): boolean =>
  sub === client_id && clients.some((client) => client === client_id)

const audienceOf = (
  environment: string | undefined,
  clients: Names | undefined
): AudiencePolicy.AudiencePolicy =>
  environment === undefined || clients === undefined
    ? AudiencePolicy.resource
    : either(
      AudiencePolicy.resource,
      demanding(AudiencePolicy.anyOf(environment), {
        expected: `one of the machine clients ${clients.join(", ")} as client_id and sub`,
        holds: isOwnToken(clients)
      })
    )

/**
 * WorkOS AuthKit. Access tokens of users have the resource as audience, if it is configured as a resource indicator. Access
 * tokens of applications that act for themselves have the client ID of the environment: list these applications.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "workos",
  title: "WorkOS AuthKit",
  parameters,
  settings: ({ domain, environmentClientId, machineClients }) =>
    (environmentClientId === undefined) === (machineClients === undefined)
      ? {
        issuer: `https://${domain}`,
        verification: {
          method: "jwt",
          options: { audience: audienceOf(environmentClientId, machineClients), scopeClaims: ["scope"] }
        }
      }
      : { refused: "set both parameters \"environmentClientId\" and \"machineClients\", or none of them" },
  facts: {
    tokens: "Always a JWT for OAuth applications and MCP clients. Session tokens of AuthKit have another issuer.",
    clientIdMetadataDocuments: "optional",
    dynamicRegistration: "optional",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "optional",
    steps: [
      "In Connect, Configuration, add the URL of the MCP server as an MCP resource indicator.",
      "Switch on client ID metadata documents, and dynamic registration for clients without one.",
      "For applications that act for themselves, set the parameters environmentClientId and machineClients."
    ],
    clients: "Clients use a metadata document, or register dynamically. Users may have to choose an organization.",
    limits: [
      "Without a resource indicator, tokens have the client ID of the environment as audience, and are refused.",
      "The audience of applications that act for themselves cannot be configured. A listed application's token for another API of " +
      "the environment is accepted as well.",
      "Access tokens have no roles and permissions of users. Ask the API of WorkOS for them.",
      "The metadata documents differ: only the RFC 8414 one has PKCE and client registration."
    ],
    overrides: [
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason:
          "Only with the parameter machineClients: WorkOS issues tokens of client credentials for the environment.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "The claims of access tokens of users and of applications: iss, aud, sub, client_id, org_id, scope.",
        source: "https://workos.com/docs/authkit/connect/token-claims",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "A resource indicator is added in the dashboard, or by the API.",
        source: "https://workos.com/docs/reference/authkit/oauth-resource",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The two metadata documents.",
        source: "https://workos.com/docs/reference/workos-connect/metadata",
        date: "2026-09",
        confidence: "captured"
      },
      {
        fact: "The token endpoint has a grant for token exchange.",
        source: "https://workos.com/docs/reference/workos-connect/token/token-exchange-grant",
        date: "2026-11",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ introspection_endpoint, issuer, jwks_uri }) => {
    if (typeof issuer !== "string") return undefined
    if (/^https:\/\/[^/]+\.authkit\.app$/.test(issuer)) return "certain"
    return jwks_uri === `${issuer}/oauth2/jwks` && introspection_endpoint === `${issuer}/oauth2/introspection`
      ? "likely"
      : undefined
  }
})
