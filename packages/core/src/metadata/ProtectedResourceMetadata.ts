/**
 * The metadata of a protected resource (RFC 9728, section 2): an MCP server publishes it so that clients find its
 * authorization servers.
 *
 * Members are snake_case in JSON and camelCase in code. Unknown members are kept in `additionalParameters` and survive
 * a round trip; so do members with a language tag, such as `resource_name#de` (section 2.1).
 *
 * **Example** (Encoding a document)
 *
 * ```ts import.meta.vitest
 * import * as Metadata from "@effect-mcp-auth/core/ProtectedResourceMetadata"
 * import * as Schema from "effect/Schema"
 *
 * const document = Schema.encodeSync(Metadata.ProtectedResourceMetadata)({
 *   resource: "https://api.example.com/mcp",
 *   authorizationServers: ["https://auth.example.com/oidc"],
 *   scopesSupported: ["notes:read"]
 * })
 *
 * document["authorization_servers"] // => ["https://auth.example.com/oidc"]
 * ```
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { parse } from "./internal/httpUri.ts"
import { flag, names, page, text, url, type Wire, wire } from "./internal/wire.ts"

const identifier = (query: "allowed" | "forbidden", expected: string): Schema.String =>
  Schema.String.check(
    Schema.makeFilter<string>((text) => Result.isSuccess(parse(text, { query, insecureLoopback: true })), { expected })
  )

/** RFC 9728, section 2. */
const fields = {
  /** The exact string of the document: clients compare it character by character (section 3.3). */
  resource: identifier("allowed", "a resource identifier"),
  /** At least one, each an issuer identifier. Members with zero elements are to be omitted (section 3.2). */
  authorizationServers: Schema.optionalKey(Schema.NonEmptyArray(identifier("forbidden", "an issuer identifier"))),
  jwksUri: url,
  scopesSupported: names,
  bearerMethodsSupported: names,
  resourceSigningAlgValuesSupported: names,
  resourceName: text,
  resourceDocumentation: page,
  resourcePolicyUri: page,
  resourceTosUri: page,
  tlsClientCertificateBoundAccessTokens: flag,
  authorizationDetailsTypesSupported: names,
  dpopSigningAlgValuesSupported: names,
  dpopBoundAccessTokensRequired: flag,
  /** Section 2.2: a JWT. Not verified, not used. */
  signedMetadata: text
} as const

/**
 * Codec of a protected resource's metadata, from and to its JSON object.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ProtectedResourceMetadata: Wire<typeof fields> = wire(fields)

/**
 * The metadata of a protected resource.
 *
 * @category models
 * @since 0.1.0
 */
export type ProtectedResourceMetadata = typeof ProtectedResourceMetadata.Type

/**
 * The methods to send a bearer token (RFC 9728, section 2). If absent, the methods are unknown, so there is no default.
 * MCP allows only the `Authorization` header.
 *
 * @category defaults
 * @since 0.1.0
 */
export const acceptsHeader = (metadata: ProtectedResourceMetadata): boolean =>
  metadata.bearerMethodsSupported?.includes("header") !== false
