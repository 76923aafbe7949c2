import type * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import type * as Schema from "effect/Schema"
import type { Changes } from "../testProvider/document.ts"

/**
 * The signing algorithms of a provider.
 *
 * @category models
 * @since 0.1.0
 */
export type Algorithm = "RS256" | "ES256" | "EdDSA"

/**
 * The target of a fault: all metadata, one form of it, the key set, or an endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint =
  | "metadata"
  | WellKnown.Form
  | "jwks"
  | "introspection"
  | "authorization"
  | "token"
  | "registration"
  | "revocation"

/**
 * A received request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  readonly url: string
  readonly endpoint: Endpoint | "unknown"
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as received, such as the form of an introspection request. Empty if there is none. */
  readonly body: string
  /** The time, in milliseconds of the `Clock`. */
  readonly at: number
}

/**
 * Options for a provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default: `https://as.test`. */
  readonly issuer?: string | undefined
  /** The forms of the metadata URL that are served. Default: the three forms of the specifications. */
  readonly serves?: ReadonlyArray<WellKnown.Form> | undefined
  /** Members to add, replace, or (with `undefined`) remove. Default: a document that conforms to MCP in full. */
  readonly metadata?: Changes | undefined
  /** The same for single forms, for providers with different documents at different URLs. */
  readonly metadataAt?: { readonly [Form in WellKnown.Form]?: Changes } | undefined
  /** Headers of the metadata, such as `cache-control`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * Whether JWTs can be introspected. If not, the response is 400 with `unsupported_token_type`, as in oidc-provider.
   * Default: `true`.
   */
  readonly introspectsJwts?: boolean | undefined
  /** The clients that are registered by hand. Others register themselves, or have a URL as their ID. Default: none. */
  readonly clients?: ReadonlyArray<Client> | undefined
  /** Seconds until the access token of a login expires. Default: 3600. */
  readonly accessTokenLifetime?: number | undefined
  /** Whether a refresh token is good for one refresh. One that comes twice then ends its login. Default: `true`. */
  readonly rotatesRefreshTokens?: boolean | undefined
}

/**
 * A client of a provider.
 *
 * @category models
 * @since 0.2.0
 */
export interface Client {
  readonly clientId: string
  /** Default: it is a public client, or it signs assertions, which are not verified. */
  readonly clientSecret?: string | undefined
  /** Default: every redirect URI. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
}

/**
 * What a user decides on the authorization page.
 *
 * @category models
 * @since 0.2.0
 */
export interface Decision {
  /** Default: `user-1`. */
  readonly subject?: string | undefined
  /** The scopes that the user grants. Default: those that the client requests. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Whether the user denies access. Default: `false`. */
  readonly denies?: boolean | undefined
}

/**
 * Options for a token of any format.
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
 * Options for a JWT.
 *
 * @category models
 * @since 0.1.0
 */
export interface MintOptions extends OpaqueOptions {
  /** Default: `RS256`. ES256 signatures are not deterministic; the others are equal for equal claims and time. */
  readonly algorithm?: Algorithm | undefined
  /** Header parameters to add or replace. */
  readonly header?: Schema.JsonObject | undefined
  /** Sign with a key that is not in the key set, under the `kid` of one that is: a forgery. */
  readonly forged?: boolean | undefined
}
