/**
 * From a bearer token to who it speaks for, or to a typed error that says why not.
 *
 * A `Method` says how tokens are verified: by signature (`jwt`), by asking the provider (`introspection`), or in a way of
 * your own (`custom`). Whatever the way, the claims are then held to the same rules and end in the same `AuthInfo`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Struct from "effect/Struct"
import type { AuthorizationServer } from "../discovery/AuthorizationServer.ts"
import { sourceOf } from "../discovery/internal/metadataSource.ts"
import * as Purpose from "../discovery/Purpose.ts"
import { quoted } from "../metadata/internal/printable.ts"
import * as AudiencePolicy from "./AudiencePolicy.ts"
import type { AuthInfo } from "./AuthInfo.ts"
import type { ClientAuthentication } from "./ClientAuthentication.ts"
import type { AccessTokenMark, TypPolicy } from "./internal/accessToken.ts"
import { type ClaimRules, standardScopeClaims } from "./internal/claims.ts"
import type { QueueSettings } from "./internal/introspectionQueue.ts"
import { looksLikeJwt, notJwt } from "./internal/jwt.ts"
import { type CustomVerify, makeCustomVerifier } from "./internal/verifyCustom.ts"
import { makeIntrospectionVerifier } from "./internal/verifyIntrospection.ts"
import { makeJwtVerifier } from "./internal/verifyJwt.ts"
import * as JwkSet from "./JwkSet.ts"
import * as Jws from "./Jws.ts"
import type { TokenError } from "./TokenError.ts"

/**
 * Verifies a token. Nothing of it is believed before, and it fails with `VerificationUnavailable` only when the token
 * may be good and nobody can be asked.
 *
 * The request that carries the token, if there is one, tells clients apart by their address: `introspection` shares what it
 * may ask fairly among them. Nothing else of it is read.
 *
 * @category models
 * @since 0.1.0
 */
export type VerifyToken = (
  token: Redacted.Redacted,
  request?: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">
) => Effect.Effect<AuthInfo["Service"], TokenError>

/**
 * For whom tokens are issued, and whose tokens are trusted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trust {
  /** The resource identifier, exactly as tokens name it. */
  readonly resource: string
  readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>
}

const isFinitePositive = (duration: Duration.Duration): boolean =>
  Duration.isPositive(duration) && Duration.isFinite(duration)

const algorithms = `choose among ${Jws.Algorithm.literals.join(", ")}`

/** Each reason says what is wrong and what to change. */
const reasons = {
  "no-algorithm": `\`algorithms\` is empty; ${algorithms}`,
  "unsupported-algorithm": `\`algorithms\` contains an algorithm that no published key can verify; ${algorithms}`,
  "invalid-remember": "`remember` is a number of tokens; use a whole number, or 0 for none",
  "invalid-refetches":
    "`refetches` is a number of fetches in a time; use a whole number of at least 1, and a finite `window` longer than 0",
  "invalid-concurrency": "`concurrency` is a number of requests; use a whole number, at least 1",
  "invalid-queue-size": "`queueSize` is a number of requests; use a whole number, or 0 for none",
  "invalid-queue-timeout": "`queueTimeout` is not a finite duration; use one such as \"2 seconds\"",
  "no-single-issuer": "an opaque token does not name its issuer; name one of the authorization servers with `issuer`",
  "incomplete-metadata": "the metadata of an authorization server lacks what the method needs"
} as const

/**
 * The method cannot verify tokens with its options, or with the authorization servers that are trusted.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidVerifier extends Schema.TaggedError<InvalidVerifier>()("InvalidVerifier", {
  reason: Schema.Literals(Struct.keys(reasons)),
  /** For `unsupported-algorithm`: the algorithm. */
  algorithm: Schema.optionalKey(Schema.String),
  /** For `incomplete-metadata`: the issuer identifier of the authorization server. */
  issuer: Schema.optionalKey(Schema.String),
  /** For `incomplete-metadata`: the error, which names the missing members. */
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    const { algorithm, cause, issuer } = this
    const subject = algorithm ?? issuer
    const reason = Predicate.hasProperty(cause, "message") && typeof cause.message === "string"
      ? cause.message
      : `${reasons[this.reason]}${subject === undefined ? "" : ` (${quoted(subject)})`}`
    return `The token verifier cannot be built: ${reason}`
  }
}

/**
 * A way to verify tokens. `R` is what it needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Method<out R = HttpClient.HttpClient> {
  readonly name: string
  /** Whether a token is of the kind that the method verifies, by its looks alone. */
  readonly handles: (token: string) => boolean
  readonly make: (trust: Trust) => Effect.Effect<VerifyToken, InvalidVerifier, R | Scope.Scope>
}

export type { AccessTokenMark } from "./internal/accessToken.ts"

/**
 * The rules for claims, whatever method verifies them.
 *
 * **Details**
 *
 * Claims must be those of an access token (RFC 9068, section 4; RFC 8725, sections 3.11 and 3.12). Refused is what has a
 * mark of another kind of token: of an ID token, refresh token, logout token, security event token, authorization response,
 * or introspection response, or a mark of a token that is bound to a key (`cnf`, `token_type: "DPoP"`). If the audience is
 * not the resource, for example with `AudiencePolicy.anyOf(clientId)`, an ID token may have the same audience. The token
 * must then have a claim that ID tokens lack: `scope`, `scopes`, `scp`, `client_id`, `cid`, `appid`, `azpacr`, a statement
 * such as `token_use: "access"`, or an `azp` that is not among its audiences.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClaimOptions {
  /** For whom tokens must have been issued. Default: `AudiencePolicy.resource`. */
  readonly audience?: AudiencePolicy.AudiencePolicy | undefined
  /** How far the clocks of the issuer and of this program may differ. Default: 30 seconds. */
  readonly clockTolerance?: Duration.Input | undefined
  /** Accept tokens without `exp`, which then live for ever. Default: `false`. */
  readonly acceptWithoutExpiry?: boolean | undefined
  /**
   * The claim that tells access tokens from the other tokens of the provider. Tokens without it are refused. Tokens with it
   * may have a `nonce`, which is otherwise a mark of ID tokens. Needed for authentik (`{ claim: "uid" }`), Casdoor
   * (`{ claim: "tokenType", equals: "access-token" }`), ZITADEL with the project as audience (`{ claim: "jti" }`), and other
   * providers whose access tokens look like ID tokens. Default: the rules above.
   */
  readonly accessTokenMark?: AccessTokenMark | undefined
  /**
   * The claims that grant scopes, instead of `scope`, `scopes` and `scp`: for example `["ias_apis"]` (SAP Cloud Identity),
   * or `["scope", "permissions"]` for an Auth0 API whose permissions are granted to every client that a user logs in with.
   * Default: `["scope", "scopes", "scp"]`.
   */
  readonly scopeClaims?: readonly [string, ...ReadonlyArray<string>] | undefined
  /**
   * The claim that names the subject, instead of `sub`: for example `username`, where introspection responses have no `sub`
   * (WSO2; RFC 7662, section 2.2). Its values must be unique at the issuer, and never given to another user. A token without
   * it is accepted, and shares no session and no request state with any other token. Default: `sub`.
   */
  readonly subjectClaim?: string | undefined
}

const rulesOf = ({ resource }: Trust, options: ClaimOptions): ClaimRules => ({
  resource,
  audience: options.audience ?? AudiencePolicy.resource,
  clockTolerance: Duration.toSeconds(Duration.fromInputUnsafe(options.clockTolerance ?? "30 seconds")),
  acceptWithoutExpiry: options.acceptWithoutExpiry === true,
  typ: "loose",
  mark: options.accessTokenMark,
  scopeClaims: options.scopeClaims ?? standardScopeClaims,
  subjectClaim: options.subjectClaim ?? "sub"
})

/**
 * What may be chosen about JWTs.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwtOptions extends ClaimOptions, JwkSet.Options {
  /**
   * `loose` accepts the types `at+jwt` and `JWT`, and tokens without a type, unless a claim is a mark of another kind of
   * token. `rfc9068` requires `at+jwt` (RFC 9068, section 4). Default: `loose`.
   */
  readonly typ?: TypPolicy | undefined
  /**
   * How many verified tokens are remembered, under their digest, so that the same token need not be verified again. One is
   * remembered when it comes for the second time, until its `exp` and the tolerance for clocks, and for as long as the key
   * that signed it is in the key set of its issuer. 0: none. Default: 10,000.
   */
  readonly remember?: number | undefined
}

/** Declares to a server what its metadata is used for. A custom strategy may fail with an error of any type. */
const declarePurpose = (
  server: AuthorizationServer<unknown>,
  purpose: Purpose.Purpose
): Effect.Effect<void, InvalidVerifier> =>
  Effect.mapError(
    sourceOf(server).declarePurpose(purpose),
    (cause) => new InvalidVerifier({ reason: "incomplete-metadata", issuer: server.issuer, cause })
  )

const isAlgorithm = Schema.is(Jws.Algorithm)

const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least

/**
 * JWTs by the keys that their issuer publishes (RFC 9068, section 4, and the looser tokens of real providers).
 *
 * **Details**
 *
 * Form, algorithm, type, issuer and claims are judged before any key is fetched; the signature decides. A token is refused
 * when its algorithm is not on the list or does not fit the key, when it is encrypted, when it has no `exp`, when it is an ID token, and when it
 * is bound to a key (`cnf`).
 *
 * @category methods
 * @since 0.1.0
 */
export const jwt = (options: JwtOptions = {}): Method => ({
  name: "jwt",
  handles: looksLikeJwt,
  make: Effect.fnUntraced(function*(trust) {
    const { algorithms = Jws.Algorithm.literals, refetches = JwkSet.defaultRefetches, remember = 10_000 } = options
    if (algorithms.length === 0) return yield* new InvalidVerifier({ reason: "no-algorithm" })
    const algorithm = algorithms.find((algorithm) => !isAlgorithm(algorithm))
    if (algorithm !== undefined) return yield* new InvalidVerifier({ reason: "unsupported-algorithm", algorithm })
    if (!isCount(remember, 0)) return yield* new InvalidVerifier({ reason: "invalid-remember" })
    if (!isCount(refetches.limit, 1) || !isFinitePositive(Duration.fromInputUnsafe(refetches.window))) {
      return yield* new InvalidVerifier({ reason: "invalid-refetches" })
    }
    yield* Effect.forEach(trust.authorizationServers, (server) => declarePurpose(server, Purpose.jwtVerification))
    const rules = { ...rulesOf(trust, options), typ: options.typ ?? "loose", algorithms: new Set(algorithms) }
    return yield* makeJwtVerifier(trust.authorizationServers, rules, { ...options, remember })
  })
})

/**
 * What may be chosen about introspection.
 *
 * @category models
 * @since 0.1.0
 */
export interface IntrospectionOptions extends ClaimOptions {
  /** How this resource server proves who it is. */
  readonly authentication: ClientAuthentication
  /** Which of several authorization servers is asked, by its issuer as configured. */
  readonly issuer?: string | undefined
  /** How long an answer is remembered, and never past `exp`. A revoked token is good for so long. Default: 30 seconds. */
  readonly cacheFor?: Duration.Input | undefined
  /**
   * How many introspection requests may be in flight at once. A client, by its IPv4 address or IPv6 network of 64 bits, has
   * three quarters of them at most. The HTTP client must have so many connections for it, because waiting for a connection
   * counts as time of the authorization server (`NodeMcpAuth`: `connectionsPerOrigin`). Default: 32.
   */
  readonly concurrency?: number | undefined
  /**
   * How many more may wait to be sent. Clients take turns. When the queue is full, the client with the most requests is
   * answered 503 and told to retry. Clients whose address is unknown are one client. Default: 1,000.
   */
  readonly queueSize?: number | undefined
  /** How long one may wait to be sent, until it is answered 503. The time of the request begins after that. Default: 2 seconds. */
  readonly queueTimeout?: Duration.Input | undefined
}

/** The settings of the queue, or the option that is invalid. */
const queueOf = (options: IntrospectionOptions): Result.Result<QueueSettings, InvalidVerifier> => {
  const { concurrency = 32, queueSize = 1_000 } = options
  const queueTimeout = Duration.fromInput(options.queueTimeout ?? "2 seconds")
  if (!isCount(concurrency, 1)) return Result.fail(new InvalidVerifier({ reason: "invalid-concurrency" }))
  if (!isCount(queueSize, 0)) return Result.fail(new InvalidVerifier({ reason: "invalid-queue-size" }))
  if (Option.isNone(queueTimeout) || !Duration.isFinite(queueTimeout.value)) {
    return Result.fail(new InvalidVerifier({ reason: "invalid-queue-timeout" }))
  }
  return Result.succeed({ concurrency, queueSize, queueTimeout: queueTimeout.value })
}

/**
 * Tokens of any form, by asking their issuer (RFC 7662). The answer is held to the same rules as a JWT.
 *
 * @category methods
 * @since 0.1.0
 */
export const introspection = (options: IntrospectionOptions): Method => ({
  name: "introspection",
  handles: () => true,
  make: Effect.fnUntraced(function*(trust) {
    const named = trust.authorizationServers.filter(({ issuer }) =>
      options.issuer === undefined || options.issuer === issuer
    )
    const [server, ...others] = named
    if (server === undefined || others.length > 0) return yield* new InvalidVerifier({ reason: "no-single-issuer" })
    const queue = yield* Effect.fromResult(queueOf(options))
    yield* declarePurpose(server, Purpose.introspection)
    return yield* makeIntrospectionVerifier(server, rulesOf(trust, options), {
      ...queue,
      authentication: options.authentication,
      cacheFor: Duration.fromInputUnsafe(options.cacheFor ?? "30 seconds")
    })
  })
})

/**
 * What may be chosen about a way of your own.
 *
 * @category models
 * @since 0.1.0
 */
export interface CustomOptions extends ClaimOptions {
  /** Whether a token is of the kind that you verify. Default: every token is. */
  readonly handles?: ((token: string) => boolean) | undefined
}

/**
 * A way of your own: an `Effect` from the token to its claims.
 *
 * **Details**
 *
 * No claims (`undefined`) is an invalid token. A `TokenError` is that answer. Anything else that the effect fails with,
 * and what it throws, is an outage and no word about the token. The claims are held to the same rules as those of a JWT:
 * `iss` must be trusted, `aud` must fit, `exp` must be there and ahead.
 *
 * **Example** (Keys of an API, from a table)
 *
 * ```ts import.meta.vitest
 * import * as TokenVerifier from "@effect-mcp-auth/core/TokenVerifier"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const users: Readonly<Record<string, object>> = { key_1: { sub: "user-1", aud: "https://api.example.com/mcp" } }
 *
 * const apiKeys = TokenVerifier.custom((token) => Effect.succeed(users[Redacted.value(token)]), {
 *   handles: (token) => token.startsWith("key_"),
 *   acceptWithoutExpiry: true
 * })
 *
 * apiKeys.handles("eyJhbGciOi") // => false
 * ```
 *
 * @category methods
 * @since 0.1.0
 */
export const custom = <E, R>(
  verify: (token: Redacted.Redacted) => Effect.Effect<object | undefined, E, R>,
  options: CustomOptions = {}
): Method<R> => ({
  name: "custom",
  handles: options.handles ?? (() => true),
  make: (trust) => {
    const effect: CustomVerify<R> = verify
    return Effect.andThen(
      Effect.forEach(trust.authorizationServers, (server) => declarePurpose(server, Purpose.any)),
      makeCustomVerifier(effect, trust.authorizationServers, rulesOf(trust, options))
    )
  }
})

/** What the members need; the array's element type has forgotten which is which. */
type Services<M extends ReadonlyArray<Method<unknown>>> = M[number] extends Method<infer R> ? R : never

/**
 * Several methods, chosen by the looks of a token. The first that handles it decides, and its answer stands: a token that
 * one method refuses is not tried on another.
 *
 * @category methods
 * @since 0.1.0
 */
export const firstOf = <const M extends readonly [Method<unknown>, ...ReadonlyArray<Method<unknown>>]>(
  ...methods: M
): Method<Services<M>> => {
  const members = methods as ReadonlyArray<Method<Services<M>>>
  return {
    name: members.map(({ name }) => name).join(" or "),
    handles: (token) => members.some(({ handles }) => handles(token)),
    make: Effect.fnUntraced(function*(trust) {
      const verifiers = yield* Effect.forEach(
        members,
        ({ handles, make }) => Effect.map(make(trust), (verify) => ({ handles, verify }))
      )
      return (token, request) => {
        const chosen = verifiers.find(({ handles }) => handles(Redacted.value(token)))
        return chosen === undefined
          ? Effect.fail(notJwt(Redacted.value(token)))
          : chosen.verify(token, request)
      }
    })
  }
}
