/**
 * The report of the doctor. Its encoding is the JSON output of `mcp-auth doctor --format json`.
 *
 * The schema documents the format. New members can be added; every other change increases `version`. No member holds a token
 * or a client secret, and no text holds characters that control a terminal.
 *
 * @since 0.2.0
 */
import * as Schema from "effect/Schema"
import { steps } from "./Clients.ts"

const Step = Schema.Literals(steps)

const Confidence = Schema.Literals(["code", "documented", "reported", "inferred"])

/**
 * A request of the examination, with its answer.
 *
 * @category schemas
 * @since 0.2.0
 */
export const Request = Schema.Struct({
  /** The number of the request, from 1. */
  id: Schema.Int,
  purpose: Schema.String,
  method: Schema.String,
  /** Without its query. */
  url: Schema.String,
  /** The status, or why there is no answer. */
  answer: Schema.String,
  /** In milliseconds. */
  duration: Schema.Finite
})

/**
 * How to repair what was found.
 *
 * @category schemas
 * @since 0.2.0
 */
export const Fix = Schema.Struct({
  words: Schema.String,
  /** For servers on this library: the option, preset or function, and code to paste. */
  library: Schema.optionalKey(Schema.Struct({ uses: Schema.String, code: Schema.String }))
})

/**
 * A rule that is broken.
 *
 * @category schemas
 * @since 0.2.0
 */
export const Finding = Schema.Struct({
  /** The ID of the rule. */
  id: Schema.String,
  title: Schema.String,
  severity: Schema.Literals(["error", "warning", "note"]),
  /** A hint is rare or weakly sourced. It never makes a server fail. */
  isHint: Schema.Boolean,
  /** The party that must act. */
  actor: Schema.Literals(["server", "provider", "client", "operator"]),
  step: Step,
  /** What was seen. */
  seen: Schema.String,
  /** The requests that show it. */
  requests: Schema.Array(Schema.Int),
  /** The clients that do not connect, or that lose something, by their IDs. */
  clients: Schema.Array(Schema.String),
  source: Schema.String,
  /** When the source was read or published. */
  date: Schema.String,
  confidence: Confidence,
  fix: Fix
})

/**
 * The prediction for a client.
 *
 * @category schemas
 * @since 0.2.0
 */
export const ClientVerdict = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  versions: Schema.String,
  /** `limited`: it connects, and something does not work. `unknown`: too little is known about it. */
  verdict: Schema.Literals(["works", "limited", "fails", "unknown"]),
  /** The first step that does not work, from 1. */
  step: Schema.optionalKey(Schema.Struct({ number: Schema.Int, name: Step, title: Schema.String })),
  /** The ID of the rule that is the reason. */
  finding: Schema.optionalKey(Schema.String),
  /** Of the fact that decides, or of what is known about the client. */
  confidence: Schema.Literals([...Confidence.literals, "unknown"])
})

/**
 * An authorization server of the resource.
 *
 * @category schemas
 * @since 0.2.0
 */
export const ProviderFound = Schema.Struct({
  /** The issuer, as the metadata of the resource names it. */
  issuer: Schema.String,
  /** The URL of its metadata. */
  location: Schema.optionalKey(Schema.String),
  /** The product that its metadata suggests, with the preset of this library. */
  product: Schema.optionalKey(Schema.Struct({
    preset: Schema.String,
    title: Schema.String,
    confidence: Schema.Literals(["certain", "likely"]),
    /** Code to paste. */
    code: Schema.String
  }))
})

/**
 * The report.
 *
 * **Details**
 *
 * - `healthy`: no rule of severity `error` is broken, hints excepted.
 * - `faulty`: at least one is.
 * - `unreachable`: there is nothing to examine at this URL.
 *
 * @category schemas
 * @since 0.2.0
 */
export const Report = Schema.Struct({
  version: Schema.Literal(1),
  /** The URL that was examined. */
  target: Schema.String,
  kind: Schema.Literals(["resource", "issuer"]),
  verdict: Schema.Literals(["healthy", "faulty", "unreachable"]),
  requests: Schema.Array(Request),
  providers: Schema.Array(ProviderFound),
  findings: Schema.Array(Finding),
  /** The rules that hold, by their IDs. */
  holds: Schema.Array(Schema.String),
  /** The rules that this examination could not judge, and what it would need. */
  unjudged: Schema.Array(Schema.Struct({
    id: Schema.String,
    title: Schema.String,
    needs: Schema.Literals(["login", "token", "client-id", "registration"])
  })),
  clients: Schema.Array(ClientVerdict)
})

/**
 * The report.
 *
 * @category models
 * @since 0.2.0
 */
export type Report = typeof Report.Type

/**
 * A rule that is broken.
 *
 * @category models
 * @since 0.2.0
 */
export type Finding = typeof Finding.Type

/**
 * The prediction for a client.
 *
 * @category models
 * @since 0.2.0
 */
export type ClientVerdict = typeof ClientVerdict.Type

/**
 * Whether a finding makes a server fail: its severity is `error`, and it is no hint.
 *
 * @category predicates
 * @since 0.2.0
 */
export const isFailure = ({ isHint, severity }: Pick<Finding, "isHint" | "severity">): boolean =>
  severity === "error" && !isHint

/**
 * The exit code of `mcp-auth doctor`: 0 no errors, 1 errors, 2 not reachable.
 *
 * **Example** (A server that is healthy)
 *
 * ```ts import.meta.vitest
 * import * as Report from "@effect-mcp-auth/core/doctor/Report"
 *
 * Report.exitCode({ verdict: "healthy" }) // => 0
 * ```
 *
 * @category converting
 * @since 0.2.0
 */
export const exitCode = ({ verdict }: Pick<Report, "verdict">): 0 | 1 | 2 =>
  ({ healthy: 0, faulty: 1, unreachable: 2 } as const)[verdict]
