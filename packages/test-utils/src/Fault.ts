/**
 * What can be wrong with an authorization server, as data.
 *
 * A `TestProvider` is told which endpoint suffers from which fault, and for how many requests. Faults of one request add
 * up: a delay and a status make a slow error.
 *
 * **Example** (A slow outage)
 *
 * ```ts import.meta.vitest
 * import * as Fault from "@effect-mcp-auth/test-utils/Fault"
 *
 * const fault = Fault.all(Fault.delay("2 seconds"), Fault.status(503, { "retry-after": "1" }))
 * fault._tag // => "All"
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"

/**
 * Something that is wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault =
  | { readonly _tag: "Status"; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly _tag: "Delay"; readonly duration: Duration.Duration }
  | { readonly _tag: "ConnectionError"; readonly code: string }
  | { readonly _tag: "Redirect"; readonly location: string; readonly status: number }
  | { readonly _tag: "Body"; readonly content: string | Uint8Array; readonly contentType: string }
  | { readonly _tag: "TruncatedBody"; readonly broken: boolean }
  | { readonly _tag: "HugeBody"; readonly bytes: number; readonly announced: boolean }
  | { readonly _tag: "SlowBody"; readonly every: Duration.Duration }
  | { readonly _tag: "Document"; readonly change: (document: Schema.JsonObject) => Schema.JsonObject }
  | { readonly _tag: "Headers"; readonly headers: Readonly<Record<string, string>> }
  | { readonly _tag: "All"; readonly faults: ReadonlyArray<Fault> }

/**
 * Another status, with an empty body.
 *
 * @category faults
 * @since 0.1.0
 */
export const status = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  _tag: "Status",
  status,
  headers
})

/**
 * An answer that comes later, by the `Clock`: `TestClock` drives it.
 *
 * @category faults
 * @since 0.1.0
 */
export const delay = (duration: Duration.Input): Fault => ({
  _tag: "Delay",
  duration: Duration.fromInputUnsafe(duration)
})

/**
 * No answer: the connection fails with a code of Node's, such as `ECONNREFUSED`, `ECONNRESET` or `ENOTFOUND`.
 *
 * @category faults
 * @since 0.1.0
 */
export const connectionError = (code = "ECONNREFUSED"): Fault => ({ _tag: "ConnectionError", code })

/**
 * A redirect. A relative location leads to the provider itself.
 *
 * @category faults
 * @since 0.1.0
 */
export const redirect = (location: string, status = 302): Fault => ({ _tag: "Redirect", location, status })

/**
 * A redirect to the same URL, for ever.
 *
 * @category faults
 * @since 0.1.0
 */
export const redirectLoop: Fault = redirect("?again")

/**
 * The page of a single-page application, with 200.
 *
 * @category faults
 * @since 0.1.0
 */
export const html: Fault = { _tag: "Body", content: "<!doctype html><title>App</title>", contentType: "text/html" }

/**
 * Another body, with 200 unless `status` says otherwise before it.
 *
 * @category faults
 * @since 0.1.0
 */
export const body = (content: string | Uint8Array, contentType = "application/json"): Fault => ({
  _tag: "Body",
  content,
  contentType
})

/**
 * The first half of the body. The stream then ends, or breaks if `broken`.
 *
 * @category faults
 * @since 0.1.0
 */
export const truncatedBody = (options?: { readonly broken?: boolean | undefined }): Fault => ({
  _tag: "TruncatedBody",
  broken: options?.broken === true
})

/**
 * A body of so many bytes (`Infinity` never ends), made while it is read. Its length is announced unless told otherwise.
 *
 * @category faults
 * @since 0.1.0
 */
export const hugeBody = (bytes: number, options?: { readonly announced?: boolean | undefined }): Fault => ({
  _tag: "HugeBody",
  bytes,
  announced: options?.announced !== false && Number.isFinite(bytes)
})

/**
 * A body that comes one byte at a time, by the `Clock`.
 *
 * @category faults
 * @since 0.1.0
 */
export const slowBody = (every: Duration.Input = "1 second"): Fault => ({
  _tag: "SlowBody",
  every: Duration.fromInputUnsafe(every)
})

/**
 * Another document, made from the one that is served: metadata, the key set, or what is said about a token.
 *
 * **Example** (A provider that has lost its keys)
 *
 * ```ts import.meta.vitest
 * import * as Fault from "@effect-mcp-auth/test-utils/Fault"
 *
 * const empty = Fault.document((document) => ({ ...document, keys: [] }))
 * empty._tag // => "Document"
 * ```
 *
 * @category faults
 * @since 0.1.0
 */
export const document = (change: (document: Schema.JsonObject) => Schema.JsonObject): Fault => ({
  _tag: "Document",
  change
})

/**
 * The document of another issuer.
 *
 * @category faults
 * @since 0.1.0
 */
export const wrongIssuer = (issuer: string): Fault => document((document) => ({ ...document, issuer }))

/**
 * Members that are missing.
 *
 * @category faults
 * @since 0.1.0
 */
export const missing = (...members: ReadonlyArray<string>): Fault =>
  document((document) => Object.fromEntries(Object.entries(document).filter(([member]) => !members.includes(member))))

/**
 * Members that are `null`.
 *
 * @category faults
 * @since 0.1.0
 */
export const nulls = (...members: ReadonlyArray<string>): Fault =>
  document((document) => ({ ...document, ...Object.fromEntries(members.map((member) => [member, null])) }))

/**
 * Headers that are added or replaced, such as a wrong `content-type` or a `cache-control`.
 *
 * @category faults
 * @since 0.1.0
 */
export const headers = (headers: Readonly<Record<string, string>>): Fault => ({ _tag: "Headers", headers })

/**
 * Several faults of one request.
 *
 * @category faults
 * @since 0.1.0
 */
export const all = (...faults: ReadonlyArray<Fault>): Fault => ({ _tag: "All", faults })
