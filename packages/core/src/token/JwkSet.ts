/**
 * The key set of an authorization server (RFC 7517), kept fresh.
 *
 * Keys are fetched when they are first needed, one request at a time, refreshed in the background, and used for a bounded
 * time while the provider is down. A key that nobody has heard of is how a rotation first shows, but it is also what
 * anybody can make up: it buys one fetch in `cooldown`, for all senders together. Keys that cannot be read, are meant for
 * something else, or are too weak are passed over, and spoil nothing.
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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts"
import { IncompleteMetadata } from "../discovery/DiscoveryError.ts"
import { isInsecure } from "../discovery/internal/candidate.ts"
import { fetchKeySet } from "../discovery/internal/fetchKeySet.ts"
import { placeOf } from "../discovery/internal/hardened.ts"
import { makeRefreshing } from "../discovery/internal/refreshing.ts"
import { MetadataFetchError, NotMetadata } from "../discovery/MetadataFetchError.ts"
import * as Purpose from "../discovery/Purpose.ts"
import { candidates, makeReader, type Reader, readyCandidates } from "./internal/keyRing.ts"
import type * as Jws from "./Jws.ts"

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
  /** How often an unknown key may cause a fetch. Default: once in 30 seconds. */
  readonly cooldown?: Duration.Input | undefined
}

/**
 * Which key is looked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Query {
  /** `kid` of the token. Without it every key that fits is a candidate. */
  readonly kid: string | undefined
  readonly algorithm: Jws.Algorithm
  /** `iss` of the token. Without it a key that is for one issuer only is no candidate. */
  readonly issuer?: string | undefined
}

/**
 * A key set. `E` is why it may not be there.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwkSet<out E> {
  /** The keys that fit, as they are known now. */
  readonly find: (query: Query) => Effect.Effect<ReadonlyArray<Jws.Verify>, E>
  /** The same after asking the provider again, unless that was done within the cooldown. */
  readonly findAnew: (query: Query) => Effect.Effect<ReadonlyArray<Jws.Verify>, E>
  /** The keys that fit, if they are in memory, ready, and fresh at this time, in milliseconds since 1970. Asks nobody. */
  readonly peek: (query: Query, now: number) => ReadonlyArray<Jws.Verify> | undefined
  /** Whether a key has this name, among those that were fetched last. */
  readonly names: (kid: string) => boolean
  /** How long the provider, which failed, is left alone from this time on. Both in milliseconds. Asks nobody. */
  readonly pause: (now: number) => number
  /**
   * In how many milliseconds it is known whether a key that was not found has been published by this time, both in
   * milliseconds since 1970. 0: the keys were fetched since, and it was not.
   */
  readonly unknownFor: (publishedBy: number, now: number) => number
  /** Whether a key that was found is still one of the set, which is in memory and fresh at this time. */
  readonly holds: (key: Jws.Verify, now: number) => boolean
}

const fetchKeys = Effect.fnUntraced(function*<E>(server: AuthorizationServer<E>, reader: Reader) {
  const { locations: [location], metadata: { jwksUri } } = yield* server.config
  if (jwksUri === undefined) {
    return yield* new IncompleteMetadata({ location, purpose: Purpose.jwtVerification.name, missing: ["jwks_uri"] })
  }
  const { age, document, freshFor } = yield* fetchKeySet(jwksUri, isInsecure(server.issuer))
  const keys = yield* reader.read(document)
  // A provider without a key is a provider in trouble: what it signed with a moment ago may still be good.
  if (keys.entries.size === 0) {
    return yield* new MetadataFetchError({ url: placeOf(jwksUri), reason: new NotMetadata({ found: "no-keys" }) })
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
  const asked = new Set(options.algorithms)
  const cooldown = Duration.fromInputUnsafe(options.cooldown ?? "30 seconds")
  const reader = yield* makeReader(asked)
  const keys = yield* makeRefreshing(fetchKeys(server, reader), {
    lifetime: Duration.fromInputUnsafe(options.lifetime ?? "10 minutes"),
    staleFor: Duration.fromInputUnsafe(options.staleFor ?? "24 hours")
  })
  if (server.isEager) yield* Effect.ignore(keys.get)
  return {
    find: (query) => Effect.flatMap(keys.get, (known) => candidates(known, query)),
    findAnew: (query) => Effect.flatMap(keys.renew(cooldown), (known) => candidates(known, query)),
    peek: (query, now) => {
      const known = keys.peek(now)
      return known === undefined ? undefined : readyCandidates(known, query)
    },
    names: (kid) => keys.latest()?.value.byKid.has(kid) === true,
    pause: keys.pause,
    unknownFor: (publishedBy, now) => {
      const fetchedAt = keys.latest()?.fetchedAt ?? -Infinity
      return fetchedAt < publishedBy ? Math.max(1000, fetchedAt + Duration.toMillis(cooldown) - now) : 0
    },
    holds: (key, now) => {
      const [known, entry] = [keys.peek(now), reader.entryOf(key)]
      return known !== undefined && entry !== undefined && known.entries.has(entry)
    }
  }
})
