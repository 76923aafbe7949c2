/**
 * The requirements of MCP for an authorization server, as rules that are data.
 *
 * A rule has a code, a severity, the MCP revision that introduced it, a reference, and advice for a server that breaks
 * it. `validate` runs rules over a configuration and reports errors, warnings and successes, and the rules that had nothing to
 * judge; `validateServerConfig` fails if there are errors. Rules are values in an array: you can add and remove rules.
 *
 * **Example** (Removing a rule)
 *
 * ```ts import.meta.vitest
 * import * as Validation from "@effect-mcp-auth/core/Validation"
 *
 * const metadata = { issuer: "https://as.example.com" }
 * const rules = Validation.without(Validation.rules, ["pkce_not_supported"])
 * const report = Validation.validate({ type: "oauth", metadata }, { rules })
 *
 * report.errors.map(({ code }) => code) // => ["invalid_server_metadata"]
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { printable, quoted } from "../metadata/internal/printable.ts"
import { clientRules } from "./internal/rules/client.ts"
import { documentRules } from "./internal/rules/document.ts"
import { flowRules } from "./internal/rules/flow.ts"
import { issuerRules } from "./internal/rules/issuer.ts"
import type { Revision as RevisionType, Rule, Subject } from "./internal/rules/rule.ts"

export { type Rule, type Subject } from "./internal/rules/rule.ts"

/**
 * The MCP revisions with an authorization specification.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Revision: Schema.Literals<readonly ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]> = Schema
  .Literals(["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])

/**
 * A revision of MCP.
 *
 * @category models
 * @since 0.1.0
 */
export type Revision = RevisionType

/**
 * The latest revision, and the default of validations.
 *
 * @category schemas
 * @since 0.1.0
 */
export const latestRevision: Revision = "2026-07-28"

/**
 * A rule that is broken.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Finding = Schema.Struct({
  code: Schema.String,
  /** The problem of this document. */
  message: Schema.String,
  /** What to do about it. */
  advice: Schema.String,
  /** The source of the rule. */
  reference: Schema.String
})

/**
 * A rule that holds.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Success = Schema.Struct({
  code: Schema.String,
  message: Schema.String
})

/**
 * A rule that had nothing to judge, because the document lacks the members that the rule is about.
 *
 * @category schemas
 * @since 0.1.0
 */
export const NotApplicable = Schema.Struct({
  code: Schema.String,
  /** The statement of the rule, which is neither confirmed nor refuted. */
  message: Schema.String
})

/**
 * Schema of the result of a validation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Report = Schema.Struct({
  issuer: Schema.String,
  revision: Revision,
  errors: Schema.Array(Finding),
  warnings: Schema.Array(Finding),
  successes: Schema.Array(Success),
  notApplicable: Schema.Array(NotApplicable)
})

/**
 * The result of a validation.
 *
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

/**
 * The configuration breaks rules of severity `error`. The report lists them with advice.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidServerConfig extends Schema.TaggedError<InvalidServerConfig>()("InvalidServerConfig", {
  report: Report
}) {
  override get message(): string {
    const lines = this.report.errors.map(({ advice, code, message }) =>
      `  ${printable(code)}: ${printable(message)}; ${printable(advice)}`
    )
    return [
      `${quoted(this.report.issuer)} does not meet MCP ${this.report.revision}:`,
      ...lines
    ].join("\n")
  }
}

/**
 * Options for a validation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The MCP revision. Default: the newest. */
  readonly revision?: Revision | undefined
  /** The rules. Default: all of this module's. */
  readonly rules?: ReadonlyArray<Rule> | undefined
}

/**
 * The rules of this library, in the order in which they are reported.
 *
 * @category rules
 * @since 0.1.0
 */
export const rules: ReadonlyArray<Rule> = [...documentRules, ...issuerRules, ...flowRules, ...clientRules]

/**
 * Creates a custom rule.
 *
 * **Example** (Requiring a revocation endpoint)
 *
 * ```ts import.meta.vitest
 * import * as Validation from "@effect-mcp-auth/core/Validation"
 *
 * const revocation = Validation.rule({
 *   code: "revocation_missing",
 *   severity: "error",
 *   since: "2025-03-26",
 *   reference: "https://datatracker.ietf.org/doc/html/rfc7009#section-2",
 *   holds: "tokens can be revoked",
 *   advice: "enable revocation at the provider",
 *   check: ({ metadata }) =>
 *     metadata.revocationEndpoint === undefined ? "there is no revocation_endpoint" : "holds"
 * })
 *
 * const subject = { type: "oauth", metadata: { issuer: "https://as.example.com" } } as const
 * const report = Validation.validate(subject, { rules: [revocation] })
 * report.errors.map(({ message }) => message) // => ["there is no revocation_endpoint"]
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const rule = (rule: Rule): Rule => rule

/**
 * The rules except those with the given codes.
 *
 * @category rules
 * @since 0.1.0
 */
export const without = (rules: ReadonlyArray<Rule>, codes: ReadonlyArray<string>): ReadonlyArray<Rule> =>
  rules.filter(({ code }) => !codes.includes(code))

/**
 * Runs the rules. Pure: no service, no failure.
 *
 * @category validating
 * @since 0.1.0
 */
export const validate = (subject: Subject, options?: Options): Report => {
  const revision = options?.revision ?? latestRevision
  const judged = (options?.rules ?? rules)
    // Revisions are dates, so string comparison orders them.
    .filter(({ since }) => since <= revision)
    .map((rule) => ({ rule, verdict: rule.check(subject, revision) }))
  const broken = (severity: Rule["severity"]) =>
    judged
      .filter(({ rule, verdict }) => rule.severity === severity && verdict !== "holds" && verdict !== "not-applicable")
      .map(({ rule: { advice, code, reference }, verdict }) => ({
        code,
        message: verdict,
        advice,
        reference: typeof reference === "string" ? reference : reference(revision)
      }))
  const judgedAs = (verdict: "holds" | "not-applicable") =>
    judged
      .filter((one) => one.verdict === verdict)
      .map(({ rule: { code, holds } }) => ({ code, message: holds }))
  return {
    issuer: subject.metadata.issuer,
    revision,
    errors: broken("error"),
    warnings: broken("warning"),
    successes: judgedAs("holds"),
    notApplicable: judgedAs("not-applicable")
  }
}

/**
 * Runs the rules. Fails if the configuration breaks a rule of severity `error`.
 *
 * @category validating
 * @since 0.1.0
 */
export const validateServerConfig = (
  subject: Subject,
  options?: Options
): Effect.Effect<Report, InvalidServerConfig> => {
  const report = validate(subject, options)
  return report.errors.length === 0 ? Effect.succeed(report) : Effect.fail(new InvalidServerConfig({ report }))
}
