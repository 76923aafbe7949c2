import type { Provider } from "./model.ts"

const authMethods = ["client_secret_basic", "client_secret_post"]

export const box: Provider = {
  name: "Box",
  // Box's MCP server writes the issuer with a slash; the document does not.
  issuer: "https://api.box.com/",
  documents: [{
    url: "https://api.box.com/.well-known/oauth-authorization-server",
    form: "oauth-authorization-server",
    json: {
      issuer: "https://api.box.com",
      authorization_endpoint: "https://account.box.com/api/oauth2/authorize",
      token_endpoint: "https://api.box.com/oauth2/token",
      revocation_endpoint: "https://api.box.com/oauth2/revoke",
      response_types_supported: ["code"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      token_endpoint_auth_methods_supported: authMethods,
      revocation_endpoint_auth_methods_supported: authMethods,
      code_challenge_methods_supported: ["S256"],
      service_documentation: "https://developer.box.com/guides/authentication/"
    },
    errors: []
  }],
  source: "https://developer.box.com/guides/box-mcp/remote/",
  date: "2026-10",
  issuerPolicy: { _tag: "rootSlash" },
  repairs: [],
  unaided: "IssuerMismatch",
  beyondRepair: []
}
