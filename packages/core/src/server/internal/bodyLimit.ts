import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import { ContentTooLarge } from "../../token/TokenError.ts"
import type { MaxBodySize } from "../McpAuthOptions.ts"

/** The largest request body of a caller, in the form in which each reader wants it. */
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

/** The limits that the options say, if they are sizes. */
export const bodyLimits = (
  { anonymous = ByteSize.kibibytes(256), authenticated = ByteSize.mebibytes(4) }: MaxBodySize = {}
): Option.Option<BodyLimits> => Option.all({ authenticated: limitOf(authenticated), anonymous: limitOf(anonymous) })

const lower = (limit: BodyLimit, size: ByteSize.ByteSize): BodyLimit =>
  size < limit.size ? { size, bytes: Number(size) } : limit

/** The limits of a request. The HTTP server may have a lower one for everything (`MaxBodySize`). */
export const limitsIn = <R>(context: Context.Context<R>, limits: BodyLimits): BodyLimits => {
  const size = Context.get(context, HttpIncomingMessage.MaxBodySize)
  return size === undefined ? limits : {
    authenticated: lower(limits.authenticated, size),
    anonymous: lower(limits.anonymous, size)
  }
}

type Request = HttpServerRequest.HttpServerRequest

/** The length that a request declares (RFC 9110, section 8.6). One that is not a number of bytes declares none. */
const declaredLength = ({ headers }: Request): number | undefined => {
  const length = headers["content-length"]
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

/** Refuses a body before anything of it is read, if the client says that it is too large. */
export const declaredTooLarge = (request: Request, { bytes }: BodyLimit): ContentTooLarge | undefined =>
  (declaredLength(request) ?? 0) > bytes ? new ContentTooLarge({ limit: bytes }) : undefined

/**
 * Reads a body under its limit, in the way in which the MCP server reads it again from the memory of the request. The server
 * itself would answer that a body that is too large is no JSON. A body that is longer than it declares is too large as well.
 * Whatever else is wrong with the body, the server answers.
 */
export const readWhole = (
  request: Request,
  { bytes, size }: BodyLimit
): Effect.Effect<string | undefined, ContentTooLarge> => {
  const tooLarge = new ContentTooLarge({ limit: bytes })
  return Effect.matchEffect(request.text, {
    onFailure: ({ reason }) => {
      if (reason._tag !== "RequestParseError") return Effect.undefined
      if (reason.reason === "BodyTooLarge") return Effect.fail(tooLarge)
      // Platforms do not tell an untrue length from a connection that ended. Neither is a request that can be answered.
      const declared = declaredLength(request)
      return declared === undefined ? Effect.undefined : Effect.fail(new ContentTooLarge({ limit: declared }))
    },
    // A platform may not know `MaxBodySize`. No text has more characters than bytes.
    onSuccess: (text) => text.length > bytes ? Effect.fail(tooLarge) : Effect.succeed(text)
  }).pipe(Effect.provideService(HttpIncomingMessage.MaxBodySize, size))
}
