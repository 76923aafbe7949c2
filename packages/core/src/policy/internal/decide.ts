import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import { isAnonymous } from "../../token/AuthInfo.ts"
import { roleForm, wordsAt } from "../../token/internal/claimWords.ts"
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
  format,
  hasEmptyScopes,
  type Operation,
  type Policy,
  type Role,
  rolePaths,
  type Scopes
} from "./model.ts"

/** The input of an evaluation. */
export interface EvaluationInput {
  readonly caller: Caller
  readonly hierarchy: ScopeHierarchy
  readonly operation: Operation
  /** The results of the checks that have run. */
  readonly checkResults: ReadonlyMap<Check<unknown>, boolean>
  /** Whether the policy is below an odd number of `not`, so that what it asks for must be absent. Default: `false`. */
  readonly isNegated?: boolean
}

/**
 * Whether a policy is satisfied. `unknown`: it depends on a check that has not run.
 *
 * @category models
 * @since 0.1.0
 */
export type PolicyOutcome = "yes" | "no" | "unknown"

/**
 * The explanation of a decision, part by part.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trace {
  /** The policy as text. */
  readonly policy: string
  readonly outcome: PolicyOutcome
  /** For scopes: those that the caller lacks. */
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Trace>
}

/** A trace together with the policy nodes. */
export interface Evaluation {
  readonly node: Any
  readonly outcome: PolicyOutcome
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Evaluation>
}

const outcomeOf = (satisfied: boolean): PolicyOutcome => satisfied ? "yes" : "no"

const opposite: { readonly [O in PolicyOutcome]: PolicyOutcome } = { yes: "no", no: "yes", unknown: "unknown" }

/**
 * If one part has the outcome `decisive`, that is the result. Otherwise an unknown part makes the result unknown (Kleene's
 * three-valued logic).
 */
const combined = (parts: ReadonlyArray<Evaluation>, decisive: "yes" | "no"): PolicyOutcome => {
  if (parts.some(({ outcome }) => outcome === decisive)) return decisive
  return parts.some(({ outcome }) => outcome === "unknown") ? "unknown" : opposite[decisive]
}

/**
 * The names of claims that the provider keeps elsewhere: distributed and aggregated claims (OpenID Connect Core, section
 * 5.6.2), as Entra ID has them in place of more than 200 groups, and its `hasgroups`.
 */
const keptElsewhere = ({ _claim_names: names, hasgroups }: Caller["claims"]): ReadonlyArray<string> => [
  ...isDecodedObject(names) ? Object.keys(names) : [],
  ...String(hasgroups) === "true" ? ["groups"] : []
]

/**
 * Without paths of its own, a policy reads the roles that the verifier found, so that each provider has its own claims. A
 * role that must be absent counts as held if the provider keeps the claim elsewhere.
 */
const hasRole = ({ paths, role }: Role, { claims, roles }: Caller, isNegated: boolean): boolean => {
  const elsewhere = isNegated ? keptElsewhere(claims) : []
  return paths === rolePaths && roles !== undefined
    ? roles.has(role) || elsewhere.length > 0
    : paths.map(roleForm).some((form) => wordsAt(claims, form).includes(role) || elsewhere.includes(form.path[0]))
}

const leaf = (node: Any, outcome: PolicyOutcome, missing: ReadonlyArray<string> = []): Evaluation => ({
  node,
  outcome,
  missing,
  parts: []
})

const evaluateScopes = (node: Scopes, { caller, hierarchy }: EvaluationInput): Evaluation => {
  // An empty list is a mistake, not a requirement that every caller meets. Neither the list nor its negation permits
  // anything.
  if (node.scopes.length === 0) return leaf(node, isAnonymous(caller) ? "no" : "unknown")
  const missing = node.scopes.filter((scope) => !hierarchy.covers(caller.scopes, scope))
  return leaf(node, outcomeOf(missing.length === 0 && !isAnonymous(caller)), missing)
}

const group = (node: Any, parts: ReadonlyArray<Evaluation>, outcome: PolicyOutcome): Evaluation => ({
  node,
  outcome,
  missing: [],
  parts
})

/**
 * Evaluates a policy without running checks. A caller without a token satisfies `anonymous` only, and nothing else is
 * evaluated: neither a negation nor a check may admit such a caller by accident.
 */
export const evaluateNode = (node: Any, input: EvaluationInput): Evaluation => {
  const { checkResults, caller, isNegated = false, operation } = input
  const isUnauthenticated = isAnonymous(caller)
  switch (node._tag) {
    case "Anonymous":
      return leaf(node, "yes")
    case "Authenticated":
      return leaf(node, outcomeOf(!isUnauthenticated))
    case "Scopes":
      return evaluateScopes(node, input)
    case "Role":
      return leaf(node, outcomeOf(!isUnauthenticated && hasRole(node, caller, isNegated)))
    case "Claim": {
      const mayHold = isNegated && keptElsewhere(caller.claims).length > 0
      return leaf(node, outcomeOf(!isUnauthenticated && (mayHold || node.holds(caller.claims))))
    }
    case "Check": {
      const checkResult = checkResults.get(node)
      return leaf(node, isUnauthenticated ? "no" : checkResult === undefined ? "unknown" : outcomeOf(checkResult))
    }
    case "ByOperation": {
      if (operation.listing) return leaf(node, isUnauthenticated ? "no" : "unknown")
      const part = evaluateNode(node.policyOf(operation), input)
      return group(node, [part], part.outcome)
    }
    case "AllOf": {
      const parts = node.parts.map((part) => evaluateNode(part, input))
      return group(node, parts, combined(parts, "no"))
    }
    case "AnyOf": {
      const parts = node.parts.map((part) => evaluateNode(part, input))
      return group(node, parts, combined(parts, "yes"))
    }
    case "Not": {
      const part = evaluateNode(node.part, { ...input, isNegated: !isNegated })
      return group(node, [part], isUnauthenticated ? "no" : opposite[part.outcome])
    }
  }
}

/** The trace of an evaluation, for logs and tests. */
export const traceOf = ({ missing, node, outcome, parts }: Evaluation): Trace => ({
  policy: format(node),
  outcome,
  missing,
  parts: parts.map(traceOf)
})

/** Creates the operation-dependent parts of a policy once, so that they keep their identity. */
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

/** A set of scopes that would satisfy a policy, and those that the caller lacks. */
interface ScopeSet {
  /** All scopes of the set, including granted ones. */
  readonly required: ReadonlyArray<string>
  readonly missing: ReadonlyArray<string>
}

/** The limit of scope sets that are compared. */
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

/** The scope sets that would satisfy an evaluated policy. Empty if no scope would help. */
const sufficientScopeSets = ({ missing, node, outcome, parts }: Evaluation): ReadonlyArray<ScopeSet> => {
  switch (node._tag) {
    case "Scopes":
      // A policy that is created for an operation may contain untrusted text of the request. No client is asked to request
      // such a scope.
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
 * The smallest set of granted scopes that satisfies the policy. Precondition: the policy is satisfied. A part that depends on
 * a check needs no scopes.
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
 * All scopes that the caller needs for the operation: the smallest sufficient set. Each set is tested before it is
 * offered, because more scopes can violate a `not`. `undefined`: no scope would help.
 */
export const requiredScopes = (evaluation: Evaluation, input: EvaluationInput): ReadonlyArray<string> | undefined =>
  sufficientScopeSets(evaluation).find(({ required }) => {
    const caller = { ...input.caller, scopes: new Set([...input.caller.scopes, ...required]) }
    const { outcome } = evaluateNode(evaluation.node, { ...input, caller })
    return outcome === "yes" || (outcome === "unknown" && evaluation.outcome === "no")
  })?.required

/**
 * Errors that refuse an operation.
 *
 * @category models
 * @since 0.1.0
 */
export type Refusal = MissingCredentials | InsufficientScope | AccessDenied

/**
 * The result of a policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decision {
  /** Whether the operation is permitted. In a list: whether it can be, for some arguments. */
  readonly permitted: boolean
  /** Why the operation is refused, as the caller is told. */
  readonly refusal: Refusal | undefined
  /** Which parts are satisfied. */
  readonly trace: Trace
}

/** The input of a decision. */
export interface PolicyRequest {
  readonly caller: Caller
  readonly hierarchy: ScopeHierarchy
  readonly operation: Operation
  /** `false`: the operation is not fully known, so a part that depends on it permits nothing. Default: `true`. */
  readonly isExact?: boolean | undefined
}

/** An operation that is not fully known is evaluated like a list entry, before any check runs. */
const evaluatedOperation = ({ isExact, operation }: PolicyRequest): Operation =>
  isExact === false ? { ...operation, listing: true } : operation

const noCheckResults: EvaluationInput["checkResults"] = new Map()

/** Evaluates a policy by the claims alone. */
export const evaluateClaims = (policy: Any, request: PolicyRequest): Evaluation => {
  const operation = evaluatedOperation(request)
  return evaluateNode(resolveOperation(policy, operation), { ...request, operation, checkResults: noCheckResults })
}

/** Records the scopes by which an operation satisfied a policy. */
export const recordScopes = (earlierScopes: Set<string>, evaluation: Evaluation): void => {
  for (const scope of satisfyingScopes(evaluation)) earlierScopes.add(scope)
}

/** A refusal that names all scopes of the operation: those that satisfied earlier policies, and those that are missing. */
export const withEarlierScopes = (refusal: Refusal, earlierScopes: ReadonlySet<string>): Refusal =>
  refusal._tag === "InsufficientScope"
    ? new InsufficientScope({
      granted: refusal.granted,
      required: [...new Set([...earlierScopes, ...refusal.required])]
    })
    : refusal

/** The first check, from left to right, that can still change the result. */
const nextCheck = ({ node, outcome, parts }: Evaluation, listing: boolean): Check<unknown> | undefined => {
  if (outcome !== "unknown") return undefined
  if (node._tag === "Check") return listing && node.needsOperation ? undefined : node
  for (const part of parts) {
    const check = nextCheck(part, listing)
    if (check !== undefined) return check
  }
  return undefined
}

const refusalOf = (evaluation: Evaluation, input: EvaluationInput): Refusal => {
  if (isAnonymous(input.caller)) return new MissingCredentials()
  const required = requiredScopes(evaluation, input)
  return required === undefined
    ? new AccessDenied({ policy: format(evaluation.node) })
    : new InsufficientScope({ required, granted: [...input.caller.scopes] })
}

/** Whether an unknown result permits the operation. It does only in a list: the operation is checked when it is called. */
const mayBePermitted = (policy: Any, { isExact = true, operation }: PolicyRequest): boolean =>
  operation.listing && isExact && !hasEmptyScopes(policy)

/** Decides whether a policy is satisfied. Claims are evaluated first. A check runs only if the result still depends on it. */
export const decide = Effect.fnUntraced(function*<R>(
  policy: Policy<R>,
  request: PolicyRequest
): Effect.fn.Return<Decision, VerificationUnavailable, R> {
  const operation = evaluatedOperation(request)
  const { listing } = operation
  const node = yield* Effect.sync(() => resolveOperation(policy, operation))
  const checkResults = new Map<Check<unknown>, boolean>()
  const input: EvaluationInput = { ...request, operation, checkResults }
  let evaluation = yield* Effect.sync(() => evaluateNode(node, input))
  for (let check = nextCheck(evaluation, listing); check !== undefined; check = nextCheck(evaluation, listing)) {
    // The checks of a `Policy<R>` need an `R`. The map keeps them as `unknown`, because it only compares their identity.
    checkResults.set(check, yield* (check as Check<R>).run(operation))
    evaluation = yield* Effect.sync(() => evaluateNode(node, input))
  }
  const permitted = evaluation.outcome === "yes" ||
    (evaluation.outcome === "unknown" && mayBePermitted(policy, request))
  return { permitted, refusal: permitted ? undefined : refusalOf(evaluation, input), trace: traceOf(evaluation) }
})
