import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { InvalidOptions, type Options } from "../McpAuthOptions.ts"

type TokenHeaders = Options["tokenHeaders"]

// RFC 9110, section 5.1. These headers have a meaning of their own.
const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const reserved =
  /^(?:(?:proxy-)?authorization|cookie|host|origin|accept|connection|content-.*|transfer-encoding|mcp-.*|user-agent)$/

/** The names as Effect spells them. */
export const namesOf = (headers: TokenHeaders = []): ReadonlyArray<string> => headers.map((name) => name.toLowerCase())

/** The first name that cannot be that of a token header. */
export const invalidTokenHeader = (headers: TokenHeaders): string | undefined =>
  namesOf(headers).find((name, index, names) =>
    !fieldName.test(name) || reserved.test(name) || names.indexOf(name) !== index
  )

/** Refuses a header that the HTTP server records in its spans as it is. The middleware cannot change these spans. */
export const checkNotRecorded = Effect.fnUntraced(function*(
  headers: TokenHeaders,
  resource: string
): Effect.fn.Return<void, InvalidOptions> {
  const isRecorded = yield* HttpMiddleware.TracerHeaderFilter
  const redacted = yield* Headers.CurrentRedactedNames
  const subject = namesOf(headers).find((name) =>
    isRecorded(name, "request") && !Headers.isRedactedName(name, redacted)
  )
  if (subject !== undefined) return yield* new InvalidOptions({ resource, reason: "recorded-token-header", subject })
})

/** The request without its token headers, for handlers. */
export const withoutTokenHeaders = (
  request: HttpServerRequest.HttpServerRequest,
  names: ReadonlyArray<string>
): HttpServerRequest.HttpServerRequest =>
  names.some((name) => request.headers[name] !== undefined)
    ? request.modify({ headers: Headers.removeMany(request.headers, names) })
    : request
