/**
 * Limits for fetching metadata: time, size, redirects and retries.
 *
 * The limits are a `Context.Reference`. They have defaults, and can be overridden for a whole program or for one call.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/**
 * Limits for fetching metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  /** The timeout of one attempt, from the request to the last byte of the body. Default: 5 seconds. */
  readonly attemptTimeout: Duration.Duration
  /** The timeout of the whole search, with all its candidates, retries and waits. Default: 10 seconds. */
  readonly totalTimeout: Duration.Duration
  /** The maximum size of a body, in bytes. Default: 512 KiB. The largest known real document has 18 kB. */
  readonly bodyBytes: number
  /** The maximum number of redirects. Only redirects to the same origin are followed. Default: 3. */
  readonly redirects: number
  /** The maximum number of retries after a transient failure. Default: 2. */
  readonly retries: number
  /**
   * The delay before the first retry. It doubles with each retry, with jitter; `Retry-After` can extend it. Default:
   * 200 ms.
   */
  readonly retryDelay: Duration.Duration
}

/**
 * The limits in force. The defaults are those of `Limits`.
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
