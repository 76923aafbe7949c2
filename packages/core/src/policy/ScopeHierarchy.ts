/**
 * Which scopes are broader than others.
 *
 * A token with a broader scope may do whatever a narrower one allows, so a server that demands the narrower one must not
 * send its client away for it (MCP 2026-07-28, Authorization, "Scope Challenge Handling"). OAuth itself knows no order of
 * scopes (RFC 6749, section 3.3): it is said here, once, and holds wherever scopes are compared.
 *
 * **Example** (Writing implies reading, for every kind of thing)
 *
 * ```ts import.meta.vitest
 * import * as ScopeHierarchy from "@effect-mcp-auth/core/ScopeHierarchy"
 * import * as Effect from "effect/Effect"
 *
 * const hierarchy = Effect.runSync(ScopeHierarchy.make({
 *   "*:write": ["*:read"],
 *   "admin": ["*"]
 * }))
 *
 * hierarchy.covers(new Set(["notes:write"]), "notes:read") // => true
 * hierarchy.covers(new Set(["notes:write"]), "files:read") // => false
 * hierarchy.covers(new Set(["admin"]), "files:read") // => true
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { quoted } from "../metadata/internal/printable.ts"
import { type Broader, broaderThan, cycleOf, matches, problemOf, type Rule } from "./internal/scopeRules.ts"

/**
 * What each scope covers besides itself.
 *
 * **Details**
 *
 * An asterisk stands for one or more characters. In what covers, it is remembered; in what is covered, the first asterisk
 * is the remembered text if there is one, and every other stands for anything:
 *
 * - `"files:write": ["files:read"]`: one scope covers another.
 * - `"files": ["files:*"]`: a prefix covers what continues it.
 * - `"*:write": ["*:read"]`: writing covers reading, of the same thing.
 * - `"*": ["*:*"]`: every scope covers what continues it after a colon.
 *
 * What is covered covers further in turn.
 *
 * @category models
 * @since 0.1.0
 */
export type Rules = Readonly<Record<string, ReadonlyArray<string>>>

/**
 * An order of scopes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScopeHierarchy {
  /** Whether somebody to whom these scopes were granted has a scope. */
  readonly covers: (granted: ReadonlySet<string>, scope: string) => boolean
}

const problems = {
  "cycle": "two scopes cover each other, so neither is broader; drop one of the rules",
  "too-many-wildcards":
    "there are more asterisks than can be told apart; what covers may have one, what is covered one " +
    "more",
  "wildcard-is-lost":
    "what covers has an asterisk and what is covered has none, so anything that matches would cover " +
    "it; name the scope that covers"
} as const

/**
 * The rules are no order of scopes. The message says what to change.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidScopeHierarchy extends Schema.TaggedError<InvalidScopeHierarchy>()("InvalidScopeHierarchy", {
  problem: Schema.Literals(Struct.keys(problems)),
  /** The scopes or patterns that it is about. */
  scopes: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `The scope hierarchy cannot be used: ${problems[this.problem]} (${this.scopes.map(quoted).join(", ")})`
  }
}

/**
 * What may be chosen about a hierarchy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Read an asterisk in a *granted* scope as a wildcard: a token with `files:*` then has `files:read`. Only for providers
   * that mean it so. Default: `false`.
   */
  readonly grantedWildcards?: boolean | undefined
}

const fromBroader = (broader: Broader, grantedWildcards: boolean): ScopeHierarchy => ({
  covers: (granted, scope) => {
    if (granted.has(scope)) return true
    const patterns = grantedWildcards ? [...granted].filter((one) => one.includes("*")) : []
    for (const candidate of broader(scope)) {
      if (granted.has(candidate) || patterns.some((pattern) => matches(pattern, candidate))) return true
    }
    return false
  }
})

/**
 * No scope covers another. The default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const flat: ScopeHierarchy = { covers: (granted, scope) => granted.has(scope) }

/**
 * Makes a hierarchy of rules.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  rules: Rules,
  options?: Options
): Effect.fn.Return<ScopeHierarchy, InvalidScopeHierarchy> {
  const list = Object.entries(rules).flatMap(([covers, covered]) =>
    covered.map((one): Rule => ({ covers, covered: one }))
  )
  for (const { covered, covers } of list) {
    const problem = problemOf({ covered, covers })
    if (problem !== undefined) return yield* new InvalidScopeHierarchy({ problem, scopes: [covers, covered] })
  }
  const broader = broaderThan(list)
  const cycle = cycleOf(list, broader)
  if (cycle !== undefined) return yield* new InvalidScopeHierarchy({ problem: "cycle", scopes: cycle })
  return fromBroader(broader, options?.grantedWildcards === true)
})
