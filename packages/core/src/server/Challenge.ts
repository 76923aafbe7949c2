/**
 * Responses to requests that are refused (RFC 6750, section 3; RFC 9728, section 5.1).
 *
 * Clients act on the status and on the headers only. After a 401 they log in. After a 403 with `insufficient_scope` they
 * request more scopes. After a 429 or 503 they retry with the same token. A request without credentials gets no error code.
 * Details of an error are sent only if `showErrorDetails` is on.
 *
 * **Example** (A request to log in)
 *
 * ```ts import.meta.vitest
 * import * as Challenge from "@effect-mcp-auth/core/Challenge"
 * import { MissingCredentials } from "@effect-mcp-auth/core/TokenError"
 *
 * const rejection = Challenge.rejection(new MissingCredentials(), {
 *   resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource/mcp",
 *   scopes: ["notes:read"]
 * })
 *
 * rejection.status // => 401
 * rejection.headers["www-authenticate"] // => `Bearer scope="notes:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"`
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Schema from "effect/Schema"
import { requestedDelay } from "../fetch/internal/retry.ts"
import { refusalCode } from "../policy/internal/access.ts"
import type { AuthError, ServerUnavailable, TooManyFailures, VerificationUnavailable } from "../token/TokenError.ts"

/**
 * The resource as a challenge describes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The URL of the resource's metadata (RFC 9728, section 5.1). Absent if the metadata names no authorization server. */
  readonly resourceMetadata?: string | undefined
  /** The headers that may hold an API key, if only API keys are accepted. */
  readonly apiKeyHeaders?: ReadonlyArray<string> | undefined
  /** The scopes that clients request when they log in. */
  readonly scopes: ReadonlyArray<string>
  /** Tell clients why a token is invalid. Default: `false`. */
  readonly showErrorDetails?: boolean | undefined
}

/**
 * Options for `response`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResponseOptions extends Options {
  /** Send a JSON-RPC error. Default: `false`. */
  readonly jsonRpc?: boolean | undefined
}

/**
 * The response to a request that is refused, before it is encoded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rejection {
  readonly status: 400 | 401 | 403 | 413 | 429 | 503
  readonly headers: Readonly<Record<string, string>>
  /** The error code (RFC 6750, section 3.1; RFC 6749, section 4.1.2.1), if there is one. */
  readonly error: string | undefined
  readonly description: string
  /** The metadata and the scopes for a new login, if that would help. */
  readonly challenge: Pick<Options, "resourceMetadata" | "scopes"> | undefined
}

/**
 * The error of a JSON-RPC response.
 *
 * @category models
 * @since 0.1.0
 */
export interface JsonRpcError {
  readonly code: number
  readonly message: string
  readonly data: Schema.JsonObject
}

/**
 * The JSON-RPC code of all authorization errors, from the range that MCP leaves to servers. The data has the details.
 *
 * @category constants
 * @since 0.1.0
 */
export const errorCode = refusalCode

/** A quoted-string (RFC 9110, section 5.6.4). Characters that it must not contain become question marks. */
const quotedString = (text: string): string =>
  `"${text.replaceAll(/[^\t\x20-\x7e]/g, "?").replaceAll(/[\\"]/g, "\\$&")}"`

const challenge = (parameters: Readonly<Record<string, string | undefined>>): string =>
  `Bearer ${
    Object.entries(parameters)
      .flatMap(([name, value]) => value === undefined || value === "" ? [] : [`${name}=${quotedString(value)}`])
      .join(", ")
  }`

interface ErrorRow {
  readonly status: Rejection["status"]
  readonly error?: string
  readonly description: string
  /** The scopes to request, if they differ from those of a login. */
  readonly scopes?: ReadonlyArray<string>
}

/** The response to each error. An error without a row is a type error. */
const rows: {
  readonly [Tag in AuthError["_tag"]]: (error: Extract<AuthError, { readonly _tag: Tag }>) => ErrorRow
} = {
  // RFC 6750, section 3.1: no error code for a request without credentials.
  MissingCredentials: () => ({ status: 401, description: "This resource needs an access token" }),
  InvalidRequest: ({ message }) => ({ status: 400, error: "invalid_request", description: message }),
  InvalidToken: () => ({ status: 401, error: "invalid_token", description: "The access token is not valid" }),
  InsufficientScope: ({ required }) => ({
    status: 403,
    error: "insufficient_scope",
    description: "The access token lacks the required scopes",
    scopes: required
  }),
  // No other token or scope would help, so there is no challenge.
  AccessDenied: () => ({ status: 403, error: "access_denied", description: "The caller may not do this" }),
  // RFC 6585, section 4.
  TooManyFailures: () => ({
    status: 429,
    error: "temporarily_unavailable",
    description: "Too many access tokens were not valid; retry later"
  }),
  VerificationUnavailable: () => ({
    status: 503,
    error: "temporarily_unavailable",
    description: "The access token cannot be verified now"
  }),
  ContentTooLarge: ({ message }) => ({ status: 413, error: "invalid_request", description: message }),
  ServerUnavailable: ({ message }) => ({ status: 503, error: "temporarily_unavailable", description: message })
}

const rowOf = (error: AuthError): ErrorRow =>
  // The table is total over the tags, but TypeScript cannot correlate an indexed function with its argument.
  (rows[error._tag] as (error: AuthError) => ErrorRow)(error)

/** No login helps if only API keys are accepted, so the client is told where to send one. */
const forApiKeys = (row: ErrorRow, { _tag }: AuthError, headers: ReadonlyArray<string>): ErrorRow => ({
  ...row,
  description: _tag === "MissingCredentials"
    ? `This resource needs an API key: send it in the header ${headers.join(" or ")}`
    : row.description.replace("access token", "API key")
})

/** Whether the client should retry later. */
const isRetryable = (error: AuthError): error is ServerUnavailable | TooManyFailures | VerificationUnavailable =>
  error._tag === "VerificationUnavailable" || error._tag === "TooManyFailures" || error._tag === "ServerUnavailable"

/** Whether another access token would help. */
const isChallenge = (error: AuthError): boolean =>
  error._tag !== "AccessDenied" && error._tag !== "ContentTooLarge" && !isRetryable(error)

/** The header that tells the client what to do: a challenge, or the delay before a retry. None if neither helps. */
const headersFor = (
  error: AuthError,
  row: ErrorRow,
  login: Rejection["challenge"],
  isLogin: boolean
): Readonly<Record<string, string>> => {
  if (isRetryable(error)) return { "retry-after": String(Duration.toSeconds(retryAfterOf(error))) }
  if (login === undefined) return {}
  return {
    "www-authenticate": challenge({
      scope: login.scopes.join(" "),
      error: row.error,
      error_description: row.error === undefined && isLogin ? undefined : row.description,
      // Last: clients look for the first `scope=` and `error=`, and a URL may have these in its query.
      resource_metadata: login.resourceMetadata
    })
  }
}

/**
 * Describes the response to a request that is refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rejection: {
  (options: Options): (error: AuthError) => Rejection
  (error: AuthError, options: Options): Rejection
} = dual(2, (error: AuthError, options: Options): Rejection => {
  const row = rowOf(error)
  const { apiKeyHeaders } = options
  const detailed = options.showErrorDetails === true && error._tag === "InvalidToken"
  const described = detailed ? { ...row, description: error.description } : row
  const shown = apiKeyHeaders === undefined ? described : forApiKeys(described, error, apiKeyHeaders)
  const challenge = isChallenge(error) ? { ...options, scopes: shown.scopes ?? options.scopes } : undefined
  return {
    status: shown.status,
    headers: { ...headersFor(error, shown, challenge, apiKeyHeaders === undefined), "cache-control": "no-store" },
    error: shown.error,
    description: shown.description,
    challenge
  }
})

const oauthBody = ({ description, error }: Rejection): Schema.JsonObject => ({
  ...(error === undefined ? {} : { error }),
  error_description: description
})

/**
 * The error of a JSON-RPC response (JSON-RPC 2.0, section 5.1). Its data repeats the challenge, because in a stream or a
 * batch the status and the headers cannot be changed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const jsonRpcError = (rejected: Rejection): JsonRpcError => {
  const resourceMetadata = rejected.challenge?.resourceMetadata
  return {
    code: errorCode,
    message: rejected.description,
    data: {
      ...oauthBody(rejected),
      ...(rejected.challenge === undefined
        ? {}
        : {
          scope: rejected.challenge.scopes.join(" "),
          ...(resourceMetadata === undefined ? {} : { resource_metadata: resourceMetadata })
        })
    }
  }
}

/** The ID is `null`, because the request was not read. */
const jsonRpcBody = (rejected: Rejection): Schema.JsonObject => ({
  jsonrpc: "2.0",
  id: null,
  error: { ...jsonRpcError(rejected) }
})

/**
 * The HTTP response to a request that is refused: the error as JSON (RFC 6749, section 5.2), or in a JSON-RPC error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const response: {
  (options: ResponseOptions): (error: AuthError) => HttpServerResponse.HttpServerResponse
  (error: AuthError, options: ResponseOptions): HttpServerResponse.HttpServerResponse
} = dual(2, (error: AuthError, options: ResponseOptions): HttpServerResponse.HttpServerResponse => {
  const rejected = rejection(error, options)
  const { headers, status } = rejected
  return HttpServerResponse.jsonUnsafe(options.jsonRpc === true ? jsonRpcBody(rejected) : oauthBody(rejected), {
    status,
    headers
  })
})

/** The delay for an error that names none, and the longest delay of all errors. */
const defaultDelay = Duration.seconds(5)
const maxDelay = Duration.minutes(5)

/**
 * The delay after which the client should retry, in whole seconds (RFC 9110, section 10.2.3): that of the error, such as the
 * time until the provider is asked again, or 5 seconds if it names none. At most 5 minutes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const retryAfterOf = (
  { cause, retryAfter = Duration.zero }: ServerUnavailable | TooManyFailures | VerificationUnavailable
): Duration.Duration => {
  const wait = Duration.max(retryAfter, requestedDelay(cause))
  return Duration.isZero(wait)
    ? defaultDelay
    : Duration.min(maxDelay, Duration.seconds(Math.ceil(Duration.toSeconds(wait))))
}
