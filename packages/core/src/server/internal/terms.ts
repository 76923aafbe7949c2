import * as Effect from "effect/Effect"
import type { Visibility } from "../../policy/internal/access.ts"
import { format } from "../../policy/internal/format.ts"
import { hasEmptyScopes } from "../../policy/internal/inspect.ts"
import type { Any } from "../../policy/internal/model.ts"
import { authenticated, type Policy } from "../../policy/Policy.ts"
import { flat, type InvalidScopeHierarchy, type ScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import { InvalidOptions, type Options } from "../McpAuthOptions.ts"

/** The terms on which the policies of a server are judged. */
export interface Terms {
  readonly policy: Policy
  readonly hierarchy: ScopeHierarchy
  readonly visibility: Visibility
  readonly anonymousLists: boolean
}

/** Refuses policies that have an empty list of scopes, wherever in their parts. */
export const checkPolicies = (policies: ReadonlyArray<Any>, resource: string): Effect.Effect<void, InvalidOptions> => {
  const policy = policies.find(hasEmptyScopes)
  return policy === undefined
    ? Effect.void
    : Effect.fail(new InvalidOptions({ resource, problem: "empty-scopes", subject: format(policy) }))
}

/** The terms that the options say. */
export const termsOf = Effect.fnUntraced(function*(
  { anonymousLists = false, policy = authenticated, scopeHierarchy = flat, visibility = "permitted" }: Pick<
    Options,
    "anonymousLists" | "policy" | "scopeHierarchy" | "visibility"
  >,
  resource: string
): Effect.fn.Return<Terms, InvalidOptions | InvalidScopeHierarchy> {
  yield* checkPolicies([policy], resource)
  const hierarchy = Effect.isEffect(scopeHierarchy) ? yield* scopeHierarchy : scopeHierarchy
  return { policy, hierarchy, visibility, anonymousLists }
})
