/**
 * The configuration of a discovered authorization server: the metadata that the library trusts, and its origin.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type { RequestMap } from "../fetch/internal/fetchDocument.ts"
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts"
import type { Applied } from "./Transpiler.ts"

/**
 * The specification of the document: RFC 8414, or OpenID Connect Discovery.
 *
 * @category models
 * @since 0.1.0
 */
export type ServerType = "oauth" | "oidc"

/**
 * An irregularity of a document that does not prevent its use.
 *
 * @category models
 * @since 0.1.0
 */
export interface Oddity {
  readonly code: "content_type_not_json" | "documents_merged" | "member_ignored"
  readonly message: string
}

/**
 * The configuration of a discovered authorization server.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerConfig {
  readonly type: ServerType
  /**
   * The issuer of the document, after repairs whose name says that they change it. This string, not the configured one,
   * is compared with the `iss` of tokens and of authorization responses (RFC 9207), and is the key of caches.
   */
  readonly issuer: string
  readonly metadata: AuthorizationServerMetadata
  /** The URLs of the document. More than one if documents were merged, in order of precedence. */
  readonly locations: readonly [string, ...ReadonlyArray<string>]
  /** The repairs that changed something, with their changes. */
  readonly repairs: ReadonlyArray<Applied>
  readonly oddities: ReadonlyArray<Oddity>
  /**
   * How to change the request for the key set, as the strategy changed that for the document. Present only if the key
   * set has the origin of the document.
   */
  readonly mapKeyRequest?: RequestMap
  /** The freshness lifetime from `Cache-Control`. */
  readonly freshFor: Option.Option<Duration.Duration>
}
