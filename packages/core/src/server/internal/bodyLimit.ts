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

/** Refuses a body before anything of it is read, if the client says that it is too large. */
export const declaredTooLarge = ({ headers }: Request, { bytes }: BodyLimit): ContentTooLarge | undefined =>
  Number(headers["content-length"] ?? 0) > bytes ? new ContentTooLarge({ limit: bytes }) : undefined

/** Whether the length of a body is only known when it has been read. A compressed body becomes longer then. */
export const isUndeclared = ({ headers, method }: Request): boolean =>
  method === "POST" && (headers["content-length"] === undefined || headers["content-encoding"] !== undefined)

/**
 * Reads a body under its limit, in the way in which the MCP server reads it again from the memory of the request. The server
 * itself would answer that a body that is too large is no JSON. Whatever else is wrong with the body, it answers.
 */
export const readWhole = (
  request: Request,
  { bytes, size }: BodyLimit
): Effect.Effect<string | undefined, ContentTooLarge> => {
  const tooLarge = new ContentTooLarge({ limit: bytes })
  return Effect.matchEffect(request.text, {
    onFailure: ({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
        ? Effect.fail(tooLarge)
        : Effect.undefined,
    // A platform may not know `MaxBodySize`. No text has more characters than bytes.
    onSuccess: (text) => text.length > bytes ? Effect.fail(tooLarge) : Effect.succeed(text)
  }).pipe(Effect.provideService(HttpIncomingMessage.MaxBodySize, size))
}
