/**
 * Reasons to reject a request.
 *
 * Each class is a response that clients must tell apart: log in, correct the request, get another token, request more
 * scopes, or retry later. `Challenge` converts each to a response according to RFC 6750.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { DiscoveryFailed, IncompleteMetadata } from "../discovery/DiscoveryError.ts"
import { MetadataFetchError } from "../fetch/MetadataFetchError.ts"
import { quoted } from "../metadata/internal/printable.ts"

/**
 * The request has no bearer token. The challenge has no error code (RFC 6750, section 3.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class MissingCredentials extends Schema.TaggedError<MissingCredentials>()("MissingCredentials", {}) {
  override get message(): string {
    return "The request has no bearer token in its Authorization header"
  }
}

/** No quotation marks: these texts go into headers, where RFC 6750, section 3 forbids them. */
const invalidRequestReasons = {
  "several-headers": "it has more than one Authorization header",
  "token-in-query": "it has a token in its URL; send it in the Authorization header only",
  "malformed": "its Authorization header is not the word Bearer, a space and a token",
  "too-long": "its token is longer than 16 KiB",
  "several-tokens": "it has tokens in more than one header; send one token",
  "malformed-token-header": "its token header does not hold one token and nothing else"
} as const

/**
 * The request presents a token in a forbidden way. It is rejected for any token (RFC 6750, sections 2 and 3.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  reason: Schema.Literals(Struct.keys(invalidRequestReasons))
}) {
  override get message(): string {
    return `The request is refused: ${invalidRequestReasons[this.reason]}`
  }
}

/** Fixed texts without values of the sender, because they go into headers. */
const invalidTokenReasons = {
  "malformed": "the access token is malformed",
  "encrypted": "the token is encrypted: the client requested no audience, or the provider encrypts access tokens",
  "unsupported-algorithm": "the access token is signed with an algorithm that is not accepted",
  "unknown-issuer": "the access token was issued by a server that is not trusted here",
  "unknown-key": "the access token is signed with a key that its issuer does not publish",
  "unusable-key": "the access token is signed with a key of its issuer that cannot be used",
  "bad-signature": "the signature of the access token is not valid",
  "expired": "the access token has expired",
  "not-yet-valid": "the access token is not valid yet",
  "issued-in-future": "the access token was issued in the future",
  "wrong-audience": "the access token was issued for another resource",
  "not-an-access-token": "the token is not an access token",
  "sender-constrained": "the access token is bound to a key and must not be sent as a plain bearer token",
  "missing-claim": "the access token lacks a required claim",
  "invalid-claim": "the access token has a claim that cannot be read",
  "inactive": "the access token is not active",
  "rejected": "the access token was rejected",
  "unknown-api-key": "the API key is not known"
} as const

/**
 * Why a token is not valid.
 *
 * @category models
 * @since 0.1.0
 */
export type InvalidTokenReason = keyof typeof invalidTokenReasons

const invalidTokenReasonNames: ReadonlyArray<InvalidTokenReason> = Struct.keys(invalidTokenReasons)

/**
 * The token is not valid. The client must get another one (RFC 6750, section 3.1: `invalid_token`).
 *
 * **Details**
 *
 * `expected` and `actual` are for logs and operators. They may contain claims, but never the token or a part of it.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidToken extends Schema.TaggedError<InvalidToken>()("InvalidToken", {
  reason: Schema.Literals(invalidTokenReasonNames),
  /** The claim or header parameter that is wrong. */
  claim: Schema.optionalKey(Schema.String),
  expected: Schema.optionalKey(Schema.String),
  actual: Schema.optionalKey(Schema.String),
  /** The ID of the API key. Absent for other tokens, and for unknown keys. */
  apiKey: Schema.optionalKey(Schema.String)
}) {
  /** What is wrong, as a fixed text that may go into a header. */
  get description(): string {
    return invalidTokenReasons[this.reason]
  }

  override get message(): string {
    const claim = this.claim === undefined ? "" : ` (${this.claim})`
    const expected = this.expected === undefined ? "" : `, expected ${this.expected}`
    // Quoted, because the sender chose the value and must not forge log lines.
    const actual = this.actual === undefined ? "" : `, got ${quoted(this.actual)}`
    const apiKey = this.apiKey === undefined ? "" : `, API key ${quoted(this.apiKey)}`
    return `${this.description}${claim}${expected}${actual}${apiKey}`
  }
}

/**
 * The token is valid but lacks scopes (RFC 6750, section 3.1: `insufficient_scope`).
 *
 * @category errors
 * @since 0.1.0
 */
export class InsufficientScope extends Schema.TaggedError<InsufficientScope>()("InsufficientScope", {
  /** Every scope that the operation needs, including granted ones. */
  required: Schema.Array(Schema.String),
  granted: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const missing = this.required.filter((scope) => !this.granted.includes(scope))
    return `The access token lacks the scope ${missing.map(quoted).join(", ")}`
  }
}

/**
 * The token is valid, but the caller may not do this, and no scope would change that. The client is not told the reason.
 *
 * @category errors
 * @since 0.1.0
 */
export class AccessDenied extends Schema.TaggedError<AccessDenied>()("AccessDenied", {
  /** The policy that refused, as text for logs. */
  policy: Schema.String
}) {
  override get message(): string {
    return `The caller may not do this: the policy ${this.policy} is not satisfied`
  }
}

/** What happened, and what to change. */
const queueReasons = {
  "full": "the queue of introspection requests is full",
  "timeout": "the introspection request waited too long to be sent"
} as const

/**
 * The introspection request was not sent, because too many tokens had to be introspected at once. The token may be valid,
 * and the authorization server may be available.
 *
 * @category errors
 * @since 0.1.0
 */
export class IntrospectionQueueFull extends Schema.TaggedError<IntrospectionQueueFull>()("IntrospectionQueueFull", {
  /** `full`: the queue had no free place. `timeout`: the request waited longer than `queueTimeout`. */
  reason: Schema.Literals(Struct.keys(queueReasons))
}) {
  override get message(): string {
    return `${queueReasons[this.reason]}; limit clients with \`failureLimit\`, or raise \`concurrency\` if the ` +
      "authorization server has the capacity"
  }
}

const isLibraryError = (cause: unknown): cause is Error =>
  cause instanceof IntrospectionQueueFull || cause instanceof MetadataFetchError || cause instanceof DiscoveryFailed ||
  cause instanceof IncompleteMetadata ||
  cause instanceof InvalidToken

/**
 * The token cannot be verified now: the provider is unavailable, the introspection queue is full, or the token names a key
 * that may have been published since the last fetch. The token may be valid, and the client must not discard it.
 *
 * @category errors
 * @since 0.1.0
 */
export class VerificationUnavailable extends Schema.TaggedError<VerificationUnavailable>()("VerificationUnavailable", {
  /** The issuer identifier of the authorization server. */
  issuer: Schema.optionalKey(Schema.String),
  /** How long the client should wait: `Retry-After` (RFC 9110, section 10.2.3), which is in whole seconds. */
  retryAfter: Schema.optionalKey(Schema.Duration),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    const issuer = this.issuer === undefined ? "" : ` of ${quoted(this.issuer)}`
    // Only messages of this library: errors of other code may quote the token.
    const cause = isLibraryError(this.cause) ? `: ${this.cause.message}` : ""
    return `The token${issuer} cannot be verified now${cause}`
  }
}

/**
 * Too many tokens from this address were not valid. For a while, further tokens are refused without verification (RFC 6585,
 * section 4).
 *
 * @category errors
 * @since 0.1.0
 */
export class TooManyFailures extends Schema.TaggedError<TooManyFailures>()("TooManyFailures", {
  /** How long tokens from this address are refused: `Retry-After` (RFC 9110, section 10.2.3), in whole seconds. */
  retryAfter: Schema.Duration
}) {
  override get message(): string {
    return `Too many access tokens from this address were not valid; tokens from it are refused for ${
      Math.ceil(Duration.toSeconds(this.retryAfter))
    } s`
  }
}

/** Fixed texts, because they go into headers. */
const serverUnavailableReasons = {
  "starting": "The server is starting and does not accept requests yet",
  "closed": "The server has shut down and does not accept requests",
  "too-many-sessions": "The server has too many sessions; retry later"
} as const

/**
 * The server cannot serve the request now (RFC 9110, section 15.6.4): its guards are not in force yet or no longer, so the
 * token was not checked, or there is no room for another session.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerUnavailable extends Schema.TaggedError<ServerUnavailable>()("ServerUnavailable", {
  reason: Schema.Literals(Struct.keys(serverUnavailableReasons)),
  /** How long the client should wait: `Retry-After` (RFC 9110, section 10.2.3), which is in whole seconds. */
  retryAfter: Schema.optionalKey(Schema.Duration)
}) {
  override get message(): string {
    return serverUnavailableReasons[this.reason]
  }
}

/**
 * The request body is larger than the limit for this caller (RFC 9110, section 15.5.14).
 *
 * @category errors
 * @since 0.1.0
 */
export class ContentTooLarge extends Schema.TaggedError<ContentTooLarge>()("ContentTooLarge", {
  /** The largest accepted body, in bytes. */
  limit: Schema.Finite
}) {
  override get message(): string {
    return `The request body is larger than ${this.limit} bytes`
  }
}

/**
 * Errors of token verification.
 *
 * @category errors
 * @since 0.1.0
 */
export type TokenError = InvalidToken | InsufficientScope | VerificationUnavailable

/**
 * All errors that reject a request.
 *
 * @category errors
 * @since 0.1.0
 */
export type AuthError =
  | MissingCredentials
  | InvalidRequest
  | TokenError
  | TooManyFailures
  | ServerUnavailable
  | ContentTooLarge
  | AccessDenied
