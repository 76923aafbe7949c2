import * as Effect from "effect/Effect"
import { isAnonymous } from "../../token/AuthInfo.ts"
import {
  AccessDenied,
  InsufficientScope,
  MissingCredentials,
  type VerificationUnavailable
} from "../../token/TokenError.ts"
import type { ScopeHierarchy } from "../ScopeHierarchy.ts"
import { format } from "./format.ts"
import { hasEmptyScopes } from "./inspect.ts"
import { type Facts, judge, type Judged, type Trace, traceOf } from "./judge.ts"
import type { Any, Caller, Check, Operation, Policy } from "./model.ts"
import { settled } from "./settled.ts"
import { satisfiedBy, shortfall } from "./shortfall.ts"

/** Why somebody may not do something. */
export type Refusal = MissingCredentials | InsufficientScope | AccessDenied

/** What came out of a policy. */
export interface Decision {
  /** Whether the operation is permitted. In a list: whether it may be, for some arguments. */
  readonly permitted: boolean
  /** Why not, as the caller hears it. */
  readonly refusal: Refusal | undefined
  /** Which part was satisfied and which was not. */
  readonly trace: Trace
}

/** What is asked of a policy. */
export interface Question {
  readonly caller: Caller
  readonly hierarchy: ScopeHierarchy
  readonly operation: Operation
  /** `false`: the operation is not known in full, so a part that depends on it permits nothing. Default: `true`. */
  readonly isExact?: boolean | undefined
}

/** The operation as far as it is known: one that is not known in full is judged like a list, before anything is asked. */
const knownOf = ({ isExact, operation }: Question): Operation =>
  isExact === false ? { ...operation, listing: true } : operation

/** How a policy is judged by claims alone. */
export const judgePlainly = (policy: Any, question: Question): Judged => {
  const operation = knownOf(question)
  return judge(settled(policy, operation), { ...question, operation, answers: new Map() })
}

/** Writes down by which scopes an operation satisfied a policy. */
export const recordSatisfied = (needed: Set<string>, judged: Judged): void => {
  for (const scope of satisfiedBy(judged)) needed.add(scope)
}

/** A refusal that names all scopes of the operation: those by which it came this far, and those that it lacks. */
export const withNeeded = (refusal: Refusal, needed: ReadonlySet<string>): Refusal =>
  refusal._tag === "InsufficientScope"
    ? new InsufficientScope({ granted: refusal.granted, required: [...new Set([...needed, ...refusal.required])] })
    : refusal

/** The check to be asked next: one whose answer is needed, from left to right. */
const nextCheck = ({ node, outcome, parts }: Judged, listing: boolean): Check<unknown> | undefined => {
  if (outcome !== "unknown") return undefined
  if (node._tag === "Check") return listing && node.ofOperation ? undefined : node
  for (const part of parts) {
    const check = nextCheck(part, listing)
    if (check !== undefined) return check
  }
  return undefined
}

const refusalOf = (judged: Judged, facts: Facts): Refusal => {
  if (isAnonymous(facts.caller)) return new MissingCredentials()
  const required = shortfall(judged, facts)
  return required === undefined
    ? new AccessDenied({ policy: format(judged.node) })
    : new InsufficientScope({ required, granted: [...facts.caller.scopes] })
}

/** Whether an outcome that stays unknown permits: only the entry of a list, whose operation comes later. */
const mayBePermitted = (policy: Any, { isExact = true, operation }: Question): boolean =>
  operation.listing && isExact && !hasEmptyScopes(policy)

/**
 * Judges a policy. What claims can say is judged first, and a check is asked only if the answer still depends on it.
 */
export const decide = Effect.fnUntraced(function*<R>(
  policy: Policy<R>,
  question: Question
): Effect.fn.Return<Decision, VerificationUnavailable, R> {
  const operation = knownOf(question)
  const { listing } = operation
  const node = yield* Effect.sync(() => settled(policy, operation))
  const answers = new Map<Check<unknown>, boolean>()
  const facts: Facts = { ...question, operation, answers }
  let judged = yield* Effect.sync(() => judge(node, facts))
  for (let check = nextCheck(judged, listing); check !== undefined; check = nextCheck(judged, listing)) {
    // The checks of a `Policy<R>` need an `R`. They are kept as `unknown`, because they are told apart by identity alone.
    answers.set(check, yield* (check as Check<R>).judge(operation))
    judged = yield* Effect.sync(() => judge(node, facts))
  }
  const permitted = judged.outcome === "yes" || (judged.outcome === "unknown" && mayBePermitted(policy, question))
  return { permitted, refusal: permitted ? undefined : refusalOf(judged, facts), trace: traceOf(judged) }
})
