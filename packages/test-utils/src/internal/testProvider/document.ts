import type * as Schema from "effect/Schema"

/** A document that satisfies all rules of MCP, and both RFC 8414 and OpenID Connect Discovery. */
export const conforming = (issuer: string): Schema.JsonObject => {
  const base = issuer.replace(/\/$/, "")
  return {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    registration_endpoint: `${base}/register`,
    introspection_endpoint: `${base}/introspect`,
    revocation_endpoint: `${base}/revoke`,
    userinfo_endpoint: `${base}/userinfo`,
    scopes_supported: ["openid", "offline_access", "notes:read", "notes:write"],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
    code_challenge_methods_supported: ["S256"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256", "ES256", "EdDSA"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    resource_indicators_supported: true
  }
}

/** Changes to a document. A member set to `undefined` is removed. */
export type Changes = { readonly [member: string]: Schema.Json | undefined }

/** The document with the changes. */
export const change = (document: Schema.JsonObject, changes: Changes): Schema.JsonObject =>
  Object.fromEntries(
    Object.entries({ ...document, ...changes }).flatMap(([member, value]) =>
      value === undefined ? [] : [[member, value] as const]
    )
  )
