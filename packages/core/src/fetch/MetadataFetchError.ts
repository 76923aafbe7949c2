/**
 * Why a metadata document could not be had.
 *
 * One wrapper says which URL was asked, and its `reason` says what happened: a closed set of tagged values that carry
 * data, never prose. The message is derived from them and says what to do next.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { advice, violations } from "../metadata/internal/httpUri.ts"
import { printable, quoted } from "../metadata/internal/printable.ts"

/**
 * No HTTP response arrived: name resolution, connection, TLS or the stream failed.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Transport extends Schema.TaggedError<Transport>()("Transport", {
  /** What the transport said, without its address or headers. */
  detail: Schema.String
}) {}

/**
 * The answer did not arrive, or did not end, within the time of one attempt or of the whole search.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", {
  /** The time that was allowed, in milliseconds. */
  milliseconds: Schema.Finite,
  /** Whether one attempt or the whole search ran out of time. */
  of: Schema.Literals(["attempt", "search"])
}) {}

/**
 * The response had a status other than 200.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Status extends Schema.TaggedError<Status>()("Status", {
  status: Schema.Int,
  /** What `Retry-After` asked for (RFC 9110, section 10.2.3), in milliseconds. */
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {}

/**
 * The body was longer than the limit. Reading stopped there.
 *
 * @category reasons
 * @since 0.1.0
 */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  /** The limit, in bytes. */
  limit: Schema.Int
}) {}

/**
 * A 200 whose body is not what was asked for: nothing, an HTML page, broken JSON, JSON that is not an object, a metadata
 * document without a string `issuer`, or a key set without `keys`. Hosts of single-page applications answer every URL
 * with a page of theirs.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotMetadata extends Schema.TaggedError<NotMetadata>()("NotMetadata", {
  found: Schema.Literals(["empty", "html", "malformed-json", "not-an-object", "no-issuer", "no-keys"]),
  contentType: Schema.optionalKey(Schema.String)
}) {}

/**
 * A redirect that was not followed.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Redirect extends Schema.TaggedError<Redirect>()("Redirect", {
  status: Schema.Int,
  why: Schema.Literals(["foreign-origin", "too-many", "unusable-location"]),
  /** The origin it points to, when that is another one. */
  origin: Schema.optionalKey(Schema.String)
}) {}

/**
 * The host leads to an address this program must not connect to: loopback, private, link-local, unique-local,
 * multicast or otherwise special (RFC 6890). Raised by the transport at connect time, after name resolution.
 *
 * **Details**
 *
 * A guarded `HttpClient` fails with a transport error whose cause is this value; the engine looks for it and reports it
 * as the reason. Transports of other platforms may raise it in the same way.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RefusedAddress extends Schema.TaggedError<RefusedAddress>()("RefusedAddress", {
  /** The host as the URL names it. */
  host: Schema.String,
  /** The address it led to. */
  address: Schema.String,
  /** The kind of range the address lies in, such as `loopback` or `private`. */
  range: Schema.String
}) {}

/**
 * The URL cannot be asked: it is not https (or http on an explicitly allowed loopback host), or parsers read it in
 * different ways. `why` is the word that `InvalidIssuer` uses for the same misfit.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RefusedUrl extends Schema.TaggedError<RefusedUrl>()("RefusedUrl", {
  why: Schema.Literals(violations)
}) {}

/**
 * Every reason a fetch can fail for.
 *
 * @category reasons
 * @since 0.1.0
 */
export const Reason: Schema.Union<
  readonly [
    typeof Transport,
    typeof Timeout,
    typeof Status,
    typeof BodyTooLarge,
    typeof NotMetadata,
    typeof Redirect,
    typeof RefusedAddress,
    typeof RefusedUrl
  ]
> = Schema.Union([Transport, Timeout, Status, BodyTooLarge, NotMetadata, Redirect, RefusedAddress, RefusedUrl])

/**
 * Every reason a fetch can fail for.
 *
 * @category reasons
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * A document could not be had from `url`: metadata, a key set, or what an introspection endpoint says.
 *
 * **Example** (Reading what happened)
 *
 * ```ts import.meta.vitest
 * import { MetadataFetchError, Status } from "@effect-mcp-auth/core/MetadataFetchError"
 *
 * const error = new MetadataFetchError({
 *   url: "https://as.example.com/.well-known/oauth-authorization-server",
 *   reason: new Status({ status: 404 })
 * })
 *
 * error.message // => "GET https://as.example.com/.well-known/oauth-authorization-server: HTTP 404, there is no metadata at this URL"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class MetadataFetchError extends Schema.TaggedError<MetadataFetchError>()("MetadataFetchError", {
  /** The URL, without its query: that may hold a key. */
  url: Schema.String,
  reason: Reason,
  /** Default: `GET`. */
  method: Schema.optionalKey(Schema.Literals(["GET", "POST"]))
}) {
  /** How long the server asks to wait (RFC 9110, section 10.2.3). Zero if it does not say. */
  get retryAfter(): Duration.Duration {
    const { reason } = this
    return reason._tag === "Status" ? Duration.millis(reason.retryAfter ?? 0) : Duration.zero
  }

  override get message(): string {
    const { method = "GET", reason, url } = this
    return `${method} ${printable(url)}: ${fetchFailureMessage(reason, method)}`
  }
}

const found: { readonly [Found in NotMetadata["found"]]: string } = {
  "empty": "the body is empty",
  "html": "an HTML page came back",
  "malformed-json": "the body is not JSON",
  "not-an-object": "the JSON is not an object",
  "no-issuer": "the JSON object has no string member \"issuer\"",
  "no-keys": "the key set has no key that can be used"
}

const redirect: { readonly [Why in Redirect["why"]]: (reason: Redirect) => string } = {
  "foreign-origin": (reason) =>
    `redirects to another origin, ${quoted(reason.origin ?? "")}, which is never followed; if that origin is the ` +
    "issuer, configure it instead",
  "too-many": () => "redirects too often",
  "unusable-location": () => "redirects without a usable Location"
}

type Method = "GET" | "POST"

const status = (reason: Status, method: Method): string => {
  const wait = reason.retryAfter === undefined ? "" : `, which asks to wait ${Math.ceil(reason.retryAfter / 1000)} s`
  if (isTransientStatus(reason.status)) {
    return `HTTP ${reason.status}, the server cannot answer now${wait}`
  }
  return method === "POST"
    ? `HTTP ${reason.status}, the server refuses to answer; check the credentials that it knows this program by`
    : `HTTP ${reason.status}, there is no metadata at this URL`
}

const messages: {
  readonly [Tag in Reason["_tag"]]: (
    reason: Extract<Reason, { readonly _tag: Tag }>,
    method: Method
  ) => string
} = {
  Transport: ({ detail }) =>
    `no response (${printable(detail)}); check the host name and that it can be reached from here`,
  Timeout: ({ milliseconds, of }) =>
    of === "attempt"
      ? `no complete answer within ${milliseconds} ms`
      : `given up, the whole search may take ${milliseconds} ms`,
  Status: status,
  BodyTooLarge: ({ limit }) => `the body is longer than ${limit} bytes`,
  NotMetadata: (reason) => `HTTP 200, but ${found[reason.found]}`,
  Redirect: (reason) => `HTTP ${reason.status} ${redirect[reason.why](reason)}`,
  RefusedAddress: ({ address, host, range }) =>
    `${quoted(host)} leads to the ${printable(range)} address ${
      printable(address)
    }, which must not be connected to; allow it ` +
    "explicitly if the provider really runs there",
  RefusedUrl: ({ why }) => `the URL is refused: ${advice[why]}`
}

/** What a reason means and what to do next. */
const fetchFailureMessage = (reason: Reason, method: Method): string =>
  // The table is total over the tags, but TypeScript cannot correlate an indexed function with its argument.
  (messages[reason._tag] as (reason: Reason, method: Method) => string)(reason, method)

/** Statuses that say "not now" (RFC 9110, sections 15.5.9 and 15.6; RFC 8470, section 5.2; RFC 6585, section 4). */
const isTransientStatus = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500

/**
 * Whether a fetch may succeed when it is tried again: no response arrived in time, or the status says that the server
 * cannot answer now (408, 425, 429, 5xx).
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransient = ({ reason }: MetadataFetchError): boolean =>
  reason._tag === "Transport" || reason._tag === "Timeout" ||
  (reason._tag === "Status" && isTransientStatus(reason.status))
