/**
 * Why a request is not let in.
 *
 * One class for each answer that a client must tell apart: who sends nothing must log in, who sends nonsense must mend
 * the request, who sends a bad token must get another, who may do too little must ask for more, and who meets an outage
 * must come again. `Challenge` turns each into the answer of RFC 6750.
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
 * The request has no bearer token at all. Its challenge carries no error code (RFC 6750, section 3.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class MissingCredentials extends Schema.TaggedError<MissingCredentials>()("MissingCredentials", {}) {
  override get message(): string {
    return "The request has no bearer token in its Authorization header"
  }
}

/** In words without quotes: they go into headers, where none may stand (RFC 6750, section 3). */
const invalidRequestReasons = {
  "several-headers": "it has more than one Authorization header",
  "token-in-query": "it has a token in its URL; send it in the Authorization header only",
  "malformed": "its Authorization header is not the word Bearer and a token",
  "too-long": "its token is longer than 16 KiB"
} as const

/**
 * The request presents a token in a way that is refused whatever the token is (RFC 6750, section 2 and 3.1).
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

/** What is wrong with a token, in words that are fixed: they go into headers. */
const invalidTokenReasons = {
  "malformed": "the access token is malformed",
  "encrypted": "the token is encrypted: the client asked for no audience, or the provider encrypts access tokens",
  "unsupported-algorithm": "the access token is signed with an algorithm that is not accepted",
  "unknown-issuer": "the access token was issued by a server that is not trusted here",
  "unknown-key": "the access token is signed with a key that its issuer does not publish",
  "bad-signature": "the signature of the access token is not valid",
  "expired": "the access token has expired",
  "not-yet-valid": "the access token is not valid yet",
  "issued-in-future": "the access token was issued in the future",
  "wrong-audience": "the access token was issued for another resource",
  "not-an-access-token": "the token is not an access token",
  "sender-constrained": "the access token is bound to a key and must not be sent as a plain bearer token",
  "missing-claim": "the access token lacks a claim that is required",
  "invalid-claim": "the access token has a claim that cannot be read",
  "inactive": "the access token is not active",
  "rejected": "the access token was rejected"
} as const

/**
 * Why a token is not valid: a closed set.
 *
 * @category models
 * @since 0.1.0
 */
export type InvalidTokenReason = keyof typeof invalidTokenReasons

const invalidTokenReasonNames: ReadonlyArray<InvalidTokenReason> = Struct.keys(invalidTokenReasons)

/**
 * The token is not valid here. The client must get another (RFC 6750, section 3.1: `invalid_token`).
 *
 * **Details**
 *
 * `expected` and `actual` are for logs and for people, and hold claims at the most: never the token, never a part of it.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidToken extends Schema.TaggedError<InvalidToken>()("InvalidToken", {
  reason: Schema.Literals(invalidTokenReasonNames),
  /** The claim or header parameter in question. */
  claim: Schema.optionalKey(Schema.String),
  expected: Schema.optionalKey(Schema.String),
  actual: Schema.optionalKey(Schema.String)
}) {
  /** What is wrong, in fixed words that may go into a header. */
  get description(): string {
    return invalidTokenReasons[this.reason]
  }

  override get message(): string {
    const claim = this.claim === undefined ? "" : ` (${this.claim})`
    const expected = this.expected === undefined ? "" : `, expected ${this.expected}`
    // Quoted: the value is the sender's, and must not forge log lines.
    const actual = this.actual === undefined ? "" : `, got ${quoted(this.actual)}`
    return `${this.description}${claim}${expected}${actual}`
  }
}

/**
 * The token is valid, but may do too little (RFC 6750, section 3.1: `insufficient_scope`).
 *
 * @category errors
 * @since 0.1.0
 */
export class InsufficientScope extends Schema.TaggedError<InsufficientScope>()("InsufficientScope", {
  /** Every scope that the operation needs, the granted ones included. */
  required: Schema.Array(Schema.String),
  granted: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const missing = this.required.filter((scope) => !this.granted.includes(scope))
    return `The access token lacks the scope ${missing.map(quoted).join(", ")}`
  }
}

/**
 * The token is valid, but whoever it speaks for may not do this, and no scope would change that. The client hears no
 * reason.
 *
 * @category errors
 * @since 0.1.0
 */
export class AccessDenied extends Schema.TaggedError<AccessDenied>()("AccessDenied", {
  /** The policy that refused, as it prints itself. For logs. */
  policy: Schema.String
}) {
  override get message(): string {
    return `The caller may not do this: ${this.policy} is not satisfied`
  }
}

/** Why a request was turned away, and what to change. */
const queueReasons = {
  "full": "the queue of introspection requests is full",
  "timeout": "the introspection request waited too long to be sent"
} as const

/**
 * The introspection request was not sent, because too many tokens had to be introspected at once. This says nothing about
 * the authorization server, and nothing about the token.
 *
 * @category errors
 * @since 0.1.0
 */
export class IntrospectionQueueFull extends Schema.TaggedError<IntrospectionQueueFull>()("IntrospectionQueueFull", {
  /** `full`: there was no place in the queue. `timeout`: it was not the turn of the request within `queueTimeout`. */
  reason: Schema.Literals(Struct.keys(queueReasons))
}) {
  override get message(): string {
    return `${
      queueReasons[this.reason]
    }; limit clients with \`failureLimit\`, or raise \`concurrency\` of the introspection ` +
      "if the authorization server can bear it"
  }
}

const isLibraryError = (cause: unknown): cause is Error =>
  cause instanceof IntrospectionQueueFull || cause instanceof MetadataFetchError || cause instanceof DiscoveryFailed ||
  cause instanceof IncompleteMetadata ||
  cause instanceof InvalidToken

/**
 * Whether the token is valid cannot be found out now: the provider cannot be asked. This says nothing about the token,
 * and the client must not throw it away.
 *
 * @category errors
 * @since 0.1.0
 */
export class VerificationUnavailable extends Schema.TaggedError<VerificationUnavailable>()("VerificationUnavailable", {
  /** The authorization server that should have been asked. */
  issuer: Schema.optionalKey(Schema.String),
  /** How long the client should wait: `Retry-After` (RFC 9110, section 10.2.3), which is in whole seconds. */
  retryAfter: Schema.optionalKey(Schema.Duration),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    const issuer = this.issuer === undefined ? "" : ` of ${quoted(this.issuer)}`
    // Only this library's own words: what a stranger's code fails with may quote the token.
    const cause = isLibraryError(this.cause) ? `: ${this.cause.message}` : ""
    return `The token${issuer} cannot be verified now${cause}`
  }
}

/**
 * So many tokens from the same place were not valid that no more are looked at for a while (RFC 6585, section 4).
 *
 * @category errors
 * @since 0.1.0
 */
export class TooManyFailures extends Schema.TaggedError<TooManyFailures>()("TooManyFailures", {
  /** How long tokens from this address are refused: `Retry-After` (RFC 9110, section 10.2.3), in whole seconds. */
  retryAfter: Schema.Duration
}) {
  override get message(): string {
    return `Too many access tokens from this address were not valid; none is looked at for ${
      Math.ceil(Duration.toSeconds(this.retryAfter))
    } s`
  }
}

/** Why no request is accepted, in words that are fixed: they go into headers. */
const serverUnavailableReasons = {
  "starting": "The server is starting and does not accept requests yet",
  "closed": "The server has shut down and does not accept requests",
  "too-many-sessions": "The server has too many sessions; retry later"
} as const

/**
 * The server accepts no request now (RFC 9110, section 15.6.4): what protects it is not in force yet, or not any more. This
 * says nothing about the token.
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
 * The request body is larger than the server accepts from this caller (RFC 9110, section 15.5.14).
 *
 * @category errors
 * @since 0.1.0
 */
export class ContentTooLarge extends Schema.TaggedError<ContentTooLarge>()("ContentTooLarge", {
  /** The largest body that is accepted, in bytes. */
  limit: Schema.Finite
}) {
  override get message(): string {
    return `The request body is larger than ${this.limit} bytes`
  }
}

/**
 * Why a token is not accepted.
 *
 * @category errors
 * @since 0.1.0
 */
export type TokenError = InvalidToken | InsufficientScope | VerificationUnavailable

/**
 * Why a request is not let in.
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
