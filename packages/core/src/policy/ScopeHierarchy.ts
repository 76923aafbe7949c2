/**
 * Which scopes are broader than others.
 *
 * A token with a broader scope may do everything that a narrower scope allows. A server that requires the narrower scope
 * must accept such a token (MCP 2026-07-28, Authorization, "Scope Challenge Handling"). OAuth defines no order of scopes
 * (RFC 6749, section 3.3). The hierarchy defines it once, for every comparison of scopes.
 *
 * **Example** (Writing implies reading, for every kind of resource)
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
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { quoted } from "../metadata/internal/printable.ts"
import { scopeToken } from "../token/internal/claims.ts"

/**
 * The scopes that each scope covers besides itself.
 *
 * **Details**
 *
 * An asterisk matches one or more characters. In the covering scope, the matched text is captured. In the covered scope,
 * the first asterisk stands for the captured text, if there is one, and every other asterisk matches any text:
 *
 * - `"files:write": ["files:read"]`: one scope covers another.
 * - `"files": ["files:*"]`: a prefix covers every scope that continues it.
 * - `"*:write": ["*:read"]`: writing covers reading, of the same resource.
 * - `"*": ["*:*"]`: every scope covers those that continue it after a colon.
 *
 * The relation is transitive.
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
  /** Whether the granted scopes include a scope, or one that covers it. */
  readonly covers: (granted: ReadonlySet<string>, scope: string) => boolean
}

const reasons = {
  "cycle": "two scopes cover each other; remove one of the rules",
  "too-many-wildcards":
    "a rule has too many asterisks; the covering scope may have one, and the covered scope one more",
  "wildcard-is-lost":
    "the covering scope has an asterisk and the covered scope has none; write the covering scope in full"
} as const

/**
 * The rules do not define an order of scopes. The message says what to change.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidScopeHierarchy extends Schema.TaggedError<InvalidScopeHierarchy>()("InvalidScopeHierarchy", {
  reason: Schema.Literals(Struct.keys(reasons)),
  /** The scopes or patterns of the invalid rules. */
  scopes: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `The scope hierarchy cannot be used: ${reasons[this.reason]} (${this.scopes.map(quoted).join(", ")})`
  }
}

/**
 * Options for a hierarchy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Read an asterisk in a *granted* scope as a wildcard: a token with `files:*` then has `files:read`. Only for providers
   * that define it this way. Default: `false`.
   */
  readonly grantedWildcards?: boolean | undefined
}

const fromBroader = (broader: Broader, grantedWildcards: boolean): ScopeHierarchy => ({
  covers: (granted, scope) => {
    if (granted.has(scope)) return true
    const patterns = grantedWildcards ? [...granted].filter((item) => item.includes("*")) : []
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
 * Creates a hierarchy from rules.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  rules: Rules,
  options?: Options
): Effect.fn.Return<ScopeHierarchy, InvalidScopeHierarchy> {
  const list = Object.entries(rules).flatMap(([covers, covered]) =>
    covered.map((item): Rule => ({ covers, covered: item }))
  )
  for (const { covered, covers } of list) {
    const reason = reasonOf({ covered, covers })
    if (reason !== undefined) return yield* new InvalidScopeHierarchy({ reason, scopes: [covers, covered] })
  }
  const broader = broaderThan(list)
  const cycle = cycleOf(list, broader)
  if (cycle !== undefined) return yield* new InvalidScopeHierarchy({ reason: "cycle", scopes: cycle })
  return fromBroader(broader, options?.grantedWildcards === true)
})

/** A rule: one scope, or pattern of scopes, covers another. */
interface Rule {
  readonly covers: string
  readonly covered: string
}

/** The scopes that cover a scope, itself first. */
type Broader = (scope: string) => Iterable<string>

/**
 * How many broader scopes are searched. Rules such as `"a*": ["*"]` have infinitely many; beyond the limit, nothing is
 * covered.
 */
const limit = 1000

const asterisks = (pattern: string): number => pattern.split("*").length - 1

/** Why a rule is invalid. */
const reasonOf = ({ covered, covers }: Rule): "too-many-wildcards" | "wildcard-is-lost" | undefined => {
  if (asterisks(covers) > 1 || asterisks(covered) > asterisks(covers) + 1) return "too-many-wildcards"
  return asterisks(covers) === 1 && asterisks(covered) === 0 ? "wildcard-is-lost" : undefined
}

/** The text in place of the asterisk, if the scope has the form `head*tail`. */
const textBetween = (head: string, tail: string, text: string): string | undefined =>
  text.length > head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
    ? text.slice(head.length, text.length - tail.length)
    : undefined

/** Whether a pattern with at most one asterisk matches a scope. */
const matches = (pattern: string, scope: string): boolean => {
  const [head = "", tail] = pattern.split("*")
  return tail === undefined ? pattern === scope : textBetween(head, tail, scope) !== undefined
}

/** The possible texts of the first asterisk of `covered`. With two asterisks there may be several. */
const captures = (covered: string, scope: string): ReadonlyArray<string> => {
  const [head = "", middle = "", tail] = covered.split("*")
  if (tail === undefined) {
    const only = textBetween(head, middle, scope)
    return only === undefined ? [] : [only]
  }
  const inner = textBetween(head, tail, scope) ?? ""
  return Array.from(inner, (_, index) => index)
    .filter((index) => index > 0 && inner.startsWith(middle, index) && inner.length > index + middle.length)
    .map((index) => inner.slice(0, index))
}

/** The scopes that cover a scope by one rule. */
const coveredBy = ({ covered, covers }: Rule, scope: string): ReadonlyArray<string> => {
  if (asterisks(covers) === 0) return matches(covered, scope) ? [covers] : []
  return captures(covered, scope).map((capture) => covers.replace("*", () => capture))
}

/** Searches upwards from a scope: the scopes that cover it, then those that cover these. */
const broaderThan = (rules: ReadonlyArray<Rule>): Broader =>
  function*(scope) {
    const seen = new Set([scope])
    // The loop over a set also visits the items that are added to it.
    for (const narrower of seen) {
      yield narrower
      for (const item of rules.flatMap((rule) => coveredBy(rule, narrower))) if (seen.size < limit) seen.add(item)
    }
  }

/** Sample scopes, one for each pattern of the rules. Any text can replace the asterisk. */
const examples = (rules: ReadonlyArray<Rule>): ReadonlyArray<string> => [
  ...new Set(rules.flatMap(({ covered, covers }) => [covers, covered]).map((item) => item.replaceAll("*", "x")))
]

/** Finds two scopes that cover each other. */
const cycleOf = (rules: ReadonlyArray<Rule>, broader: Broader): readonly [string, string] | undefined => {
  const scopes = examples(rules)
  const above = new Map(scopes.map((scope) => [scope, new Set(broader(scope))]))
  for (const [scope, broaderOnes] of above) {
    for (const other of broaderOnes) {
      if (other !== scope && above.get(other)?.has(scope) === true) return [scope, other]
    }
  }
  return undefined
}

/**
 * Whether a text is a valid scope token: one or more of the permitted characters (RFC 6749, section 3.3).
 *
 * @category guards
 * @since 0.1.0
 */
export const isScopeToken = (text: string): boolean => scopeToken.test(text)
