import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import type { Limits } from "../../fetch/FetchLimits.ts"
import { objectOf, readDocument } from "../../fetch/internal/documentBody.ts"
import {
  commonHeaders,
  displayUrl,
  failureOf,
  statusError,
  timed,
  withSafeClient
} from "../../fetch/internal/exchange.ts"
import { withRetries } from "../../fetch/internal/retry.ts"
import { MetadataFetchError, type Reason } from "../../fetch/MetadataFetchError.ts"
import { makeCircuit } from "../../token/internal/circuit.ts"
import { type AddressedRequest, networksOf } from "../../token/internal/clientAddress.ts"
import { DigestKey } from "../../token/internal/digestKey.ts"
import { makeQueues, type Queue } from "../../token/internal/introspectionQueue.ts"
import * as TokenDigest from "../../token/TokenDigest.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"

/** A request with which a provider without introspection (RFC 7662) describes an opaque token. */
export interface TokenCheck {
  /** Whether the syntax is that of the tokens of this provider. Any other token is not sent to it. */
  readonly handles: (token: string) => boolean
  /** The URL, which never contains the token. */
  readonly url: string
  /** Adds the token to the request, in a header or in the body. */
  readonly authorize: (
    request: HttpClientRequest.HttpClientRequest,
    token: Redacted.Redacted
  ) => Effect.Effect<HttpClientRequest.HttpClientRequest>
  /** The method of the request. */
  readonly method: "GET" | "POST"
  /** The statuses that mean that the token is not valid. Any other error status is an outage. */
  readonly rejects: ReadonlyArray<number>
  /**
   * The claims that the response states. Members that are not needed stay out, above all the token itself. `undefined`: the
   * token is not valid. `now` is in seconds since 1970.
   */
  readonly claimsOf: (response: Schema.JsonObject, now: number) => Schema.JsonObject | undefined
}

/** The claims of a token, or `undefined` if the provider rejects it. */
type Claims = Schema.JsonObject | undefined

/** The number of cached responses. The least recently used one is evicted. */
const capacity = 10_000

/** How long a response is cached, never past `exp`. A revoked token is accepted for that long. */
const cacheFor = Duration.seconds(30)

/** The limits of concurrent requests, as those of introspection. */
const queueSettings = { concurrency: 32, queueSize: 1_000, queueTimeout: Duration.seconds(2) }

const readResponse = (
  response: HttpClientResponse.HttpClientResponse,
  { rejects }: TokenCheck,
  { bodyBytes }: Limits
): Effect.Effect<Claims, Reason | HttpClientError> => {
  if (response.status === 200) return readDocument(response, bodyBytes, objectOf)
  return rejects.includes(response.status) ? Effect.undefined : statusError(response)
}

/** One request to the provider. */
const exchange = Effect.fnUntraced(function*(
  check: TokenCheck,
  token: Redacted.Redacted,
  limits: Limits
): Effect.fn.Return<Claims, Reason, HttpClient.HttpClient> {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const request = HttpClientRequest.make(check.method)(check.url).pipe(
    HttpClientRequest.acceptJson,
    HttpClientRequest.setHeaders(commonHeaders)
  )
  return yield* Effect.flatMap(check.authorize(request, token), client.execute).pipe(
    Effect.flatMap((response) => readResponse(response, check, limits)),
    Effect.scoped,
    Effect.catchTag("HttpClientError", failureOf)
  )
}, (exchange) => withSafeClient(timed(exchange, "introspection")))

/** Sends the request, with the limits and retries of introspection. */
const send = Effect.fn("TokenVerifier.checkToken")(function*(check: TokenCheck, token: Redacted.Redacted) {
  const location = displayUrl(check.url)
  const failed = (reason: Reason) => new MetadataFetchError({ url: location, reason, method: check.method })
  yield* Effect.annotateCurrentSpan({ "url.full": location })
  const response = yield* withRetries(location, (limits) => Effect.mapError(exchange(check, token, limits), failed))
    .pipe(
      Effect.mapError(({ reason }) => failed(reason))
    )
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  return response === undefined ? undefined : check.claimsOf(response, now)
})

/** How long the claims are cached. */
const keepFor = (claims: Claims) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const exp = claims?.["exp"]
    return typeof exp === "number" ? Duration.min(cacheFor, Duration.millis(Math.max(0, exp * 1000 - now))) : cacheFor
  })

/** A token that is not in the cache, and its request if it is known. Clients take turns in the queue. */
interface Pending {
  readonly token: Redacted.Redacted
  readonly request: AddressedRequest | undefined
}

/** Caches responses by digest, with a single flight for each token. */
const makeClaimsCache = Effect.fnUntraced(function*(
  server: AuthorizationServer<unknown>,
  check: TokenCheck,
  queue: Queue
) {
  const digestOf = yield* TokenDigest.TokenDigest
  const circuit = yield* makeCircuit(server)
  const lookup = Effect.fnUntraced(function*(key: DigestKey<Pending>) {
    const pending = key.take()
    // A lookup takes its token once.
    if (pending === undefined) return { claims: undefined, keepFor: Duration.zero }
    const { request, token } = pending
    const networks = request === undefined ? undefined : networksOf(request)
    const claims = yield* queue(networks, circuit(send(check, token)))
    return { claims, keepFor: yield* keepFor(claims) }
  })
  const cache = yield* Cache.makeWith(lookup, {
    capacity,
    timeToLive: (exit) => Exit.isSuccess(exit) ? exit.value.keepFor : Duration.zero
  })
  return Effect.fnUntraced(function*(token: Redacted.Redacted, request: AddressedRequest | undefined) {
    const digest = digestOf(Redacted.value(token))
    const key = new DigestKey(typeof digest === "string" ? digest : yield* digest, { token, request })
    // The cache keeps the key, even if it needed no lookup, so the token must be removed from it.
    const { claims } = yield* Effect.ensuring(Cache.get(cache, key), Effect.sync(() => key.take()))
    return claims
  })
})

/** Verifies opaque tokens by a request to their provider, with the limits, cache and circuit breaker of introspection. */
export const tokenCheck = (check: TokenCheck, options: TokenVerifier.ClaimOptions): TokenVerifier.Method => {
  const queues = makeQueues()
  return {
    name: "custom",
    handles: check.handles,
    make: Effect.fnUntraced(function*(trust) {
      const [server] = trust.authorizationServers
      if (server === undefined) return yield* new TokenVerifier.InvalidVerifier({ reason: "no-single-issuer" })
      const claimsOf = yield* makeClaimsCache(server, check, queues(server, queueSettings))
      return yield* TokenVerifier.custom(claimsOf, options).make(trust)
    })
  }
}

/** Sends the token as a bearer token to its own provider. */
export const asBearer: TokenCheck["authorize"] = (request, token) =>
  Effect.succeed(HttpClientRequest.bearerToken(request, token))
