import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Pipeable from "effect/Pipeable"
import type { Limits } from "../../fetch/FetchLimits.ts"
import { documentOf, jsonObjectOf } from "../../fetch/internal/documentBody.ts"
import { placeOf } from "../../fetch/internal/exchange.ts"
import { fetchDocument, type FetchSettings, type Loaded } from "../../fetch/internal/fetchDocument.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import { type AttemptError, NoDocument } from "../DiscoveryError.ts"
import * as IssuerPolicy from "../IssuerPolicy.ts"
import type { ServerType } from "../ServerConfig.ts"
import * as Transpiler from "../Transpiler.ts"
import type * as Validation from "../Validation.ts"

export const TypeId: unique symbol = Symbol.for("@effect-mcp-auth/core/Strategy")

/**
 * Where to look. `E` is what its own effects fail with, `R` what they need. Built by the functions of this module,
 * never by hand.
 *
 * @category models
 * @since 0.1.0
 */
export interface Strategy<out E = never, out R = HttpClient.HttpClient> extends Pipeable.Pipeable {
  readonly [TypeId]: typeof TypeId
  /** What to ask for an issuer, in order. Pure. */
  readonly steps: (issuer: Issuer.Issuer) => ReadonlyArray<Step<E, R>>
}

/** The seam under every strategy and every combinator. */
export const fromSteps = <E, R>(steps: Strategy<E, R>["steps"]): Strategy<E, R> => ({
  ...Pipeable.Prototype,
  [TypeId]: TypeId,
  steps
})

/** Candidates, one after the other. */
export const fromCandidates = <E, R>(
  candidates: (issuer: Issuer.Issuer) => ReadonlyArray<Candidate<E, R>>
): Strategy<E, R> => fromSteps((issuer) => candidates(issuer).map((candidate) => ({ candidates: [candidate] })))

/** What a candidate is told when it loads. The rest is its own knowledge. */
type LoadSettings = Omit<FetchSettings, "allowInsecureLoopback" | "asked" | "shape">

/** One place to ask, and how its answer is judged. */
export interface Candidate<out E, out R> {
  readonly kind: string
  readonly location: string
  /** Candidates with the same identity ask the same question, which is then asked once. */
  readonly identity: unknown
  readonly type: ServerType
  readonly policy: IssuerPolicy.IssuerPolicy
  readonly transpiler: Transpiler.Transpiler<R>
  /** The rules that the result must keep, all of them. */
  readonly validations: ReadonlyArray<Validation.Options>
  /** What differs from the limits of the program. */
  readonly limits: Partial<Limits>
  readonly mapRequest: LoadSettings["mapRequest"]
  readonly load: (settings: LoadSettings) => Effect.Effect<Loaded, AttemptError<E>, R>
}

/** Candidates that are asked together. */
export interface Step<out E, out R> {
  readonly candidates: ReadonlyArray<Candidate<E, R>>
  /** How long each is given before the next starts beside it. Without it, the next starts when this one has failed. */
  readonly hedge?: Duration.Duration
}

const defaults = {
  policy: IssuerPolicy.exact,
  transpiler: Transpiler.identity,
  validations: [],
  limits: {},
  mapRequest: identity
}

/** A candidate at a URL. */
export const fromUrl = (
  kind: string,
  type: ServerType,
  url: string,
  allowInsecureLoopback: boolean
): Candidate<never, HttpClient.HttpClient> => ({
  ...defaults,
  kind,
  type,
  location: placeOf(url),
  identity: url,
  load: (settings) => fetchDocument(url, { ...settings, allowInsecureLoopback, shape: documentOf, asked: "metadata" })
})

/** A candidate that is an effect of somebody else's. */
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
        return Effect.fail(new NoDocument({ strategy: name, found }))
      }
    )
})

/** An http issuer exists only where loopback was allowed, and its documents live on its own origin. */
export const isInsecure = (issuer: Issuer.Issuer): boolean => /^http:/i.test(issuer)

/** What a URL says about its document. */
export const typeOfUrl = (url: string): ServerType =>
  /\/\.well-known\/oauth-authorization-server(?:[/?#]|$)/.test(url) ? "oauth" : "oidc"
