import { isAnonymous } from "../../token/AuthInfo.ts"
import type { ScopeHierarchy } from "../ScopeHierarchy.ts"
import { claimAt } from "./claimAt.ts"
import { format } from "./format.ts"
import type { Any, Caller, Check, Operation, Role, Scopes } from "./model.ts"

/** What is known when a policy is judged. */
export interface Facts {
  readonly caller: Caller
  readonly hierarchy: ScopeHierarchy
  readonly operation: Operation
  /** What the checks said that have been asked. */
  readonly answers: ReadonlyMap<Check<unknown>, boolean>
}

/**
 * Whether a policy is satisfied. `unknown` stands for a check that was not asked, an operation that is not known, and an empty
 * list of scopes. It permits an entry of a list, and nothing else.
 */
export type Outcome = "yes" | "no" | "unknown"

/** How a policy was judged, part by part. */
export interface Trace {
  /** The policy, as it prints itself. */
  readonly policy: string
  readonly outcome: Outcome
  /** For scopes: those that the caller lacks. */
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Trace>
}

/** A trace that still knows what was judged. */
export interface Judged {
  readonly node: Any
  readonly outcome: Outcome
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Judged>
}

const yesOrNo = (satisfied: boolean): Outcome => satisfied ? "yes" : "no"

const opposite: { readonly [O in Outcome]: Outcome } = { yes: "no", no: "yes", unknown: "unknown" }

/** One `decisive` part decides; otherwise what is not known leaves it open (Kleene's logic). */
const combined = (parts: ReadonlyArray<Judged>, decisive: "yes" | "no"): Outcome => {
  if (parts.some(({ outcome }) => outcome === decisive)) return decisive
  return parts.some(({ outcome }) => outcome === "unknown") ? "unknown" : opposite[decisive]
}

const hasRole = ({ paths, role }: Role, { claims }: Caller): boolean =>
  paths.some((path) => {
    const roles = claimAt(claims, path)
    return Array.isArray(roles) ? roles.includes(role) : roles === role
  })

const leaf = (node: Any, outcome: Outcome, missing: ReadonlyArray<string> = []): Judged => ({
  node,
  outcome,
  missing,
  parts: []
})

const judgeScopes = (node: Scopes, { caller, hierarchy }: Facts): Judged => {
  // No scopes are a mistake, not a demand that every caller meets. Neither the list nor its negation permits anything.
  if (node.scopes.length === 0) return leaf(node, isAnonymous(caller) ? "no" : "unknown")
  const missing = node.scopes.filter((scope) => !hierarchy.covers(caller.scopes, scope))
  return leaf(node, yesOrNo(missing.length === 0 && !isAnonymous(caller)), missing)
}

const group = (node: Any, parts: ReadonlyArray<Judged>, outcome: Outcome): Judged => ({
  node,
  outcome,
  missing: [],
  parts
})

/**
 * Judges a policy by what is known. Without a token only `anonymous` is satisfied, and nothing else is asked: neither a
 * negation nor a check may open what nobody meant to open.
 */
export const judge = (node: Any, facts: Facts): Judged => {
  const { answers, caller, operation } = facts
  const nobody = isAnonymous(caller)
  switch (node._tag) {
    case "Anonymous":
      return leaf(node, "yes")
    case "Authenticated":
      return leaf(node, yesOrNo(!nobody))
    case "Scopes":
      return judgeScopes(node, facts)
    case "Role":
      return leaf(node, yesOrNo(!nobody && hasRole(node, caller)))
    case "Claim":
      return leaf(node, yesOrNo(!nobody && node.holds(caller.claims)))
    case "Check": {
      const answer = answers.get(node)
      return leaf(node, nobody ? "no" : answer === undefined ? "unknown" : yesOrNo(answer))
    }
    case "ByOperation": {
      if (operation.listing) return leaf(node, nobody ? "no" : "unknown")
      const part = judge(node.policyOf(operation), facts)
      return group(node, [part], part.outcome)
    }
    case "AllOf": {
      const parts = node.parts.map((part) => judge(part, facts))
      return group(node, parts, combined(parts, "no"))
    }
    case "AnyOf": {
      const parts = node.parts.map((part) => judge(part, facts))
      return group(node, parts, combined(parts, "yes"))
    }
    case "Not": {
      const part = judge(node.part, facts)
      return group(node, [part], nobody ? "no" : opposite[part.outcome])
    }
  }
}

/** What was judged, for people and tests. */
export const traceOf = ({ missing, node, outcome, parts }: Judged): Trace => ({
  policy: format(node),
  outcome,
  missing,
  parts: parts.map(traceOf)
})
