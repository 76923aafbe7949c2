/**
 * Reasons why a client gets no access token. Each tells the program what to do: correct the configuration, ask the user to
 * log in, or retry later (`retryable`).
 *
 * Texts of authorization servers are quoted, and never contain what the client sent to them: codes, verifiers, tokens,
 * assertions and client secrets are removed.
 *
 * **Example** (Telling the user what to do)
 *
 * ```ts import.meta.vitest
 * import * as OAuthClientError from "@effect-mcp-auth/core/OAuthClientError"
 *
 * const error = new OAuthClientError.LoginRequired({ server: "https://api.example.com/mcp", reason: "not-interactive" })
 * OAuthClientError.isOAuthClientError(error) // => true
 * error.message // => `"https://api.example.com/mcp" requires a login, and this program must not start one (interactive: "never"). Log in with a program that may, and share its credential store`
 * ```
 *
 * @since 0.2.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { printable, quoted } from "../metadata/internal/printable.ts"
import { StoreFailed } from "./CredentialStore.ts"
import { UserAgentFailed } from "./UserAgent.ts"

const resourceReasons = {
  "not-found":
    "it has no protected resource metadata (RFC 9728), so nothing names its authorization server; publish the " +
    "metadata, or set legacy: true for a server of MCP 2025-03-26",
  "unreachable": "its metadata could not be fetched",
  "invalid-metadata": "its metadata is invalid; correct it at the server",
  "resource-mismatch": "its metadata is that of another resource; correct `resource` at the server, or check the URL",
  "no-authorization-server": "its metadata names no authorization server; correct it at the server",
  "header-not-accepted": "it does not accept tokens in the Authorization header",
  "foreign-metadata-url":
    "its challenge names a metadata URL of another origin, which is not followed; if you trust that " +
    "origin, allow it with the option hintPolicy"
} as const

/**
 * The metadata of the MCP server cannot be used, so no login follows.
 *
 * @category errors
 * @since 0.2.0
 */
export class ResourceRefused extends Schema.TaggedError<ResourceRefused>()("ResourceRefused", {
  /** The URL of the MCP server. */
  server: Schema.String,
  reason: Schema.Literals([
    "not-found",
    "unreachable",
    "invalid-metadata",
    "resource-mismatch",
    "no-authorization-server",
    "header-not-accepted",
    "foreign-metadata-url"
  ]),
  detail: Schema.optionalKey(Schema.String)
}) {
  get retryable(): boolean {
    return this.reason === "unreachable"
  }

  override get message(): string {
    const detail = this.detail === undefined ? "" : ` (${printable(this.detail, 2000)})`
    return `Cannot log in to ${quoted(this.server)}: ${resourceReasons[this.reason]}${detail}`
  }
}

/**
 * The authorization server cannot be used, so no login follows.
 *
 * @category errors
 * @since 0.2.0
 */
export class ServerRefused extends Schema.TaggedError<ServerRefused>()("ServerRefused", {
  issuer: Schema.String,
  /**
   * `discovery`: no usable metadata. `endpoint`: one of its endpoints is missing, is no https URL, or belongs to another
   * issuer. `token-type`: it issued a Bearer token, and the option `dpop` is `always`.
   */
  reason: Schema.Literals(["discovery", "endpoint", "token-type"]),
  detail: Schema.String,
  /** Whether the server was only unavailable. */
  retryable: Schema.Boolean
}) {
  override get message(): string {
    const detail = this.detail.split("\n").map((line) => printable(line, 4000)).join("\n")
    return `The authorization server ${quoted(this.issuer)} cannot be used: ${detail}`
  }
}

const registrationReasons = {
  "no-way":
    "it knows no client of this program and offers no way to register one; register one by hand, and set it with " +
    "ClientRegistration.preregistered",
  "registered-elsewhere": "the client is registered with another authorization server; register one here as well",
  "refused": "it refused the registration",
  "malformed": "its response to the registration is malformed",
  "unavailable": "it did not answer the registration; retry later",
  "no-method": "none of its ways to authenticate clients is supported; register a client by hand"
} as const

/**
 * The authorization server has no client for this program.
 *
 * @category errors
 * @since 0.2.0
 */
export class RegistrationFailed extends Schema.TaggedError<RegistrationFailed>()("RegistrationFailed", {
  issuer: Schema.String,
  reason: Schema.Literals(["no-way", "registered-elsewhere", "refused", "malformed", "unavailable", "no-method"]),
  detail: Schema.optionalKey(Schema.String)
}) {
  get retryable(): boolean {
    return this.reason === "unavailable"
  }

  override get message(): string {
    const detail = this.detail === undefined ? "" : ` (${printable(this.detail)})`
    return `No client for ${quoted(this.issuer)}: ${registrationReasons[this.reason]}${detail}`
  }
}

const rejectionReasons = {
  "state": "its state is not the one of this login; another site may have sent it",
  "duplicate": "a parameter occurs more than once",
  "issuer": "its iss is not the issuer of this login; another authorization server may have sent it (mix-up, RFC 9207)",
  "denied": "the authorization server did not grant access",
  "no-code": "it has no authorization code"
} as const

/**
 * The authorization response must not be used. Of a response from another server, nothing is reported.
 *
 * @category errors
 * @since 0.2.0
 */
export class AuthorizationRejected extends Schema.TaggedError<AuthorizationRejected>()("AuthorizationRejected", {
  issuer: Schema.String,
  reason: Schema.Literals(["state", "duplicate", "issuer", "denied", "no-code"]),
  /** The error code (RFC 6749, section 4.1.2.1), if the reason is `denied`. */
  error: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String)
}) {
  readonly retryable: boolean = false

  override get message(): string {
    const error = this.error === undefined ? "" : `: ${quoted(this.error)}`
    const description = this.description === undefined ? "" : ` (${quoted(this.description)})`
    return `The authorization response for ${quoted(this.issuer)} is refused: ${
      rejectionReasons[this.reason]
    }${error}${description}. Log in again`
  }
}

/**
 * The token endpoint refused the request (RFC 6749, section 5.2).
 *
 * @category errors
 * @since 0.2.0
 */
export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", {
  issuer: Schema.String,
  /** `grant_type`. */
  grant: Schema.String,
  status: Schema.Int,
  error: Schema.String,
  description: Schema.optionalKey(Schema.String)
}) {
  readonly retryable: boolean = false

  override get message(): string {
    const description = this.description === undefined ? "" : ` (${quoted(this.description)})`
    return `${quoted(this.issuer)} refused the grant ${this.grant}: ${
      quoted(this.error)
    }${description}. Check the client ` +
      "and its permissions at the authorization server"
  }
}

/**
 * The token endpoint gave no usable answer. A refresh token stays valid for the client.
 *
 * @category errors
 * @since 0.2.0
 */
export class TokenUnavailable extends Schema.TaggedError<TokenUnavailable>()("TokenUnavailable", {
  issuer: Schema.String,
  /** `grant_type`. */
  grant: Schema.String,
  detail: Schema.String
}) {
  readonly retryable: boolean = true

  override get message(): string {
    return `${quoted(this.issuer)} gave no token for the grant ${this.grant}: ${
      printable(this.detail, 1000)
    }. Retry later`
  }
}

const stepUpReasons = {
  "already-granted": "the access token has these scopes, so another login would not help; check the server",
  "too-often": "they were requested several times, and not granted; check the permissions of the user",
  "declined": "the program decided not to request them"
} as const

/**
 * The MCP server requires more scopes, and another request for them would not help.
 *
 * @category errors
 * @since 0.2.0
 */
export class StepUpExhausted extends Schema.TaggedError<StepUpExhausted>()("StepUpExhausted", {
  resource: Schema.String,
  scopes: Schema.Array(Schema.String),
  reason: Schema.Literals(["already-granted", "too-often", "declined"])
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `${quoted(this.resource)} requires the scopes ${quoted(this.scopes.join(" "))}: ${
      stepUpReasons[this.reason]
    }`
  }
}

const loginReasons = {
  "not-interactive":
    "and this program must not start one (interactive: \"never\"). Log in with a program that may, and " +
    "share its credential store",
  "too-many":
    "and the program has started several within minutes. Check why the server refuses the tokens, and retry later",
  "no-user-agent": "and the program has no UserAgent"
} as const

/**
 * A user has to log in, and no login was started.
 *
 * @category errors
 * @since 0.2.0
 */
export class LoginRequired extends Schema.TaggedError<LoginRequired>()("LoginRequired", {
  server: Schema.String,
  reason: Schema.Literals(["not-interactive", "too-many", "no-user-agent"])
}) {
  get retryable(): boolean {
    return this.reason === "too-many"
  }

  override get message(): string {
    return `${quoted(this.server)} requires a login, ${loginReasons[this.reason]}`
  }
}

/**
 * Why a client gets no access token.
 *
 * @category errors
 * @since 0.2.0
 */
export type OAuthClientError =
  | ResourceRefused
  | ServerRefused
  | RegistrationFailed
  | AuthorizationRejected
  | UserAgentFailed
  | TokenRefused
  | TokenUnavailable
  | StepUpExhausted
  | LoginRequired
  | StoreFailed

const classes = [
  ResourceRefused,
  ServerRefused,
  RegistrationFailed,
  AuthorizationRejected,
  UserAgentFailed,
  TokenRefused,
  TokenUnavailable,
  StepUpExhausted,
  LoginRequired,
  StoreFailed
]

/**
 * Whether a value is an error of this module.
 *
 * @category guards
 * @since 0.2.0
 */
export const isOAuthClientError = (value: unknown): value is OAuthClientError =>
  classes.some((errorClass) => value instanceof errorClass)

/** More than the layers that a client wraps around an error. */
const maxDepth = 16

/**
 * The error of this module inside another one: `HttpClient` and `McpClient` can only fail with their own errors, which
 * carry this one as their cause. `undefined` if there is none.
 *
 * @category guards
 * @since 0.2.0
 */
export const find = (error: unknown): OAuthClientError | undefined => {
  let current = error
  for (let depth = 0; depth < maxDepth; depth++) {
    if (isOAuthClientError(current)) return current
    if (Predicate.hasProperty(current, "reason") && typeof current.reason === "object") current = current.reason
    else if (Predicate.hasProperty(current, "cause")) current = current.cause
    else return undefined
  }
  return undefined
}
