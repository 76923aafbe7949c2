import type { Operation, Policy } from "./model.ts"

/** A policy for one operation: what depends on it is made, and made once, so that its parts keep their identity. */
export const settled = <R>(policy: Policy<R>, operation: Operation): Policy<R> => {
  switch (policy._tag) {
    case "ByOperation": {
      if (operation.listing) return policy
      const made = settled(policy.policyOf(operation), operation)
      return { ...policy, policyOf: () => made }
    }
    case "AllOf":
    case "AnyOf":
      return { ...policy, parts: policy.parts.map((part) => settled(part, operation)) }
    case "Not":
      return { ...policy, part: settled(policy.part, operation) }
    default:
      return policy
  }
}
