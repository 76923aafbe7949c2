import * as Arr from "effect/Array"
import type { Any } from "./model.ts"

const mentioned = (policy: Any): ReadonlyArray<string> => {
  switch (policy._tag) {
    case "Scopes":
      return policy.scopes
    case "AllOf":
    case "AnyOf":
      return policy.parts.flatMap(mentioned)
    default:
      // Nobody needs to ask for a scope that must be missing.
      return []
  }
}

/** The scopes that a policy speaks of: those that a client may have to ask for. */
export const scopesOf = (policy: Any): ReadonlyArray<string> => Arr.dedupe(mentioned(policy))

/** Whether a list of scopes in a policy is empty. The parts that are made for each operation are not known here. */
export const hasEmptyScopes = (policy: Any): boolean => {
  switch (policy._tag) {
    case "Scopes":
      return policy.scopes.length === 0
    case "AllOf":
    case "AnyOf":
      return policy.parts.some(hasEmptyScopes)
    case "Not":
      return hasEmptyScopes(policy.part)
    default:
      return false
  }
}

/** Whether somebody without a token satisfies a policy. `byOperation` says what to think of what only an operation can tell. */
export const admitsAnonymous = (policy: Any, byOperation: boolean): boolean => {
  switch (policy._tag) {
    case "Anonymous":
      return true
    case "ByOperation":
      return byOperation
    case "AllOf":
      return policy.parts.every((part) => admitsAnonymous(part, byOperation))
    case "AnyOf":
      return policy.parts.some((part) => admitsAnonymous(part, byOperation))
    default:
      return false
  }
}
