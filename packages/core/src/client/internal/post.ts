import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Schema from "effect/Schema"
import { FetchLimits } from "../../fetch/FetchLimits.ts"
import { objectOf, readDocument } from "../../fetch/internal/documentBody.ts"
import {
  type Asked,
  checkUrl,
  commonHeaders,
  displayUrl,
  failureOf,
  timed,
  withSafeClient
} from "../../fetch/internal/exchange.ts"
import { within } from "../../fetch/internal/retry.ts"
import { MetadataFetchError, type Reason, Redirect, Timeout } from "../../fetch/MetadataFetchError.ts"
import { AllowInsecureLoopback } from "../../metadata/InsecureLoopback.ts"

/** The response of an OAuth endpoint. */
export interface Answer {
  readonly status: number
  /** The JSON object of the body, if it is one. */
  readonly body: Schema.JsonObject | undefined
  /** The header `DPoP-Nonce` (RFC 9449, section 8). */
  readonly nonce: string | undefined
}

/** Responses of these endpoints have a few kilobytes. */
const maxBytes = 256 * 1024

/** Credentials go to the endpoint alone. A client that follows redirects by itself is noticed afterwards. */
const checkRedirect = (url: string, response: HttpClientResponse.HttpClientResponse): Effect.Effect<void, Redirect> => {
  const { status } = response
  const moved = URL.canParse(response.url) && new URL(response.url).href !== new URL(url).href
  return moved || status === 0 || (status >= 300 && status < 400)
    ? Effect.fail(new Redirect({ status, reason: "not-followed" }))
    : Effect.void
}

const readAnswer = (response: HttpClientResponse.HttpClientResponse) =>
  readDocument(response, maxBytes, objectOf).pipe(
    Effect.catchTag("NotMetadata", () => Effect.undefined),
    Effect.map((body): Answer => ({ status: response.status, body, nonce: response.headers["dpop-nonce"] }))
  )

/**
 * Sends one request with credentials to an endpoint of an authorization server: once, without redirects, cookies or spans
 * of the HTTP client, with limits for size and time.
 */
export const post = (
  request: HttpClientRequest.HttpClientRequest,
  asked: Extract<Asked, "token" | "registration" | "revocation">
): Effect.Effect<Answer, MetadataFetchError, HttpClient.HttpClient> =>
  Effect.gen(function*(): Effect.fn.Return<Answer, Reason, HttpClient.HttpClient> {
    yield* checkUrl(request.url, yield* AllowInsecureLoopback)
    const client = HttpClient.withScope(yield* HttpClient.HttpClient)
    const { totalTimeout } = yield* FetchLimits
    const sent = HttpClientRequest.setHeaders(request, { ...commonHeaders, accept: "application/json" })
    return yield* client.execute(sent).pipe(
      Effect.tap((response) => checkRedirect(request.url, response)),
      Effect.flatMap(readAnswer),
      Effect.scoped,
      Effect.catchTag("HttpClientError", failureOf),
      (exchange) => withSafeClient(timed(exchange, asked)),
      (exchange) =>
        within(exchange, totalTimeout, () => Effect.fail(new Timeout({ duration: totalTimeout, of: "search" })))
    )
  }).pipe(
    Effect.mapError((reason) => new MetadataFetchError({ url: displayUrl(request.url), reason, method: "POST" }))
  )

/** Secrets shorter than this occur in ordinary texts. */
const minSecret = 6

/** A secret as it is, and as forms and URLs write it, which a server can repeat as it arrived. */
const formsOf = (secret: string): ReadonlyArray<string> => {
  const form = new URLSearchParams([["", secret]]).toString().slice(1)
  const inUrl = form.replaceAll("+", "%20")
  // As it arrives: characters that are no valid UTF-16 are replaced, for which `encodeURIComponent` would fail.
  const received = new URLSearchParams(`=${form}`).get("") ?? ""
  const component = inUrl.replaceAll(/%(?:21|27|28|29|7E)/g, decodeURIComponent)
  const lower = [form, inUrl, component].map((one) => one.replaceAll(/%../g, (escape) => escape.toLowerCase()))
  return [secret, received, form, inUrl, component, ...lower]
}

/** A text of a server without the secrets that were sent to it: an error description can repeat them. */
export const withoutSecrets = (text: string, secrets: Iterable<string>, shortest = minSecret): string =>
  [...new Set([...secrets].filter((secret) => secret.length >= shortest).flatMap(formsOf))]
    // The longest first, so that no end of it stays.
    .toSorted((one, other) => other.length - one.length)
    .reduce((shown, secret) => shown.replaceAll(secret, "…"), text)
