/**
 * Options of a protected resource.
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
 * A trusted authorization server: a value, or an effect that creates one (`AuthorizationServer.discover`, `fetch`, `make`).
 * The effect runs when the layer is built.
 *
 * @category models
 * @since 0.1.0
 */
export type TrustedServer<E, R, RV = HttpClient.HttpClient> =
  | AuthorizationServer<unknown>
  | Effect.Effect<AuthorizationServer<unknown>, E, R>
  | ServerWithVerifier<E, R, RV>

/**
 * A trusted authorization server whose tokens are verified by a method of its own, with its own audience, claims and
 * keys. Presets are such servers. A token that names the issuer of another server is never given to this method.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerWithVerifier<E, R, RV = HttpClient.HttpClient> {
  readonly authorizationServer: AuthorizationServer<unknown> | Effect.Effect<AuthorizationServer<unknown>, E, R>
  /** Verifies the tokens of this server alone. The option `verifier` does not apply to it. */
  readonly verifier: TokenVerifier.Method<RV>
  /** The default of the option `scopeRequestForm`, if this is the only server. */
  readonly scopeRequestForm?: ((scope: string) => string) | undefined
}

export type { Visibility } from "../policy/internal/access.ts"

/**
 * Options of a protected resource. `E` and `R` belong to the effects that create its authorization servers. `RV` has the
 * services that its verifier needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never, RV = HttpClient.HttpClient> {
  /**
   * The resource identifier: the URL of the MCP server as clients write it (RFC 9728, section 1.2). It is never taken from a
   * request, and its string is never changed.
   */
  readonly resource: string
  /**
   * Further names of the same resource, under which clients reach the server at other hosts. Each has its own metadata,
   * and its tokens have it as their audience. The host of a request chooses the name; a host that is not configured gets
   * `resource`. Behind a proxy, the host is that of `HttpMiddleware.xForwardedHeaders`. Default: none.
   */
  readonly resourceAliases?: ReadonlyArray<string> | undefined
  /**
   * The authorization servers whose tokens are accepted, each once. At least one, unless `verifier` is
   * `TokenVerifier.apiKeys` alone.
   */
  readonly authorizationServers: ReadonlyArray<TrustedServer<E, R, RV>>
  /** The scopes that clients may request (RFC 9728, section 2). Required scopes are added. Default: those of the policies. */
  readonly scopesSupported?: ReadonlyArray<string> | undefined
  /** The scopes that clients request when they log in. Default: those of the policies, or else the required ones. */
  readonly loginScopes?: ReadonlyArray<string> | undefined
  /** The scopes that every token needs. Default: none. */
  readonly requiredScopes?: ReadonlyArray<string> | undefined
  /** The policy of tools, resources and prompts without a policy of their own. Default: `Policy.authenticated`. */
  readonly policy?: Policy | undefined
  /** The scopes that cover other scopes: a value, or an effect that creates one. Default: none. */
  readonly scopeHierarchy?: ScopeHierarchy | Effect.Effect<ScopeHierarchy, InvalidScopeHierarchy> | undefined
  /** Whether lists and errors show the operations that a caller may not use. Default: `permitted`. */
  readonly visibility?: Visibility | undefined
  /**
   * The scopes in the challenge of a 403. `minimal`: all scopes that the request needs. `union`: these and the granted ones,
   * for clients that request only the scopes of the challenge. Default: `minimal`.
   */
  readonly challengeScopes?: "minimal" | "union" | undefined
  /**
   * Converts a scope to the form in which clients request it, if tokens have another form. For example, Entra ID grants
   * `read` if a client requests `api://notes/read`. All other options have scopes in the form of tokens.
   */
  readonly scopeRequestForm?: ((scope: string) => string) | undefined
  /** Allow full lists of tools, resources and prompts without a token. Default: `false`. */
  readonly anonymousLists?: boolean | undefined
  /**
   * Add to tools what OpenAI hosts (ChatGPT) read: `securitySchemes` in lists, derived from the policies, with a copy in `_meta`,
   * and `_meta["mcp/www_authenticate"]` in the body of a refused call. The body of such a refusal is then a tool result with
   * `isError` instead of a JSON-RPC error. Its status and its header do not change, so other clients log in as before. It
   * helps only if some tools are open to anonymous callers, or need more scopes than a login grants. Default: `false`.
   */
  readonly openAiTools?: boolean | undefined
  /** The method that verifies tokens. Default: `TokenVerifier.jwt()`. */
  readonly verifier?: TokenVerifier.Method<RV> | undefined
  /**
   * More headers in which clients may send a token, without the word Bearer: `X-API-Key`, or `Cf-Access-Jwt-Assertion` of
   * Cloudflare Access. The same rules apply to the token. A request with tokens in two places is refused with 400 (RFC 6750,
   * section 2). Handlers do not see these headers. Default: none.
   */
  readonly tokenHeaders?: ReadonlyArray<string> | undefined
  /** More members of the metadata (RFC 9728, section 2), extensions included. */
  readonly metadata?: Partial<Omit<ProtectedResourceMetadata, "resource">> | undefined
  /**
   * The origins from which browsers may call. Default: every origin, because requests are authorized by tokens only.
   * `McpServer.layerHttp` has an option of the same name, and refuses all origins that are not in it.
   */
  readonly allowedOrigins?: ReadonlyArray<string> | undefined
  /**
   * The rate limit for invalid tokens. A client above it gets a 429 (RFC 6585, section 4) until the window ends. Failures are
   * counted in the `RateLimiterStore` in context, which instances can share, or else in memory.
   *
   * A client is known by the `remoteAddress` of the request. Behind a proxy, install `HttpMiddleware.xForwardedHeaders`.
   * Otherwise all clients count as one. `HttpRouter.toWebHandler` knows no address: set it with a middleware of the platform
   * (docs/rate-limiting.md). `FetchAuth` takes it as `clientAddress`. Default: no limit.
   */
  readonly failureLimit?: FailureLimit | undefined
  /**
   * The maximum duration of a streamed response to a request, such as a tool call that reports progress. Such a response goes
   * on when its token expires, because the call may already have had effects. Notification streams (server-sent events by
   * GET, `subscriptions/listen`) end when their token expires. Default: 1 day. `Duration.infinity`: no limit.
   */
  readonly maxAnswerDuration?: Duration.Input | undefined
  /**
   * The maximum size of a request body, enforced while the body is read. A larger body gets a 413 (RFC 9110, section
   * 15.5.14). Default: 4 MiB with a token, 256 KiB without one.
   *
   * A lower `HttpIncomingMessage.MaxBodySize` of the HTTP server applies as well. `FetchAuth` does not read bodies. It checks
   * the `Content-Length` only. A handler that reads a request as a stream must check the size itself.
   */
  readonly maxBodySize?: MaxBodySize | undefined
  /**
   * The number and the lifetime of sessions (MCP up to 2025-11-25). A client whose session has ended gets a 404 and starts a
   * new one (MCP 2025-11-25, transports, session management).
   */
  readonly sessionLimits?: SessionLimits | undefined
  /** Tell clients why a token is invalid. Default: `false`. */
  readonly showErrorDetails?: boolean | undefined
  /**
   * The secrets that encrypt the request states of handlers (MCP 2026-07-28, multi round-trip requests), at least 32 characters
   * each. Set it if several instances continue each other's requests. To rotate a secret, set a list: the first secret
   * encrypts, all decrypt. Default: a random secret for this instance.
   *
   * A state is bound to the resource, the principal, the method, the name and the arguments of its request. Until it expires,
   * a client can use it more than once.
   */
  readonly requestStateSecret?: Redacted.Redacted | ReadonlyArray<Redacted.Redacted> | undefined
  /** The lifetime of a request state. Default: 10 minutes. */
  readonly requestStateLifetime?: Duration.Input | undefined
  /** The path at which the server listens, if a proxy rewrites paths. Default: the path of the resource. */
  readonly servedPath?: string | undefined
  /** Accept an `http` resource on a loopback host. For development only. Default: `false`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * The maximum sizes of request bodies, in bytes or as text such as `"4 MiB"`.
 *
 * @category models
 * @since 0.1.0
 */
export interface MaxBodySize {
  /** The maximum for callers with a valid token. Default: 4 MiB. */
  readonly authenticated?: ByteSize.Input | undefined
  /** The maximum for callers without a token, if a policy accepts them. Default: 256 KiB. */
  readonly anonymous?: ByteSize.Input | undefined
}

/**
 * Limits for the sessions of a server.
 *
 * **Details**
 *
 * The server stores the first message of each session, and a session counts once for each 2 KiB of it. So a few large
 * sessions count as much as many small ones.
 *
 * If a new session exceeds a limit, the least recently used session of one owner ends. Without a token, the owner is the
 * client address (an IPv4 address, or an IPv6 /64 network) with the most sessions. With a token, it is the same principal. So
 * a client with one address cannot end the sessions of others. Behind a proxy, install `HttpMiddleware.xForwardedHeaders`.
 * Otherwise all clients have the same address.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionLimits {
  /** The maximum number of sessions that were started without a token. Default: 1000. */
  readonly anonymous?: number | undefined
  /** The time without a request after which a session without a token ends. Default: 30 minutes. */
  readonly anonymousIdle?: Duration.Input | undefined
  /** The maximum number of sessions of one principal. Default: 100. */
  readonly perPrincipal?: number | undefined
  /** The time without a request after which a session with a token ends. Default: 1 day. */
  readonly idle?: Duration.Input | undefined
}

/**
 * The rate limit for invalid tokens. Each pair of a client (an IPv4 address, or an IPv6 /64 network) and the issuer in its
 * tokens has its own count.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailureLimit {
  /** The maximum number of invalid tokens in a window. */
  readonly limit: number
  /** The length of a window. */
  readonly window: Duration.Input
  /**
   * Count all requests without a client address as one client. One of them can then lock out all others. Default: `false`,
   * which does not limit such requests, and logs one warning.
   */
  readonly countUnknownClientsTogether?: boolean | undefined
}

/** What is invalid, and the correction. */
const corrections = {
  "no-authorization-server":
    "authorizationServers is empty; add at least one, or set `verifier` to `TokenVerifier.apiKeys` alone",
  "invalid-token-header":
    "tokenHeaders must have names of headers that hold nothing but a token, each once, such as \"X-API-Key\"",
  "recorded-token-header":
    "TracerHeaderFilter records this header of tokenHeaders in spans; add it to Headers.CurrentRedactedNames",
  "duplicate-authorization-server": "an authorization server occurs twice; remove one",
  "shared-token-issuer": "two authorization servers have the same issuer in their tokens; remove it from the " +
    "`tokenIssuers` of one",
  "offline-access": "offline_access is a scope between clients and the authorization server; leave it out",
  "invalid-scope": "a scope has a forbidden character (RFC 6749, section 3.3); write one scope in each string",
  "empty-scopes":
    "a policy has an empty list of scopes; add a scope, or use `Policy.authenticated` if a valid token is enough",
  "duplicate-resource": "this router already serves metadata at this path; protect each resource once",
  "short-secret":
    "a requestStateSecret has fewer than 32 characters, or the list is empty; use random secrets, or leave the option out",
  "invalid-request-state-lifetime": "requestStateLifetime must be finite and longer than zero",
  "invalid-failure-limit": "failureLimit must have a whole number of at least 1, and a finite window longer than zero",
  "invalid-max-answer-duration": "maxAnswerDuration must be longer than zero; use Duration.infinity for no limit",
  "invalid-body-limit": "maxBodySize must be at least one byte; write a number of bytes, or a size such as \"4 MiB\"",
  "invalid-session-limits": "sessionLimits must have whole numbers of at least 1, and durations longer than zero",
  "shared-server":
    "another resource has the same MCP server, so tokens of one would open the tools of the other; build a server for each " +
    "with `Layer.fresh(McpServer.layerHttp(…))`",
  "not-served":
    "no protected route has the path of the resource; use the same path, or set `servedPath` if a proxy rewrites paths. A " +
    "server layer that is also used without protection is built once, without protection: use `Layer.fresh`",
  "issuer-would-change":
    "the provider sends its issuer in authorization responses (RFC 9207), so clients would refuse another one; set " +
    "`issuer: \"provider\"`"
} as const

/**
 * An option of a protected resource is invalid. The message says what to change.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>()("InvalidOptions", {
  resource: Schema.String,
  reason: Schema.Literals(Struct.keys(corrections)),
  /** The issuer, scope, policy or path in question. */
  subject: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const subject = this.subject === undefined ? "" : ` (${JSON.stringify(this.subject)})`
    return `${JSON.stringify(this.resource)} cannot be protected: ${corrections[this.reason]}${subject}`
  }
}
