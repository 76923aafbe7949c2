import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { parse, redacted, withoutQuery } from "../../metadata/internal/httpUri.ts"
import { type RefusedAddress, RefusedUrl, Status, type Transport } from "../MetadataFetchError.ts"
import { retryAfter } from "./headers.ts"
import { transportFailure } from "./transportFailure.ts"

/** What names a URL in errors and reports. */
export const placeOf = (url: string): string =>
  Result.isSuccess(parse(url, { query: "allowed", insecureLoopback: true })) ? withoutQuery(url) : redacted(url)

/** A URL that may be asked, without its query, as spans may name it. */
export const askable = (url: string, allowInsecureLoopback: boolean): Result.Result<string, RefusedUrl> =>
  parse(url, { query: "allowed", insecureLoopback: allowInsecureLoopback }).pipe(
    Result.map(({ origin, path }) => `${origin}${path}`),
    Result.mapError((why) => new RefusedUrl({ why }))
  )

/** Keeps a client from doing more than it is asked for. */
export const hardened = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  effect.pipe(
    // `FetchHttpClient` follows redirects to any host and sends cookies unless told otherwise; others ignore this.
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual", credentials: "omit" }),
    // The client's own span would name the query, which may hold a key, and its headers would follow us to a stranger.
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )

/** Why an exchange failed. A client that refuses statuses by itself has had an answer all the same. */
export const failureOf = (error: HttpClientError): Effect.Effect<never, Status | Transport | RefusedAddress> =>
  error.reason._tag === "StatusCodeError" ? statusError(error.reason.response) : Effect.fail(transportFailure(error))

/** A status that is no answer, and how long the server asks to wait. */
export const statusError = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<never, Status> =>
  Effect.flatMap(retryAfter(response.headers), (wait) =>
    Effect.fail(
      new Status({
        status: response.status,
        ...(Option.isSome(wait) ? { retryAfter: Duration.toMillis(wait.value) } : {})
      })
    ))
