/**
 * The rules of the doctor, as data. Each has an ID, what it looks for, the clients that fail, who must act, the fix, and the
 * source of the fact with its date and its confidence.
 *
 * Rules `R01` to `R53` are faults that stop real clients, by reports. Rules `D01` and higher follow from the specifications.
 * A hint is rare or weakly sourced, and never makes a server fail.
 *
 * **Example** (A rule of a program)
 *
 * ```ts import.meta.vitest
 * import * as Rule from "@effect-mcp-auth/core/doctor/Rule"
 *
 * const own = Rule.rule({
 *   id: "X01",
 *   title: "The server is not on our domain",
 *   severity: "error",
 *   isHint: false,
 *   actor: "operator",
 *   step: "reach",
 *   confidence: "documented",
 *   source: "our handbook",
 *   date: "2026-11",
 *   breaks: [],
 *   check: ({ target }) =>
 *     new URL(target).hostname.endsWith(".example.com") ? "holds" : { seen: target, requests: [] },
 *   fix: { words: "move it to example.com" }
 * })
 * const rules = [...Rule.without(Rule.rules, ["R48"]), own]
 *
 * rules.some(({ id }) => id === "R48") // => false
 * rules.at(-1)?.id // => "X01"
 * ```
 *
 * @since 0.2.0
 */
import { type Rule, severityOf } from "./internal/model.ts"
import { callRules } from "./internal/rules/call.ts"
import { challengeRules } from "./internal/rules/challenge.ts"
import { comparisonRules } from "./internal/rules/comparison.ts"
import { discoveryRules } from "./internal/rules/discovery.ts"
import { grantRules } from "./internal/rules/grants.ts"
import { httpRules } from "./internal/rules/http.ts"
import { issuerRules } from "./internal/rules/issuer.ts"
import { keyRules } from "./internal/rules/keys.ts"
import { loginRules } from "./internal/rules/login.ts"
import { reachRules } from "./internal/rules/reach.ts"
import { registrationRules } from "./internal/rules/registration.ts"
import { resourceRules } from "./internal/rules/resource.ts"

export type { Actor, Break, Fix, LibraryFix, Need, Rule, Seen, Severity, Verdict } from "./internal/model.ts"

/**
 * The rules of this library, in the order of a connection.
 *
 * @category rules
 * @since 0.2.0
 */
export const rules: ReadonlyArray<Rule> = [
  ...reachRules,
  ...challengeRules,
  ...resourceRules,
  ...comparisonRules,
  ...discoveryRules,
  ...issuerRules,
  ...registrationRules,
  ...loginRules,
  ...grantRules,
  ...keyRules,
  ...httpRules,
  ...callRules
]

/**
 * Creates a rule. The severity of a hint is lowered to `warning`, because a hint never makes a server fail.
 *
 * @category rules
 * @since 0.2.0
 */
export const rule = (rule: Rule): Rule => ({ ...rule, severity: severityOf(rule) })

/**
 * The rules except those with the given IDs.
 *
 * @category rules
 * @since 0.2.0
 */
export const without = (rules: ReadonlyArray<Rule>, ids: ReadonlyArray<string>): ReadonlyArray<Rule> =>
  rules.filter(({ id }) => !ids.includes(id))
