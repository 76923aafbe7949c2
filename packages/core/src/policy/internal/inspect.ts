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

/** Whether somebody without a token may satisfy a policy. */
export const admitsAnonymous = (policy: Any): boolean => {
  switch (policy._tag) {
    case "Anonymous":
      return true
    case "AllOf":
      return policy.parts.every(admitsAnonymous)
    case "AnyOf":
      return policy.parts.some(admitsAnonymous)
    default:
      // What depends on the operation may: it is judged then.
      return policy._tag === "ByOperation"
  }
}
