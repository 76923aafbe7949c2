/**
 * The key set of an authorization server (RFC 7517), kept fresh.
 *
 * Keys are fetched when they are first needed, one request at a time, refreshed in the background, and used for a bounded
 * time while the provider is down. An unknown key is the first sign of a rotation, but any sender can make up a key ID.
 * Unknown keys therefore share an allowance of fetches for each issuer (`refetches`). A key ID that is known causes no fetch,
 * whatever the algorithm, the issuer or the signature of the token is. Keys that cannot be read, are meant for something
 * else, or are too weak are passed over, and spoil nothing; their key IDs are known, too.
 *
 * A key with the member `issuer` verifies the tokens of that issuer only. The tenant-independent key sets of Entra ID have
 * this member: `https://login.microsoftonline.com/{tenantid}/v2.0` for the keys of all tenants, and the issuer of one tenant
 * for its own keys. With `{tenantid}` replaced by the tenant in `iss`, which must be a GUID, the member must equal `iss`
 * (Microsoft identity platform, access tokens, "Validate the signing key issuer"). One difference is accepted: a version 1
 * token (`https://sts.windows.net/<tenant>/`) may be signed by a key that names
 * `https://login.microsoftonline.com/<tenant>/v2.0`, as Microsoft's own validator accepts it. A key whose `issuer` is not a
 * string is passed over. A key without the member verifies the tokens of every issuer that the key set is for.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts"
import { IncompleteMetadata } from "../discovery/DiscoveryError.ts"
import { sourceOf } from "../discovery/internal/metadataSource.ts"
import { isInsecure } from "../discovery/internal/strategy.ts"
import * as Purpose from "../discovery/Purpose.ts"
import { keySetOf } from "../fetch/internal/documentBody.ts"
import { displayUrl } from "../fetch/internal/exchange.ts"
import { fetchDocument, type Loaded, type RequestMap } from "../fetch/internal/fetchDocument.ts"
import { makeRefreshing } from "../fetch/internal/refresh.ts"
import { withRetries } from "../fetch/internal/retry.ts"
import { MetadataFetchError, NotMetadata } from "../fetch/MetadataFetchError.ts"
import { candidateKeys, type KeySetParser, makeKeySetParser, type Query, readyKeys } from "./internal/parsedKeySet.ts"
import type * as Jws from "./Jws.ts"

export type { Query } from "./internal/parsedKeySet.ts"

/**
 * How keys are kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Which algorithms may be used. Default: all of `Jws.Algorithm`, PSS only with keys that name it. */
  readonly algorithms?: ReadonlyArray<Jws.Algorithm> | undefined
  /** How long keys are fresh when the provider does not say by `Cache-Control`. Default: 10 minutes. */
  readonly lifetime?: Duration.Input | undefined
  /** How long after a good fetch keys may be used while the provider is down. Default: 24 hours. */
  readonly staleFor?: Duration.Input | undefined
  /**
   * How many fetches tokens with unknown keys may cause, all senders together, for each issuer. Default: 3 in 30 seconds.
   * While none is left, a token with an unknown key that is newer than the keys is answered 503 with `Retry-After`, and the
   * other tokens with unknown keys are answered 401.
   */
  readonly refetches?: Refetches | undefined
}

/**
 * An allowance of fetches for unknown keys, as a token bucket: it starts full, and one fetch is regained each
 * `window / limit`. With 3 in 30 seconds, three rotations are seen at once, and a fourth one within 10 seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refetches {
  /** How many fetches can be made without waiting. A whole number, at least 1. */
  readonly limit: number
  /** The time in which an empty allowance is full again. Longer than 0. */
  readonly window: Duration.Input
}

/**
 * A key set. `E` is why it may not be there.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwkSet<out E> {
  /** The keys that fit, as they are known now. */
  readonly find: (query: Query) => Effect.Effect<ReadonlyArray<Jws.VerifySignature>, E>
  /** The same after the keys were fetched again, if the allowance of `refetches` has a fetch left. */
  readonly findAfterRefetch: (query: Query) => Effect.Effect<ReadonlyArray<Jws.VerifySignature>, E>
  /** The keys that fit, if they are in memory, ready, and fresh at this time, in milliseconds since 1970. Asks nobody. */
  readonly peek: (query: Query, now: number) => ReadonlyArray<Jws.VerifySignature> | undefined
  /** The keys of this name that were fetched last, by the algorithm and the issuer that each is for. */
  readonly purposesOf: (kid: string) => ReadonlyArray<KeyPurpose>
  /** Why the key of this name, which was fetched last, cannot be used. `undefined`: it can, or there is no such key. */
  readonly unusableReason: (kid: string) => string | undefined
  /** How long the provider is not asked after a failure, counted from `now`, in milliseconds since 1970. Makes no request. */
  readonly pause: (now: number) => Duration.Duration
  /**
   * How long after `now` the keys may be fetched again, if they have not been fetched since `publishedBy`: at least a second.
   * Zero: they have been fetched since, so a key that was not found had not been published by then. Both times are in
   * milliseconds since 1970.
   */
  readonly refetchableIn: (publishedBy: number, now: number) => Duration.Duration
  /** Whether a key that was found is still one of the set, which is in memory and fresh at this time. */
  readonly contains: (key: Jws.VerifySignature, now: number) => boolean
}

/**
 * What a key of a key set may be used for.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyPurpose {
  readonly algorithm: Jws.Algorithm
  /** The only issuer whose tokens the key verifies, or a template of it. `undefined`: every issuer that the set is for. */
  readonly issuer: string | undefined
}

/**
 * The default of `Options.refetches`: 3 in 30 seconds. So many that a rotation hardly ever finds none left, and so few that a
 * provider does not notice.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultRefetches: Refetches = { limit: 3, window: "30 seconds" }

const fetchKeys = Effect.fnUntraced(function*<E>(server: AuthorizationServer<E>, parser: KeySetParser) {
  const { locations: [location], mapKeyRequest, metadata: { jwksUri } } = yield* server.config
  if (jwksUri === undefined) {
    return yield* new IncompleteMetadata({ location, purpose: Purpose.jwtVerification.name, missing: ["jwks_uri"] })
  }
  const { age, document, freshFor } = yield* fetchKeySet(jwksUri, isInsecure(server.issuer), mapKeyRequest)
  const keys = yield* parser.parse(document)
  // A provider without a key is a provider in trouble: what it signed with a moment ago may still be good.
  if (keys.entries.size === 0) {
    return yield* new MetadataFetchError({ url: displayUrl(jwksUri), reason: new NotMetadata({ reason: "no-keys" }) })
  }
  return { value: keys, freshFor, age }
})

/**
 * The key set that an authorization server publishes. Asks nobody before a key is needed, unless the server is eager: then
 * the keys are fetched at once, and if that fails, when they are needed.
 *
 * **Details**
 *
 * An http key set is read only where the issuer itself is an http one, on loopback and allowed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*<E>(
  server: AuthorizationServer<E>,
  options: Options = {}
): Effect.fn.Return<
  JwkSet<E | MetadataFetchError | IncompleteMetadata>,
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const requested = new Set(options.algorithms)
  const { limit, window } = options.refetches ?? defaultRefetches
  const allowance = { limit, window: Duration.toMillis(Duration.fromInputUnsafe(window)) }
  const parser = yield* makeKeySetParser(requested)
  const keys = yield* makeRefreshing(fetchKeys(server, parser), {
    lifetime: Duration.fromInputUnsafe(options.lifetime ?? "10 minutes"),
    staleFor: Duration.fromInputUnsafe(options.staleFor ?? "24 hours")
  })
  // Whatever is missing is told when a key is needed.
  yield* Effect.ignore(sourceOf(server).declarePurpose(Purpose.jwtVerification))
  if (sourceOf(server).isEager) yield* Effect.ignore(keys.get)
  const askedAt = () => keys.latest()?.askedAt ?? -Infinity
  const findAfterRefetch = Effect.fnUntraced(function*(query: Query) {
    const now = yield* Clock.currentTimeMillis
    const found = yield* candidateKeys(yield* keys.renew(allowance), query)
    // The fetch that was under way may have begun before the key was published.
    return found.length > 0 || askedAt() >= now ? found : yield* candidateKeys(yield* keys.renew(allowance), query)
  })
  return {
    find: (query) => Effect.flatMap(keys.get, (current) => candidateKeys(current, query)),
    findAfterRefetch,
    peek: (query, now) => {
      const current = keys.peek(now)
      return current === undefined ? undefined : readyKeys(current, query)
    },
    purposesOf: (kid) =>
      [...keys.latest()?.value.byKid.get(kid) ?? []].map(({ algorithm, issuer }) => ({ algorithm, issuer })),
    unusableReason: (kid) => {
      const current = keys.latest()?.value
      return current === undefined || current.byKid.has(kid) ? undefined : current.unusable.get(kid)
    },
    pause: (now) => Duration.millis(keys.pause(now)),
    refetchableIn: (publishedBy, now) =>
      Duration.millis(askedAt() < publishedBy ? Math.max(1000, keys.renewableIn(allowance, now)) : 0),
    contains: (key, now) => {
      const [current, entry] = [keys.peek(now), parser.entryOf(key)]
      return current !== undefined && entry !== undefined && current.entries.has(entry)
    }
  }
})

/** Asks for a key set, under the limits and with the patience of discovery. */
const fetchKeySet = (
  url: string,
  allowInsecureLoopback: boolean,
  mapRequest: RequestMap = identity
): Effect.Effect<Loaded, MetadataFetchError, HttpClient.HttpClient> =>
  withRetries(
    displayUrl(url),
    (limits) => fetchDocument(url, { limits, mapRequest, allowInsecureLoopback, shape: keySetOf, asked: "keys" })
  )
