import type * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import type * as Schema from "effect/Schema"
import type { Changes } from "../testProvider/document.ts"

/**
 * What a provider signs with.
 *
 * @category models
 * @since 0.1.0
 */
export type Algorithm = "RS256" | "ES256" | "EdDSA"

/**
 * What a fault befalls: all metadata, one form of it, the key set, or the introspection endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint = "metadata" | WellKnown.Form | "jwks" | "introspection"

/**
 * A request that arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  readonly url: string
  readonly endpoint: Endpoint | "unknown"
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as it was sent, such as the form of an introspection. Empty when there is none. */
  readonly body: string
  /** When, in milliseconds of the `Clock`. */
  readonly at: number
}

/**
 * What may be chosen about a provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default: `https://as.test`. */
  readonly issuer?: string | undefined
  /** Where metadata is served. Default: the three forms of the specifications. */
  readonly serves?: ReadonlyArray<WellKnown.Form> | undefined
  /** Members to add, replace, or (with `undefined`) remove. Default: a document that conforms to MCP in full. */
  readonly metadata?: Changes | undefined
  /** The same for single forms, for providers that say different things at different places. */
  readonly metadataAt?: { readonly [Form in WellKnown.Form]?: Changes } | undefined
  /** Headers of the metadata, such as `cache-control`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * Whether JWTs are introspected. If not, they are answered with 400 and `unsupported_token_type`, as oidc-provider does.
   * Default: `true`.
   */
  readonly introspectsJwts?: boolean | undefined
}

/**
 * What may be chosen about a token of any form.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpaqueOptions {
  /** Claims to add, replace, or (with `undefined`) remove. */
  readonly claims?: Changes | undefined
  /** Seconds until the token expires. Default: 3600. */
  readonly expiresIn?: number | undefined
}

/**
 * What may be chosen about a JWT.
 *
 * @category models
 * @since 0.1.0
 */
export interface MintOptions extends OpaqueOptions {
  /** Default: `RS256`. ES256 signatures differ each time; the others are the same for the same claims and time. */
  readonly algorithm?: Algorithm | undefined
  /** Header parameters to add or replace. */
  readonly header?: Schema.JsonObject | undefined
  /** Sign with another key than the one that is announced, under the same `kid`: a forgery. */
  readonly forged?: boolean | undefined
}
