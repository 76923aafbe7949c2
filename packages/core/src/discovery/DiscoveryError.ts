/**
 * Why no authorization server was found.
 *
 * A search asks several places, and each answers in its own way. `DiscoveryFailed` keeps every attempt with its own
 * typed error, in order, and is named by the strongest outcome. Its message is what a person needs who stands in front of
 * a server that does not start.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { askedToWait } from "../fetch/internal/retry.ts"
import type { MetadataFetchError } from "../fetch/MetadataFetchError.ts"
import { printable, quoted } from "../metadata/internal/printable.ts"
import type { IssuerMismatch } from "./IssuerPolicy.ts"
import type { TranspileError } from "./Transpiler.ts"
import type { InvalidServerConfig } from "./Validation.ts"

/**
 * The document is no metadata by its schema. Says which members, by their names on the wire.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidMetadata extends Schema.TaggedError<InvalidMetadata>()("InvalidMetadata", {
  location: Schema.String,
  /** What is wrong, member by member. */
  issues: Schema.Array(Schema.Struct({ member: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    const issues = this.issues.map(({ member, problem }) => `${quoted(member)}: ${printable(problem)}`).join("; ")
    return `${
      printable(this.location)
    }: the document is no metadata (${issues}). Mend it at the provider, or with a repair`
  }
}

/** What to do about a missing member, beside looking into other documents. */
const remedies: ReadonlyMap<string, string> = new Map([
  ["jwks_uri", "If its access tokens are opaque, verify them with TokenVerifier.introspection"],
  ["introspection_endpoint", "If its access tokens are JWTs, verify them with TokenVerifier.jwt"]
])

/**
 * The document is valid and of the right issuer, but lacks what the purpose needs.
 *
 * @category errors
 * @since 0.1.0
 */
export class IncompleteMetadata extends Schema.TaggedError<IncompleteMetadata>()("IncompleteMetadata", {
  location: Schema.String,
  /** The purpose's name. */
  purpose: Schema.String,
  /** What is missing, by the names of the wire. */
  missing: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const missing = printable(this.missing.join(", "))
    const remedy = this.missing.flatMap((member) => remedies.get(member) ?? [])
    const source = this.location === "manual"
      ? "If the provider has it, add it to the metadata that you pass"
      : "If another document of the issuer has it, set mergeDocuments. If the provider has it and does not publish it, add " +
        "it with a repair"
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
    "answered with something that is not a JSON object; answer with the raw document, or with undefined",
  "no-issuer": "answered with a JSON object that has no string member \"issuer\""
} as const

/**
 * A strategy of your own answered with no document. Only `nothing` means that there is none.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoDocument extends Schema.TaggedError<NoDocument>()("NoDocument", {
  /** The strategy's name. */
  strategy: Schema.String,
  found: Schema.Literals(["nothing", "no-json-object", "no-issuer"])
}) {
  override get message(): string {
    return `${printable(this.strategy)} ${answers[this.found]}`
  }
}

/**
 * How an attempt ended, strongest first.
 *
 * **Details**
 *
 * - `Refused`: the answer must not be used: another issuer, too large, not https, an address or a redirect that is
 *   refused.
 * - `Incomplete`: a document of the right issuer that cannot be used as it is.
 * - `Transient`: no answer for now: 408, 425, 429, 5xx, the network, a timeout, or a failure of a custom strategy.
 * - `Miss`: there is no metadata here: another 4xx, a redirect that leads nowhere, a 200 that is no metadata.
 * - `Found`: here it is.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "Refused" | "Incomplete" | "Transient" | "Miss" | "Found"

/**
 * Why an attempt did not end in `Found`. `E` is what custom strategies fail with.
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
 * One place that was asked, and how that ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt<out E = never> {
  /** The kind of place, such as `oauth-authorization-server` or the name of a custom strategy. */
  readonly kind: string
  /** The URL, or what a custom strategy calls its place. */
  readonly location: string
  readonly outcome: Outcome
  /** Present unless the outcome is `Found`. */
  readonly error?: AttemptError<E>
}

/**
 * No place had metadata that may be used.
 *
 * **Gotchas**
 *
 * Only the outcome `Miss` means "this issuer has no metadata" and may be remembered as that. With `Transient` the next
 * search may find it.
 *
 * @category errors
 * @since 0.1.0
 */
export class DiscoveryFailed<out E = never> extends Data.TaggedError("DiscoveryFailed")<{
  /** What was asked for: an issuer, or where a document was asked for by its URL and no issuer was named, that URL. */
  readonly issuer: string
  readonly by: "issuer" | "url"
  /** The strongest outcome among the attempts. */
  readonly outcome: Exclude<Outcome, "Found">
  /** Every attempt, in the order in which they were made. */
  readonly attempts: ReadonlyArray<Attempt<unknown>>
}> {
  /** Carries the type of the attempts' errors, which a base class cannot be generic over. */
  declare readonly attempts: ReadonlyArray<Attempt<E>>

  /** The longest time that any of the servers asks to wait (RFC 9110, section 10.2.3). Zero if none says so. */
  get retryAfter(): Duration.Duration {
    return this.attempts.map(({ error }) => askedToWait(error)).reduce(Duration.max, Duration.zero)
  }

  override get message(): string {
    return `${describeAttempts(this)}${this.by === "issuer" ? discoveryHint(this.issuer) : ""}`
  }
}

const summary: { readonly [O in DiscoveryFailed<unknown>["outcome"]]: string } = {
  Refused: "an answer was refused",
  Incomplete: "a document was found, but cannot be used as it is",
  Transient: "the provider cannot be asked now; it is worth trying again",
  Miss: "there is no metadata at any place that was asked"
}

/** What a stranger's error says. Custom strategies may fail with anything. */
const said = (error: unknown): string => {
  if (Predicate.hasProperty(error, "message") && typeof error.message === "string" && error.message !== "") {
    // Each line of a stranger's message stays a line, and only that. An invalid document has much to say in one.
    return error.message.split("\n").map((line) => printable(line, 4000)).join("\n")
  }
  return Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? printable(error._tag) : "failed"
}

const describe = ({ error, kind, location, outcome }: Attempt<unknown>, index: number): string => {
  // An error's own message already names the place; a stranger's may not.
  const message = error === undefined ? "found" : said(error)
  const place = printable(location)
  return `  ${index + 1}. ${outcome} (${printable(kind)}) ${message.includes(place) ? "" : `${place}: `}${message}`
}

/** Every attempt on a line of its own, so that a person sees which URL answered what. */
const describeAttempts = (
  { attempts, issuer, outcome }: Pick<DiscoveryFailed<unknown>, "attempts" | "issuer" | "outcome">
): string => [`No usable metadata for ${quoted(issuer)}: ${summary[outcome]}`, ...attempts.map(describe)].join("\n")

/** An issuer that is itself a metadata URL is valid, but hardly ever meant. */
const discoveryHint = (issuer: string): string =>
  issuer.includes("/.well-known/")
    ? "\nThis looks like a discovery URL: pass the issuer, which is the value of \"issuer\" in the document it leads " +
      "to, or ask for the document by its URL"
    : ""
