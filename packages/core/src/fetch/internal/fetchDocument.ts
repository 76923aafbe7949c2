import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { AllowInsecureLoopback } from "../../metadata/InsecureLoopback.ts"
import type { Limits } from "../FetchLimits.ts"
import { MetadataFetchError, type Reason, Redirect } from "../MetadataFetchError.ts"
import { SharedMemory } from "../SharedMemory.ts"
import { readDocument, type Shape } from "./documentBody.ts"
import {
  type Asked,
  checkUrl,
  commonHeaders,
  displayUrl,
  failureOf,
  freshFor,
  statusError,
  timed,
  withSafeClient
} from "./exchange.ts"
import { KnownSince, longest } from "./refresh.ts"

/** A document as received, before any check or repair. */
export interface Loaded {
  readonly document: Schema.JsonObject
  /** The freshness lifetime that the source declares. */
  readonly freshFor: Option.Option<Duration.Duration>
  /** The age of the document, if another instance fetched it. */
  readonly age?: Duration.Duration
  /** The content type, if it is not JSON. */
  readonly oddContentType: Option.Option<string>
}

/** A function that changes a request. */
export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest

export interface FetchSettings {
  readonly limits: Limits
  readonly mapRequest: RequestMap
  readonly allowInsecureLoopback: boolean
  /** The kind of document. */
  readonly shape: Shape
  readonly asked: Extract<Asked, "metadata" | "keys">
}

/** With `redirect: "manual"`, browsers report status 0 and hide the target. */
const isRedirect = (status: number): boolean => [0, 301, 302, 303, 307, 308].includes(status)

/** A redirect that may be followed. */
interface Moved {
  readonly status: number
  readonly url: string
}

/** The target of a redirect, if it is on the same origin. */
const movedTo = (current: string, response: HttpClientResponse.HttpClientResponse): Result.Result<Moved, Redirect> => {
  const { status } = response
  const unusable = Result.fail(new Redirect({ status, reason: "unusable-location" }))
  const location = Option.getOrUndefined(Headers.get(response.headers, "location"))
  if (location === undefined || !URL.canParse(location, current)) return unusable
  const next = new URL(location, current)
  const { origin } = next
  if (origin !== new URL(current).origin) return Result.fail(new Redirect({ status, reason: "foreign-origin", origin }))
  return next.username === "" && next.password === "" ? Result.succeed({ status, url: next.href }) : unusable
}

/** Some clients always follow redirects. In that case the final URL is checked. */
const followedElsewhere = (current: string, response: HttpClientResponse.HttpClientResponse): Redirect | undefined => {
  if (!URL.canParse(response.url)) return undefined
  const { origin } = new URL(response.url)
  return origin === new URL(current).origin
    ? undefined
    : new Redirect({ status: response.status, reason: "foreign-origin", origin })
}

const isJson = (contentType: string): boolean => /^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(contentType)

const loaded = (document: Schema.JsonObject, headers: Headers.Headers): Loaded => ({
  document,
  freshFor: freshFor(headers),
  oddContentType: Option.filter(
    Option.some(Option.getOrElse(Headers.get(headers, "content-type"), () => "")),
    (contentType) => !isJson(contentType)
  )
})

/** Key sets have a media type (RFC 7517, section 8.5.2). Strict servers respond with 406 to a request without it. */
const mediaTypes = {
  metadata: "application/json",
  keys: "application/jwk-set+json, application/json;q=0.9, */*;q=0.1"
} as const

/** The request for a document: no cookies, no credentials, no automatic redirects. */
const requestFor = (url: string, { asked, mapRequest }: FetchSettings): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.get(url).pipe(
    HttpClientRequest.setHeaders({ ...commonHeaders, accept: mediaTypes[asked] }),
    mapRequest
  )

/** One exchange: the document, or the redirect target on the same origin. */
const exchange = (
  client: HttpClient.HttpClient.With<HttpClientError, Scope.Scope>,
  request: HttpClientRequest.HttpClientRequest,
  { limits, shape }: FetchSettings
): Effect.Effect<Loaded | Moved, Reason> =>
  Effect.flatMap(client.execute(request), (response): Effect.Effect<Loaded | Moved, Reason | HttpClientError> => {
    const elsewhere = followedElsewhere(request.url, response)
    if (elsewhere !== undefined) return Effect.fail(elsewhere)
    if (isRedirect(response.status)) return Effect.fromResult(movedTo(request.url, response))
    if (response.status !== 200) return statusError(response)
    return Effect.map(readDocument(response, limits.bodyBytes, shape), (document) => loaded(document, response.headers))
  }).pipe(
    // Closing the scope aborts the exchange and the rest of the body.
    Effect.scoped,
    Effect.catchTag("HttpClientError", failureOf)
  )

const follow = Effect.fnUntraced(function*(url: string, settings: FetchSettings) {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  let request = requestFor(url, settings)
  let status = 0
  for (let redirects = 0; redirects <= settings.limits.redirects; redirects++) {
    // `mapRequest` can change the URL. The new URL must pass the same check.
    yield* checkUrl(request.url, settings.allowInsecureLoopback)
    const result = yield* exchange(client, request, settings)
    if ("document" in result) return result
    request = HttpClientRequest.setUrl(request, result.url)
    status = result.status
  }
  return yield* new Redirect({ status, reason: "too-many" })
})

/** A request with `mapRequest` can carry credentials, so its response is not shared. */
const sharing = <E, R>(url: string, { asked, mapRequest }: FetchSettings, fetch: Effect.Effect<Loaded, E, R>) =>
  mapRequest === identity ? sharedDocument(`${asked} ${url}`, fetch) : fetch

/**
 * Fetches one URL once. Follows redirects of the same origin, reads up to the size limit, and sends nothing that
 * identifies the program. The caller sets the timeout.
 */
export const fetchDocument = Effect.fn("Discovery.fetchDocument")(
  function*(url: string, given: FetchSettings): Effect.fn.Return<Loaded, MetadataFetchError, HttpClient.HttpClient> {
    const place = displayUrl(url)
    const allowInsecureLoopback = given.allowInsecureLoopback || (yield* AllowInsecureLoopback)
    const settings = { ...given, allowInsecureLoopback }
    return yield* checkUrl(url, allowInsecureLoopback).pipe(
      Effect.tap((withoutQuery) => Effect.annotateCurrentSpan({ "url.full": withoutQuery })),
      Effect.andThen(sharing(url, settings, withSafeClient(timed(follow(url, settings), settings.asked)))),
      Effect.mapError((reason) => new MetadataFetchError({ url: place, reason }))
    )
  }
)

/** A document in the shared memory. */
const Entry = Schema.Struct({
  document: Schema.Record(Schema.String, Schema.Json),
  oddContentType: Schema.NullOr(Schema.String),
  /**
   * When it was fetched, in milliseconds since 1970, and the freshness lifetime that its source declares, in
   * milliseconds.
   */
  at: Schema.Finite,
  freshFor: Schema.NullOr(Schema.Finite)
})

const decodeEntry = Schema.decodeUnknownOption(Entry)

/** How long a document is shared if its source declares no freshness lifetime. */
const usual = Duration.minutes(5)

/** A document that another instance fetched, with its age. */
const loadedOf = ({ at, document, freshFor, oddContentType }: typeof Entry.Type, now: number): Loaded => ({
  document,
  oddContentType: Option.fromNullishOr(oddContentType),
  freshFor: Option.map(Option.fromNullishOr(freshFor), (freshFor) => Duration.millis(at + freshFor - now)),
  age: Duration.millis(now - at)
})

/** The time at which sharing of a document ends, in milliseconds since 1970. */
const sharedUntil = ({ at, freshFor }: typeof Entry.Type): number =>
  at + Math.min(freshFor ?? Duration.toMillis(usual), Duration.toMillis(longest))

/**
 * Whether a shared document replaces a fetch. A fetch time in the future comes from a clock that differs, so it is
 * rejected.
 */
const isNews = (entry: typeof Entry.Type, since: number, now: number): boolean =>
  since < entry.at && entry.at <= now && now < sharedUntil(entry)

/** Fetches a document, unless another instance with the same shared memory has just fetched it. */
export const sharedDocument = Effect.fnUntraced(function*<E, R>(
  key: string,
  fetch: Effect.Effect<Loaded, E, R>
): Effect.fn.Return<Loaded, E, R> {
  const memory = yield* SharedMemory
  if (memory === undefined) return yield* fetch
  const since = yield* KnownSince
  const known = since === Infinity ? Option.none() : decodeEntry(yield* memory.get(key))
  const before = yield* Clock.currentTimeMillis
  if (Option.isSome(known) && isNews(known.value, since, before)) return loadedOf(known.value, before)
  const loaded = yield* fetch
  const entry = {
    document: loaded.document,
    oddContentType: Option.getOrNull(loaded.oddContentType),
    at: yield* Clock.currentTimeMillis,
    freshFor: Option.getOrNull(Option.map(loaded.freshFor, Duration.toMillis))
  }
  yield* memory.set(key, entry, sharedUntil(entry) - entry.at)
  return loaded
})
