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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual, flow, memoize } from "effect/Function"
import type * as Headers from "effect/http/Headers"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Limits } from "../fetch/FetchLimits.ts"
import { placeOf } from "../fetch/internal/exchange.ts"
import * as Metadata from "../metadata/AuthorizationServerMetadata.ts"
import * as Issuer from "../metadata/Issuer.ts"
import * as WellKnown from "../metadata/WellKnown.ts"
import { DiscoveryFailed, type Outcome } from "./DiscoveryError.ts"
import { invalidMetadata } from "./internal/assemble.ts"
import * as Engine from "./internal/search.ts"
import {
  type Candidate,
  fromCandidates,
  fromLoad,
  fromSteps,
  fromUrl,
  isInsecure,
  type Strategy,
  TypeId,
  typeOfUrl
} from "./internal/strategy.ts"
import * as IssuerPolicy from "./IssuerPolicy.ts"
import * as Purpose from "./Purpose.ts"
import type { ServerConfig, ServerType } from "./ServerConfig.ts"
import * as Transpiler from "./Transpiler.ts"
import type * as Validation from "./Validation.ts"

export type { Strategy } from "./internal/strategy.ts"

/**
 * What a strategy's own effects fail with.
 *
 * @category models
 * @since 0.1.0
 */
export type Error<S> = S extends Strategy<infer E, infer _R> ? E : never

/**
 * The services that a strategy needs.
 *
 * @category models
 * @since 0.1.0
 */
export type Services<S> = S extends Strategy<infer _E, infer R> ? R : never

/**
 * Whether a value is a `Strategy`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isStrategy = (value: unknown): value is Strategy<unknown, unknown> =>
  typeof value === "object" && value !== null && TypeId in value

/**
 * Options of strategies that know a document's URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface UrlOptions {
  /** The document's specification. Default: `oauth` if the URL says so, otherwise `oidc`. */
  readonly type?: ServerType | undefined
  /** Accept `http` when the host is a loopback one. Development only; defaults to `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * Documents at URLs that are computed from the issuer: another URL scheme. The issuer policy holds as everywhere.
 *
 * **Example** (A tenant behind a gateway)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 *
 * const gateway = Discovery.fromUrls("gateway", (issuer) => [
 *   `https://gateway.example.com/metadata?issuer=${encodeURIComponent(issuer)}`
 * ])
 *
 * Discovery.isStrategy(gateway) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUrls = (
  name: string,
  urls: (issuer: Issuer.Issuer) => ReadonlyArray<string>,
  options?: UrlOptions
): Strategy =>
  fromCandidates((issuer) => {
    const allowInsecureLoopback = options?.allowInsecureLoopback === true || isInsecure(issuer)
    return urls(issuer).map((url) => fromUrl(name, options?.type ?? typeOfUrl(url), url, allowInsecureLoopback))
  })

/**
 * A strategy of your own: an `Effect` from the issuer to the raw document, wherever that is, or to `undefined` when there
 * is none. What the effect fails with counts as `Transient`, so the search goes on, and stays in the type of
 * `DiscoveryFailed`.
 *
 * **Example** (Documents from a table)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 * import * as Effect from "effect/Effect"
 *
 * const table = Discovery.fromEffect("table", (issuer) =>
 *   Effect.succeed({ issuer, jwks_uri: `${issuer}/keys` }))
 *
 * const config = await Effect.runPromise(Discovery.discover(table, "https://as.example.com"))
 * config.metadata.jwksUri // => "https://as.example.com/keys"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEffect = <E, R>(
  name: string,
  load: (issuer: Issuer.Issuer) => Effect.Effect<object | undefined, E, R>,
  options?: { readonly type?: ServerType | undefined }
): Strategy<E, R> => fromCandidates((issuer) => [fromLoad(name, options?.type ?? "oauth", load, () => load(issuer))])

/**
 * How often to try again, and how long to wait before the first time.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions {
  readonly times: number
  readonly delay?: Duration.Input | undefined
}

/**
 * A change of a request.
 *
 * @category models
 * @since 0.1.0
 */
export type RequestMap = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest

type Any = Strategy<unknown, unknown>

/** The union of what the members fail with and need; the array's element type has forgotten which is which. */
type Joined<S extends ReadonlyArray<Any>> = Strategy<Error<S[number]>, Services<S[number]>>

const stepsOf = <S extends ReadonlyArray<Any>>(strategies: S, issuer: Issuer.Issuer) =>
  (strategies as ReadonlyArray<Joined<S>>).flatMap(({ steps }) => steps(issuer))

/**
 * One strategy after the other: the next is asked when the one before found nothing. Associative.
 *
 * @category combinators
 * @since 0.1.0
 */
export const firstOf = <const S extends ReadonlyArray<Any>>(...strategies: S): Joined<S> =>
  fromSteps((issuer) => stepsOf(strategies, issuer))

/**
 * This strategy, and if it finds nothing, that one. Associative; equal URLs are asked once.
 *
 * @category combinators
 * @since 0.1.0
 */
export const orElse: {
  <E2, R2>(that: Strategy<E2, R2>): <E, R>(self: Strategy<E, R>) => Strategy<E | E2, R | R2>
  <E, R, E2, R2>(self: Strategy<E, R>, that: Strategy<E2, R2>): Strategy<E | E2, R | R2>
} = dual(
  2,
  <E, R, E2, R2>(self: Strategy<E, R>, that: Strategy<E2, R2>): Strategy<E | E2, R | R2> =>
    fromSteps<E | E2, R | R2>((issuer) => [...self.steps(issuer), ...that.steps(issuer)])
)

/**
 * A hedged race: each candidate starts when the one before it has failed, or has not answered within `delay` (default
 * 300 milliseconds). The first that is found wins, and the others are interrupted.
 *
 * @category combinators
 * @since 0.1.0
 */
export const race = <const S extends ReadonlyArray<Any>>(
  strategies: S,
  options?: { readonly delay?: Duration.Input | undefined }
): Joined<S> =>
  fromSteps((issuer) => [{
    candidates: stepsOf(strategies, issuer).flatMap(({ candidates }) => candidates),
    hedge: Duration.fromInputUnsafe(options?.delay ?? "300 millis")
  }])

const mapCandidates = <E, R, R2>(
  self: Strategy<E, R>,
  f: (candidate: Candidate<E, R>) => Candidate<E, R2>
): Strategy<E, R2> =>
  fromSteps((issuer) => self.steps(issuer).map((step) => ({ ...step, candidates: step.candidates.map(f) })))

/**
 * Repairs every document of a strategy, after the repairs that it already has.
 *
 * @category combinators
 * @since 0.1.0
 */
export const transpile: {
  <R2 = never>(transpileData: Transpiler.TranspileData<R2>): <E, R>(self: Strategy<E, R>) => Strategy<E, R | R2>
  <E, R, R2 = never>(self: Strategy<E, R>, transpileData: Transpiler.TranspileData<R2>): Strategy<E, R | R2>
} = dual(
  2,
  <E, R, R2>(self: Strategy<E, R>, transpileData: Transpiler.TranspileData<R2>): Strategy<E, R | R2> => {
    // Made once: candidates that were equal stay so.
    const added = Transpiler.fromTranspileData(transpileData)
    return mapCandidates<E, R, R | R2>(self, (candidate) => ({
      ...candidate,
      transpiler: Transpiler.all(candidate.transpiler, added)
    }))
  }
)

/**
 * Holds every result of a strategy to rules. One that breaks a rule of severity `error` counts as `Incomplete`, and the
 * search goes on.
 *
 * @category combinators
 * @since 0.1.0
 */
export const validate: {
  (options?: Validation.Options): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, options?: Validation.Options): Strategy<E, R>
} = dual(
  (args) => isStrategy(args[0]),
  <E, R>(self: Strategy<E, R>, options: Validation.Options = {}): Strategy<E, R> =>
    mapCandidates(self, (candidate) => ({ ...candidate, validations: [...candidate.validations, options] }))
)

/**
 * Judges the issuer of every document of a strategy by another policy than `exact`.
 *
 * **Gotchas**
 *
 * The last policy counts, also for a place that had one of its own: apply it before joining with `wellKnownUrl`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withIssuerPolicy: {
  (policy: IssuerPolicy.IssuerPolicy): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, policy: IssuerPolicy.IssuerPolicy): Strategy<E, R>
} = dual(
  2,
  <E, R>(self: Strategy<E, R>, policy: IssuerPolicy.IssuerPolicy): Strategy<E, R> =>
    mapCandidates(self, (candidate) => ({ ...candidate, policy }))
)

const withLimits = <E, R>(self: Strategy<E, R>, limits: Partial<Limits>): Strategy<E, R> =>
  mapCandidates(self, (candidate) => ({ ...candidate, limits: { ...candidate.limits, ...limits } }))

/**
 * How often transient failures of a strategy are tried again, and how long to wait first. Overrides `FetchLimits`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const retry: {
  (options: RetryOptions): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, options: RetryOptions): Strategy<E, R>
} = dual(
  2,
  <E, R>(self: Strategy<E, R>, { delay, times }: RetryOptions): Strategy<E, R> =>
    withLimits(self, {
      retries: times,
      ...(delay === undefined ? {} : { retryDelay: Duration.fromInputUnsafe(delay) })
    })
)

/**
 * How long one attempt of a strategy may take. Overrides `FetchLimits`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const timeout: {
  (duration: Duration.Input): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, duration: Duration.Input): Strategy<E, R>
} = dual(
  2,
  <E, R>(self: Strategy<E, R>, duration: Duration.Input): Strategy<E, R> =>
    withLimits(self, { attemptTimeout: Duration.fromInputUnsafe(duration) })
)

/**
 * Changes every HTTP request of a strategy before it is sent, after the changes that it already has.
 *
 * @category combinators
 * @since 0.1.0
 */
export const mapRequest: {
  (f: RequestMap): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, f: RequestMap): Strategy<E, R>
} = dual(
  2,
  <E, R>(self: Strategy<E, R>, f: RequestMap): Strategy<E, R> => {
    // Made once for each: candidates that were equal stay so.
    const after = memoize((before: RequestMap) => flow(before, f))
    return mapCandidates(self, (candidate) => ({ ...candidate, mapRequest: after(candidate.mapRequest) }))
  }
)

/**
 * Sends headers with every HTTP request of a strategy.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHeaders: {
  (headers: Headers.Input): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, headers: Headers.Input): Strategy<E, R>
} = dual(
  2,
  <E, R>(self: Strategy<E, R>, headers: Headers.Input): Strategy<E, R> =>
    mapRequest(self, HttpClientRequest.setHeaders(headers))
)

const wellKnown = (form: WellKnown.Form, type: ServerType): Strategy =>
  fromCandidates((issuer) => [fromUrl(form, type, WellKnown.ofForm(issuer, form), isInsecure(issuer))])

/**
 * RFC 8414, section 3.1: `/.well-known/oauth-authorization-server`, inserted between host and path.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oauth: Strategy = wellKnown("oauth-authorization-server", "oauth")

/**
 * OpenID Connect Discovery 1.0, section 4.1: `/.well-known/openid-configuration`, appended to the issuer.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oidc: Strategy = wellKnown("openid-configuration", "oidc")

/**
 * RFC 8414, section 5: `/.well-known/openid-configuration`, inserted between host and path.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oidcInserted: Strategy = wellKnown("openid-configuration-inserted", "oidc")

/**
 * `/.well-known/oauth-authorization-server`, appended to the issuer. In no RFC and part of no other strategy, yet served
 * by Keycloak, Okta, Descope and Atlassian.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oauthAppended: Strategy = wellKnown("oauth-authorization-server-appended", "oauth")

/**
 * The order of MCP 2026-07-28: RFC 8414, OpenID inserted, OpenID appended. For an issuer without a path two of them are
 * the same URL, which is asked once.
 *
 * @category strategies
 * @since 0.1.0
 */
export const mcp: Strategy = firstOf(oauth, oidcInserted, oidc)

/**
 * A document at a URL that no rule leads to (Azure AD B2C, Entra ID v1, proxies). Its issuer must be `expectedIssuer`,
 * or the issuer asked for when that is left out.
 *
 * @category strategies
 * @since 0.1.0
 */
export const wellKnownUrl = (url: string, expectedIssuer?: string, options?: UrlOptions): Strategy =>
  fromCandidates(() => [{
    ...fromUrl("well-known-url", options?.type ?? typeOfUrl(url), url, options?.allowInsecureLoopback === true),
    policy: expectedIssuer === undefined ? IssuerPolicy.exact : IssuerPolicy.expected(expectedIssuer)
  }])

/**
 * Metadata that is known by hand, for a provider that publishes none. It must name the issuer asked for.
 *
 * @category strategies
 * @since 0.1.0
 */
export const manual = (
  metadata: Metadata.AuthorizationServerMetadata,
  options?: { readonly type?: ServerType | undefined }
): Strategy<never, never> =>
  fromCandidates(() => [
    fromLoad<never, never>("manual", options?.type ?? "oauth", metadata, () =>
      Schema.encodeEffect(Metadata.AuthorizationServerMetadata)(metadata, { errors: "all" }).pipe(
        Effect.mapError((error) =>
          invalidMetadata("manual", error)
        )
      ))
  ])

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
  strategy: Strategy<E, R>,
  issuer: string,
  options?: SearchOptions
): Effect.Effect<Search<E>, Issuer.InvalidIssuer, R> =>
  Effect.flatMap(Issuer.make(issuer, options), (asked) =>
    Engine.search(strategy.steps(asked), {
      asked,
      purpose: options?.purpose ?? Purpose.any,
      merge: options?.mergeDocuments === true
    }).pipe(Effect.withSpan("Discovery.search", { attributes: { issuer } })))

const strength: ReadonlyArray<Exclude<Outcome, "Found">> = ["Refused", "Incomplete", "Transient", "Miss"]

/** The strongest outcome names the failure of a search. One that asked nobody missed. */
const strongest = (outcomes: ReadonlyArray<Outcome>): Exclude<Outcome, "Found"> =>
  strength.find((outcome) => outcomes.includes(outcome)) ?? "Miss"

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
  strategy: Strategy<E, R>,
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

const strategies: { readonly [Type in ServerType | "auto"]: Strategy } = {
  oauth: oauth,
  oidc: oidc,
  auto: mcp
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
): Strategy<never, HttpClient.HttpClient | R> =>
  strategies[options?.type ?? "auto"].pipe(
    transpile(transpilerOf(options)),
    withIssuerPolicy(options?.issuerPolicy ?? IssuerPolicy.exact),
    (strategy) => options?.validation === undefined ? strategy : validate(strategy, options.validation)
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
