import type * as HttpClient from "effect/http/HttpClient"
import * as Pipeable from "effect/Pipeable"
import type * as Issuer from "../../metadata/Issuer.ts"
import type { Candidate, Step } from "./candidate.ts"

export const TypeId: unique symbol = Symbol.for("@effect-mcp-auth/core/Strategy")

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
