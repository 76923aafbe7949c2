/**
 * The purpose of a metadata document, and the members that it needs.
 *
 * Some providers split their metadata: GitHub publishes PKCE in one document and the key set in another, WorkOS
 * publishes registration in one and `userinfo_endpoint` in the other. So a search has a purpose. If a document has the
 * right issuer but lacks a member, the search continues.
 *
 * @since 0.1.0
 */
import * as Metadata from "../metadata/AuthorizationServerMetadata.ts"

/**
 * The purpose of a document.
 *
 * @category models
 * @since 0.1.0
 */
export interface Purpose {
  /** The name in reports. */
  readonly name: string
  /** The members that the document lacks for the purpose, by their JSON names. Empty if it is complete. */
  readonly missing: (metadata: Metadata.AuthorizationServerMetadata) => ReadonlyArray<string>
  /**
   * Optional members that the purpose reads, by their JSON names. A document in which one of them is invalid is
   * rejected. Other invalid members are ignored, if the purpose does not need them. Default: none.
   */
  readonly reads?: ReadonlyArray<string>
}

/**
 * Creates a custom purpose.
 *
 * **Example** (Needing a device endpoint)
 *
 * ```ts import.meta.vitest
 * import * as Purpose from "@effect-mcp-auth/core/Purpose"
 *
 * const device = Purpose.make("device", (metadata) =>
 *   metadata.deviceAuthorizationEndpoint === undefined ? ["device_authorization_endpoint"] : [])
 *
 * device.missing({ issuer: "https://as.example.com" }) // => ["device_authorization_endpoint"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string, missing: Purpose["missing"], reads: ReadonlyArray<string> = []): Purpose => ({
  name,
  missing,
  reads
})

const lacks = (member: string, value: unknown): ReadonlyArray<string> => value === undefined ? [member] : []

/**
 * Accepts any document. A `jwks_uri` must be valid if there is one: the purpose of a server can become known later.
 *
 * @category purposes
 * @since 0.1.0
 */
export const any: Purpose = make("any", () => [], ["jwks_uri"])

/**
 * Verification of JWTs with the published keys (RFC 9068, section 4): `jwks_uri`.
 *
 * @category purposes
 * @since 0.1.0
 */
export const jwtVerification: Purpose = make("JWT verification", ({ jwksUri }) => lacks("jwks_uri", jwksUri))

/**
 * Verification of tokens by introspection (RFC 7662, section 2): `introspection_endpoint`.
 *
 * @category purposes
 * @since 0.1.0
 */
export const introspection: Purpose = make(
  "introspection",
  ({ introspectionEndpoint }) => lacks("introspection_endpoint", introspectionEndpoint)
)

/**
 * Verification of tokens in either way: `jwks_uri` or `introspection_endpoint`.
 *
 * **Gotchas**
 *
 * A document with one of the two ends the search. To require one of them, use `jwtVerification` or `introspection`. To
 * require both, use `all`.
 *
 * @category purposes
 * @since 0.1.0
 */
export const verification: Purpose = make(
  "verification",
  (metadata) => introspection.missing(metadata).length === 0 ? [] : jwtVerification.missing(metadata),
  ["jwks_uri"]
)

/**
 * Authorization of clients: both endpoints, and PKCE with `S256`, which MCP clients require. If the document says
 * whether authorization responses name their issuer (RFC 9207, section 3), it must say it with a boolean: an ignored
 * member would disable the protection against mix-up attacks.
 *
 * @category purposes
 * @since 0.1.0
 */
export const authorization: Purpose = make("authorization", (metadata) => [
  ...lacks("authorization_endpoint", metadata.authorizationEndpoint),
  ...lacks("token_endpoint", metadata.tokenEndpoint),
  ...lacks(
    "code_challenge_methods_supported",
    Metadata.advertisesS256(metadata) ? metadata.codeChallengeMethodsSupported : undefined
  )
], ["authorization_response_iss_parameter_supported"])

/**
 * One of several purposes. If none is complete, the missing members of all of them are reported.
 *
 * @category combinators
 * @since 0.1.0
 */
export const oneOf = (...purposes: ReadonlyArray<Purpose>): Purpose =>
  make(
    purposes.map(({ name }) => name).join(" or "),
    (metadata) =>
      purposes.some(({ missing }) => missing(metadata).length === 0) ? [] : all(...purposes).missing(metadata),
    readsOf(purposes)
  )

const readsOf = (purposes: ReadonlyArray<Purpose>) => [...new Set(purposes.flatMap(({ reads = [] }) => reads))]

/**
 * All of several purposes.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = (...purposes: ReadonlyArray<Purpose>): Purpose =>
  make(
    purposes.map(({ name }) => name).join(" and "),
    (metadata) => [...new Set(purposes.flatMap(({ missing }) => missing(metadata)))],
    readsOf(purposes)
  )
