import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Loaded } from "../../fetch/internal/fetchDocument.ts"
import { AuthorizationServerMetadata } from "../../metadata/AuthorizationServerMetadata.ts"
import { printable, quoted } from "../../metadata/internal/printable.ts"
import { wireName } from "../../metadata/internal/wire.ts"
import { IncompleteMetadata, InvalidMetadata } from "../DiscoveryError.ts"
import type { Purpose } from "../Purpose.ts"
import type { Oddity, ServerConfig } from "../ServerConfig.ts"
import type { Applied } from "../Transpiler.ts"
import * as Validation from "../Validation.ts"
import type { Candidate } from "./strategy.ts"

/** A document whose issuer was checked, after its repairs. */
export interface Judged {
  readonly candidate: Pick<Candidate<unknown, unknown>, "location" | "mapRequest" | "type" | "validations">
  readonly loaded: Loaded
  readonly document: Schema.JsonObject
  readonly repairs: ReadonlyArray<Applied>
}

type OneOrMore = readonly [Judged, ...ReadonlyArray<Judged>]

const decode = Schema.decodeEffect(AuthorizationServerMetadata)

/** Merges documents of one issuer. For each member, the first document wins. */
const merged = (documents: ReadonlyArray<Readable>): Schema.JsonObject =>
  Object.fromEntries(Arr.reverse(documents).flatMap(({ valid }) => Object.entries(valid)))

/** The kind of a JSON value, without the value itself. */
const kindOf = (value: Schema.Json | undefined): string => {
  if (value === null) return "null"
  if (value === "") return "an empty string"
  if (Array.isArray(value)) return "an array"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

/** The repair without arguments that removes a value which no member can have. */
const repairFor = (value: Schema.Json | undefined): string => {
  if (value === null) return ". Add the repair \"nulls\" (Repairs.nulls; command line: --repair nulls)"
  return Array.isArray(value) && value.length === 0
    ? ". Add the repair \"empty-arrays\" (Repairs.emptyArrays; command line: --repair empty-arrays)"
    : ". Correct it at the provider, or add a repair (transpileData)"
}

const ignoredOf = ({ document, invalid, location }: Readable): ReadonlyArray<Oddity> =>
  invalid.map(({ issues: [issue], member }) => ({
    code: "member_ignored",
    message: `${printable(location)}: the member ${quoted(member)} is ignored. Its value is ${
      kindOf(document[member])
    }, and is not valid (${printable(issue?.message ?? "")})${repairFor(document[member])}`
  }))

const odditiesOf = (documents: OneOrMore, readable: ReadonlyArray<Readable>): ReadonlyArray<Oddity> => [
  ...readable.flatMap(ignoredOf),
  ...documents.flatMap(({ candidate: { location }, loaded: { oddContentType } }): ReadonlyArray<Oddity> =>
    Option.match(oddContentType, {
      onNone: () => [],
      onSome: (contentType) => [{
        code: "content_type_not_json",
        message: `${printable(location)} answered with the content type ${
          quoted(contentType)
        } instead of application/json`
      }]
    })
  ),
  ...(documents.length === 1 ? [] : [{
    code: "documents_merged" as const,
    message: `merged from ${documents.map(({ candidate: { location } }) => printable(location)).join(", ")}`
  }])
]

const originOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined

/**
 * The change of the request for the key set. It can add credentials, so it applies only to the origin that the strategy
 * sends them to.
 */
const keyRequestMap = (documents: OneOrMore, jwksUri: string | undefined): Pick<ServerConfig, "mapKeyRequest"> => {
  const origin = originOf(jwksUri)
  const same = documents.find(({ candidate: { location } }) => origin !== undefined && originOf(location) === origin)
  return same === undefined || same.candidate.mapRequest === identity
    ? {}
    : { mapKeyRequest: same.candidate.mapRequest }
}

/** The shortest freshness lifetime of the documents. */
const freshFor = (documents: OneOrMore): Option.Option<Duration.Duration> =>
  documents
    .flatMap(({ loaded }) => Option.toArray(loaded.freshFor))
    .reduce<Option.Option<Duration.Duration>>(
      (least, duration) =>
        Option.some(Option.match(least, {
          onNone: () => duration,
          onSome: (other) => Duration.min(other, duration)
        })),
      Option.none()
    )

/** The maximum number of issues in a message, so that a hostile document cannot make it long. */
const most = 100

const format = SchemaIssue.makeFormatterStandardSchemaV1()

type Issues = InvalidMetadata["issues"]

/** The schema issues of a document, member by member, by their JSON names. */
const issuesOf = (error: Schema.SchemaError): Issues =>
  format(error.issue).issues.slice(0, most).map(({ message, path = [] }) => ({
    member: path.map((segment, depth) => {
      const name = String(typeof segment === "object" ? segment.key : segment)
      // Only top-level members are renamed; nested values are unchanged.
      return depth === 0 ? wireName(name) : name
    }).join("."),
    message
  }))

/** The error of a document that does not match the metadata schema. */
export const invalidMetadata = (location: string, error: Schema.SchemaError): InvalidMetadata =>
  new InvalidMetadata({ location, issues: issuesOf(error) })

/** A document, divided into its valid members and the issues of the others. */
interface Readable {
  readonly location: string
  readonly document: Schema.JsonObject
  readonly valid: Schema.JsonObject
  /** The invalid members, with their issues. */
  readonly invalid: ReadonlyArray<{ readonly member: string; readonly issues: Issues }>
}

/** Members are decoded one by one, so that an invalid member has no effect on the others. */
const readable = Effect.fnUntraced(function*({ candidate: { location }, document }: Judged) {
  const whole = yield* Effect.result(decode(document, { errors: "all" }))
  if (Result.isSuccess(whole)) return { location, document, valid: document, invalid: [] }
  const invalid: Array<Readable["invalid"][number]> = []
  const valid: Array<readonly [string, Schema.Json]> = []
  for (const [member, value] of Object.entries(document)) {
    const alone = yield* Effect.result(decode({ issuer: "", [member]: value }, { errors: "all" }))
    if (Result.isSuccess(alone)) valid.push([member, value])
    else invalid.push({ member, issues: issuesOf(alone.failure) })
  }
  return { location, document, valid: Object.fromEntries(valid), invalid }
})

/**
 * Builds a configuration from documents of one issuer. They must be complete for the purpose and satisfy the rules. An
 * invalid member is ignored unless the purpose needs it: providers publish members that no specification allows.
 */
export const assemble = Effect.fnUntraced(function*(
  documents: OneOrMore,
  purpose: Purpose
): Effect.fn.Return<ServerConfig, InvalidMetadata | IncompleteMetadata | Validation.InvalidServerConfig> {
  const [{ candidate: { location, type } }] = documents
  const parts = yield* Effect.forEach(documents, readable)
  const metadata = yield* Effect.mapError(decode(merged(parts)), (error) => invalidMetadata(location, error))
  const missing = purpose.missing(metadata)
  const needed = new Set(["issuer", ...missing, ...purpose.reads ?? []])
  for (const { document, invalid, location } of parts) {
    if (!invalid.some(({ member }) => needed.has(member))) continue
    const issues = invalid.flatMap(({ issues }) => issues).slice(0, most)
    const hasNulls = invalid.some(({ member }) => document[member] === null)
    return yield* new InvalidMetadata({ location, issues, ...(hasNulls ? { hasNulls } : {}) })
  }
  if (missing.length > 0) return yield* new IncompleteMetadata({ location, purpose: purpose.name, missing })
  yield* Effect.forEach(
    Arr.dedupe(documents.flatMap(({ candidate }) => candidate.validations)),
    (validation) => Validation.validateServerConfig({ type, metadata }, validation),
    { discard: true }
  )
  const [first, ...others] = documents
  return {
    type,
    issuer: metadata.issuer,
    metadata,
    locations: [first.candidate.location, ...others.map(({ candidate }) => candidate.location)],
    repairs: documents.flatMap(({ repairs }) => repairs),
    oddities: odditiesOf(documents, parts),
    freshFor: freshFor(documents),
    ...keyRequestMap(documents, metadata.jwksUri)
  }
})
