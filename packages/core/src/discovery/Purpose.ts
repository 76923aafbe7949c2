/**
 * What a document is for, and what it must have for that.
 *
 * Providers split their metadata: GitHub publishes PKCE in one document and the key set in another, WorkOS registration in
 * one and `userinfo_endpoint` in the other. So a search knows what it searches for. A document of the right issuer that
 * lacks something is kept, and the search goes on.
 *
 * @since 0.1.0
 */
import * as Metadata from "../metadata/AuthorizationServerMetadata.ts"

/**
 * What a document is for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Purpose {
  /** The name, as reports print it. */
  readonly name: string
  /** What the document lacks for the purpose, by the names of the wire. Empty when it is complete. */
  readonly missing: (metadata: Metadata.AuthorizationServerMetadata) => ReadonlyArray<string>
}

/**
 * A purpose of your own.
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
export const make = (name: string, missing: Purpose["missing"]): Purpose => ({ name, missing })

const lacks = (member: string, value: unknown): ReadonlyArray<string> => value === undefined ? [member] : []

/**
 * Whatever the document says is enough.
 *
 * @category purposes
 * @since 0.1.0
 */
export const any: Purpose = make("any", () => [])

/**
 * Verifying JWTs by the published keys (RFC 9068, section 4): `jwks_uri`.
 *
 * @category purposes
 * @since 0.1.0
 */
export const jwtVerification: Purpose = make("JWT verification", ({ jwksUri }) => lacks("jwks_uri", jwksUri))

/**
 * Verifying tokens by asking the provider (RFC 7662, section 2): `introspection_endpoint`.
 *
 * @category purposes
 * @since 0.1.0
 */
export const introspection: Purpose = make(
  "introspection",
  ({ introspectionEndpoint }) => lacks("introspection_endpoint", introspectionEndpoint)
)

/**
 * Verifying tokens in either way: `jwks_uri` or `introspection_endpoint`.
 *
 * **Gotchas**
 *
 * A document with one of the two ends the search. Who needs a particular one asks for `jwtVerification` or
 * `introspection`, and who needs both for `all` of them.
 *
 * @category purposes
 * @since 0.1.0
 */
export const verification: Purpose = make(
  "verification",
  (metadata) => introspection.missing(metadata).length === 0 ? [] : jwtVerification.missing(metadata)
)

/**
 * Starting authorization: both endpoints, and PKCE with `S256`, which MCP makes clients demand.
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
])

/**
 * One of several purposes. What is missing for all of them is told if none is complete.
 *
 * @category combinators
 * @since 0.1.0
 */
export const oneOf = (...purposes: ReadonlyArray<Purpose>): Purpose =>
  make(
    purposes.map(({ name }) => name).join(" or "),
    (metadata) =>
      purposes.some(({ missing }) => missing(metadata).length === 0) ? [] : all(...purposes).missing(metadata)
  )

/**
 * Both purposes at once: what every one of them needs.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = (...purposes: ReadonlyArray<Purpose>): Purpose =>
  make(
    purposes.map(({ name }) => name).join(" and "),
    (metadata) => [...new Set(purposes.flatMap(({ missing }) => missing(metadata)))]
  )
