/**
 * What `mcp-auth check --format json` prints.
 *
 * The schema is the documentation of that form: members are only ever added, and `version` says when that is not so.
 *
 * **Example** (Reading a report)
 *
 * ```ts import.meta.vitest
 * import * as CheckReport from "@effect-mcp-auth/platform-node/CheckReport"
 * import * as Schema from "effect/Schema"
 *
 * const read = Schema.decodeUnknownSync(Schema.fromJsonString(CheckReport.CheckReport))
 * const report = read(`{"version":1,"asked":"https://as.test","verdict":"unavailable","attempts":[]}`)
 *
 * CheckReport.exitCode(report) // => 2
 * ```
 *
 * @since 0.1.0
 */
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Schema from "effect/Schema"

/**
 * A place that was asked, and how that ended.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Attempt = Schema.Struct({
  /** The kind of place, such as `oauth-authorization-server`. */
  kind: Schema.String,
  location: Schema.String,
  outcome: Schema.Literals(["Found", "Miss", "Transient", "Incomplete", "Refused"]),
  /** Why it did not end in `Found`: the error's tag, and what it says. */
  error: Schema.optionalKey(Schema.Struct({ tag: Schema.String, message: Schema.String }))
})

/**
 * A repair that changed something.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Repair = Schema.Struct({
  name: Schema.String,
  reason: Schema.String,
  /** The change, as a JSON Patch (RFC 6902). */
  patch: Schema.Array(Schema.Json)
})

/**
 * What was found.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Found = Schema.Struct({
  type: Schema.Literals(["oauth", "oidc"]),
  /** The issuer as the document names it. */
  issuer: Schema.String,
  locations: Schema.Array(Schema.String),
  repairs: Schema.Array(Repair),
  /** What is odd about the document, but no reason to refuse it. */
  oddities: Schema.Array(Schema.Struct({ code: Schema.String, message: Schema.String })),
  /** What the rules of MCP say. */
  report: Validation.Report
})

/**
 * What `mcp-auth check` found out.
 *
 * **Details**
 *
 * - `valid`: metadata was found, and no rule of severity `error` is broken.
 * - `invalid`: metadata was found that is not usable: another issuer, a broken schema, or a broken rule.
 * - `unavailable`: no metadata was found, or it could not be fetched.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CheckReport = Schema.Struct({
  version: Schema.Literal(1),
  /** The issuer that was asked for. */
  asked: Schema.String,
  verdict: Schema.Literals(["valid", "invalid", "unavailable"]),
  attempts: Schema.Array(Attempt),
  found: Schema.optionalKey(Found)
})

/**
 * What `mcp-auth check` found out.
 *
 * @category models
 * @since 0.1.0
 */
export type CheckReport = typeof CheckReport.Type

/**
 * The exit code of `mcp-auth check`: 0 valid, 1 invalid, 2 could not be fetched.
 *
 * @category converting
 * @since 0.1.0
 */
export const exitCode = ({ verdict }: CheckReport): 0 | 1 | 2 =>
  ({ valid: 0, invalid: 1, unavailable: 2 } as const)[verdict]
