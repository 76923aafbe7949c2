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

const reasons = {
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
  reason: Schema.Literals(Struct.keys(reasons)),
  /** The scopes or patterns that it is about. */
  scopes: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `The scope hierarchy cannot be used: ${reasons[this.reason]} (${this.scopes.map(quoted).join(", ")})`
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

/** One scope, or pattern of scopes, that covers another. */
interface Rule {
  readonly covers: string
  readonly covered: string
}

/** The scopes that cover a scope, itself first. */
type Broader = (scope: string) => Iterable<string>

/** How many are looked at. Rules like `"a*": ["*"]` go on forever, and what is not found is not covered. */
const limit = 1000

const asterisks = (pattern: string): number => pattern.split("*").length - 1

/** What makes a rule impossible. */
const reasonOf = ({ covered, covers }: Rule): "too-many-wildcards" | "wildcard-is-lost" | undefined => {
  if (asterisks(covers) > 1 || asterisks(covered) > asterisks(covers) + 1) return "too-many-wildcards"
  return asterisks(covers) === 1 && asterisks(covered) === 0 ? "wildcard-is-lost" : undefined
}

/** Whether a text has the form `head*tail`, with something in place of the asterisk; and what that is. */
const textBetween = (head: string, tail: string, text: string): string | undefined =>
  text.length > head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
    ? text.slice(head.length, text.length - tail.length)
    : undefined

/** Whether a pattern with at most one asterisk stands for a scope. */
const matches = (pattern: string, scope: string): boolean => {
  const [head = "", tail] = pattern.split("*")
  return tail === undefined ? pattern === scope : textBetween(head, tail, scope) !== undefined
}

/** What the first asterisk of `covered` may stand for. Two asterisks leave a choice. */
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

/** What covers a scope by one rule. */
const coveredBy = ({ covered, covers }: Rule, scope: string): ReadonlyArray<string> => {
  if (asterisks(covers) === 0) return matches(covered, scope) ? [covers] : []
  return captures(covered, scope).map((capture) => covers.replace("*", () => capture))
}

/** Looks from a scope upwards: what covers it, and what covers that. */
const broaderThan = (rules: ReadonlyArray<Rule>): Broader =>
  function*(scope) {
    const seen = new Set([scope])
    // A set goes on with what is added to it on the way.
    for (const narrower of seen) {
      yield narrower
      for (const item of rules.flatMap((rule) => coveredBy(rule, narrower))) if (seen.size < limit) seen.add(item)
    }
  }

/** Scopes that stand for all of which the rules speak: an asterisk is one like any other. */
const examples = (rules: ReadonlyArray<Rule>): ReadonlyArray<string> => [
  ...new Set(rules.flatMap(({ covered, covers }) => [covers, covered]).map((item) => item.replaceAll("*", "x")))
]

/** Two scopes that cover each other. */
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
 * Whether a text can be a scope: one or more of the characters that a scope token may have (RFC 6749, section 3.3).
 *
 * @category guards
 * @since 0.1.0
 */
export const isScopeToken = (text: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
