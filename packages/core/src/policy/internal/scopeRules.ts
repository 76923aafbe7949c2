/** One scope, or pattern of scopes, that covers another. */
export interface Rule {
  readonly covers: string
  readonly covered: string
}

/** The scopes that cover a scope, itself first. */
export type Broader = (scope: string) => Iterable<string>

/** How many are looked at. Rules like `"a*": ["*"]` go on forever, and what is not found is not covered. */
const limit = 1000

const stars = (pattern: string): number => pattern.split("*").length - 1

/** What makes a rule impossible. */
export const problemOf = ({ covered, covers }: Rule): "too-many-wildcards" | "wildcard-is-lost" | undefined => {
  if (stars(covers) > 1 || stars(covered) > stars(covers) + 1) return "too-many-wildcards"
  return stars(covers) === 1 && stars(covered) === 0 ? "wildcard-is-lost" : undefined
}

/** Whether a text has the form `head*tail`, with something in place of the asterisk; and what that is. */
const between = (head: string, tail: string, text: string): string | undefined =>
  text.length > head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
    ? text.slice(head.length, text.length - tail.length)
    : undefined

/** Whether a pattern with at most one asterisk stands for a scope. */
export const matches = (pattern: string, scope: string): boolean => {
  const [head = "", tail] = pattern.split("*")
  return tail === undefined ? pattern === scope : between(head, tail, scope) !== undefined
}

/** What the first asterisk of `covered` may stand for. Two asterisks leave a choice. */
const captures = (covered: string, scope: string): ReadonlyArray<string> => {
  const [head = "", middle = "", tail] = covered.split("*")
  if (tail === undefined) {
    const only = between(head, middle, scope)
    return only === undefined ? [] : [only]
  }
  const inner = between(head, tail, scope) ?? ""
  return Array.from(inner, (_, index) => index)
    .filter((index) => index > 0 && inner.startsWith(middle, index) && inner.length > index + middle.length)
    .map((index) => inner.slice(0, index))
}

/** What covers a scope by one rule. */
const byRule = ({ covered, covers }: Rule, scope: string): ReadonlyArray<string> => {
  if (stars(covers) === 0) return matches(covered, scope) ? [covers] : []
  return captures(covered, scope).map((capture) => covers.replace("*", () => capture))
}

/** Looks from a scope upwards: what covers it, and what covers that. */
export const broaderThan = (rules: ReadonlyArray<Rule>): Broader =>
  function*(scope) {
    const seen = new Set([scope])
    // A set goes on with what is added to it on the way.
    for (const narrower of seen) {
      yield narrower
      for (const one of rules.flatMap((rule) => byRule(rule, narrower))) if (seen.size < limit) seen.add(one)
    }
  }

/** Scopes that stand for all of which the rules speak: an asterisk is one like any other. */
const examples = (rules: ReadonlyArray<Rule>): ReadonlyArray<string> => [
  ...new Set(rules.flatMap(({ covered, covers }) => [covers, covered]).map((one) => one.replaceAll("*", "x")))
]

/** Two scopes that cover each other. */
export const cycleOf = (rules: ReadonlyArray<Rule>, broader: Broader): readonly [string, string] | undefined => {
  const scopes = examples(rules)
  const above = new Map(scopes.map((scope) => [scope, new Set(broader(scope))]))
  for (const [scope, broaderOnes] of above) {
    for (const other of broaderOnes) {
      if (other !== scope && above.get(other)?.has(scope) === true) return [scope, other]
    }
  }
  return undefined
}
