/**
 * How long, how much and how often the engine fetches.
 *
 * The limits are a `Context.Reference`: nobody must provide them, anybody can, for a whole program or one call.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/**
 * The limits of fetching metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  /** How long one attempt may take, from the request to the last byte. Default 5 seconds. */
  readonly attemptTimeout: Duration.Duration
  /** How long the whole search may take, with all its candidates, retries and waits. Default 10 seconds. */
  readonly totalTimeout: Duration.Duration
  /** How many bytes of a body are read. Default 512 KiB; the largest document known in the wild has 18 kB. */
  readonly bodyBytes: number
  /** How many redirects, all to the same origin, are followed. Default 3. */
  readonly redirects: number
  /** How often a transient failure is tried again. Default 2. */
  readonly retries: number
  /** The first wait before trying again, doubled each time, with jitter. `Retry-After` prolongs it. Default 200 ms. */
  readonly retryDelay: Duration.Duration
}

/**
 * The limits that hold unless others are provided.
 *
 * @category references
 * @since 0.1.0
 */
export const FetchLimits: Context.Reference<Limits> = Context.Reference("@effect-mcp-auth/core/discovery/FetchLimits", {
  defaultValue: () => ({
    attemptTimeout: Duration.seconds(5),
    totalTimeout: Duration.seconds(10),
    bodyBytes: 512 * 1024,
    redirects: 3,
    retries: 2,
    retryDelay: Duration.millis(200)
  })
})
