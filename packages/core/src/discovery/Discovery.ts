/**
 * From an issuer to an authorization server that can be trusted, or to an error that says exactly what is wrong.
 *
 * Each place that a strategy names is asked through the injected `HttpClient`, and each answer goes the same way: limits,
 * JSON, issuer policy on the raw document, repairs, schema, purpose, rules. Whatever is not found there is an attempt with
 * a typed error, and the search goes on; when all have failed, `DiscoveryFailed` tells them in order.
 *
 * **Example** (A provider that says what MCP needs to know, but for PKCE)
 *
 * ```ts no-check
 * const config = yield* Discovery.fetchServerConfig("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", {
 *   type: "oidc",
 *   transpileData: Repairs.pkce
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Issuer from "../metadata/Issuer.ts"
import { DiscoveryFailed } from "./DiscoveryError.ts"
import { fromUrl, typeOfUrl } from "./internal/candidate.ts"
import { placeOf } from "./internal/hardened.ts"
import { strongest } from "./internal/outcome.ts"
import * as Engine from "./internal/search.ts"
import * as IssuerPolicy from "./IssuerPolicy.ts"
import * as Purpose from "./Purpose.ts"
import type { ServerConfig, ServerType } from "./ServerConfig.ts"
import * as Strategies from "./Strategies.ts"
import * as Strategy from "./Strategy.ts"
import * as Transpiler from "./Transpiler.ts"
import type * as Validation from "./Validation.ts"

export * from "./Strategies.ts"
export * from "./Strategy.ts"

/**
 * Every attempt of a search, and the configuration if one was found.
 *
 * @category models
 * @since 0.1.0
 */
export type Search<E = never> = Engine.Search<E>

/**
 * What may be chosen about a search.
 *
 * @category models
 * @since 0.1.0
 */
export interface SearchOptions {
  /** What the document is for. Default: `Purpose.any`. */
  readonly purpose?: Purpose.Purpose | undefined
  /**
   * Whether documents of the same exact issuer may complete each other, the first one winning member by member. Default:
   * `false`.
   */
  readonly mergeDocuments?: boolean | undefined
  /** Accept an `http` issuer whose host is a loopback one. Development only; defaults to `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * Runs a strategy and tells everything that it met. Fails only when the issuer is none.
 *
 * @category running
 * @since 0.1.0
 */
export const search = <E, R>(
  strategy: Strategy.Strategy<E, R>,
  issuer: string,
  options?: SearchOptions
): Effect.Effect<Search<E>, Issuer.InvalidIssuer, R> =>
  Effect.flatMap(Issuer.make(issuer, options), (asked) =>
    Engine.search(strategy.steps(asked), {
      asked,
      purpose: options?.purpose ?? Purpose.any,
      merge: options?.mergeDocuments === true
    }).pipe(Effect.withSpan("Discovery.search", { attributes: { issuer } })))

/** The configuration, or why there is none. */
const conclude = <E>(
  asked: Pick<DiscoveryFailed, "issuer" | "by">,
  { attempts, config }: Search<E>
): Effect.Effect<ServerConfig, DiscoveryFailed<E>> =>
  Option.match(config, {
    onNone: () => {
      const outcome = strongest(attempts.map(({ outcome }) => outcome))
      return Effect.fail(new DiscoveryFailed<E>({ ...asked, outcome, attempts }))
    },
    onSome: Effect.succeed
  })

/**
 * Runs a strategy for an issuer.
 *
 * @category running
 * @since 0.1.0
 */
export const discover = <E, R>(
  strategy: Strategy.Strategy<E, R>,
  issuer: string,
  options?: SearchOptions
): Effect.Effect<ServerConfig, Issuer.InvalidIssuer | DiscoveryFailed<E>, R> =>
  Effect.flatMap(search(strategy, issuer, options), (found) => conclude({ issuer, by: "issuer" }, found))

/**
 * What may be chosen about fetching a configuration.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchOptions<R = never> extends SearchOptions {
  /**
   * `oauth`: RFC 8414. `oidc`: OpenID Connect Discovery. `auto`: the order of MCP, which tries both. Default: `auto`.
   */
  readonly type?: ServerType | "auto" | undefined
  /** Repairs: a `Transpiler`, or a function on the raw document, pure or answering with an `Effect`. */
  readonly transpileData?: Transpiler.TranspileData<R> | undefined
  /** Which issuer the document may name. Default: `IssuerPolicy.exact`. */
  readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined
  /** Rules that the configuration must keep. Default: none; see `Validation.validateServerConfig`. */
  readonly validation?: Validation.Options | undefined
}

const strategies: { readonly [Type in ServerType | "auto"]: Strategy.Strategy } = {
  oauth: Strategies.oauth,
  oidc: Strategies.oidc,
  auto: Strategies.mcp
}

const transpilerOf = <R>(options: FetchOptions<R> | undefined): Transpiler.Transpiler<R> =>
  options?.transpileData === undefined ? Transpiler.identity : Transpiler.fromTranspileData(options.transpileData)

/**
 * The strategy that options describe: the places by type, with the repairs, the issuer policy and the rules.
 *
 * @category fetching
 * @since 0.1.0
 */
export const strategyOf = <R = never>(
  options?: FetchOptions<R>
): Strategy.Strategy<never, HttpClient.HttpClient | R> =>
  strategies[options?.type ?? "auto"].pipe(
    Strategy.transpile(transpilerOf(options)),
    Strategy.withIssuerPolicy(options?.issuerPolicy ?? IssuerPolicy.exact),
    (strategy) => options?.validation === undefined ? strategy : Strategy.validate(strategy, options.validation)
  )

/**
 * Finds the configuration of an authorization server by its issuer.
 *
 * **Details**
 *
 * The metadata's issuer must be identical to `issuer` (RFC 8414, section 3.3) unless another policy is chosen. Time, size,
 * redirects and retries are those of `FetchLimits`.
 *
 * @category fetching
 * @since 0.1.0
 */
export const fetchServerConfig = <R = never>(
  issuer: string,
  options?: FetchOptions<R>
): Effect.Effect<ServerConfig, Issuer.InvalidIssuer | DiscoveryFailed, HttpClient.HttpClient | R> =>
  discover(strategyOf(options), issuer, options)

/**
 * What may be chosen about fetching a configuration by its URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchByUrlOptions<R = never> extends Omit<FetchOptions<R>, "issuerPolicy" | "mergeDocuments"> {
  /** The issuer that the document must name. Default: any issuer that leads back to the URL. */
  readonly expectedIssuer?: string | undefined
}

/**
 * Finds the configuration of an authorization server by the URL of its metadata.
 *
 * **Details**
 *
 * The document must name `expectedIssuer`. Without one it must name an issuer whose metadata lives at this URL, by any of
 * the four forms of `WellKnown`: otherwise whoever answers here could speak for anybody.
 *
 * @category fetching
 * @since 0.1.0
 */
export const fetchServerConfigByWellKnownUrl = <R = never>(
  url: string,
  options?: FetchByUrlOptions<R>
): Effect.Effect<ServerConfig, DiscoveryFailed, HttpClient.HttpClient | R> => {
  const { expectedIssuer, type = "auto", validation } = options ?? {}
  const policy = expectedIssuer === undefined ? IssuerPolicy.leadsBackTo(url) : IssuerPolicy.expected(expectedIssuer)
  const asked = expectedIssuer ?? placeOf(url)
  const candidate = {
    ...fromUrl("well-known-url", type === "auto" ? typeOfUrl(url) : type, url, options?.allowInsecureLoopback === true),
    policy,
    transpiler: transpilerOf(options),
    validations: validation === undefined ? [] : [validation]
  }
  return Engine.search<never, HttpClient.HttpClient | R>([{ candidates: [candidate] }], {
    asked,
    purpose: options?.purpose ?? Purpose.any,
    merge: false
  }).pipe(
    Effect.withSpan("Discovery.searchByUrl"),
    Effect.flatMap((found) => conclude({ issuer: asked, by: "url" }, found))
  )
}
