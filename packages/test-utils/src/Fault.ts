/**
 * Faults of an authorization server, as data.
 *
 * A `TestProvider` applies a fault to an endpoint, for a number of requests. Several faults combine: a delay and a
 * status make a slow error.
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
 * A fault.
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
 * Responds with another status and an empty body.
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
 * Delays the response, by the `Clock`. `TestClock` controls it.
 *
 * @category faults
 * @since 0.1.0
 */
export const delay = (duration: Duration.Input): Fault => ({
  _tag: "Delay",
  duration: Duration.fromInputUnsafe(duration)
})

/**
 * Fails the connection with a Node error code, such as `ECONNREFUSED`, `ECONNRESET` or `ENOTFOUND`.
 *
 * @category faults
 * @since 0.1.0
 */
export const connectionError = (code = "ECONNREFUSED"): Fault => ({ _tag: "ConnectionError", code })

/**
 * Redirects. A relative location is resolved against the provider.
 *
 * @category faults
 * @since 0.1.0
 */
export const redirect = (location: string, status = 302): Fault => ({ _tag: "Redirect", location, status })

/**
 * Redirects to the same URL, without end.
 *
 * @category faults
 * @since 0.1.0
 */
export const redirectLoop: Fault = redirect("?again")

/**
 * Responds with status 200 and the HTML page of a single-page application.
 *
 * @category faults
 * @since 0.1.0
 */
export const html: Fault = { _tag: "Body", content: "<!doctype html><title>App</title>", contentType: "text/html" }

/**
 * Responds with another body, with status 200 unless an earlier `status` fault sets it.
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
 * Sends the first half of the body. The stream then ends, or fails if `broken` is set.
 *
 * @category faults
 * @since 0.1.0
 */
export const truncatedBody = (options?: { readonly broken?: boolean | undefined }): Fault => ({
  _tag: "TruncatedBody",
  broken: options?.broken === true
})

/**
 * Responds with a body of this many bytes (`Infinity` never ends), generated while it is read. `Content-Length` is sent
 * unless disabled.
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
 * Sends the body one byte at a time, by the `Clock`.
 *
 * @category faults
 * @since 0.1.0
 */
export const slowBody = (every: Duration.Input = "1 second"): Fault => ({
  _tag: "SlowBody",
  every: Duration.fromInputUnsafe(every)
})

/**
 * Changes the served document: metadata, the key set, or an introspection response.
 *
 * **Example** (A provider with an empty key set)
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
 * Changes the issuer of the document.
 *
 * @category faults
 * @since 0.1.0
 */
export const wrongIssuer = (issuer: string): Fault => document((document) => ({ ...document, issuer }))

/**
 * Removes members.
 *
 * @category faults
 * @since 0.1.0
 */
export const missing = (...members: ReadonlyArray<string>): Fault =>
  document((document) => Object.fromEntries(Object.entries(document).filter(([member]) => !members.includes(member))))

/**
 * Sets members to `null`.
 *
 * @category faults
 * @since 0.1.0
 */
export const nulls = (...members: ReadonlyArray<string>): Fault =>
  document((document) => ({ ...document, ...Object.fromEntries(members.map((member) => [member, null])) }))

/**
 * Adds or replaces headers, such as a wrong `content-type` or a `cache-control`.
 *
 * @category faults
 * @since 0.1.0
 */
export const headers = (headers: Readonly<Record<string, string>>): Fault => ({ _tag: "Headers", headers })

/**
 * Combines several faults.
 *
 * @category faults
 * @since 0.1.0
 */
export const all = (...faults: ReadonlyArray<Fault>): Fault => ({ _tag: "All", faults })
