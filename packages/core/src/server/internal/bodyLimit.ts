import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import { ContentTooLarge } from "../../token/TokenError.ts"
import type { MaxBodySize } from "../McpAuthOptions.ts"

/** The maximum size of a request body, in the two forms in which it is used. */
export interface BodyLimit {
  readonly size: ByteSize.ByteSize
  readonly bytes: number
}

/** The limits of a resource. */
export interface BodyLimits {
  readonly authenticated: BodyLimit
  readonly anonymous: BodyLimit
}

const limitOf = (input: ByteSize.Input): Option.Option<BodyLimit> =>
  ByteSize.fromInput(input).pipe(
    Option.filter((size) => size > ByteSize.zero && size <= BigInt(Number.MAX_SAFE_INTEGER)),
    Option.map((size) => ({ size, bytes: Number(size) }))
  )

/** The limits of the options, if they are valid. */
export const bodyLimits = (
  { anonymous = ByteSize.kibibytes(256), authenticated = ByteSize.mebibytes(4) }: MaxBodySize = {}
): Option.Option<BodyLimits> => Option.all({ authenticated: limitOf(authenticated), anonymous: limitOf(anonymous) })

const lower = (limit: BodyLimit, size: ByteSize.ByteSize): BodyLimit =>
  size < limit.size ? { size, bytes: Number(size) } : limit

/** The limits of a request. The HTTP server can have a lower limit (`MaxBodySize`). */
export const limitsIn = <R>(context: Context.Context<R>, limits: BodyLimits): BodyLimits => {
  const size = Context.get(context, HttpIncomingMessage.MaxBodySize)
  return size === undefined ? limits : {
    authenticated: lower(limits.authenticated, size),
    anonymous: lower(limits.anonymous, size)
  }
}

type Request = HttpServerRequest.HttpServerRequest

/** The `Content-Length` of a request (RFC 9110, section 8.6), if it is a number. */
const declaredLength = ({ headers }: Request): number | undefined => {
  const length = headers["content-length"] ?? ""
  return /^\d+$/.test(length) ? Number(length) : undefined
}

/** The error for a body whose declared length is too large. Nothing is read. */
export const declaredTooLarge = (request: Request, { bytes }: BodyLimit): ContentTooLarge | undefined =>
  (declaredLength(request) ?? 0) > bytes ? new ContentTooLarge({ limit: bytes }) : undefined

/**
 * Reads a body up to its limit. The request keeps the text, so the MCP server can read it again. Without this check, the
 * server would report invalid JSON for a body that is too large. A body that is longer than its declared length is too large
 * as well. The server reports all other faults of a body.
 */
export const readWhole = (
  request: Request,
  { bytes, size }: BodyLimit
): Effect.Effect<string | undefined, ContentTooLarge> => {
  // An error takes a stack trace, so it is made only if it is needed.
  const tooLarge = () => Effect.fail(new ContentTooLarge({ limit: bytes }))
  return Effect.matchEffect(request.text, {
    onFailure: ({ reason }) => {
      if (reason._tag !== "RequestParseError") return Effect.undefined
      if (reason.reason === "BodyTooLarge") return tooLarge()
      // Platforms do not distinguish a wrong length from a closed connection. No response is possible to the latter.
      const declared = declaredLength(request)
      return declared === undefined ? Effect.undefined : Effect.fail(new ContentTooLarge({ limit: declared }))
    },
    // Some platforms ignore `MaxBodySize`. A text never has more characters than bytes.
    onSuccess: (text) => text.length > bytes ? tooLarge() : Effect.succeed(text)
  }).pipe(Effect.provideService(HttpIncomingMessage.MaxBodySize, size))
}
