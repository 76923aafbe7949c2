/**
 * What a protected resource is told about itself.
 *
 * @since 0.1.0
 */
import type * as ByteSize from "effect/ByteSize"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts"
import type { ProtectedResourceMetadata } from "../metadata/ProtectedResourceMetadata.ts"
import type { Visibility } from "../policy/internal/access.ts"
import type { Policy } from "../policy/Policy.ts"
import type { InvalidScopeHierarchy, ScopeHierarchy } from "../policy/ScopeHierarchy.ts"
import type * as TokenVerifier from "../token/TokenVerifier.ts"

/**
 * An authorization server that is trusted: a value, or the effect that makes one (`AuthorizationServer.discover`, `fetch`,
 * `make`), which is run when the layer is built.
 *
 * @category models
 * @since 0.1.0
 */
export type TrustedServer<E, R> = AuthorizationServer<unknown> | Effect.Effect<AuthorizationServer<unknown>, E, R>

export type { Visibility } from "../policy/internal/access.ts"

/**
 * What may be chosen about a protected resource. `E` and `R` are those of the effects that make its authorization servers,
 * `RV` is what its verifier needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never, RV = HttpClient.HttpClient> {
  /**
   * The resource identifier: the URL of the MCP server as clients write it (RFC 9728, section 1.2). It comes from here and
   * never from a request, and keeps its exact string.
   */
  readonly resource: string
  /** Whose tokens are accepted. At least one, and none twice. */
  readonly authorizationServers: ReadonlyArray<TrustedServer<E, R>>
  /** The scopes that clients may ask for (RFC 9728, section 2). Required scopes are added. Default: those of the policies. */
  readonly scopesSupported?: ReadonlyArray<string> | undefined
  /** The scopes that clients ask for when they log in. Default: those of the policies, or else the required ones. */
  readonly loginScopes?: ReadonlyArray<string> | undefined
  /** The scopes without which no request is let in. Default: none. */
  readonly requiredScopes?: ReadonlyArray<string> | undefined
  /** Who may use the tools, resources and prompts that have no policy of their own. Default: who has a valid token. */
  readonly policy?: Policy | undefined
  /** Which scopes cover others: a value, or the effect that makes one. Default: none does. */
  readonly scopeHierarchy?: ScopeHierarchy | Effect.Effect<ScopeHierarchy, InvalidScopeHierarchy> | undefined
  /** What callers see of what they may not do. Default: `permitted`. */
  readonly visibility?: Visibility | undefined
  /**
   * Which scopes a challenge for more asks for: all that the request needs, the required ones included (`minimal`), or
   * together with those that were granted already (`union`), for clients that forget these. Default: `minimal`.
   */
  readonly challengeScopes?: "minimal" | "union" | undefined
  /**
   * The form in which scopes are asked for, where it is not the form in which tokens name them: Entra ID grants `read` to
   * who asks for `api://notes/read`. Everything else here speaks of scopes as tokens do.
   */
  readonly scopeRequestForm?: ((scope: string) => string) | undefined
  /** Let whoever comes read the lists, in full, without a token. Default: `false`. */
  readonly anonymousLists?: boolean | undefined
  /** How tokens are verified. Default: `TokenVerifier.jwt()`. */
  readonly verifier?: TokenVerifier.Method<RV> | undefined
  /** More members of the metadata (RFC 9728, section 2), extensions included. */
  readonly metadata?: Partial<Omit<ProtectedResourceMetadata, "resource">> | undefined
  /**
   * Where browsers may call from. Default: anywhere, because a request carries its token and nothing else.
   * `McpServer.layerHttp` has an option of the same name, and refuses every origin that it is not told about.
   */
  readonly allowedOrigins?: ReadonlyArray<string> | undefined
  /**
   * Answer 429 (RFC 6585, section 4) to a client that has sent too many tokens that are not valid, until the window is over.
   * Failures are counted in the `RateLimiterStore` that is provided, which instances may share, or else in memory.
   *
   * Clients are told apart by the `remoteAddress` of the request. Behind a proxy, install
   * `HttpMiddleware.xForwardedHeaders`, or all clients are one. `HttpRouter.toWebHandler` knows no address: set one by a
   * middleware of the platform (docs/rate-limiting.md). `FetchAuth` gets it as `clientAddress`. Default: no limit.
   */
  readonly failureLimit?: FailureLimit | undefined
  /**
   * How long an answer may stream that is a response to a request, such as a tool call that reports its progress. It is not
   * cut when its token expires: the call may already have had effects. Standing streams end with the token that opened them
   * (server-sent events by GET, `subscriptions/listen`). Default: 1 day. `Duration.infinity`: no bound.
   */
  readonly maxAnswerDuration?: Duration.Input | undefined
  /**
   * The largest request body that is accepted, which is enforced while it is read; a larger one is answered with 413
   * (RFC 9110, section 15.5.14). Default: 4 MiB with a token, 256 KiB without one.
   *
   * A lower `HttpIncomingMessage.MaxBodySize` of the HTTP server holds as well. `FetchAuth` does not read bodies, and judges
   * the length that a request declares. Handlers that read a request as a stream count by themselves.
   */
  readonly maxBodySize?: MaxBodySize | undefined
  /**
   * How many sessions of MCP up to 2025-11-25 the server keeps, and for how long. A client whose session has ended is
   * answered with 404, and begins another (MCP 2025-11-25, transports, session management).
   */
  readonly sessionLimits?: SessionLimits | undefined
  /** Tell clients why a token is not valid. Default: `false`. */
  readonly showErrorDetails?: boolean | undefined
  /**
   * The secrets that encrypt the request states of handlers (MCP 2026-07-28, multi round-trip requests), at least 32 characters
   * each. Needed if several instances of a server continue each other's requests. To rotate a secret, name a list: the first
   * one encrypts, all decrypt. Default: random, for this instance alone.
   *
   * A state is bound to the resource, the principal, the method, the name and the arguments of the request that it was made
   * for. It can be continued more than once until it expires.
   */
  readonly requestStateSecret?: Redacted.Redacted | ReadonlyArray<Redacted.Redacted> | undefined
  /** How long a request state can be continued after it was made. Default: 10 minutes. */
  readonly requestStateLifetime?: Duration.Input | undefined
  /** The path at which the server listens, where a proxy in front of it rewrites paths. Default: that of the resource. */
  readonly servedPath?: string | undefined
  /** Accept an `http` resource whose host is a loopback one. Development only; defaults to `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * The largest request bodies that are accepted, in bytes or as Effect writes sizes (`"4 MiB"`).
 *
 * @category models
 * @since 0.1.0
 */
export interface MaxBodySize {
  /** From callers with a valid token. Default: 4 MiB. */
  readonly authenticated?: ByteSize.Input | undefined
  /** From callers without a token, where a policy accepts them. Default: 256 KiB. */
  readonly anonymous?: ByteSize.Input | undefined
}

/**
 * How many sessions a server keeps.
 *
 * **Details**
 *
 * The server keeps what the first message of a session says about its client. A session counts once for each 2 KiB of that
 * message, so that a few large sessions take as much room as many small ones.
 *
 * Where there is no room for one more, the client address with the most sessions loses the one that it used least recently
 * (an IPv4 address, or a network of 64 bits of IPv6); of sessions with a token, the same principal loses it. A client cannot
 * end the sessions of others from one address. Behind a proxy, install `HttpMiddleware.xForwardedHeaders`, or all clients
 * have one address.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionLimits {
  /** How many sessions begun without a token the server keeps, of all clients together. Default: 1000. */
  readonly anonymous?: number | undefined
  /** After what time without a request a session begun without a token ends. Default: 30 minutes. */
  readonly anonymousIdle?: Duration.Input | undefined
  /** How many sessions of one principal the server keeps. Default: 100. */
  readonly perPrincipal?: number | undefined
  /** After what time without a request a session begun with a token ends. Default: 1 day. */
  readonly idle?: Duration.Input | undefined
}

/**
 * How many tokens may fail. Each client (an IPv4 address, or a network of 64 bits of IPv6) and each issuer that its tokens
 * name is counted apart.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailureLimit {
  /** How many tokens may fail in a window. */
  readonly limit: number
  /** How long a window is. */
  readonly window: Duration.Input
  /**
   * Count the failures of all requests whose client address is unknown as those of one client. A single client without an
   * address can then lock out all others without one. Default: `false`: such failures are not limited, and a warning is
   * logged once.
   */
  readonly countUnknownClientsTogether?: boolean | undefined
}

const problems = {
  "no-authorization-server": "no authorization server is trusted, so nobody could log in; name at least one",
  "duplicate-authorization-server": "an authorization server is named twice; name it once",
  "offline-access":
    "offline_access is among the scopes; it is a matter between clients and the authorization server, " +
    "leave it out",
  "invalid-scope":
    "a scope has characters that no scope may have (RFC 6749, section 3.3); mind that one string is one " +
    "scope",
  "empty-scopes":
    "a policy has an empty list of scopes, which would open what it guards; name a scope, or say `Policy.authenticated` if " +
    "a valid token is enough",
  "duplicate-resource": "its metadata would be where other metadata of this router is; protect each resource once",
  "short-secret":
    "a requestStateSecret has fewer than 32 characters, and clients could guess it, or the list of secrets is empty; use a " +
    "random one, or leave the option out",
  "invalid-request-state-lifetime": "requestStateLifetime is a finite duration of more than 0 milliseconds",
  "invalid-failure-limit": "failureLimit is a whole number of failures, at least 1, in a window that ends",
  "invalid-max-answer-duration": "maxAnswerDuration is a duration of more than zero, or Duration.infinity for no bound",
  "invalid-body-limit":
    "maxBodySize is not a size of at least one byte; write bytes as a number, or a size such as \"4 MiB\"",
  "invalid-session-limits":
    "a number in sessionLimits is not a whole number of at least 1, or a duration not longer than zero",
  "shared-server":
    "the server is also behind another resource, and each would open the tools of the other; build one of its own with " +
    "`Layer.fresh(McpServer.layerHttp(…))`",
  "not-served":
    "no route behind this protection is served at the path of the resource; let both be the same, or name " +
    "`servedPath` if a proxy rewrites paths. A server layer that is also used without protection is built only once, and " +
    "then without it",
  "issuer-would-change": "the provider names itself in authorization responses (RFC 9207), and clients would refuse " +
    "these under another issuer; serve the metadata with the provider's own issuer"
} as const

/**
 * A protected resource cannot be built as it is told to. The message says what to change.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>()("InvalidOptions", {
  resource: Schema.String,
  reason: Schema.Literals(Struct.keys(problems)),
  /** What it is about: an issuer, a scope, a path. */
  subject: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const subject = this.subject === undefined ? "" : ` (${JSON.stringify(this.subject)})`
    return `${JSON.stringify(this.resource)} cannot be protected: ${problems[this.reason]}${subject}`
  }
}
