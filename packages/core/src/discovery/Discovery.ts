/**
 * Discovery of an authorization server by its issuer.
 *
 * A strategy names candidate URLs, which are requested through the injected `HttpClient`. Each response passes the same
 * steps: limits, JSON, issuer policy on the raw document, repairs, schema, purpose, rules. A candidate that fails one
 * of them is an attempt with a typed error, and the search continues. If all candidates fail, `DiscoveryFailed` lists
 * the attempts in order.
 *
 * **Example** (A provider that does not advertise PKCE)
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
import { displayUrl } from "../fetch/internal/exchange.ts"
import type { RequestMap } from "../fetch/internal/fetchDocument.ts"
import * as UnsafeInternalOrigin from "../fetch/UnsafeInternalOrigin.ts"
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

export type { RequestMap } from "../fetch/internal/fetchDocument.ts"
export type { Strategy } from "./internal/strategy.ts"

/**
 * The error type of a strategy's own effects.
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
 * Options for strategies with a fixed document URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface UrlOptions {
  /** The document's specification. Default: `oauth` if the URL has that well-known suffix, otherwise `oidc`. */
  readonly type?: ServerType | undefined
  /** Accept `http` if the host is a loopback host. For development only. Defaults to `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * Fetches documents at URLs that a function computes from the issuer. The issuer policy applies as for all strategies.
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
 * A custom strategy: an `Effect` from the issuer to the raw document, or to `undefined` if there is none. A failure of
 * the effect counts as `Transient`, unless it is a `PlatformError` or `SchemaError` that a retry would repeat, such as a
 * file that does not exist. The search continues. The type of the failure is part of `DiscoveryFailed`.
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
 * The number of retries, and the delay before the first one.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions {
  readonly times: number
  readonly delay?: Duration.Input | undefined
}

type Any = Strategy<unknown, unknown>

/** The union of the members' errors and services. The array's element type does not keep them apart. */
type Joined<S extends ReadonlyArray<Any>> = Strategy<Error<S[number]>, Services<S[number]>>

const stepsOf = <S extends ReadonlyArray<Any>>(strategies: S, issuer: Issuer.Issuer) =>
  (strategies as ReadonlyArray<Joined<S>>).flatMap(({ steps }) => steps(issuer))

/**
 * Runs strategies in order: the next one starts if the one before found nothing. Associative.
 *
 * @category combinators
 * @since 0.1.0
 */
export const firstOf = <const S extends ReadonlyArray<Any>>(...strategies: S): Joined<S> =>
  fromSteps((issuer) => stepsOf(strategies, issuer))

/**
 * Runs the second strategy if the first finds nothing. Associative. Equal URLs are requested once.
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
 * A hedged race: each candidate starts when the one before it has failed, or has not responded within `delay` (default:
 * 300 milliseconds). The first document that is found wins, and the other requests are interrupted.
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
 * Adds repairs to a strategy, after its existing ones.
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
    // Created once, so that equal candidates stay equal.
    const added = Transpiler.fromTranspileData(transpileData)
    return mapCandidates<E, R, R | R2>(self, (candidate) => ({
      ...candidate,
      transpiler: Transpiler.all(candidate.transpiler, added)
    }))
  }
)

/**
 * Validates every result of a strategy. A result that breaks a rule of severity `error` counts as `Incomplete`, and the
 * search continues.
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
 * Replaces the issuer policy `exact` of a strategy.
 *
 * **Gotchas**
 *
 * The last policy replaces all earlier ones, including that of `wellKnownUrl`: apply it before joining with
 * `wellKnownUrl`.
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
 * Sets the number of retries of a strategy after transient failures, and the first delay. Overrides `FetchLimits`.
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
 * Sets the timeout of one attempt of a strategy. Overrides `FetchLimits`.
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
 * Changes every HTTP request of a strategy before it is sent, after its existing changes. The request for the key set is
 * changed too if its URL has the origin of the document: providers that protect their metadata protect their keys.
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
    // Created once for each, so that equal candidates stay equal.
    const after = memoize((before: RequestMap) => flow(before, f))
    return mapCandidates(self, (candidate) => ({ ...candidate, mapRequest: after(candidate.mapRequest) }))
  }
)

/**
 * Sends headers with every HTTP request of a strategy, and with the request for the key set if its URL has the origin of
 * the document.
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
 * `/.well-known/oauth-authorization-server`, appended to the issuer. Not in any RFC and not part of other strategies,
 * but served by Keycloak, Okta, Descope and Atlassian.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oauthAppended: Strategy = wellKnown("oauth-authorization-server-appended", "oauth")

/**
 * The order of MCP 2026-07-28: RFC 8414, OpenID inserted, OpenID appended. For an issuer without a path, two of them
 * are the same URL, which is requested once.
 *
 * @category strategies
 * @since 0.1.0
 */
export const mcp: Strategy = firstOf(oauth, oidcInserted, oidc)

/**
 * Fetches a document at a URL that does not follow from the issuer (Azure AD B2C, Entra ID v1, proxies). Its issuer
 * must be `expectedIssuer`, which defaults to the requested issuer.
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
 * Fetches a document at a URL inside the own network, while the issuer is public, for example at the service of a
 * provider in the same cluster. Plain http is accepted. The issuer policy applies as for all strategies.
 *
 * **Gotchas**
 *
 * It is unsafe outside a private network: anyone who can answer in place of this URL can replace the keys of the provider.
 *
 * @category strategies
 * @since 0.1.0
 */
export const unsafeInternalUrl = (url: string, options?: { readonly type?: ServerType | undefined }): Strategy =>
  fromCandidates(() => {
    const candidate = fromUrl("unsafe-internal-url", options?.type ?? typeOfUrl(url), url, false)
    const load: typeof candidate.load = (settings) => UnsafeInternalOrigin.provide(candidate.load(settings), url)
    return [{ ...candidate, identity: `internal ${url}`, load }]
  })

/**
 * Uses configured metadata, for a provider that publishes none. Its issuer must be the requested issuer.
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
 * The attempts of a search, and the configuration if one was found.
 *
 * @category models
 * @since 0.1.0
 */
export type Search<E = never> = Engine.Search<E>

/**
 * Options for a search.
 *
 * @category models
 * @since 0.1.0
 */
export interface SearchOptions {
  /** The purpose of the document. Default: `Purpose.any`. */
  readonly purpose?: Purpose.Purpose | undefined
  /**
   * Whether documents of the identical issuer are merged if one alone is incomplete. For each member, the first
   * document wins. Default: `false`.
   */
  readonly mergeDocuments?: boolean | undefined
  /** Accept an `http` issuer whose host is a loopback host. For development only. Defaults to `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * Runs a strategy and reports all its attempts. Fails only if the issuer is invalid.
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

/** The strongest outcome of the attempts. A search without attempts is a `Miss`. */
const strongest = (outcomes: ReadonlyArray<Outcome>): Exclude<Outcome, "Found"> =>
  strength.find((outcome) => outcomes.includes(outcome)) ?? "Miss"

/** The configuration, or the error of the search. */
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
 * Options for fetching a configuration.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchOptions<R = never> extends SearchOptions {
  /**
   * `oauth`: RFC 8414. `oidc`: OpenID Connect Discovery. `auto`: the order of MCP, which tries both. Default: `auto`.
   */
  readonly type?: ServerType | "auto" | undefined
  /** Repairs: a `Transpiler`, or a function on the raw document that returns a document or an `Effect` of one. */
  readonly transpileData?: Transpiler.TranspileData<R> | undefined
  /** The policy for the issuer of the document. Default: `IssuerPolicy.exact`. */
  readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined
  /** Rules for the configuration. Default: none; see `Validation.validateServerConfig`. */
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
 * The strategy for the options: the candidate URLs by type, or those of `from`, with the repairs, the issuer policy and the
 * rules.
 *
 * @category fetching
 * @since 0.1.0
 */
export const strategyOf = <R = never>(
  options?: FetchOptions<R>,
  from: Strategy = strategies[options?.type ?? "auto"]
): Strategy<never, HttpClient.HttpClient | R> =>
  from.pipe(
    transpile(transpilerOf(options)),
    withIssuerPolicy(options?.issuerPolicy ?? IssuerPolicy.exact),
    (strategy) => options?.validation === undefined ? strategy : validate(strategy, options.validation)
  )

/**
 * Fetches the configuration of an authorization server by its issuer.
 *
 * **Details**
 *
 * The metadata's issuer must be identical to `issuer` (RFC 8414, section 3.3) unless another policy is chosen.
 * `FetchLimits` limits time, size, redirects and retries.
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
 * Options for fetching a configuration by its URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchByUrlOptions<R = never> extends Omit<FetchOptions<R>, "issuerPolicy" | "mergeDocuments"> {
  /** The issuer that the document must contain. Default: any issuer whose metadata URL is this URL. */
  readonly expectedIssuer?: string | undefined
}

/**
 * Fetches the configuration of an authorization server by the URL of its metadata.
 *
 * **Details**
 *
 * The issuer of the document must be `expectedIssuer`. Without that option, it must be an issuer whose metadata URL is
 * this URL, by one of the four forms of `WellKnown`. Otherwise the server at this URL could claim to be any issuer.
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
  const asked = expectedIssuer ?? displayUrl(url)
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
