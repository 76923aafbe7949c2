/**
 * An authorization server that a protected resource trusts: one value, however its metadata is known.
 *
 * `discover` asks when the metadata is first needed, `fetch` asks at once, so that a program with a wrong provider does
 * not start, and `make` asks nobody. The first two keep the metadata fresh: one request at a time for everybody, refreshed
 * in the background, used for a bounded time while the provider is down, and never replaced by a document that is not
 * right.
 *
 * **Example** (Metadata that is known by hand)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = Effect.gen(function*() {
 *   const server = yield* AuthorizationServer.make({
 *     type: "oauth",
 *     metadata: { issuer: "https://as.example.com", jwksUri: "https://as.example.com/jwks" }
 *   })
 *   const config = yield* server.config
 *   return config.issuer
 * })
 *
 * Effect.runSync(issuer) // => "https://as.example.com"
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts"
import * as Issuer from "../metadata/Issuer.ts"
import * as Discovery from "./Discovery.ts"
import type { DiscoveryFailed } from "./DiscoveryError.ts"
import { makeRefreshing } from "./internal/refreshing.ts"
import * as IssuerPolicy from "./IssuerPolicy.ts"
import * as Purpose from "./Purpose.ts"
import type { ServerConfig, ServerType } from "./ServerConfig.ts"

/**
 * An authorization server. `E` is why its metadata may not be there.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationServer<out E = DiscoveryFailed<unknown>> {
  /** The issuer, as configured. The one of the document is in `config`. */
  readonly issuer: Issuer.Issuer
  /** Which issuers its documents, and so its tokens, may name. */
  readonly issuerPolicy: IssuerPolicy.IssuerPolicy
  /** Whether whoever needs more than metadata, such as keys, shall ask for that at once as well. */
  readonly isEager: boolean
  /** The metadata as it is known now. */
  readonly config: Effect.Effect<ServerConfig, E>
  /** The metadata, if it is in memory and fresh at this time, in milliseconds since 1970. Asks nobody. */
  readonly peek: (now: number) => ServerConfig | undefined
  /** How long the provider, which failed, is left alone from this time on. Both in milliseconds. Asks nobody. */
  readonly pause: (now: number) => number
}

/**
 * How metadata is kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface CacheOptions {
  /** How long metadata is fresh when the provider does not say by `Cache-Control`. Default: 1 hour. */
  readonly lifetime?: Duration.Input | undefined
  /** How long after a good fetch metadata may be used while the provider is down. Default: 24 hours. */
  readonly staleFor?: Duration.Input | undefined
}

/**
 * What may be chosen about a server that is discovered. The default purpose is `Purpose.jwtVerification`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<R = never> extends Discovery.FetchOptions<R>, CacheOptions {}

/**
 * What may be chosen about a server that a strategy finds.
 *
 * @category models
 * @since 0.1.0
 */
export interface StrategyOptions extends Discovery.SearchOptions, CacheOptions {
  /** Which issuers tokens may name before any metadata is known. Default: `IssuerPolicy.exact`. */
  readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined
}

/**
 * A server that a strategy finds, asked when its metadata is first needed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromStrategy = Effect.fnUntraced(function*<E, R>(
  strategy: Discovery.Strategy<E, R>,
  issuer: string,
  options: StrategyOptions = {}
): Effect.fn.Return<AuthorizationServer<DiscoveryFailed<E>>, Issuer.InvalidIssuer, R | Scope.Scope> {
  const checked = yield* Issuer.make(issuer, options)
  const { get, pause, peek } = yield* makeRefreshing(
    Discovery.discover(strategy, checked, { ...options, purpose: options.purpose ?? Purpose.jwtVerification }).pipe(
      // The issuer was checked above, with the same options.
      Effect.catchTag("InvalidIssuer", Effect.die),
      Effect.map((config) => ({ value: config, freshFor: config.freshFor }))
    ),
    {
      lifetime: Duration.fromInputUnsafe(options.lifetime ?? "1 hour"),
      staleFor: Duration.fromInputUnsafe(options.staleFor ?? "24 hours")
    }
  )
  const issuerPolicy = options.issuerPolicy ?? IssuerPolicy.exact
  return { issuer: checked, issuerPolicy, isEager: false, config: get, peek, pause }
})

/**
 * A server that is discovered when its metadata is first needed. Does not ask anybody before, so that a program starts
 * while its provider is down.
 *
 * @category constructors
 * @since 0.1.0
 */
export const discover = <R = never>(
  issuer: string,
  options: Options<R> = {}
): Effect.Effect<
  AuthorizationServer<DiscoveryFailed>,
  Issuer.InvalidIssuer,
  HttpClient.HttpClient | R | Scope.Scope
> => fromStrategy(Discovery.strategyOf(options), issuer, options)

/**
 * A server that is discovered at once. Fails if that fails, so that a program with a wrong provider does not start. Its
 * keys are fetched when a verifier is built, so that no request waits for them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fetch = <R = never>(
  issuer: string,
  options: Options<R> = {}
): Effect.Effect<
  AuthorizationServer<DiscoveryFailed>,
  Issuer.InvalidIssuer | DiscoveryFailed,
  HttpClient.HttpClient | R | Scope.Scope
> =>
  Effect.map(
    Effect.tap(discover(issuer, options), ({ config }) => config),
    (server) => ({ ...server, isEager: true })
  )

/**
 * A server whose metadata is known by hand, for a provider that publishes none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  known: { readonly type: ServerType; readonly metadata: AuthorizationServerMetadata },
  options?: Discovery.SearchOptions
): Effect.Effect<AuthorizationServer<never>, Issuer.InvalidIssuer | DiscoveryFailed> =>
  Effect.gen(function*() {
    const issuer = yield* Issuer.make(known.metadata.issuer, options)
    const purpose = options?.purpose ?? Purpose.jwtVerification
    const config = yield* Discovery.discover(Discovery.manual(known.metadata, known), issuer, { ...options, purpose })
    return {
      issuer,
      issuerPolicy: IssuerPolicy.exact,
      isEager: false,
      config: Effect.succeed(config),
      peek: () => config,
      pause: () => 0
    }
  })

/**
 * Whether a token that names this issuer, and has these claims, may be one of the server's. Makes no request.
 *
 * @category judging
 * @since 0.1.0
 */
export const mayIssue = <E>(
  { issuer, issuerPolicy }: AuthorizationServer<E>,
  iss: string,
  claims: Schema.JsonObject = {}
): boolean => !iss.includes("{") && issuerPolicy.accepts({ asked: issuer, answered: iss, claims })

/**
 * Whether a token that names this issuer, and has these claims, is one of the server's, now that its metadata is known. The
 * document's own string counts; where that is a template (Entra ID), an issuer that the template leads to.
 *
 * @category judging
 * @since 0.1.0
 */
export const issues = <E>(
  server: AuthorizationServer<E>,
  config: ServerConfig,
  iss: string,
  claims: Schema.JsonObject = {}
): boolean =>
  config.issuer.includes("{") ?
    mayIssue(server, iss, claims) && IssuerPolicy.template(config.issuer).accepts({
      asked: server.issuer,
      answered: iss,
      claims
    }) :
    config.issuer === iss
