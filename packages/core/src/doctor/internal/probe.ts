import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isDecodedObject, parseJson, readBytes } from "../../fetch/internal/documentBody.ts"
import { checkUrl, commonHeaders, transportFailure, withSafeClient } from "../../fetch/internal/exchange.ts"
import type { Body, Exchange, Failure, Fetched } from "../Evidence.ts"

/** Limits of an examination. */
export interface ProbeLimits {
  readonly requests: number
  readonly requestTime: Duration.Duration
  readonly totalTime: Duration.Duration
  readonly bodyBytes: number
}

/** A request of the doctor. */
export interface Question {
  readonly purpose: string
  readonly method?: Exchange["method"]
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: Schema.JsonObject
}

/** Makes the requests of one examination, within its limits, and remembers them. */
export interface Probe {
  readonly ask: (question: Question) => Effect.Effect<Exchange>
  /** Asks for a document, and follows redirects as clients do. A URL is requested once. */
  readonly fetch: (place: Fetched["place"], question: Question) => Effect.Effect<Fetched>
  readonly exchanges: () => ReadonlyArray<Exchange>
}

const maxHeaderLength = 16 * 1024

/** The headers that rules read. All others are dropped, because they may hold secrets such as cookies. */
const kept = [
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "allow",
  "cache-control",
  "content-type",
  "date",
  "location",
  "mcp-session-id",
  "retry-after",
  "www-authenticate"
]

const keptHeaders = (headers: Headers.Headers): Readonly<Record<string, string>> =>
  Object.fromEntries(kept.flatMap((name) => {
    const value = Option.getOrUndefined(Headers.get(headers, name))
    return value === undefined ? [] : [[name, value.slice(0, maxHeaderLength)]]
  }))

const bodyOf = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  method: Exchange["method"],
  limit: number
): Effect.fn.Return<Body, HttpClientError> {
  const contentType = Option.getOrElse(Headers.get(response.headers, "content-type"), () => "")
  if (contentType.startsWith("text/event-stream")) return { kind: "stream" }
  if (method === "HEAD" || response.status === 204 || response.status === 304) return { kind: "empty" }
  const bytes = yield* Effect.result(readBytes(response, limit))
  if (Result.isFailure(bytes)) {
    if (bytes.failure._tag === "BodyTooLarge") return { kind: "too-large" }
    return bytes.failure.reason._tag === "EmptyBodyError" ? { kind: "empty" } : yield* bytes.failure
  }
  const parsed = parseJson(bytes.success)
  if (Result.isSuccess(parsed)) return { kind: "json", value: parsed.success }
  return { kind: parsed.failure === "empty" || parsed.failure === "html" ? parsed.failure : "text" }
})

const tlsCode = /CERT|TLS|SSL|SIGNATURE|EPROTO/
const dnsCodes = new Set(["ENOTFOUND", "EAI_AGAIN", "ENODATA"])

/** The failure of an exchange, by the code of its innermost error. */
const failureOf = (error: HttpClientError): Failure => {
  const failure = transportFailure(error)
  if (failure._tag !== "Transport") return { _tag: "Failure", reason: "address", detail: failure._tag }
  const { detail } = failure
  const reason = dnsCodes.has(detail) ? "dns" : tlsCode.test(detail) ? "tls" : "connection"
  return { _tag: "Failure", reason, detail }
}

const requestFor = ({ headers, json, method = "GET", url }: Question): HttpClientRequest.HttpClientRequest => {
  const request = HttpClientRequest.setHeaders(HttpClientRequest.make(method)(url), {
    ...commonHeaders,
    accept: "application/json",
    ...headers
  })
  return json === undefined ? request : HttpClientRequest.bodyJsonUnsafe(request, json)
}

const decodeHttpDate = Schema.decodeUnknownOption(Schema.DateTimeUtcFromHttpDate)

/** How far the clock of an answer is ahead, in seconds. The header has whole seconds. */
const offsetOf = (headers: Readonly<Record<string, string>>, before: number, after: number): number | undefined => {
  const date = Option.getOrUndefined(decodeHttpDate(headers["date"]))
  if (date === undefined) return undefined
  const sent = date.epochMilliseconds
  if (sent + 999 < before) return Math.round((sent + 999 - before) / 1000)
  return sent > after ? Math.round((sent - after) / 1000) : 0
}

const failed = (reason: Failure["reason"], detail: string): Failure => ({ _tag: "Failure", reason, detail })

/** One exchange, without redirects. */
const exchange = (
  client: HttpClient.HttpClient,
  question: Question,
  limits: ProbeLimits,
  remaining: number,
  allowInsecureLoopback: boolean
): Effect.Effect<Exchange["result"]> =>
  Effect.andThen(
    checkUrl(question.url, allowInsecureLoopback),
    Effect.flatMap(HttpClient.withScope(client).execute(requestFor(question)), (response) =>
      Effect.map(
        bodyOf(response, question.method ?? "GET", limits.bodyBytes),
        (body): Exchange["result"] => ({
          _tag: "Answer",
          status: response.status,
          headers: keptHeaders(response.headers),
          body
        })
      ))
  ).pipe(
    Effect.scoped,
    withSafeClient,
    Effect.timeout(Duration.min(limits.requestTime, Duration.millis(remaining))),
    Effect.catchTags({
      HttpClientError: (error) => Effect.succeed(failureOf(error)),
      RefusedUrl: ({ reason }) => Effect.succeed(failed("url", reason)),
      TimeoutError: () => Effect.succeed(failed("timeout", "no complete answer in time"))
    })
  )

const redirects = new Set([301, 302, 303, 307, 308])

/** The target of a redirect, if it can be requested. */
const movedTo = ({ result, url }: Exchange): string | undefined => {
  if (result._tag === "Failure" || !redirects.has(result.status)) return undefined
  const { location } = result.headers
  return location !== undefined && URL.canParse(location, url) ? new URL(location, url).href : undefined
}

const maxRedirects = 3

/** Asks for a document, and follows redirects. */
const follow = Effect.fnUntraced(function*(
  ask: Probe["ask"],
  place: Fetched["place"],
  question: Question
): Effect.fn.Return<Fetched> {
  const first = yield* ask(question)
  const exchanges: [Exchange, ...Array<Exchange>] = [first]
  let last = first
  for (let next = movedTo(last); next !== undefined && exchanges.length <= maxRedirects; next = movedTo(last)) {
    last = yield* ask({ ...question, url: next, purpose: `${question.purpose}, redirected` })
    exchanges.push(last)
  }
  const { result } = last
  const value = result._tag === "Answer" && result.status === 200 && result.body.kind === "json"
    ? result.body.value
    : undefined
  const document = isDecodedObject(value) && !Array.isArray(value) ? value : undefined
  return { place, url: question.url, exchanges, document }
})

/** Creates the probe of one examination. */
export const makeProbe = Effect.fnUntraced(function*(
  limits: ProbeLimits,
  allowInsecureLoopback: boolean
): Effect.fn.Return<Probe, never, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(limits.totalTime)
  const exchanges: Array<Exchange> = []
  const known = new Map<string, Fetched>()
  const ask = Effect.fnUntraced(function*(question: Question): Effect.fn.Return<Exchange> {
    const before = yield* Clock.currentTimeMillis
    const remaining = deadline - before
    const isOver = remaining <= 0 || exchanges.length >= limits.requests
    const result = isOver
      ? failed("limit", "the limits of the examination were reached before this request")
      : yield* exchange(client, question, limits, remaining, allowInsecureLoopback)
    const after = yield* Clock.currentTimeMillis
    const asked: Exchange = {
      id: exchanges.length + 1,
      purpose: question.purpose,
      method: question.method ?? "GET",
      url: question.url,
      result,
      duration: after - before,
      clockOffset: result._tag === "Answer" ? offsetOf(result.headers, before, after) : undefined
    }
    if (!isOver) exchanges.push(asked)
    return asked
  })
  const fetch: Probe["fetch"] = Effect.fnUntraced(function*(place, question) {
    const before = known.get(question.url)
    if (before !== undefined) return { ...before, place }
    const fetched = yield* follow(ask, place, question)
    known.set(question.url, fetched)
    return fetched
  })
  return { ask, fetch, exchanges: () => exchanges }
})
