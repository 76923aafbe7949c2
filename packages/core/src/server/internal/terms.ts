import * as Effect from "effect/Effect"
import type { Visibility } from "../../policy/internal/access.ts"
import { authenticated, type Policy } from "../../policy/Policy.ts"
import { flat, type InvalidScopeHierarchy, type ScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import type { Options } from "../McpAuthOptions.ts"

/** The terms on which the policies of a server are judged. */
export interface Terms {
  readonly policy: Policy
  readonly hierarchy: ScopeHierarchy
  readonly visibility: Visibility
  readonly anonymousLists: boolean
}

/** The terms that the options say. */
export const termsOf = Effect.fnUntraced(function*(
  { anonymousLists = false, policy = authenticated, scopeHierarchy = flat, visibility = "permitted" }: Pick<
    Options,
    "anonymousLists" | "policy" | "scopeHierarchy" | "visibility"
  >
): Effect.fn.Return<Terms, InvalidScopeHierarchy> {
  const hierarchy = Effect.isEffect(scopeHierarchy) ? yield* scopeHierarchy : scopeHierarchy
  return { policy, hierarchy, visibility, anonymousLists }
})
