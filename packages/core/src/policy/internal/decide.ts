import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import { isAnonymous } from "../../token/AuthInfo.ts"
import {
  AccessDenied,
  InsufficientScope,
  MissingCredentials,
  type VerificationUnavailable
} from "../../token/TokenError.ts"
import { isScopeToken, type ScopeHierarchy } from "../ScopeHierarchy.ts"
import {
  type Any,
  type Caller,
  type Check,
  claimAt,
  format,
  hasEmptyScopes,
  type Operation,
  type Policy,
  type Role,
  type Scopes
} from "./model.ts"

/** What is known when a policy is judged. */
export interface Facts {
  readonly caller: Caller
  readonly hierarchy: ScopeHierarchy
  readonly operation: Operation
  /** What the checks said that have been asked. */
  readonly checkResults: ReadonlyMap<Check<unknown>, boolean>
}

/**
 * Whether a policy is satisfied. `unknown` stands for what only a check can say that has not been asked.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "yes" | "no" | "unknown"

/**
 * How a policy was judged, part by part.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trace {
  /** The policy, as it prints itself. */
  readonly policy: string
  readonly outcome: Outcome
  /** For scopes: those that the caller lacks. */
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Trace>
}

/** A trace that still knows what was judged. */
export interface Evaluation {
  readonly node: Any
  readonly outcome: Outcome
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Evaluation>
}

const outcomeOf = (satisfied: boolean): Outcome => satisfied ? "yes" : "no"

const opposite: { readonly [O in Outcome]: Outcome } = { yes: "no", no: "yes", unknown: "unknown" }

/** One `decisive` part decides; otherwise what is not known leaves it open (Kleene's logic). */
const combined = (parts: ReadonlyArray<Evaluation>, decisive: "yes" | "no"): Outcome => {
  if (parts.some(({ outcome }) => outcome === decisive)) return decisive
  return parts.some(({ outcome }) => outcome === "unknown") ? "unknown" : opposite[decisive]
}

const hasRole = ({ paths, role }: Role, { claims }: Caller): boolean =>
  paths.some((path) => {
    const roles = claimAt(claims, path)
    return Array.isArray(roles) ? roles.includes(role) : roles === role
  })

const leaf = (node: Any, outcome: Outcome, missing: ReadonlyArray<string> = []): Evaluation => ({
  node,
  outcome,
  missing,
  parts: []
})

const evaluateScopes = (node: Scopes, { caller, hierarchy }: Facts): Evaluation => {
  // No scopes are a mistake, not a demand that every caller meets. Neither the list nor its negation permits anything.
  if (node.scopes.length === 0) return leaf(node, isAnonymous(caller) ? "no" : "unknown")
  const missing = node.scopes.filter((scope) => !hierarchy.covers(caller.scopes, scope))
  return leaf(node, outcomeOf(missing.length === 0 && !isAnonymous(caller)), missing)
}

const group = (node: Any, parts: ReadonlyArray<Evaluation>, outcome: Outcome): Evaluation => ({
  node,
  outcome,
  missing: [],
  parts
})

/**
 * Judges a policy by what is known. Without a token only `anonymous` is satisfied, and nothing else is asked: neither a
 * negation nor a check may open what nobody meant to open.
 */
export const evaluateNode = (node: Any, facts: Facts): Evaluation => {
  const { checkResults, caller, operation } = facts
  const isUnauthenticated = isAnonymous(caller)
  switch (node._tag) {
    case "Anonymous":
      return leaf(node, "yes")
    case "Authenticated":
      return leaf(node, outcomeOf(!isUnauthenticated))
    case "Scopes":
      return evaluateScopes(node, facts)
    case "Role":
      return leaf(node, outcomeOf(!isUnauthenticated && hasRole(node, caller)))
    case "Claim":
      return leaf(node, outcomeOf(!isUnauthenticated && node.holds(caller.claims)))
    case "Check": {
      const checkResult = checkResults.get(node)
      return leaf(node, isUnauthenticated ? "no" : checkResult === undefined ? "unknown" : outcomeOf(checkResult))
    }
    case "ByOperation": {
      if (operation.listing) return leaf(node, isUnauthenticated ? "no" : "unknown")
      const part = evaluateNode(node.policyOf(operation), facts)
      return group(node, [part], part.outcome)
    }
    case "AllOf": {
      const parts = node.parts.map((part) => evaluateNode(part, facts))
      return group(node, parts, combined(parts, "no"))
    }
    case "AnyOf": {
      const parts = node.parts.map((part) => evaluateNode(part, facts))
      return group(node, parts, combined(parts, "yes"))
    }
    case "Not": {
      const part = evaluateNode(node.part, facts)
      return group(node, [part], isUnauthenticated ? "no" : opposite[part.outcome])
    }
  }
}

/** What was judged, for people and tests. */
export const traceOf = ({ missing, node, outcome, parts }: Evaluation): Trace => ({
  policy: format(node),
  outcome,
  missing,
  parts: parts.map(traceOf)
})

/** A policy for one operation: what depends on it is made, and made once, so that its parts keep their identity. */
export const resolveOperation = <R>(policy: Policy<R>, operation: Operation): Policy<R> => {
  switch (policy._tag) {
    case "ByOperation": {
      if (operation.listing) return policy
      const resolved = resolveOperation(policy.policyOf(operation), operation)
      return { ...policy, policyOf: () => resolved }
    }
    case "AllOf":
    case "AnyOf":
      return { ...policy, parts: policy.parts.map((part) => resolveOperation(part, operation)) }
    case "Not":
      return { ...policy, part: resolveOperation(policy.part, operation) }
    default:
      return policy
  }
}

/** One way to satisfy a policy by scopes. */
interface ScopeSet {
  /** All scopes of this way, those that were granted included. */
  readonly required: ReadonlyArray<string>
  readonly missing: ReadonlyArray<string>
}

/** How many ways are followed. A policy with more has enough of them. */
const maxScopeSets = 32

const fewestFirst = Order.combine(
  Order.mapInput(Order.Number, ({ missing }: ScopeSet) => missing.length),
  Order.mapInput(Order.Number, ({ required }: ScopeSet) => required.length)
)

const smallest = (sets: ReadonlyArray<ScopeSet>): ReadonlyArray<ScopeSet> =>
  Arr.sort(sets, fewestFirst).slice(0, maxScopeSets)

const union = (left: ScopeSet, right: ScopeSet): ScopeSet => ({
  required: Arr.union(left.required, right.required),
  missing: Arr.union(left.missing, right.missing)
})

const noScopes: ScopeSet = { required: [], missing: [] }

/** The ways in which more scopes would satisfy what was judged. None: no scope would help. */
const sufficientScopeSets = ({ missing, node, outcome, parts }: Evaluation): ReadonlyArray<ScopeSet> => {
  switch (node._tag) {
    case "Scopes":
      // A policy made for an operation may have put a stranger's words into a scope: nobody is sent away to ask for those.
      return node.scopes.length > 0 && node.scopes.every(isScopeToken) ? [{ required: node.scopes, missing }] : []
    case "AnyOf":
      return smallest(parts.flatMap(sufficientScopeSets))
    case "ByOperation":
      return parts.length === 0 ? [noScopes] : parts.flatMap(sufficientScopeSets)
    case "AllOf":
      return parts.reduce<ReadonlyArray<ScopeSet>>(
        (sets, part) => smallest(sets.flatMap((set) => sufficientScopeSets(part).map((more) => union(set, more)))),
        [noScopes]
      )
    default:
      return outcome === "no" ? [] : [noScopes]
  }
}

/**
 * The scopes by which a caller satisfies a policy that permits what they do: the fewest of those that were granted. A part
 * that only a check can answer for needs none.
 */
export const satisfyingScopes = ({ node, parts }: Evaluation): ReadonlyArray<string> => {
  switch (node._tag) {
    case "Scopes":
      return node.scopes.filter(isScopeToken)
    case "AnyOf": {
      const sets = parts.filter(({ outcome }) => outcome === "yes").map(satisfyingScopes)
      const [fewest = []] = sets.toSorted((a, b) => a.length - b.length)
      return fewest
    }
    case "AllOf":
    case "ByOperation":
      return parts.flatMap(satisfyingScopes)
    default:
      return []
  }
}

/**
 * The scopes that a caller needs, all of them in one list, to do what they may not do now: the fewest that would do.
 * Each way is tried before it is told, because more scopes may also take something away (`not`). Nothing: no scope helps.
 */
export const requiredScopes = (evaluation: Evaluation, facts: Facts): ReadonlyArray<string> | undefined =>
  sufficientScopeSets(evaluation).find(({ required }) => {
    const caller = { ...facts.caller, scopes: new Set([...facts.caller.scopes, ...required]) }
    const { outcome } = evaluateNode(evaluation.node, { ...facts, caller })
    return outcome === "yes" || (outcome === "unknown" && evaluation.outcome === "no")
  })?.required

/**
 * Why somebody may not do something.
 *
 * @category models
 * @since 0.1.0
 */
export type Refusal = MissingCredentials | InsufficientScope | AccessDenied

/**
 * What came out of a policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decision {
  /** Whether the operation is permitted. In a list: whether it may be, for some arguments. */
  readonly permitted: boolean
  /** Why not, as the caller hears it. */
  readonly refusal: Refusal | undefined
  /** Which part was satisfied and which was not. */
  readonly trace: Trace
}

/** What is asked of a policy. */
export interface PolicyRequest {
  readonly caller: Caller
  readonly hierarchy: ScopeHierarchy
  readonly operation: Operation
  /** `false`: the operation is not known in full, so a part that depends on it permits nothing. Default: `true`. */
  readonly isExact?: boolean | undefined
}

/** The operation as far as it is known: one that is not known in full is judged like a list, before anything is asked. */
const knownOperation = ({ isExact, operation }: PolicyRequest): Operation =>
  isExact === false ? { ...operation, listing: true } : operation

/** How a policy is judged by claims alone. */
export const evaluateClaims = (policy: Any, request: PolicyRequest): Evaluation => {
  const operation = knownOperation(request)
  return evaluateNode(resolveOperation(policy, operation), { ...request, operation, checkResults: new Map() })
}

/** Writes down by which scopes an operation satisfied a policy. */
export const recordScopes = (earlierScopes: Set<string>, evaluation: Evaluation): void => {
  for (const scope of satisfyingScopes(evaluation)) earlierScopes.add(scope)
}

/** A refusal that names all scopes of the operation: those by which it came this far, and those that it lacks. */
export const withEarlierScopes = (refusal: Refusal, earlierScopes: ReadonlySet<string>): Refusal =>
  refusal._tag === "InsufficientScope"
    ? new InsufficientScope({
      granted: refusal.granted,
      required: [...new Set([...earlierScopes, ...refusal.required])]
    })
    : refusal

/** The check to be asked next: one whose answer is needed, from left to right. */
const nextCheck = ({ node, outcome, parts }: Evaluation, listing: boolean): Check<unknown> | undefined => {
  if (outcome !== "unknown") return undefined
  if (node._tag === "Check") return listing && node.needsOperation ? undefined : node
  for (const part of parts) {
    const check = nextCheck(part, listing)
    if (check !== undefined) return check
  }
  return undefined
}

const refusalOf = (evaluation: Evaluation, facts: Facts): Refusal => {
  if (isAnonymous(facts.caller)) return new MissingCredentials()
  const required = requiredScopes(evaluation, facts)
  return required === undefined
    ? new AccessDenied({ policy: format(evaluation.node) })
    : new InsufficientScope({ required, granted: [...facts.caller.scopes] })
}

/** Whether an outcome that stays unknown permits: only the entry of a list, whose operation comes later. */
const mayBePermitted = (policy: Any, { isExact = true, operation }: PolicyRequest): boolean =>
  operation.listing && isExact && !hasEmptyScopes(policy)

/**
 * Judges a policy. What claims can say is judged first, and a check is asked only if the answer still depends on it.
 */
export const decide = Effect.fnUntraced(function*<R>(
  policy: Policy<R>,
  request: PolicyRequest
): Effect.fn.Return<Decision, VerificationUnavailable, R> {
  const operation = knownOperation(request)
  const { listing } = operation
  const node = yield* Effect.sync(() => resolveOperation(policy, operation))
  const checkResults = new Map<Check<unknown>, boolean>()
  const facts: Facts = { ...request, operation, checkResults }
  let evaluation = yield* Effect.sync(() => evaluateNode(node, facts))
  for (let check = nextCheck(evaluation, listing); check !== undefined; check = nextCheck(evaluation, listing)) {
    // The checks of a `Policy<R>` need an `R`. They are kept as `unknown`, because they are told apart by identity alone.
    checkResults.set(check, yield* (check as Check<R>).run(operation))
    evaluation = yield* Effect.sync(() => evaluateNode(node, facts))
  }
  const permitted = evaluation.outcome === "yes" ||
    (evaluation.outcome === "unknown" && mayBePermitted(policy, request))
  return { permitted, refusal: permitted ? undefined : refusalOf(evaluation, facts), trace: traceOf(evaluation) }
})
