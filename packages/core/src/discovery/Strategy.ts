/**
 * Where to look for an authorization server's metadata, as values.
 *
 * A strategy is pure: it turns an issuer into candidates, each with a place, a kind and the rules by which its answer is
 * judged. One engine runs them. Strategies are joined, raced and refined without running anything, and one of your own,
 * from a database, a vault or a file, is as good as a built-in one. `Discovery` exports everything here under its own
 * name, next to the built-in strategies and the functions that run them.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { dual, flow, memoize } from "effect/Function"
import type * as Headers from "effect/http/Headers"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Issuer from "../metadata/Issuer.ts"
import type { Limits } from "./FetchLimits.ts"
import { type Candidate, fromLoad, fromUrl, isInsecure, typeOfUrl } from "./internal/candidate.ts"
import { fromCandidates, fromSteps, type Strategy, TypeId } from "./internal/strategy.ts"
import type { IssuerPolicy } from "./IssuerPolicy.ts"
import type { ServerType } from "./ServerConfig.ts"
import * as Transpiler from "./Transpiler.ts"
import type * as Validation from "./Validation.ts"

export type {
  /**
   * Where to look. `E` is what its own effects fail with, `R` what they need. Built by the functions of this module,
   * never by hand.
   *
   * @category models
   * @since 0.1.0
   */
  Strategy
} from "./internal/strategy.ts"

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
  (policy: IssuerPolicy): <E, R>(self: Strategy<E, R>) => Strategy<E, R>
  <E, R>(self: Strategy<E, R>, policy: IssuerPolicy): Strategy<E, R>
} = dual(
  2,
  <E, R>(self: Strategy<E, R>, policy: IssuerPolicy): Strategy<E, R> =>
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
