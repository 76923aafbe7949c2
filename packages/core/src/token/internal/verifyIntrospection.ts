import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import { creatorServices } from "../../fetch/internal/creatorServices.ts"
import { SharedMemory } from "../../fetch/SharedMemory.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import * as TokenDigest from "../TokenDigest.ts"
import { InvalidToken, type VerificationUnavailable } from "../TokenError.ts"
import { makeCircuit } from "./circuit.ts"
import { checkClaims, type ClaimRules, namesCaller, withTokenDigest } from "./claims.ts"
import { type AddressedRequest, networksOf } from "./clientAddress.ts"
import { DigestKey } from "./digestKey.ts"
import { introspect } from "./introspect.ts"
import type { Queue } from "./introspectionQueue.ts"
import { unknownIssuer } from "./issuers.ts"
import { orUnavailable } from "./unavailable.ts"

/** An introspection response with its time. */
export interface CachedResponse {
  readonly response: Schema.JsonObject
  /** When the response was received, in milliseconds since 1970. */
  readonly receivedAt: number
}

const decodeCachedResponse = Schema.decodeUnknownOption(
  Schema.Struct({ response: Schema.Record(Schema.String, Schema.Json), receivedAt: Schema.Finite })
)

/** When a cached response expires, in milliseconds since 1970. */
export type ExpiryOf = (response: CachedResponse) => number

/** Reads the response from the shared cache, or requests it. */
export const sharedResponse = Effect.fnUntraced(function*<E, R>(
  key: string,
  fetchResponse: Effect.Effect<Schema.JsonObject, E, R>,
  expiryOf: ExpiryOf
): Effect.fn.Return<CachedResponse, E, R> {
  const cache = yield* SharedMemory
  const stored = cache === undefined ? Option.none() : decodeCachedResponse(yield* cache.get(key))
  const now = yield* Clock.currentTimeMillis
  if (Option.isSome(stored) && stored.value.receivedAt <= now && now < expiryOf(stored.value)) return stored.value
  const response = yield* fetchResponse
  const receivedAt = yield* Clock.currentTimeMillis
  if (cache !== undefined) {
    yield* cache.set(key, { response, receivedAt }, expiryOf({ response, receivedAt }) - receivedAt)
  }
  return { response, receivedAt }
})

type Server = AuthorizationServer.AuthorizationServer<unknown>

export interface IntrospectionSettings {
  readonly queue: Queue
  readonly authentication: ClientAuthentication
  readonly cacheFor: Duration.Duration
}

/** The number of cached responses. The least recently used one is evicted. */
const capacity = 10_000

/** The configured time, but never past the `exp` of the token. */
const expiryOf = (cacheFor: Duration.Duration): ExpiryOf => ({ response: { exp }, receivedAt }) => {
  const chosen = receivedAt + Duration.toMillis(cacheFor)
  return typeof exp === "number" ? Math.min(chosen, exp * 1000) : chosen
}

/** RFC 7662, section 2.2: `iss` must be the server that was asked. */
const checkedIssuer = (server: Server, config: ServerConfig, claims: Schema.JsonObject) => {
  const { iss } = claims
  if (iss === undefined) return Effect.succeed(config.issuer)
  return typeof iss === "string" && AuthorizationServer.issues(server, config, iss, claims)
    ? Effect.succeed(iss)
    : Effect.fail(unknownIssuer([server], iss, claims))
}

/** A token, and its request if it is known. */
interface PendingRequest {
  readonly token: Redacted.Redacted
  readonly request: AddressedRequest | undefined
}

/** For the type: a lookup takes its input once. */
const nothingPending: PendingRequest = { token: Redacted.make(""), request: undefined }

/** Caches responses by digest, with a single flight for each token. */
const makeResponseCache = Effect.fnUntraced(
  function*(server: Server, { resource }: ClaimRules, { queue, ...settings }: IntrospectionSettings) {
    const digestOf = yield* TokenDigest.TokenDigest
    const circuit = yield* makeCircuit(server)
    const services = yield* creatorServices<HttpClient.HttpClient>()
    const expiry = expiryOf(settings.cacheFor)
    const lookup = Effect.fnUntraced(function*(key: DigestKey<PendingRequest>) {
      const { request, token } = key.take() ?? nothingPending
      // The circuit is inside the queue: waiting says nothing about the server.
      const fetchResponse = queue(
        request === undefined ? undefined : networksOf(request),
        circuit(introspect(server, settings.authentication, token))
      )
      const cached = yield* sharedResponse(
        `introspection ${resource} ${server.issuer} ${key.digest}`,
        fetchResponse,
        expiry
      )
      return { cached, keepFor: Duration.millis(Math.max(0, expiry(cached) - (yield* Clock.currentTimeMillis))) }
    })
    const cache = yield* Cache.makeWith(
      (key: DigestKey<PendingRequest>) => Effect.provideContext(lookup(key), services),
      {
        capacity,
        timeToLive: (exit) => Exit.isSuccess(exit) ? exit.value.keepFor : Duration.zero
      }
    )
    return Effect.fnUntraced(function*(token: Redacted.Redacted, request: AddressedRequest | undefined) {
      const digest = digestOf(Redacted.value(token))
      const key = new DigestKey(typeof digest === "string" ? digest : yield* digest, { token, request })
      // The cache keeps the key, even if it needed no lookup, so the token must be removed from it.
      const { cached } = yield* Effect.ensuring(Cache.get(cache, key), Effect.sync(() => key.take()))
      return cached.response
    })
  }
)

/** Creates a verifier that introspects tokens. */
export const makeIntrospectionVerifier = Effect.fnUntraced(function*(
  server: Server,
  rules: ClaimRules,
  settings: IntrospectionSettings
): Effect.fn.Return<
  (
    token: Redacted.Redacted,
    request?: AddressedRequest
  ) => Effect.Effect<AuthInfo["Service"], InvalidToken | VerificationUnavailable>,
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const fetchResponse = yield* makeResponseCache(server, rules, settings)
  const digestOf = yield* TokenDigest.TokenDigest
  return Effect.fnUntraced(function*(token, request) {
    const claims = yield* fetchResponse(token, request)
    // RFC 7662, section 2.2: a boolean. Any other value counts as inactive.
    if (claims["active"] !== true) return yield* new InvalidToken({ reason: "inactive" })
    const config = yield* orUnavailable(server, server.config)
    const issuer = yield* checkedIssuer(server, config, claims)
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const info = yield* Effect.fromResult(checkClaims({ claims, issuer }, rules, now))
    return { ...yield* withTokenDigest(info, namesCaller(info, rules), { digestOf, token }), token }
  })
})
