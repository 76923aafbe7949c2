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
import type { Limits } from "../FetchLimits.ts"
import { MetadataFetchError, type Reason, Redirect } from "../MetadataFetchError.ts"
import { SharedMemory } from "../SharedMemory.ts"
import { readDocument, type Shape } from "./documentBody.ts"
import { askable, type Asked, failureOf, freshFor, hardened, placeOf, statusError, timed } from "./exchange.ts"
import { KnownSince, longest } from "./refresh.ts"

/** A document as it came, before anything is believed or repaired. */
export interface Loaded {
  readonly document: Schema.JsonObject
  /** How long the source says that the document is fresh. */
  readonly freshFor: Option.Option<Duration.Duration>
  /** How old it is, where somebody else has fetched it. */
  readonly age?: Duration.Duration
  /** The content type, when it is not JSON. */
  readonly oddContentType: Option.Option<string>
}

export interface FetchSettings {
  readonly limits: Limits
  readonly mapRequest: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
  readonly allowInsecureLoopback: boolean
  /** What the document is. */
  readonly shape: Shape
  readonly asked: Asked
}

/** A browser that is told not to follow a redirect says 0, and not where it leads. */
const isRedirect = (status: number): boolean => [0, 301, 302, 303, 307, 308].includes(status)

/** A redirect that may be followed. */
interface Moved {
  readonly status: number
  readonly url: string
}

/** Where a redirect leads, if that is somewhere on the same origin. */
const movedTo = (current: string, response: HttpClientResponse.HttpClientResponse): Result.Result<Moved, Redirect> => {
  const { status } = response
  const unusable = Result.fail(new Redirect({ status, why: "unusable-location" }))
  const location = Option.getOrUndefined(Headers.get(response.headers, "location"))
  if (location === undefined || !URL.canParse(location, current)) return unusable
  const next = new URL(location, current)
  const { origin } = next
  if (origin !== new URL(current).origin) return Result.fail(new Redirect({ status, why: "foreign-origin", origin }))
  return next.username === "" && next.password === "" ? Result.succeed({ status, url: next.href }) : unusable
}

/** Some clients follow redirects whatever they are told. Where they ended is then judged instead. */
const followedElsewhere = (current: string, response: HttpClientResponse.HttpClientResponse): Redirect | undefined => {
  if (!URL.canParse(response.url)) return undefined
  const { origin } = new URL(response.url)
  return origin === new URL(current).origin
    ? undefined
    : new Redirect({ status: response.status, why: "foreign-origin", origin })
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

/** The request for a document: no cookies, no credentials, no redirect that somebody else follows. */
const requestFor = (url: string, settings: FetchSettings): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.get(url).pipe(
    HttpClientRequest.acceptJson,
    // A compressed body could unfold to any size before the limit sees it; metadata is small enough as it is.
    HttpClientRequest.setHeader("accept-encoding", "identity"),
    settings.mapRequest
  )

/** One exchange: the document, or the URL of the same origin where it is said to be. */
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
    // The scope ends the exchange: what was not read of a body is never read.
    Effect.scoped,
    Effect.catchTag("HttpClientError", failureOf)
  )

const follow = Effect.fnUntraced(function*(url: string, settings: FetchSettings) {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  let request = requestFor(url, settings)
  let status = 0
  for (let redirects = 0; redirects <= settings.limits.redirects; redirects++) {
    // Whoever maps requests may lead them elsewhere, but not past the rules for URLs.
    yield* Effect.fromResult(askable(request.url, settings.allowInsecureLoopback))
    const result = yield* exchange(client, request, settings)
    if ("document" in result) return result
    request = HttpClientRequest.setUrl(request, result.url)
    status = result.status
  }
  return yield* new Redirect({ status, why: "too-many" })
})

/** What a request of somebody's own brings may be for that somebody alone. */
const sharing = <E, R>(url: string, { asked, mapRequest }: FetchSettings, fetch: Effect.Effect<Loaded, E, R>) =>
  mapRequest === identity ? sharedDocument(`${asked} ${url}`, fetch) : fetch

/**
 * Asks one URL once. Follows redirects of the same origin, reads no more than allowed, and sends nothing that would
 * identify the program. How long it may take is the caller's matter.
 */
export const fetchDocument = Effect.fn("Discovery.fetchDocument")(
  function*(url: string, settings: FetchSettings): Effect.fn.Return<Loaded, MetadataFetchError, HttpClient.HttpClient> {
    const place = placeOf(url)
    return yield* Effect.fromResult(askable(url, settings.allowInsecureLoopback)).pipe(
      Effect.tap((withoutQuery) => Effect.annotateCurrentSpan({ "url.full": withoutQuery })),
      Effect.andThen(sharing(url, settings, hardened(timed(follow(url, settings), settings.asked)))),
      Effect.mapError((reason) => new MetadataFetchError({ url: place, reason }))
    )
  }
)

/** A document as others have fetched it. */
const Entry = Schema.Struct({
  document: Schema.Record(Schema.String, Schema.Json),
  oddContentType: Schema.NullOr(Schema.String),
  /** When it was fetched, in milliseconds since 1970, and for how many its source says that it is fresh. */
  at: Schema.Finite,
  freshFor: Schema.NullOr(Schema.Finite)
})

const decodeEntry = Schema.decodeUnknownOption(Entry)

/** How long a document is shared whose source does not say how long it is fresh. */
const usual = Duration.minutes(5)

/** A document that somebody else has fetched. That makes it no younger than it is. */
const loadedOf = ({ at, document, freshFor, oddContentType }: typeof Entry.Type, now: number): Loaded => ({
  document,
  oddContentType: Option.fromNullishOr(oddContentType),
  freshFor: Option.map(Option.fromNullishOr(freshFor), (freshFor) => Duration.millis(at + freshFor - now)),
  age: Duration.millis(now - at)
})

/** Until when a document is shared, in milliseconds since 1970. */
const sharedUntil = ({ at, freshFor }: typeof Entry.Type): number =>
  at + Math.min(freshFor ?? Duration.toMillis(usual), Duration.toMillis(longest))

/** Whether a document is worth as much as another fetch. One of the future was fetched by a clock that is not ours. */
const isNews = (entry: typeof Entry.Type, since: number, now: number): boolean =>
  since < entry.at && entry.at <= now && now < sharedUntil(entry)

/** Fetches a document, unless somebody else with the same memory has just done so. */
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
