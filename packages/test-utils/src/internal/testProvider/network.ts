import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import { HttpClientError, TransportError } from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import type { Answer } from "./answer.ts"
import type { State } from "./state.ts"

const bodiless = new Set([204, 304])

/** A connection failure in the form of Node's transports: the code is on the cause. */
const transportError = (request: HttpClientRequest.HttpClientRequest, code: string): HttpClientError =>
  new HttpClientError({
    reason: new TransportError({ request, cause: Object.assign(new Error(code), { code }) })
  })

/**
 * A response whose body is generated while it is read. As a connection, it stays open until the body ends, is
 * cancelled, or the exchange is aborted.
 */
const respond = Effect.fnUntraced(function*(
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer,
  state: State,
  close: Effect.Effect<void>
) {
  const { headers, status } = answer
  if (bodiless.has(status)) {
    yield* close
    return HttpClientResponse.fromWeb(request, new Response(null, { status, headers }))
  }
  const body = answer.body(answer.document).pipe(
    Stream.tap((chunk) => state.sent(chunk.length)),
    Stream.mapError((code) => Object.assign(new Error(code), { code })),
    Stream.ensuring(close)
  )
  const readable = yield* Stream.toReadableStreamEffect(body, {
    // Chunks are generated on demand, so that a test can measure how much was read.
    strategy: { highWaterMark: 0 }
  })
  return HttpClientResponse.fromWeb(request, new Response(readable, { status, headers }))
})

/** Forms and JSON are sent as bytes. Other bodies do not occur. */
const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const exchange = Effect.fnUntraced(function*(
  state: State,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  signal: AbortSignal
) {
  const endpoint = state.endpointOf(url)
  const at = yield* Clock.currentTimeMillis
  const arrived = {
    method: request.method,
    url: url.href,
    endpoint,
    headers: { ...request.headers },
    body: bodyOf(request),
    at
  }
  yield* state.record(arrived)
  const close = yield* Effect.cached(state.closed)
  yield* state.opened
  signal.addEventListener("abort", () => Effect.runFork(close))
  return yield* state.answer(arrived).pipe(
    Effect.tap(({ before }) => Effect.mapError(before, (code) => transportError(request, code))),
    Effect.flatMap((answer) => respond(request, answer, state, close)),
    // From here on, the body keeps the request open.
    Effect.onError(() => close)
  )
})

/** A network that contains only these providers. */
export const client = (states: ReadonlyArray<State>): HttpClient.HttpClient =>
  HttpClient.make((request, url, signal) => {
    const state = states.find(({ origin }) => origin === url.origin)
    return state === undefined
      ? Effect.fail(transportError(request, "ENOTFOUND"))
      : exchange(state, request, url, signal)
  })
