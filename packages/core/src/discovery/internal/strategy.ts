import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Pipeable from "effect/Pipeable"
import type { Limits } from "../../fetch/FetchLimits.ts"
import { documentOf, jsonObjectOf } from "../../fetch/internal/documentBody.ts"
import { displayUrl } from "../../fetch/internal/exchange.ts"
import { fetchDocument, type FetchSettings, type Loaded } from "../../fetch/internal/fetchDocument.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import { type AttemptError, NoDocument } from "../DiscoveryError.ts"
import * as IssuerPolicy from "../IssuerPolicy.ts"
import type { ServerType } from "../ServerConfig.ts"
import * as Transpiler from "../Transpiler.ts"
import type * as Validation from "../Validation.ts"

export const TypeId = "~effect-mcp-auth/Strategy" as const

/**
 * A strategy: where to look for metadata. `E` is the error type of its own effects, `R` their services. Build it with
 * the functions of this module.
 *
 * @category models
 * @since 0.1.0
 */
export interface Strategy<out E = never, out R = HttpClient.HttpClient> extends Pipeable.Pipeable {
  readonly [TypeId]: typeof TypeId
  /** The steps for an issuer, in order. Pure. */
  readonly steps: (issuer: Issuer.Issuer) => ReadonlyArray<Step<E, R>>
}

/** The constructor under all strategies and combinators. */
export const fromSteps = <E, R>(steps: Strategy<E, R>["steps"]): Strategy<E, R> => ({
  ...Pipeable.Prototype,
  [TypeId]: TypeId,
  steps
})

/** A strategy that requests candidates in order. */
export const fromCandidates = <E, R>(
  candidates: (issuer: Issuer.Issuer) => ReadonlyArray<Candidate<E, R>>
): Strategy<E, R> => fromSteps((issuer) => candidates(issuer).map((candidate) => ({ candidates: [candidate] })))

/** The settings that a candidate receives when it loads. */
type LoadSettings = Omit<FetchSettings, "allowInsecureLoopback" | "asked" | "shape">

/** A candidate: where to load a document, and how to check it. */
export interface Candidate<out E, out R> {
  readonly kind: string
  readonly location: string
  /** Candidates with the same identity make the same request, which is sent once. */
  readonly identity: unknown
  readonly type: ServerType
  readonly policy: IssuerPolicy.IssuerPolicy
  readonly transpiler: Transpiler.Transpiler<R>
  /** The validations that the result must pass. */
  readonly validations: ReadonlyArray<Validation.Options>
  /** Overrides of the program's `FetchLimits`. */
  readonly limits: Partial<Limits>
  readonly mapRequest: LoadSettings["mapRequest"]
  readonly load: (settings: LoadSettings) => Effect.Effect<Loaded, AttemptError<E>, R>
}

/** Candidates that are requested together. */
export interface Step<out E, out R> {
  readonly candidates: ReadonlyArray<Candidate<E, R>>
  /**
   * The delay after which the next candidate starts in parallel. Without it, the next one starts when this one has
   * failed.
   */
  readonly hedge?: Duration.Duration
}

const defaults = {
  policy: IssuerPolicy.exact,
  transpiler: Transpiler.identity,
  validations: [],
  limits: {},
  mapRequest: identity
}

/** Creates a candidate for a URL. */
export const fromUrl = (
  kind: string,
  type: ServerType,
  url: string,
  allowInsecureLoopback: boolean
): Candidate<never, HttpClient.HttpClient> => ({
  ...defaults,
  kind,
  type,
  location: displayUrl(url),
  identity: url,
  load: (settings) => fetchDocument(url, { ...settings, allowInsecureLoopback, shape: documentOf, asked: "metadata" })
})

/** Creates a candidate for a custom effect. */
export const fromLoad = <E, R>(
  name: string,
  type: ServerType,
  identity: unknown,
  load: () => Effect.Effect<object | undefined, AttemptError<E>, R>
): Candidate<E, R> => ({
  ...defaults,
  kind: name,
  type,
  location: name,
  identity,
  load: () =>
    Effect.flatMap(
      Effect.suspend(load),
      (answer): Effect.Effect<Loaded, NoDocument> => {
        const document = jsonObjectOf(answer)
        if (document !== undefined && typeof document["issuer"] === "string") {
          return Effect.succeed({ document, freshFor: Option.none(), oddContentType: Option.none() })
        }
        const found = answer === undefined ? "nothing" : document === undefined ? "no-json-object" : "no-issuer"
        return Effect.fail(new NoDocument({ strategy: name, reason: found }))
      }
    )
})

/** An http issuer exists only if loopback was allowed. Its documents are on its own origin. */
export const isInsecure = (issuer: Issuer.Issuer): boolean => /^http:/i.test(issuer)

/** The document type that a URL implies. */
export const typeOfUrl = (url: string): ServerType =>
  /\/\.well-known\/oauth-authorization-server(?:[/?#]|$)/.test(url) ? "oauth" : "oidc"
