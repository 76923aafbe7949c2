/**
 * Errors of discovery.
 *
 * A search requests several URLs. `DiscoveryFailed` keeps every attempt with its own typed error, in order. Its outcome
 * is the strongest outcome of the attempts. Its message helps an operator whose server does not start.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import { isPlatformError } from "effect/PlatformError"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { requestedDelay } from "../fetch/internal/retry.ts"
import type { MetadataFetchError } from "../fetch/MetadataFetchError.ts"
import { printable, quoted } from "../metadata/internal/printable.ts"
import type { IssuerMismatch } from "./IssuerPolicy.ts"
import type { TranspileError } from "./Transpiler.ts"
import type { InvalidServerConfig } from "./Validation.ts"

/**
 * The document does not match the metadata schema. Lists the invalid members by their JSON names.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidMetadata extends Schema.TaggedError<InvalidMetadata>()("InvalidMetadata", {
  location: Schema.String,
  /** The invalid members, each with the message of the schema. */
  issues: Schema.Array(Schema.Struct({ member: Schema.String, message: Schema.String })),
  /** Whether an invalid member is `null`, which the repair `nulls` removes. */
  hasNulls: Schema.optionalKey(Schema.Boolean)
}) {
  override get message(): string {
    const issues = this.issues.map(({ member, message }) => `${quoted(member)}: ${printable(message)}`).join("; ")
    const repair = this.hasNulls === true
      ? "the repair \"nulls\" (transpileData: Repairs.nulls; command line: --repair nulls)"
      : "a repair (transpileData)"
    return `${
      printable(this.location)
    }: the document does not match the metadata schema (${issues}). Correct it at the provider, or add ${repair}`
  }
}

/** Advice for a missing member, besides searching other documents. */
const remedies: ReadonlyMap<string, string> = new Map([
  ["jwks_uri", "If its access tokens are opaque, verify them with TokenVerifier.introspection"],
  ["introspection_endpoint", "If its access tokens are JWTs, verify them with TokenVerifier.jwt"]
])

/**
 * The document is valid and has the right issuer, but lacks members that the purpose needs.
 *
 * @category errors
 * @since 0.1.0
 */
export class IncompleteMetadata extends Schema.TaggedError<IncompleteMetadata>()("IncompleteMetadata", {
  location: Schema.String,
  /** The name of the purpose. */
  purpose: Schema.String,
  /** The missing members, by their JSON names. */
  missing: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const missing = printable(this.missing.join(", "))
    const remedy = this.missing.flatMap((member) => remedies.get(member) ?? [])
    const source = this.location === "manual"
      ? "If the provider has it, add it to the metadata that you pass"
      : "If another document of the issuer has it, set mergeDocuments to true. If the provider has it and does not publish " +
        "it, add it with a repair (transpileData)"
    return [
      `${printable(this.location)}: the document has no ${missing}, which ${printable(this.purpose)} needs`,
      source,
      ...remedy
    ].join(". ")
  }
}

const answers = {
  "nothing": "has no document for this issuer",
  "no-json-object":
    "returned a value that is not a JSON object; return the raw document, or undefined if there is none",
  "no-issuer": "returned a JSON object that has no string member \"issuer\"; return the raw metadata document"
} as const

/**
 * A custom strategy returned no valid document. Only `nothing` means that there is none.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoDocument extends Schema.TaggedError<NoDocument>()("NoDocument", {
  /** The name of the strategy. */
  strategy: Schema.String,
  reason: Schema.Literals(["nothing", "no-json-object", "no-issuer"])
}) {
  override get message(): string {
    return `${printable(this.strategy)} ${answers[this.reason]}`
  }
}

/**
 * The outcome of an attempt, strongest first.
 *
 * **Details**
 *
 * - `Refused`: the response must not be used: a different issuer, too large, compressed, not https, a refused address
 *   or redirect, or a tunnel that a proxy refuses. Also a custom strategy that may not read its file.
 * - `Incomplete`: a document with the right issuer that is invalid or incomplete. Also a custom strategy that fails with a
 *   `SchemaError`.
 * - `Transient`: a temporary failure: 408, 425, 429, 5xx, a network error, a timeout, or a failure of a custom
 *   strategy, unless it is one of those below.
 * - `Miss`: there is no metadata at this URL: another 4xx, a redirect without a valid target, a 200 without metadata. Also a
 *   custom strategy whose file does not exist.
 * - `Found`: the metadata was found.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "Refused" | "Incomplete" | "Transient" | "Miss" | "Found"

/**
 * The error of an attempt that did not end in `Found`. `E` is the error type of custom strategies.
 *
 * @category models
 * @since 0.1.0
 */
export type AttemptError<E = never> =
  | MetadataFetchError
  | NoDocument
  | IssuerMismatch
  | TranspileError
  | InvalidMetadata
  | IncompleteMetadata
  | InvalidServerConfig
  | E

/**
 * One attempt of a search, with its outcome.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt<out E = never> {
  /** The kind of candidate, such as `oauth-authorization-server` or the name of a custom strategy. */
  readonly kind: string
  /** The URL, or the name of a custom strategy. */
  readonly location: string
  readonly outcome: Outcome
  /** Present unless the outcome is `Found`. */
  readonly error?: AttemptError<E>
}

/**
 * No candidate had usable metadata.
 *
 * **Gotchas**
 *
 * Only the outcome `Miss` means "this issuer has no metadata" and can be cached as that. After `Transient`, the next
 * search can succeed.
 *
 * @category errors
 * @since 0.1.0
 */
export class DiscoveryFailed<out E = never> extends Data.TaggedError("DiscoveryFailed")<{
  /** The requested issuer. For a document that was requested by its URL without an expected issuer, that URL. */
  readonly issuer: string
  readonly by: "issuer" | "url"
  /** The strongest outcome among the attempts. */
  readonly outcome: Exclude<Outcome, "Found">
  /** All attempts, in order. */
  readonly attempts: ReadonlyArray<Attempt<unknown>>
}> {
  /** Carries the type of the attempts' errors, because the base class cannot be generic. */
  declare readonly attempts: ReadonlyArray<Attempt<E>>

  /** The longest `Retry-After` of the attempts (RFC 9110, section 10.2.3). Zero if there is none. */
  get retryAfter(): Duration.Duration {
    return this.attempts.map(({ error }) => requestedDelay(error)).reduce(Duration.max, Duration.zero)
  }

  override get message(): string {
    return `${describeAttempts(this)}${this.by === "issuer" ? discoveryHint(this.issuer) : ""}`
  }
}

const summary: { readonly [O in DiscoveryFailed<unknown>["outcome"]]: string } = {
  Refused: "a response was refused",
  Incomplete: "a document was found, but it is invalid or incomplete",
  Transient: "a temporary failure; retry later",
  Miss: "no candidate has metadata for this issuer; check the issuer, and where it is looked for"
}

/** What to do about a file that a custom strategy cannot read. */
const fileAdvice = (error: unknown): string => {
  if (!isPlatformError(error)) return ""
  const { _tag } = error.reason
  if (_tag === "NotFound") return "; correct the path, or create the file"
  return _tag === "PermissionDenied" ? "; give this process permission to read the file" : ""
}

/** The message of an unknown error. Custom strategies can fail with any value. */
const said = (error: unknown): string => {
  if (Predicate.hasProperty(error, "message") && typeof error.message === "string" && error.message !== "") {
    // Each line of an untrusted message stays one escaped line. The message of an invalid document can be long.
    return error.message.split("\n").map((line) => printable(line, 4000)).join("\n") + fileAdvice(error)
  }
  return Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? printable(error._tag) : "failed"
}

const describe = ({ error, kind, location, outcome }: Attempt<unknown>, index: number): string => {
  // Errors of this library already contain the URL; other errors may not.
  const message = error === undefined ? "found" : said(error)
  const place = printable(location)
  return `  ${index + 1}. ${outcome} (${printable(kind)}) ${message.includes(place) ? "" : `${place}: `}${message}`
}

/** Lists each attempt on its own line, with its URL and error. */
const describeAttempts = (
  { attempts, issuer, outcome }: Pick<DiscoveryFailed<unknown>, "attempts" | "issuer" | "outcome">
): string => [`No usable metadata for ${quoted(issuer)}: ${summary[outcome]}`, ...attempts.map(describe)].join("\n")

/** An issuer that is itself a metadata URL is valid, but usually a mistake. */
const discoveryHint = (issuer: string): string =>
  issuer.includes("/.well-known/")
    ? "\nThis looks like a discovery URL: pass the issuer, which is the value of \"issuer\" in the document at that URL, " +
      "or fetch the document with Discovery.fetchServerConfigByWellKnownUrl"
    : ""
