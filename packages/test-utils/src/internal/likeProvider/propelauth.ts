import * as Redacted from "effect/Redacted"
import type { LikeProvider } from "./model.ts"

const origin = "https://auth.example.com"
const issuer = `${origin}/oauth/2.1`

const document = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  introspection_endpoint: `${issuer}/introspect`,
  registration_endpoint: `${issuer}/register`,
  scopes_supported: ["read:user_data", "tools:execute"],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  code_challenge_methods_supported: ["S256"]
}

const user = {
  sub: "31c41c16-c281-44ae-9602-8a047e3bf33d",
  client_id: "notes-client",
  scope: "read:user_data tools:execute"
}

export const propelauth: LikeProvider = {
  name: "propelauth",
  parameters: { url: origin, clientId: "notes-server", clientSecret: Redacted.make("propelauth-secret") },
  documents: [[`${origin}/.well-known/oauth-authorization-server/oauth/2.1`, document]],
  tokens: (resource) => ({
    access: { claims: { ...user, aud: resource } },
    otherApi: { claims: { ...user, aud: "https://other.example.com/mcp" } }
  }),
  expected: {
    subject: "31c41c16-c281-44ae-9602-8a047e3bf33d",
    clientId: "notes-client",
    scopes: ["read:user_data", "tools:execute"],
    roles: []
  },
  evidence: "documentation"
}
