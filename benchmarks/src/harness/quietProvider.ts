/** A key set without network requests, for measurements of verification alone. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import type { PublicJwk } from "./tokens.ts"

/** An HTTP client that answers every request with these keys. */
export const keysFor = (keys: ReadonlyArray<PublicJwk>): Layer.Layer<HttpClient.HttpClient> =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, Response.json({ keys }))))
  )
