/**
 * The JWK Set of an authorization server (RFC 7517), cached and refreshed.
 *
 * Keys are fetched when they are first needed, in a single flight, and refreshed in the background. While the provider is
 * down, they are used for a limited time. An unknown key ID is the first sign of a key rotation, but any sender can invent
 * one. So all tokens with unknown keys of an issuer share an allowance of fetches (`refetches`). A known key ID causes no
 * fetch, for any algorithm, issuer or signature of the token. Keys that cannot be read, have another use, or are too weak
 * are ignored. Their key IDs count as known.
 *
 * A key with the member `issuer` verifies the tokens of that issuer only. The tenant-independent JWK Sets of Entra ID have
 * this member: `https://login.microsoftonline.com/{tenantid}/v2.0` for the keys of all tenants, and the issuer of one
 * tenant for its own keys. `{tenantid}` is replaced by the tenant in `iss`, which must be a GUID, and the result must equal
 * `iss` (Microsoft identity platform, access tokens, "Validate the signing key issuer"). One difference is accepted: a
 * version 1 token (`https://sts.windows.net/<tenant>/`) may be signed by a key that names
 * `https://login.microsoftonline.com/<tenant>/v2.0`, as Microsoft's own validator accepts it. A key whose `issuer` is not a
 * string is ignored. A key without the member verifies the tokens of every issuer of the JWK Set.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts"
import { IncompleteMetadata } from "../discovery/DiscoveryError.ts"
import { sourceOf } from "../discovery/internal/metadataSource.ts"
import { isInsecure } from "../discovery/internal/strategy.ts"
import * as Purpose from "../discovery/Purpose.ts"
import { FetchLimits } from "../fetch/FetchLimits.ts"
import { keySetOf } from "../fetch/internal/documentBody.ts"
import { displayUrl } from "../fetch/internal/exchange.ts"
import { fetchDocument, type Loaded, type RequestMap } from "../fetch/internal/fetchDocument.ts"
import { makeRefreshing } from "../fetch/internal/refresh.ts"
import { withRetries } from "../fetch/internal/retry.ts"
import { MetadataFetchError, NotMetadata, Timeout } from "../fetch/MetadataFetchError.ts"
import { provide as provideInternal } from "../fetch/UnsafeInternalOrigin.ts"
import { quoted } from "../metadata/internal/printable.ts"
import {
  candidateKeys,
  type CurrentKeys,
  type Inspection,
  inspectKeys,
  type KeyQuery,
  type KeySetParser,
  makeKeySetParser,
  type ParsedKeySet,
  type PassedOverKey,
  readyKeys,
  TypeId
} from "./internal/parsedKeySet.ts"
import type * as Jws from "./Jws.ts"

export type { InspectedKey, Inspection, KeyQuery, PassedOverKey } from "./internal/parsedKeySet.ts"

/**
 * Options for a JWK Set.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The accepted algorithms. Default: all of `Jws.Algorithm`; the PSS algorithms only with keys that name them. */
  readonly algorithms?: ReadonlyArray<Jws.Algorithm> | undefined
  /**
   * How long keys are fresh if the `Cache-Control` of their response says nothing about it. What it says counts between 1
   * minute and 24 hours. Default: 10 minutes.
   */
  readonly lifetime?: Duration.Input | undefined
  /** How long after the last successful fetch keys are used while the provider is down. Default: 24 hours. */
  readonly staleFor?: Duration.Input | undefined
  /**
   * How many fetches tokens with unknown keys may cause for each issuer, all senders together. Default: 3 in 30 seconds.
   * While the allowance is used up, a token with an unknown key that is newer than the keys gets 503 with `Retry-After`.
   * The other tokens with unknown keys get 401.
   */
  readonly refetches?: Refetches | undefined
}

/**
 * An allowance of fetches for unknown keys, as a token bucket. It starts full and regains one fetch each `window / limit`.
 * With 3 in 30 seconds, three key rotations are noticed at once, and a fourth within 10 seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refetches {
  /** How many fetches are possible without waiting. A whole number, at least 1. */
  readonly limit: number
  /** The time after which an empty allowance is full again. Longer than 0. */
  readonly window: Duration.Input
}

/**
 * A JWK Set. `E` is the error if it cannot be fetched.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwkSet<out E> {
  /** What verifiers read of the last JWK Set. It is internal. */
  readonly [TypeId]: CurrentKeys
  /** The keys that match, as currently known. */
  readonly find: (query: KeyQuery) => Effect.Effect<ReadonlyArray<Jws.VerifySignature>, E>
  /** The keys that match after another fetch, if the allowance `refetches` permits one. */
  readonly findAfterRefetch: (query: KeyQuery) => Effect.Effect<ReadonlyArray<Jws.VerifySignature>, E>
  /** The keys of the last JWK Set that cannot be used, each with the reason. Also if none of its keys can be used. */
  readonly passedOver: () => ReadonlyArray<PassedOverKey>
  /** Judges each key of the last JWK Set, and imports it. Without a JWK Set in memory, there are no keys. Makes no request. */
  readonly inspect: Effect.Effect<Inspection>
}

/**
 * The default of `Options.refetches`: 3 in 30 seconds. It is rarely used up by key rotations, and a provider does not
 * notice it.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultRefetches: Refetches = { limit: 3, window: "30 seconds" }

/** Loads configured keys within the limit of a search, because all tokens of the server wait for them. */
const loadConfigured = <E>(
  keys: Effect.Effect<Schema.JsonObject, E>
): Effect.Effect<Schema.JsonObject, E | MetadataFetchError> =>
  Effect.flatMap(FetchLimits, ({ totalTimeout: duration }) =>
    Effect.timeoutOrElse(keys, {
      duration,
      orElse: () =>
        Effect.fail(new MetadataFetchError({ url: "configured keys", reason: new Timeout({ duration, of: "search" }) }))
    }))

/** The JWK Set as a document: configured with the server, or fetched from its `jwks_uri`. */
const loadKeys = Effect.fnUntraced(function*<E>(
  server: AuthorizationServer<E>
): Effect.fn.Return<
  Pick<Loaded, "age" | "document" | "freshFor"> & { readonly url: string },
  E | MetadataFetchError | IncompleteMetadata,
  HttpClient.HttpClient
> {
  const { keys } = sourceOf(server)
  if (keys !== undefined) {
    return { url: "configured keys", document: yield* loadConfigured(keys), freshFor: Option.none() }
  }
  const internal = server.unsafeInternalUrls?.jwks
  // Without `mapKeyRequest`: the strategy has not sent its credentials to this origin.
  if (internal !== undefined) {
    return { url: displayUrl(internal), ...(yield* provideInternal(fetchKeySet(internal, false), internal)) }
  }
  const { locations: [location], mapKeyRequest, metadata: { jwksUri } } = yield* server.config
  if (jwksUri === undefined) {
    return yield* new IncompleteMetadata({ location, purpose: Purpose.jwtVerification.name, missing: ["jwks_uri"] })
  }
  return { url: displayUrl(jwksUri), ...(yield* fetchKeySet(jwksUri, isInsecure(server.issuer), mapKeyRequest)) }
})

/** The keys that cannot be used, with the reasons. Keys for another use are no problem. */
const describePassedOver = ({ passedOver }: ParsedKeySet): string =>
  passedOver
    .filter(({ hasOtherUse }) => !hasOtherUse)
    .slice(0, 10)
    .map(({ kid, reason }) => `${kid === undefined ? "a key without a key ID" : quoted(kid)} ${reason}`)
    .join("; ")

/** Logs the keys that cannot be used, when there are others than before. */
const logPassedOver = Effect.fnUntraced(function*(
  issuer: string,
  keys: string,
  logged: MutableRef.MutableRef<string>
) {
  if (MutableRef.getAndSet(logged, keys) === keys || keys === "") return
  yield* Effect.logWarning(`Keys of ${quoted(issuer)} cannot be used, and tokens that they sign are refused: ${keys}`)
})

type LastSet = MutableRef.MutableRef<ParsedKeySet | undefined>

const fetchKeys = <E>(server: AuthorizationServer<E>, parser: KeySetParser, last: LastSet) => {
  const logged = MutableRef.make("")
  return Effect.gen(function*() {
    const { age, document, freshFor, url } = yield* loadKeys(server)
    const keys = yield* parser.parse(document)
    MutableRef.set(last, keys)
    const detail = describePassedOver(keys)
    yield* logPassedOver(server.issuer, detail, logged)
    // A JWK Set without usable keys is a failure of the provider. Its earlier keys may still be valid.
    if (keys.entries.size === 0) {
      return yield* new MetadataFetchError({
        url,
        reason: new NotMetadata({ reason: "no-keys", ...(detail === "" ? {} : { detail }) })
      })
    }
    return { value: keys, freshFor, age }
  })
}

/**
 * Creates the cached JWK Set of an authorization server. Makes no request before a key is needed. For an eager server
 * (`AuthorizationServer.fetch`), the keys are fetched at once; if that fails, they are fetched when they are needed.
 *
 * **Details**
 *
 * A JWK Set over http is read only if the issuer itself is an allowed http URL on loopback.
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
  const last: LastSet = MutableRef.make<ParsedKeySet | undefined>(undefined)
  const keys = yield* makeRefreshing(fetchKeys(server, parser, last), {
    lifetime: Duration.fromInputUnsafe(options.lifetime ?? "10 minutes"),
    staleFor: Duration.fromInputUnsafe(options.staleFor ?? "24 hours")
  })
  // Missing metadata is reported when a key is needed.
  yield* Effect.ignore(sourceOf(server).declarePurpose(Purpose.jwtVerification))
  if (sourceOf(server).isEager) yield* Effect.ignore(keys.get)
  const completeAsOf = () => keys.latest()?.completeAsOf ?? -Infinity
  const findAfterRefetch = Effect.fnUntraced(function*(query: KeyQuery) {
    const now = yield* Clock.currentTimeMillis
    const found = yield* candidateKeys(yield* keys.renew(allowance), query)
    // The fetch in flight may have begun before the key was published.
    return found.length > 0 || completeAsOf() >= now ? found : yield* candidateKeys(yield* keys.renew(allowance), query)
  })
  return {
    find: (query) => Effect.flatMap(keys.get, (current) => candidateKeys(current, query)),
    findAfterRefetch,
    passedOver: () => MutableRef.get(last)?.passedOver ?? [],
    inspect: Effect.suspend(() => {
      const current = MutableRef.get(last)
      return current === undefined ? Effect.succeed({ usable: [], passedOver: [] }) : inspectKeys(current)
    }),
    [TypeId]: {
      peek: (query, now) => {
        const current = keys.peek(now)
        return current === undefined ? undefined : readyKeys(current, query)
      },
      purposesOf: (kid) =>
        [...keys.latest()?.value.byKid.get(kid) ?? []].map(({ algorithm, issuer, ready }) => ({
          algorithm,
          issuer,
          isBroken: Option.isNone(MutableRef.get(ready) ?? Option.some(undefined))
        })),
      unusableReason: (kid) => {
        const current = keys.latest()?.value
        return current === undefined || current.byKid.has(kid) ? undefined : current.unusable.get(kid)
      },
      pause: (now) => Duration.millis(keys.pause(now)),
      refetchableIn: (publishedBy, now) =>
        Duration.millis(completeAsOf() < publishedBy ? Math.max(1000, keys.renewableIn(allowance, now)) : 0),
      contains: (key, now) => {
        const [current, entry] = [keys.peek(now), parser.entryOf(key)]
        return current !== undefined && entry !== undefined && current.entries.has(entry)
      }
    }
  }
})

/** Fetches a JWK Set with the limits and retries of discovery. */
const fetchKeySet = (
  url: string,
  allowInsecureLoopback: boolean,
  mapRequest: RequestMap = identity
): Effect.Effect<Loaded, MetadataFetchError, HttpClient.HttpClient> =>
  withRetries(
    displayUrl(url),
    (limits) => fetchDocument(url, { limits, mapRequest, allowInsecureLoopback, shape: keySetOf, asked: "keys" })
  )
