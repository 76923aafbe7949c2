/**
 * Preset for Descope.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { demanding, either, hasName, sharedAudience } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  project: Preset.name("The ID of the project", "P2example"),
  server: Preset.name("The ID of the MCP server in the Agentic Identity Hub, from its issuer URL", "MSexample"),
  host: Preset.optional(
    Preset.host("The host of the region, or a custom domain. Default: api.descope.com", "api.descope.com")
  ),
  clientsOfSharedAudience: Preset.optional(
    Preset.list(
      Preset.text(
        "The IDs of clients whose tokens are accepted with the project as audience, which all tokens of the project may have",
        "UDJleGFtcGxlOlRQQS1jbGllbnQ="
      )
    )
  )
}

/** The project as audience. Session tokens and ID tokens grant no scope. */
const projectAudience = (
  project: string,
  clients: readonly [string, ...ReadonlyArray<string>]
): AudiencePolicy.AudiencePolicy =>
  demanding(sharedAudience(project, clients), {
    expected: "the claim scope, and no claim drn",
    holds: (claims) => hasName(claims, "scope") && claims["drn"] === undefined
  })

/**
 * Descope, with an MCP server of its Agentic Identity Hub. The audience is the URL of the MCP server. The issuer of access
 * tokens is that of the MCP server, or that of its project.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "descope",
  title: "Descope",
  parameters,
  settings: ({ clientsOfSharedAudience: clients, host = "api.descope.com", project, server }) => {
    const apps = `https://${host}/v1/apps`
    const issuer = `${apps}/agentic/${project}/${server}`
    return {
      issuer,
      type: "oidc",
      tokenIssuers: [issuer, `${apps}/${project}`],
      verification: {
        method: "jwt",
        options: {
          audience: clients === undefined
            ? AudiencePolicy.resource
            : either(AudiencePolicy.resource, projectAudience(project, clients)),
          scopeClaims: ["scope"]
        }
      }
    }
  },
  facts: {
    tokens: "Always a JWT. Its issuer is that of the MCP server, or that of the project.",
    clientIdMetadataDocuments: "yes",
    dynamicRegistration: "yes",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "yes",
    tokenExchange: "unknown",
    steps: [
      "In the Agentic Identity Hub, create a resource of the kind MCP server.",
      "Set its MCP server URL to the URL of the MCP server: it becomes the audience.",
      "Add the scopes, and choose how clients register.",
      "Copy the project ID and the server ID from the issuer URL."
    ],
    clients: "Clients use a metadata document, or register dynamically. The consent page is a flow of the project.",
    limits: [
      "Without an MCP server URL, the audience is the project, and tokens are refused unless their client is listed in " +
      "the parameter clientsOfSharedAudience. Every token of a listed client is then accepted, also one for another MCP server.",
      "The issuer of tenants (cross-app access) is not accepted.",
      "Which of the two issuers a project uses is not documented. Both are issuers of the same project, with the same keys."
    ],
    overrides: [
      {
        requirement: "The issuer of an access token must be that of the metadata (RFC 9068, section 4).",
        reason:
          "Projects were seen to issue tokens with the project as issuer. The audience still names this MCP server.",
        purpose: "verification"
      },
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason:
          "Only with the parameter clientsOfSharedAudience: an MCP server without a URL at Descope has the project as audience.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "The MCP server URL becomes the claim aud. Scopes are the claim scope.",
        source: "https://docs.descope.com/mcp/python-sdk",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The issuer is the issuer URL of the MCP server. Keys are those of the project, for RS256.",
        source: "https://docs.descope.com/mcp/gateways/integrations",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Tokens have the issuer of the project, of the MCP server, or of a tenant.",
        source: "https://gofastmcp.com/docs/python-sdk/fastmcp-server-auth-providers-descope",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "Without an MCP server URL, the audience of tokens is the project ID.",
        source: "https://gofastmcp.com/docs/python-sdk/fastmcp-server-auth-providers-descope",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "The metadata is at the appended OpenID URL of the MCP server.",
        source: "https://docs.descope.com/agentic-identity-hub/mcp-servers/discovery-url",
        date: "2026-10",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ issuer }) =>
    typeof issuer === "string" && /^https:\/\/[^/]+\/v1\/apps\/agentic\/[^/]+\/[^/]+$/.test(issuer)
      ? "certain"
      : undefined
})
