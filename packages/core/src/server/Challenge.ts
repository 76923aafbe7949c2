/**
 * What a client hears that is not let in (RFC 6750, section 3; RFC 9728, section 5.1).
 *
 * Clients act on the status and on the `WWW-Authenticate` header alone: 401 makes them log in, 403 with
 * `insufficient_scope` makes them ask for more, 503 makes them come again with the same token. Who sends no credentials
 * hears no error code, and nobody hears more than they need to unless `showErrorDetails` is on.
 *
 * **Example** (Asking to log in)
 *
 * ```ts import.meta.vitest
 * import * as Challenge from "@effect-mcp-auth/core/Challenge"
 * import { MissingCredentials } from "@effect-mcp-auth/core/TokenError"
 *
 * const answer = Challenge.answer(new MissingCredentials(), {
 *   resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource/mcp",
 *   scopes: ["notes:read"]
 * })
 *
 * answer.status // => 401
 * answer.headers["www-authenticate"] // => `Bearer scope="notes:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"`
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
 * What a challenge says about the resource.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Where the resource's metadata is (RFC 9728, section 5.1). */
  readonly resourceMetadata: string
  /** The scopes to ask for when logging in. */
  readonly scopes: ReadonlyArray<string>
  /** Say why a token is not valid. Default: `false`. */
  readonly showErrorDetails?: boolean | undefined
}

/**
 * Options for `response`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResponseOptions extends Options {
  /** Wrap the error in a JSON-RPC error. Default: `false`. */
  readonly jsonRpc?: boolean | undefined
}

/**
 * An answer, before it is sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly status: 400 | 401 | 403 | 413 | 429 | 503
  readonly headers: Readonly<Record<string, string>>
  /** `error` (RFC 6750, section 3.1; RFC 6749, section 4.1.2.1), where there is one. */
  readonly error: string | undefined
  readonly description: string
  /** Where to ask for a token, and for which scopes, if asking would help. */
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
 * The code of all errors of authorization, from the range that MCP leaves to servers. What it is about, the data says.
 *
 * @category constants
 * @since 0.1.0
 */
export const errorCode = refusalCode

/** A quoted-string (RFC 9110, section 5.6.4), of what may stand in one. */
const quotedString = (text: string): string =>
  `"${text.replaceAll(/[^\t\x20-\x7e]/g, "?").replaceAll(/[\\"]/g, "\\$&")}"`

const challenge = (parameters: Readonly<Record<string, string | undefined>>): string =>
  `Bearer ${
    Object.entries(parameters)
      .flatMap(([name, value]) => value === undefined || value === "" ? [] : [`${name}=${quotedString(value)}`])
      .join(", ")
  }`

interface Verdict {
  readonly status: Answer["status"]
  readonly error?: string
  readonly description: string
  /** The scopes that would do, where they are others than those of a login. */
  readonly scopes?: ReadonlyArray<string>
}

/** Every error has its row: one that is added without is a type error. */
const verdicts: {
  readonly [Tag in AuthError["_tag"]]: (error: Extract<AuthError, { readonly _tag: Tag }>) => Verdict
} = {
  // RFC 6750, section 3.1: who has not tried to authenticate is told no error.
  MissingCredentials: () => ({ status: 401, description: "This resource needs an access token" }),
  InvalidRequest: ({ message }) => ({ status: 400, error: "invalid_request", description: message }),
  InvalidToken: () => ({ status: 401, error: "invalid_token", description: "The access token is not valid" }),
  InsufficientScope: ({ required }) => ({
    status: 403,
    error: "insufficient_scope",
    description: "The access token lacks the required scopes",
    scopes: required
  }),
  // Nothing that the client could ask for would help, so it is not sent away to ask.
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

const verdictOf = (error: AuthError): Verdict =>
  // The table is total over the tags, but TypeScript cannot correlate an indexed function with its argument.
  (verdicts[error._tag] as (error: AuthError) => Verdict)(error)

/** Whether the client can only retry later. */
const isForLater = (error: AuthError): error is ServerUnavailable | TooManyFailures | VerificationUnavailable =>
  error._tag === "VerificationUnavailable" || error._tag === "TooManyFailures" || error._tag === "ServerUnavailable"

/** Whether asking the authorization server for a token would help. */
const isChallenge = (error: AuthError): boolean =>
  error._tag !== "AccessDenied" && error._tag !== "ContentTooLarge" && !isForLater(error)

/** The header that makes a client act: a challenge, or when to come again. Whom nothing helps gets none. */
const actOn = (
  error: AuthError,
  { description, ...verdict }: Verdict,
  asked: Answer["challenge"]
): Readonly<Record<string, string>> => {
  if (isForLater(error)) return { "retry-after": String(Duration.toSeconds(retryAfterOf(error))) }
  if (asked === undefined) return {}
  return {
    "www-authenticate": challenge({
      scope: asked.scopes.join(" "),
      error: verdict.error,
      error_description: verdict.error === undefined ? undefined : description,
      // Last: clients look for the first `scope=` and `error=`, and a URL may have these in its query.
      resource_metadata: asked.resourceMetadata
    })
  }
}

/**
 * The response to a request that is rejected, before it is encoded.
 *
 * @category constructors
 * @since 0.1.0
 */
export const answer: {
  (options: Options): (error: AuthError) => Answer
  (error: AuthError, options: Options): Answer
} = dual(2, (error: AuthError, options: Options): Answer => {
  const plain = verdictOf(error)
  const detailed = options.showErrorDetails === true && error._tag === "InvalidToken"
  const verdict = detailed ? { ...plain, description: error.description } : plain
  const challenge = isChallenge(error) ? { ...options, scopes: verdict.scopes ?? options.scopes } : undefined
  return {
    status: verdict.status,
    headers: { ...actOn(error, verdict, challenge), "cache-control": "no-store" },
    error: verdict.error,
    description: verdict.description,
    challenge
  }
})

const oauthBody = ({ description, error }: Answer): Schema.JsonObject => ({
  ...(error === undefined ? {} : { error }),
  error_description: description
})

/**
 * The error of a JSON-RPC response (JSON-RPC 2.0, section 5.1), which says what the challenge says: a client may meet it
 * where the status can no longer be chosen, in a stream or among the answers to a batch.
 *
 * @category answering
 * @since 0.1.0
 */
export const jsonRpcError = (answer: Answer): JsonRpcError => ({
  code: errorCode,
  message: answer.description,
  data: {
    ...oauthBody(answer),
    ...(answer.challenge === undefined
      ? {}
      : { scope: answer.challenge.scopes.join(" "), resource_metadata: answer.challenge.resourceMetadata })
  }
})

/** The request was not read, so its id is not known. */
const jsonRpcBody = (answer: Answer): Schema.JsonObject => ({
  jsonrpc: "2.0",
  id: null,
  error: { ...jsonRpcError(answer) }
})

/**
 * The HTTP response: the error of RFC 6749 as JSON, or wrapped in a JSON-RPC error for a client that speaks it.
 *
 * @category answering
 * @since 0.1.0
 */
export const response: {
  (options: ResponseOptions): (error: AuthError) => HttpServerResponse.HttpServerResponse
  (error: AuthError, options: ResponseOptions): HttpServerResponse.HttpServerResponse
} = dual(2, (error: AuthError, options: ResponseOptions): HttpServerResponse.HttpServerResponse => {
  const answered = answer(error, options)
  const { headers, status } = answered
  return HttpServerResponse.jsonUnsafe(options.jsonRpc === true ? jsonRpcBody(answered) : oauthBody(answered), {
    status,
    headers
  })
})

/** The delay for an error that names none, and the longest delay of all. */
const usual = Duration.seconds(5)
const longest = Duration.minutes(5)

/**
 * The delay after which the client should retry, in whole seconds (RFC 9110, section 10.2.3): until the provider is asked
 * again, or 5 seconds if that time is unknown. At most 5 minutes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const retryAfterOf = (
  { cause, retryAfter = Duration.zero }: ServerUnavailable | TooManyFailures | VerificationUnavailable
): Duration.Duration => {
  const wait = Duration.max(retryAfter, requestedDelay(cause))
  return Duration.isZero(wait)
    ? usual
    : Duration.min(longest, Duration.seconds(Math.ceil(Duration.toSeconds(wait))))
}
