/**
 * Preset for Supabase Auth.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { either, sharedAudience } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  project: Preset.name("The reference of the project", "abcdefghijklmnopqrst"),
  clientsOfSharedAudience: Preset.optional(
    Preset.list(
      Preset.text(
        "The IDs of OAuth clients whose tokens are accepted with the audience authenticated, which all tokens of the project have",
        "9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d"
      )
    )
  )
}

/**
 * Supabase Auth as an OAuth 2.1 server. Its tokens have the audience `authenticated`, like the sessions of the project's own
 * app. A hook must set the audience to the URL of the MCP server, unless the clients are listed.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "supabase",
  title: "Supabase Auth",
  parameters,
  settings: ({ clientsOfSharedAudience: clients, project }) => ({
    issuer: `https://${project}.supabase.co/auth/v1`,
    verification: {
      method: "jwt",
      options: {
        audience: clients === undefined
          ? AudiencePolicy.resource
          : either(AudiencePolicy.resource, sharedAudience("authenticated", clients)),
        // Only tokens of OAuth clients have it. Sessions of the project's own app do not.
        accessTokenMark: { claim: "client_id" }
      }
    },
    roles: [["role"]]
  }),
  facts: {
    tokens: "Always a JWT. Projects with the legacy secret sign it with HS256, which is refused.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "optional",
    resourceIndicators: "no",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "In Authentication, OAuth Server, switch on the OAuth 2.1 server, and dynamic apps if clients register themselves.",
      "Migrate the project to asymmetric signing keys (ES256 or RS256).",
      "Add a custom access token hook: for tokens with client_id, set aud to the URL of the MCP server, and scope to what the client may do.",
      "Host the page for consent, and set its path."
    ],
    clients: "Clients register dynamically, or by hand. The consent page is yours.",
    limits: [
      "Without the hook, tokens have no scope. Required scopes are then never satisfied.",
      "Without the hook, every token of a listed client is accepted, also one for another API of the project.",
      "A custom domain does not change the issuer of the project.",
      "The role authenticated belongs to every user. It says nothing about rights."
    ],
    overrides: [
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason:
          "Only with the parameter clientsOfSharedAudience: Supabase has no resource indicators, so listed clients need no hook.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact: "Tokens of OAuth clients have aud and role authenticated, and client_id. No scope is documented.",
        source: "https://supabase.com/docs/guides/auth/oauth-server/token-security",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The hook gets client_id among the claims, and may change aud and add claims.",
        source: "https://supabase.com/docs/guides/auth/auth-hooks/custom-access-token-hook",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Both metadata documents exist.",
        source: "https://supabase.com/docs/guides/auth/oauth-server/getting-started",
        date: "2026-04",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ authorization_endpoint, issuer }) => {
    if (typeof issuer !== "string") return undefined
    if (/^https:\/\/[a-z0-9-]+\.supabase\.co\/auth\/v1$/.test(issuer)) return "certain"
    return issuer.endsWith("/auth/v1") && authorization_endpoint === `${issuer}/oauth/authorize` ? "likely" : undefined
  }
})
