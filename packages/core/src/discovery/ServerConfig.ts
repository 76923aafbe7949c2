/**
 * An authorization server as discovery found it: the metadata that the rest of the library trusts, and how it came about.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts"
import type { Applied } from "./Transpiler.ts"

/**
 * Which specification the document follows: RFC 8414, or OpenID Connect Discovery.
 *
 * @category models
 * @since 0.1.0
 */
export type ServerType = "oauth" | "oidc"

/**
 * Something about a document that is odd, but no reason to refuse it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Oddity {
  readonly code: "content_type_not_json" | "documents_merged"
  readonly message: string
}

/**
 * An authorization server as discovery found it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerConfig {
  readonly type: ServerType
  /**
   * The issuer as the document names it, after repairs that say by their name that they change it. This string, not the one that was configured, counts for the `iss` of tokens
   * and of authorization responses (RFC 9207), and as a key of caches.
   */
  readonly issuer: string
  readonly metadata: AuthorizationServerMetadata
  /** Where the document came from. More than one place when documents were merged, the strongest first. */
  readonly locations: readonly [string, ...ReadonlyArray<string>]
  /** The repairs that changed something, and what. */
  readonly repairs: ReadonlyArray<Applied>
  readonly oddities: ReadonlyArray<Oddity>
  /** How long the source says that this is fresh (`Cache-Control`). */
  readonly freshFor: Option.Option<Duration.Duration>
}
