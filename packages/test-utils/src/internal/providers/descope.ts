import type { Provider } from "./model.ts"

const host = "https://api.descope.com"
const project = "P-example-project"
const server = `${project}/MS-example-server`
const issuer = `${host}/v1/apps/agentic/${server}`

export const descope: Provider = {
  name: "Descope",
  // One issuer for each MCP server.
  issuer,
  documents: [{
    url: `${issuer}/.well-known/openid-configuration`,
    form: "openid-configuration",
    json: {
      issuer,
      authorization_endpoint: `${host}/oauth2/v1/apps/agentic/${server}/authorize`,
      token_endpoint: `${host}/oauth2/v1/apps/agentic/${server}/token`,
      userinfo_endpoint: `${host}/oauth2/v1/apps/${project}/userinfo`,
      revocation_endpoint: `${host}/oauth2/v1/apps/${project}/revoke`,
      registration_endpoint: `${host}/v1/mgmt/mcp/client/${server}/register`,
      jwks_uri: `${host}/${project}/.well-known/jwks.json`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["mcp:read_notes", "mcp:write_notes", "outbound.token.fetch"],
      claims_supported: ["iss", "aud", "iat", "exp", "sub", "name", "email", "email_verified", "picture"],
      code_challenge_methods_supported: ["S256"]
    },
    errors: []
  }],
  source: "https://docs.descope.com/agentic-identity-hub/mcp-servers/discovery-url",
  date: "2026-10",
  issuerPolicy: { _tag: "exact" },
  repairs: [],
  unaided: "Found",
  beyondRepair: []
}
