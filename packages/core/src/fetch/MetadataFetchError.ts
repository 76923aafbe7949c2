/**
 * Errors of fetching a metadata document.
 *
 * `MetadataFetchError` names the URL that was requested. Its `reason` says what happened: a closed set of tagged values
 * that carry data, not prose. The message is derived from the reason and says what to do next.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { advice, developmentSwitch, violations } from "../metadata/internal/httpUri.ts"
import { printable, quoted } from "../metadata/internal/printable.ts"

/**
 * No HTTP response arrived: name resolution, connection, TLS or the stream failed.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Transport extends Schema.TaggedError<Transport>()("Transport", {
  /** The transport's error message, without URL or headers. */
  detail: Schema.String
}) {}

/**
 * The response was not complete before the timeout of one attempt or of the whole search.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", {
  duration: Schema.DurationFromMillis,
  /** Whether the timeout is that of one attempt or of the whole search. */
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
  /** The delay from `Retry-After` (RFC 9110, section 10.2.3). */
  retryAfter: Schema.optionalKey(Schema.DurationFromMillis)
}) {}

/**
 * The body is longer than the limit. Reading stopped at the limit.
 *
 * @category reasons
 * @since 0.1.0
 */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  /** The limit, in bytes. */
  limit: Schema.Int
}) {}

/**
 * A response with status 200 whose body is not the requested document: an empty body, an HTML page, malformed JSON, a
 * compressed body that was not requested, JSON that is not an object, a metadata document without a string `issuer` or
 * `resource`, or a key set without `keys`. Hosts of single-page applications answer every URL with an HTML page.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotMetadata extends Schema.TaggedError<NotMetadata>()("NotMetadata", {
  reason: Schema.Literals([
    "empty",
    "html",
    "malformed-json",
    "compressed",
    "not-an-object",
    "no-issuer",
    "no-resource",
    "no-keys"
  ]),
  contentType: Schema.optionalKey(Schema.String),
  /** What is known besides, such as the keys that cannot be used, and why. */
  detail: Schema.optionalKey(Schema.String)
}) {}

/**
 * A redirect that was not followed.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Redirect extends Schema.TaggedError<Redirect>()("Redirect", {
  status: Schema.Int,
  /** `not-followed`: a request with credentials is not redirected at all. */
  reason: Schema.Literals(["foreign-origin", "too-many", "unusable-location", "not-followed"]),
  /** The origin of the redirect target, if it is a different one. */
  origin: Schema.optionalKey(Schema.String)
}) {}

/**
 * The host has an address that this program must not connect to: loopback, private, link-local, unique-local, multicast
 * or another special-purpose address (RFC 6890). The transport raises it at connect time, after name resolution.
 *
 * **Details**
 *
 * A guarded `HttpClient` fails with a transport error whose cause is this value. Discovery looks for that cause and
 * reports it as the reason. Transports of other platforms can raise it in the same way.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RefusedAddress extends Schema.TaggedError<RefusedAddress>()("RefusedAddress", {
  /** The host, as written in the URL. */
  host: Schema.String,
  /** The IP address of the host, or its name if `range` is `local-name`. */
  address: Schema.String,
  /**
   * The kind of range the address lies in, such as `loopback` or `private`. `local-name`: a proxy would resolve the
   * name, and it is a name of a local network.
   */
  range: Schema.String
}) {}

/**
 * The forward proxy opened no tunnel to the host (CONNECT: RFC 9110, section 9.3.6).
 *
 * **Details**
 *
 * An `HttpClient` with a proxy fails with a transport error whose cause is this value, as for `RefusedAddress`.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ProxyFailed extends Schema.TaggedError<ProxyFailed>()("ProxyFailed", {
  /** The origin of the proxy, without credentials. */
  proxy: Schema.String,
  /** The status of the response to CONNECT, or why there was none, such as `ECONNREFUSED`. */
  failure: Schema.Union([Schema.Int, Schema.String])
}) {}

/**
 * The URL must not be requested: it is not https (or http on an explicitly allowed loopback host), or URL parsers
 * disagree about it. `reason` is the same code that `InvalidIssuer` uses.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RefusedUrl extends Schema.TaggedError<RefusedUrl>()("RefusedUrl", {
  reason: Schema.Literals(violations)
}) {}

/**
 * Schema of all reasons of a failed fetch.
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
    typeof RefusedUrl,
    typeof ProxyFailed
  ]
> = Schema.Union([
  Transport,
  Timeout,
  Status,
  BodyTooLarge,
  NotMetadata,
  Redirect,
  RefusedAddress,
  RefusedUrl,
  ProxyFailed
])

/**
 * A reason of a failed fetch.
 *
 * @category reasons
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * A document could not be fetched from `url`: metadata, a key set, or an introspection response.
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
  /** The URL without its query, because a query can contain a secret. */
  url: Schema.String,
  reason: Reason,
  /** Default: `GET`. */
  method: Schema.optionalKey(Schema.Literals(["GET", "POST"]))
}) {
  /** The delay that the server asks for in `Retry-After` (RFC 9110, section 10.2.3). Zero if there is none. */
  get retryAfter(): Duration.Duration {
    const { reason } = this
    return reason._tag === "Status" ? reason.retryAfter ?? Duration.zero : Duration.zero
  }

  override get message(): string {
    const { method = "GET", reason, url } = this
    return `${method} ${printable(url)}: ${fetchFailureMessage(reason, method)}`
  }
}

const contents: { readonly [Content in NotMetadata["reason"]]: string } = {
  "empty": "the body is empty",
  "html": "the body is an HTML page",
  "malformed-json": "the body is not JSON",
  "not-an-object": "the JSON is not an object",
  "compressed":
    "the body is compressed, which was not requested; turn off compression for this URL at the provider or its proxy",
  "no-issuer": "the JSON object has no string member \"issuer\"",
  "no-resource": "the JSON object has no string member \"resource\"",
  "no-keys": "the key set has no usable key"
}

const redirect: { readonly [Code in Redirect["reason"]]: (error: Redirect) => string } = {
  "foreign-origin": ({ origin = "" }) =>
    `redirects to another origin, ${
      quoted(origin)
    }, and redirects to other origins are not followed; if that origin is the ` +
    "issuer, configure it instead",
  "too-many": () => "redirects more often than FetchLimits.redirects allows; configure the final URL instead",
  "not-followed": () =>
    "redirects, and credentials are sent to the endpoint alone; correct the endpoint in the metadata of the provider",
  "unusable-location": () => "redirects without a valid Location header; correct the redirect at the provider"
}

type Method = "GET" | "POST"

const status = (reason: Status, method: Method): string => {
  const wait = reason.retryAfter === undefined
    ? ""
    : `; Retry-After asks for ${Math.ceil(Duration.toSeconds(reason.retryAfter))} s`
  if (isTransientStatus(reason.status)) {
    return `HTTP ${reason.status}, the server is temporarily unavailable${wait}`
  }
  if (method === "POST") {
    return `HTTP ${reason.status}, the server refuses the request; check the client credentials of this program`
  }
  return `HTTP ${reason.status}, ${refusals.get(reason.status) ?? "there is no metadata at this URL"}`
}

/** Statuses that do not mean that there is no document. */
const refusals: ReadonlyMap<number, string> = new Map([
  [401, "the server requires authentication for this document; send it with Discovery.withHeaders"],
  [
    403,
    "the server or its firewall refuses this program; allow its address or its User-Agent, or send credentials with " +
    "Discovery.withHeaders"
  ],
  [
    406,
    "the server has the document in no media type that was requested; correct it at the provider, or set another " +
    "Accept header with Discovery.withHeaders"
  ],
  [
    407,
    "a proxy requires credentials; set proxy.credentials (command line: HTTPS_PROXY), or send them with " +
    "Discovery.withHeaders"
  ],
  [451, "the server refuses this program for legal reasons, often by its country; ask the provider"]
])

const messages: {
  readonly [Tag in Reason["_tag"]]: (
    reason: Extract<Reason, { readonly _tag: Tag }>,
    method: Method
  ) => string
} = {
  Transport: ({ detail }) => `no response (${printable(detail)}); ${transportAdvice(detail)}`,
  Timeout: ({ duration, of }) =>
    of === "attempt"
      ? `no complete response within ${
        Duration.toMillis(duration)
      } ms; check the network, or raise FetchLimits.attemptTimeout`
      : `the search reached its limit of ${
        Duration.toMillis(duration)
      } ms; if the provider is slow, raise FetchLimits.totalTimeout`,
  Status: status,
  BodyTooLarge: ({ limit }) =>
    `the body is longer than ${limit} bytes; if the document is correct, raise FetchLimits.bodyBytes`,
  NotMetadata: ({ detail, reason }) =>
    `HTTP 200, but ${contents[reason]}${detail === undefined ? "" : ` (${printable(detail)})`}`,
  Redirect: (error) => `HTTP ${error.status} ${redirect[error.reason](error)}`,
  RefusedAddress: ({ address, host, range }) =>
    range === "local-name"
      ? `${
        quoted(host)
      } is a name of a local network, which the proxy must not resolve; if the provider has this name, ` +
        "add it to proxy.allowHosts, or to proxy.noProxy (command line: NO_PROXY) to reach it without the proxy"
      : `${quoted(host)} leads to the ${printable(range)} address ${printable(address)}, which is not allowed; ${
        range === "loopback"
          ? `for local development, use the host localhost, and ${developmentSwitch}`
          : "if the provider runs there, add the range or network to the option allow (command line: --allow)"
      }`,
  RefusedUrl: ({ reason }) => `the URL is refused: ${advice[reason]}`,
  ProxyFailed: ({ failure, proxy }) =>
    `no tunnel through the proxy ${printable(proxy)} (${printable(String(failure))}); ${proxyAdvice(failure)}`
}

const proxyAdvice = (failure: number | string): string => {
  if (failure === 407) {
    return "it requires credentials; set proxy.credentials (command line: HTTPS_PROXY=http://user:password@host:port)"
  }
  return typeof failure === "number"
    ? "allow this host at the proxy, or add it to proxy.noProxy (command line: NO_PROXY) to reach it without the proxy"
    : "check the option proxy (command line: HTTPS_PROXY), and that this machine can reach the proxy"
}

/** The codes of Node for a certificate whose issuer is not trusted. */
const untrusted = /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|CERT_UNTRUSTED/

const transportAdvice = (detail: string): string => {
  if (untrusted.test(detail)) {
    return "the certificate of the provider, or of a proxy before it, has an issuer that this program does not trust; " +
      "set the option ca of NodeMcpAuth (command line: --ca-file), name the file of the CA in NODE_EXTRA_CA_CERTS, or " +
      "start Node with --use-system-ca"
  }
  if (/ALERT_(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE)/.test(detail)) {
    return "if the provider requires a client certificate, set the options cert and key of NodeMcpAuth (command line: " +
      "--cert-file, --key-file)"
  }
  if (detail.includes("CERT_HAS_EXPIRED")) {
    return "the certificate has expired; renew it, and check the clock of this machine"
  }
  return detail.includes("ALTNAME_INVALID")
    ? "the certificate is for another host name; check the URL, or correct the certificate"
    : "check the host name, and that this machine can reach it"
}

/** The message of a reason, with what to do next. */
const fetchFailureMessage = (reason: Reason, method: Method): string =>
  // The table is total over the tags, but TypeScript cannot correlate an indexed function with its argument.
  (messages[reason._tag] as (reason: Reason, method: Method) => string)(reason, method)

/** Statuses of a temporary failure (RFC 9110, sections 15.5.9 and 15.6; RFC 8470, section 5.2; RFC 6585, section 4). */
const isTransientStatus = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500

/**
 * Whether a retry can succeed: no response arrived in time, or the status says that the server is temporarily
 * unavailable (408, 425, 429, 5xx).
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransient = ({ reason }: MetadataFetchError): boolean =>
  reason._tag === "Transport" || reason._tag === "Timeout" ||
  (reason._tag === "Status" && isTransientStatus(reason.status)) ||
  (reason._tag === "ProxyFailed" && (typeof reason.failure === "string" || isTransientStatus(reason.failure)))
