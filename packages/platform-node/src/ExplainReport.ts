/**
 * The JSON output of `mcp-auth explain --format json`: how a server would respond to a token, and why. It does not
 * contain the token.
 *
 * **Example** (Reading a report)
 *
 * ```ts import.meta.vitest
 * import * as ExplainReport from "@effect-mcp-auth/platform-node/ExplainReport"
 * import * as Schema from "effect/Schema"
 *
 * const read = Schema.decodeUnknownSync(Schema.fromJsonString(ExplainReport.ExplainReport))
 * const report = read(`{"version":1,"verdict":"permitted","policy":"authenticated"}`)
 *
 * ExplainReport.exitCode(report) // => 0
 * ```
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The evaluation of a policy, part by part.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trace {
  readonly policy: string
  readonly outcome: "yes" | "no" | "unknown"
  /** The scopes that are missing. */
  readonly missing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<Trace>
}

/**
 * Schema of the evaluation of a policy, part by part.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Trace: Schema.Codec<Trace> = Schema.Struct({
  policy: Schema.String,
  outcome: Schema.Literals(["yes", "no", "unknown"]),
  missing: Schema.Array(Schema.String),
  parts: Schema.Array(Schema.suspend((): Schema.Codec<Trace> => Trace))
}).annotate({ identifier: "Trace" })

/**
 * The caller that the token identifies.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Caller = Schema.Struct({
  issuer: Schema.String,
  subject: Schema.optionalKey(Schema.String),
  clientId: Schema.optionalKey(Schema.String),
  scopes: Schema.Array(Schema.String),
  audience: Schema.Array(Schema.String),
  /** In seconds since 1970. */
  expiresAt: Schema.optionalKey(Schema.Number)
})

/**
 * Schema of the result of `mcp-auth explain`.
 *
 * **Details**
 *
 * - `permitted`: the token is valid, and its caller satisfies the policy.
 * - `refused`: the token is not valid, or its caller does not satisfy the policy; `answer` is the response to the
 *   client.
 * - `unavailable`: the provider cannot be reached.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ExplainReport = Schema.Struct({
  version: Schema.Literal(1),
  verdict: Schema.Literals(["permitted", "refused", "unavailable"]),
  /** The policy, as text. */
  policy: Schema.String,
  /** Absent if the token is not valid. */
  caller: Schema.optionalKey(Caller),
  trace: Schema.optionalKey(Trace),
  answer: Schema.optionalKey(Schema.Struct({
    status: Schema.Int,
    /** `WWW-Authenticate`. */
    challenge: Schema.optionalKey(Schema.String),
    /** The reason, for the operator. The client receives only the challenge. */
    reason: Schema.String
  }))
}).annotate({ identifier: "ExplainReport" })

/**
 * The result of `mcp-auth explain`.
 *
 * @category models
 * @since 0.1.0
 */
export type ExplainReport = typeof ExplainReport.Type

/**
 * The exit code of `mcp-auth explain`: 0 permitted, 1 refused, 2 undetermined.
 *
 * @category converting
 * @since 0.1.0
 */
export const exitCode = ({ verdict }: ExplainReport): 0 | 1 | 2 =>
  verdict === "permitted" ? 0 : verdict === "refused" ? 1 : 2
