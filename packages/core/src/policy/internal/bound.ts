import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import type { Check, Policy } from "./model.ts"

/**
 * A policy whose checks have what they need, but for who calls: that is said by each request, and never decided when a
 * layer is built.
 */
export const bound = <R>(policy: Policy<R | AuthInfo>, services: Context.Context<R>): Policy<AuthInfo> => {
  // One for each, because parts are told apart by identity: what stands in two places is asked once.
  const checks = new WeakMap<Check<R | AuthInfo>, Check<AuthInfo>>()
  const ofCheck = (check: Check<R | AuthInfo>): Check<AuthInfo> => {
    const known = checks.get(check)
    if (known !== undefined) return known
    const made: Check<AuthInfo> = {
      ...check,
      judge: (operation) =>
        Effect.updateContext(
          check.judge(operation),
          // What a request provides comes first.
          (ofRequest: Context.Context<AuthInfo>) => Context.merge(services, ofRequest) as Context.Context<R | AuthInfo>
        )
    }
    checks.set(check, made)
    return made
  }
  const within = (part: Policy<R | AuthInfo>): Policy<AuthInfo> => {
    switch (part._tag) {
      case "Check":
        return ofCheck(part)
      case "ByOperation":
        return { ...part, policyOf: (operation) => within(part.policyOf(operation)) }
      case "AllOf":
      case "AnyOf":
        return { ...part, parts: part.parts.map(within) }
      case "Not":
        return { ...part, part: within(part.part) }
      default:
        return part
    }
  }
  return within(policy)
}
