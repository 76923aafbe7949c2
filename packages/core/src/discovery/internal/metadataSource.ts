import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { makeRefreshing, type Refreshing } from "../../fetch/internal/refresh.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import * as Discovery from "../Discovery.ts"
import { type DiscoveryFailed, IncompleteMetadata } from "../DiscoveryError.ts"
import * as Purpose from "../Purpose.ts"
import type { ServerConfig } from "../ServerConfig.ts"

/** The key of an authorization server's `MetadataSource`. It is internal: programs use `config`. */
export const TypeId = "~effect-mcp-auth/AuthorizationServer" as const

/** What verifiers and key sets use of an authorization server. */
export interface MetadataSource<out E> {
  /** Whether verifiers also fetch keys when they are built. */
  readonly isEager: boolean
  /** The current metadata. */
  readonly config: Effect.Effect<ServerConfig, E>
  /** The metadata, if it is in memory and fresh at this time, in milliseconds since 1970. Makes no request. */
  readonly peek: (now: number) => ServerConfig | undefined
  /** The time until a failed provider is requested again, from this time on. Both in milliseconds. Makes no request. */
  readonly pause: (now: number) => number
  /**
   * Declares a purpose of the metadata. Verifiers call it when they are built, so that searches look for documents that
   * are complete for the purpose. Fails if the metadata is already known and incomplete; an eager source searches once
   * more before that. Does nothing if the server was made with the option `purpose`, which takes precedence.
   */
  readonly declarePurpose: (purpose: Purpose.Purpose) => Effect.Effect<void, E | IncompleteMetadata>
  /** The JWK Set, if it is configured. It replaces that of `jwks_uri`. */
  readonly keys: Effect.Effect<Schema.JsonObject, E> | undefined
}

/** The source of an authorization server. */
export const sourceOf = <E>(server: { readonly [TypeId]: MetadataSource<E> }): MetadataSource<E> => server[TypeId]

interface SourceOptions extends Discovery.SearchOptions {
  readonly lifetime?: Duration.Input | undefined
  readonly staleFor?: Duration.Input | undefined
}

/** The purposes that verifiers have declared for a server. */
interface DeclaredPurposes {
  readonly isEager: boolean
  readonly purposes: MutableRef.MutableRef<ReadonlyArray<Purpose.Purpose>>
  /** The metadata that was found last. */
  readonly found: MutableRef.MutableRef<ServerConfig | undefined>
}

/** Before a verifier is built, an eager server accepts any document. Verifiers check it when they are built. */
const purposeOf = ({ isEager, purposes }: DeclaredPurposes): Purpose.Purpose => {
  const asked = MutableRef.get(purposes)
  if (asked.length > 0) return Purpose.all(...asked)
  return isEager ? Purpose.any : Purpose.verification
}

const check = ({ locations: [location], metadata }: ServerConfig, { missing, name }: Purpose.Purpose) => {
  const lacking = missing(metadata)
  return lacking.length === 0
    ? Effect.void
    : Effect.fail(new IncompleteMetadata({ location, purpose: name, missing: lacking }))
}

/** Whether all candidates gave a final response, so that another search would find nothing else. */
const isSettled = ({ attempts, outcome }: DiscoveryFailed<unknown>): boolean =>
  outcome === "Incomplete" && attempts.every((attempt) => attempt.outcome !== "Transient")

/**
 * Searches for metadata that is complete for all purposes. If there is none, metadata for one of the purposes is
 * accepted: the other verifier fails when a token needs it. Incomplete metadata never replaces complete metadata.
 */
const searchFor = <E, R>(
  strategy: Discovery.Strategy<E, R>,
  issuer: Issuer.Issuer,
  options: SourceOptions,
  declared: DeclaredPurposes
): Effect.Effect<ServerConfig, DiscoveryFailed<E>, R> => {
  const search = (purpose: Purpose.Purpose) =>
    // The issuer was already checked with the same options.
    Effect.catchTag(Discovery.discover(strategy, issuer, { ...options, purpose }), "InvalidIssuer", Effect.die)
  const byPurposes = Effect.suspend(() => {
    const purpose = purposeOf(declared)
    const [asked, found] = [MutableRef.get(declared.purposes), MutableRef.get(declared.found)]
    const isComplete = found !== undefined && purpose.missing(found.metadata).length === 0
    if (asked.length < 2 || isComplete) return search(purpose)
    return Effect.catchIf(
      search(purpose),
      isSettled,
      (error) => Effect.mapError(search(Purpose.oneOf(...asked)), () => error)
    )
  })
  return options.purpose === undefined
    ? Effect.tap(byPurposes, (config) => Effect.sync(() => MutableRef.set(declared.found, config)))
    : search(options.purpose)
}

/** If the known metadata is incomplete, searches again: at once for an eager server, otherwise in the background. */
const declaration = <E>(
  renew: Refreshing<ServerConfig, E>["renew"],
  { found, isEager, purposes }: DeclaredPurposes,
  scope: Scope.Scope
) =>
(purpose: Purpose.Purpose): Effect.Effect<void, E | IncompleteMetadata> =>
  Effect.suspend(() => {
    MutableRef.update(purposes, (known) => known.includes(purpose) ? known : [...known, purpose])
    const known = MutableRef.get(found)
    if (known === undefined || purpose.missing(known.metadata).length === 0) return Effect.void
    // Purposes come from the program and not from requests, so the number of searches needs no limit.
    const again = renew({ limit: 1, window: 0 })
    return isEager
      ? Effect.flatMap(again, (config) => check(config, purpose))
      : Effect.asVoid(Effect.forkIn(Effect.ignore(again), scope))
  })

/** A source that a strategy finds. */
export const makeSource = Effect.fnUntraced(function*<E, R>(
  strategy: Discovery.Strategy<E, R>,
  issuer: Issuer.Issuer,
  options: SourceOptions,
  isEager: boolean
): Effect.fn.Return<MetadataSource<DiscoveryFailed<E>>, never, R | Scope.Scope> {
  const declared: DeclaredPurposes = { isEager, purposes: MutableRef.make([]), found: MutableRef.make(undefined) }
  const { get, pause, peek, renew } = yield* makeRefreshing(
    Effect.map(
      searchFor(strategy, issuer, options, declared),
      (config) => ({ value: config, freshFor: config.freshFor })
    ),
    {
      lifetime: Duration.fromInputUnsafe(options.lifetime ?? "1 hour"),
      staleFor: Duration.fromInputUnsafe(options.staleFor ?? "24 hours")
    }
  )
  const declarePurpose = options.purpose === undefined
    ? declaration(renew, declared, yield* Effect.scope)
    : () => Effect.void
  return { isEager, config: get, peek, pause, declarePurpose, keys: undefined }
})

/** A source of metadata that is configured, so that it neither changes nor fails. With keys, it needs no `jwks_uri`. */
export const knownSource = <E>(
  config: ServerConfig,
  purpose: Purpose.Purpose | undefined,
  keys: MetadataSource<E>["keys"]
): MetadataSource<E> => ({
  isEager: false,
  config: Effect.succeed(config),
  peek: () => config,
  pause: () => 0,
  declarePurpose: (declared) =>
    purpose === undefined ? check(config, keys === undefined ? declared : withKeys(declared)) : Effect.void,
  keys
})

/** The purpose of a document whose keys come from elsewhere. */
export const withKeys = ({ missing, name }: Purpose.Purpose): Purpose.Purpose =>
  Purpose.make(name, (metadata) => missing(metadata).filter((member) => member !== "jwks_uri"))
