/**
 * The JSON output of `mcp-auth check --format json`.
 *
 * The schema documents the format. New members can be added; every other change increases `version`.
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
 * One attempt of the search, with its outcome.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Attempt = Schema.Struct({
  /** The kind of candidate, such as `oauth-authorization-server`. */
  kind: Schema.String,
  location: Schema.String,
  outcome: Schema.Literals(["Found", "Miss", "Transient", "Incomplete", "Refused"]),
  /** The error, if the outcome is not `Found`: its tag and message. */
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
 * The configuration that was found.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Found = Schema.Struct({
  type: Schema.Literals(["oauth", "oidc"]),
  /** The issuer in the document. */
  issuer: Schema.String,
  locations: Schema.Array(Schema.String),
  repairs: Schema.Array(Repair),
  /** Irregularities of the document that do not prevent its use. */
  oddities: Schema.Array(Schema.Struct({ code: Schema.String, message: Schema.String })),
  /** The result of the validation against the rules of MCP. */
  report: Validation.Report,
  /** The key set. Absent if the document names none, or if the preset does not verify tokens by keys. */
  keys: Schema.optionalKey(Schema.Struct({
    url: Schema.String,
    /** Why the key set cannot be used. */
    error: Schema.optionalKey(Schema.String),
    /** Keys that can be used, with the algorithms of the tokens that they verify. */
    usable: Schema.Array(Schema.Struct({
      kid: Schema.NullOr(Schema.String),
      algorithms: Schema.Array(Schema.String),
      /** The only issuer whose tokens the key verifies, or a template of it. */
      issuer: Schema.optionalKey(Schema.String)
    })),
    /** Keys that cannot be used: tokens that they sign are refused. */
    passedOver: Schema.Array(Schema.Struct({ kid: Schema.NullOr(Schema.String), reason: Schema.String }))
  }))
})

/**
 * What to run or change next, because the checked URL is not the one that was meant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Hint = Schema.Struct({
  /** `discovery-url`: the URL of metadata. `protected-resource`: an MCP server, or the URL of its metadata. */
  code: Schema.Literals(["discovery-url", "protected-resource"]),
  message: Schema.String,
  /** The issuers that can be checked instead. */
  issuers: Schema.Array(Schema.String)
})

/**
 * A preset that the document suggests. A suggestion is for a person: nothing applies it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Suggestion = Schema.Struct({
  /** The name of the preset, for `--preset` and `MCP_AUTH_PRESET`. */
  preset: Schema.String,
  /** The name of the product. */
  title: Schema.String,
  confidence: Schema.Literals(["certain", "likely"]),
  /** What must be known to use the preset. */
  parameters: Schema.Array(Schema.Struct({
    name: Schema.String,
    description: Schema.String,
    example: Schema.String,
    isOptional: Schema.Boolean,
    isSecret: Schema.Boolean
  }))
})

/**
 * Schema of the result of `mcp-auth check`.
 *
 * **Details**
 *
 * - `valid`: metadata was found, no rule of severity `error` is broken, and the key set that it names has a usable key.
 * - `invalid`: metadata was found but is not usable: a different issuer, an invalid schema, a broken rule, or a key set that
 *   cannot be read or has no usable key.
 * - `unavailable`: no metadata was found, or it could not be fetched, or the key set is temporarily unavailable.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CheckReport = Schema.Struct({
  version: Schema.Literal(1),
  /** The requested issuer. */
  asked: Schema.String,
  /** The preset of the option `--preset`. */
  preset: Schema.optionalKey(Schema.String),
  verdict: Schema.Literals(["valid", "invalid", "unavailable"]),
  attempts: Schema.Array(Attempt),
  found: Schema.optionalKey(Found),
  /** Present if the checked URL is not an issuer. */
  hint: Schema.optionalKey(Hint),
  /** The presets that the document suggests, certain ones first. */
  suggestions: Schema.optionalKey(Schema.Array(Suggestion))
})

/**
 * The result of `mcp-auth check`.
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
