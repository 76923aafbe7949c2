import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { parse, redacted, withoutQuery } from "../../metadata/internal/httpUri.ts"
import { ProxyFailed, RefusedAddress, RefusedUrl, Status, Transport } from "../MetadataFetchError.ts"
import { isInternal, UnsafeInternalOrigin } from "../UnsafeInternalOrigin.ts"

/** The form of a URL in errors and reports: without its query. */
export const displayUrl = (url: string): string =>
  Result.isSuccess(parse(url, { query: "allowed", insecureLoopback: true })) ? withoutQuery(url) : redacted(url)

/** Checks that a URL may be requested. Returns it without its query, for spans. */
export const checkUrl = (url: string, allowInsecureLoopback: boolean): Effect.Effect<string, RefusedUrl> =>
  Effect.flatMap(UnsafeInternalOrigin, (origin) =>
    parse(url, {
      query: "allowed",
      insecureLoopback: allowInsecureLoopback,
      insecure: isInternal(origin, url)
    }).pipe(
      Result.map(({ origin, path }) => `${origin}${path}`),
      Result.mapError((reason) => new RefusedUrl({ reason })),
      Effect.fromResult
    ))

/** The headers of every request to a provider. Firewalls of providers refuse requests without `User-Agent`. */
export const commonHeaders = {
  "user-agent": "effect-mcp-auth/0.0.0",
  // A compressed body could expand to any size before the limit applies. Metadata is small without compression.
  "accept-encoding": "identity"
}

/** Disables what an HTTP client does by itself: redirects, cookies, its own span, and trace headers. */
export const withSafeClient = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  effect.pipe(
    // By default, `FetchHttpClient` follows redirects to any host and sends cookies. Other clients ignore these
    // settings.
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual", credentials: "omit" }),
    // The client's own span would record the query, which can contain a secret. Trace headers would be sent to the
    // provider.
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )

/** The reason of a failed exchange. A client that rejects statuses by itself still has received a response. */
export const failureOf = (
  error: HttpClientError
): Effect.Effect<never, Status | Transport | RefusedAddress | ProxyFailed> =>
  error.reason._tag === "StatusCodeError" ? statusError(error.reason.response) : Effect.fail(transportFailure(error))

/** The error of a response status, with the delay from `Retry-After`. */
export const statusError = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<never, Status> =>
  Effect.flatMap(retryAfter(response.headers), (wait) =>
    Effect.fail(
      new Status({
        status: response.status,
        ...(Option.isSome(wait) ? { retryAfter: wait.value } : {})
      })
    ))

/** An error and its causes, outermost first. The depth is bounded, because causes can be cyclic. */
const chain = (error: unknown): ReadonlyArray<unknown> => {
  const links: Array<unknown> = []
  let pending: ReadonlyArray<unknown> = [error]
  while (pending.length > 0 && links.length < 16) {
    const [link, ...others] = pending
    if (link === undefined || link === null) {
      pending = others
      continue
    }
    links.push(link)
    // Node joins the failures of several addresses in an `AggregateError`.
    const joined = Predicate.hasProperty(link, "errors") && Array.isArray(link.errors) ? link.errors : []
    const cause = Predicate.hasProperty(link, "cause") ? [link.cause] : []
    const reason = Predicate.hasProperty(link, "reason") ? [link.reason] : []
    pending = [...reason, ...cause, ...joined, ...others]
  }
  return links
}

const codeOf = (link: unknown): string | undefined =>
  Predicate.hasProperty(link, "code") && typeof link.code === "string" ? link.code : undefined

const messageOf = (link: unknown): string | undefined =>
  Predicate.hasProperty(link, "message") && typeof link.message === "string" && link.message !== ""
    ? link.message
    : undefined

/**
 * The detail of a transport failure: the code or message of the innermost error. The messages of the wrappers are
 * ignored, because they contain the URL with its query.
 */
export const transportFailure = (error: HttpClientError): Transport | RefusedAddress | ProxyFailed => {
  const links = chain(error)
  const refused = links.find((link): link is RefusedAddress | ProxyFailed =>
    link instanceof RefusedAddress || link instanceof ProxyFailed
  )
  if (refused !== undefined) return refused
  const innermost = Arr.reverse(links)
  const wrapped = innermost.filter((link) => link !== error && link !== error.reason)
  const detail = innermost.map(codeOf).find((code) => code !== undefined) ??
    wrapped.map(messageOf).find((message) => message !== undefined) ??
    error.reason._tag
  return new Transport({ detail: detail.slice(0, 200) })
}

const decodeHttpDate = Schema.decodeUnknownOption(Schema.DateTimeUtcFromHttpDate)

/** RFC 9110, section 5.6.7 and 10.2.3: seconds, or a date. */
export const retryAfter = (headers: Headers.Headers): Effect.Effect<Option.Option<Duration.Duration>> =>
  Option.match(Headers.get(headers, "retry-after"), {
    onNone: () => Effect.succeedNone,
    onSome: (value) => {
      const text = value.trim()
      if (/^\d{1,9}$/.test(text)) return Effect.succeedSome(Duration.seconds(Number(text)))
      const date = decodeHttpDate(text)
      if (Option.isNone(date)) return Effect.succeedNone
      return Effect.map(DateTime.now, (now) =>
        Option.some(Duration.millis(
          Math.max(0, date.value.epochMilliseconds - now.epochMilliseconds)
        )))
    }
  })

const directive = (cacheControl: string, name: string): Option.Option<string> => {
  for (const part of cacheControl.split(",")) {
    const [key = "", value = ""] = part.split("=")
    if (key.trim().toLowerCase() === name) return Option.some(value.trim().replace(/^"(.*)"$/, "$1"))
  }
  return Option.none()
}

const seconds = (text: string): Option.Option<number> =>
  /^\d{1,9}$/.test(text) ? Option.some(Number(text)) : Option.none()

/**
 * The freshness lifetime of a response (RFC 9111, section 4.2): `max-age` minus `Age`, and zero for `no-store` and
 * `no-cache`. None if the response has no such directive.
 */
export const freshFor = (headers: Headers.Headers): Option.Option<Duration.Duration> =>
  Option.flatMap(Headers.get(headers, "cache-control"), (cacheControl) => {
    if (Option.isSome(directive(cacheControl, "no-store")) || Option.isSome(directive(cacheControl, "no-cache"))) {
      return Option.some(Duration.zero)
    }
    const age = Option.getOrElse(Option.flatMap(Headers.get(headers, "age"), seconds), () => 0)
    return Option.map(
      Option.flatMap(directive(cacheControl, "max-age"), seconds),
      (maxAge) => Duration.seconds(Math.max(0, maxAge - age))
    )
  })

/** The duration of requests to providers, with any outcome. */
const fetches = Metric.histogram("mcp_auth_fetch_seconds", {
  description: "Time of a request to an authorization server, in seconds",
  boundaries: [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]
})

/** The kind of request to a provider. */
export type Asked = "metadata" | "keys" | "introspection" | "token" | "registration" | "revocation"

/** Records the duration of a request. */
export const timed = Effect.fnUntraced(function*<A, E, R>(request: Effect.Effect<A, E, R>, asked: Asked) {
  const start = yield* Clock.currentTimeNanos
  return yield* Effect.onExit(request, (exit) =>
    Effect.flatMap(Clock.currentTimeNanos, (end) => {
      const outcome = Exit.isSuccess(exit) ? "success" : "failure"
      return Metric.update(
        Metric.withAttributes(fetches, { asked, outcome }),
        Duration.toSeconds(Duration.nanos(end - start))
      )
    }))
})
