/**
 * Verification of bearer tokens: a token becomes an `AuthInfo` or a typed error.
 *
 * A `Method` is a way to verify tokens: by signature (`jwt`), by a request to the provider (`introspection`), or by your
 * own function (`custom`). The claims are then checked by the same rules for every method.
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
import * as ApiKey from "./ApiKey.ts"
import * as AudiencePolicy from "./AudiencePolicy.ts"
import type { AuthInfo } from "./AuthInfo.ts"
import type { ClientAuthentication } from "./ClientAuthentication.ts"
import type { AccessTokenMark, TypPolicy } from "./internal/accessToken.ts"
import {
  type ClaimRules,
  type ScopeClaim,
  scopeForm,
  standardClientClaims,
  standardScopeClaims,
  standardSubjectClaim
} from "./internal/claims.ts"
import { type ClaimPath, pathOf, type RoleClaim } from "./internal/claimWords.ts"
import { makeQueues, type QueueSettings } from "./internal/introspectionQueue.ts"
import { looksLikeJwt, notJwt } from "./internal/jwt.ts"
import { findIn, type Lookup, makeApiKeyVerifier, problemOf } from "./internal/verifyApiKey.ts"
import { type CustomVerify, makeCustomVerifier } from "./internal/verifyCustom.ts"
import { makeIntrospectionVerifier } from "./internal/verifyIntrospection.ts"
import { makeJwtVerifier } from "./internal/verifyJwt.ts"
import * as JwkSet from "./JwkSet.ts"
import * as Jws from "./Jws.ts"
import type { TokenError } from "./TokenError.ts"

/**
 * Verifies a token. No content of the token is trusted before. `VerificationUnavailable` means that the token may be valid,
 * but the provider is unavailable.
 *
 * Of the request, only the client's address is read: `introspection` shares its capacity fairly among clients.
 *
 * @category models
 * @since 0.1.0
 */
export type VerifyToken = (
  token: Redacted.Redacted,
  request?: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">
) => Effect.Effect<AuthInfo["Service"], TokenError>

/**
 * The resource that tokens must be issued for, and the authorization servers whose tokens are trusted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trust {
  /** The resource identifier, exactly as tokens spell it. */
  readonly resource: string
  readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>
}

const isFinitePositive = (duration: Duration.Duration): boolean =>
  Duration.isPositive(duration) && Duration.isFinite(duration)

const algorithms = `choose among ${Jws.Algorithm.literals.join(", ")}`

/** What is wrong, and what to change. */
const reasons = {
  "no-algorithm": `\`algorithms\` is empty; ${algorithms}`,
  "unsupported-algorithm": `\`algorithms\` lists an unsupported algorithm; ${algorithms}`,
  "invalid-remember": "`remember` must be a whole number of at least 0",
  "invalid-refetches":
    "`refetches.limit` must be a whole number of at least 1, and `refetches.window` finite and longer than 0",
  "invalid-concurrency": "`concurrency` must be a whole number of at least 1",
  "invalid-queue-size": "`queueSize` must be a whole number of at least 0",
  "invalid-queue-timeout": "`queueTimeout` must be a finite duration, such as \"2 seconds\"",
  "no-single-issuer": "opaque tokens do not name their issuer; choose one of the authorization servers with `issuer`",
  "no-api-key": "`keys` is empty; add a key, or remove the method",
  "invalid-api-key": "a key is invalid",
  "invalid-api-key-prefix":
    "`prefix` must have 3 to 32 letters, digits, underscores and hyphens, and must not begin with \"ey\"",
  "invalid-api-key-issuer": "`issuer` must begin with \"urn:\", so that no authorization server has this name",
  "hidden-api-keys": "an earlier method would get its keys; put `apiKeys` first, and give each a `prefix` of its own",
  "incomplete-metadata": "the metadata of an authorization server is incomplete"
} as const

/**
 * The method cannot verify tokens with its options, or with the trusted authorization servers.
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
  /** For `invalid-api-key`: the position of the key, and what is wrong with it. */
  apiKey: Schema.optionalKey(Schema.String),
  /** For `incomplete-metadata`: the error, which names the missing members. */
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    const { algorithm, apiKey, cause, issuer } = this
    const subject = algorithm ?? issuer ?? apiKey
    const reason = Predicate.hasProperty(cause, "message") && typeof cause.message === "string"
      ? cause.message
      : `${reasons[this.reason]}${subject === undefined ? "" : ` (${quoted(subject)})`}`
    return `The token verifier cannot be built: ${reason}`
  }
}

/**
 * A way to verify tokens. `R` is the services that it requires.
 *
 * @category models
 * @since 0.1.0
 */
export interface Method<out R = HttpClient.HttpClient> {
  readonly name: string
  /** Whether the method verifies this kind of token, judged by its syntax alone. */
  readonly handles: (token: string) => boolean
  readonly make: (trust: Trust) => Effect.Effect<VerifyToken, InvalidVerifier, R | Scope.Scope>
  /** Whether it refuses tokens that name another issuer, or none, without a request. Default: `false`. */
  readonly refusesOtherIssuers?: boolean | undefined
  /** Whether the method verifies tokens of an authorization server. Default: `true`. API keys need none. */
  readonly needsAuthorizationServer?: boolean | undefined
  /** Whether it also verifies tokens of issuers that no configured server has. Default: `false`. */
  readonly looksUpIssuers?: boolean | undefined
  /** The prefix of its tokens, if it is one for API keys. */
  readonly prefix?: string | undefined
  /** The methods that `firstOf` combines. */
  readonly methods?: ReadonlyArray<Method<R>> | undefined
}

export type { AccessTokenMark } from "./internal/accessToken.ts"
export type { ScopeClaim } from "./internal/claims.ts"
export type { ClaimForm, ClaimPath, RoleClaim } from "./internal/claimWords.ts"

/**
 * Options for the claim rules, which are the same for every method.
 *
 * **Details**
 *
 * Claims must be those of an access token (RFC 9068, section 4; RFC 8725, sections 3.11 and 3.12). A token is refused if a
 * claim marks it as another kind: as an ID token, refresh token, logout token, security event token, authorization response
 * or introspection response. A token that is bound to a key (`cnf`, `token_type: "DPoP"`) is refused as well. If the
 * audience is not the resource, for example with `AudiencePolicy.anyOf(clientId)`, an ID token may have the same audience.
 * The token must then have a claim that ID tokens lack: `scope`, `scopes`, `scp`, `client_id`, `cid`, `appid`, `azpacr`, a
 * claim such as `token_use: "access"`, or an `azp` that is not among its audiences.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClaimOptions {
  /** The rule for the audience. Default: `AudiencePolicy.resource`. */
  readonly audience?: AudiencePolicy.AudiencePolicy | undefined
  /** The accepted clock skew between the issuer and this program. Default: 30 seconds. */
  readonly clockTolerance?: Duration.Input | undefined
  /** Accept tokens without `exp`, which never expire. Default: `false`. */
  readonly acceptWithoutExpiry?: boolean | undefined
  /**
   * A claim that only the access tokens of the provider have. Tokens without it are refused. Tokens with it may have a
   * `nonce`, which otherwise marks ID tokens. Needed for authentik (`{ claim: "uid" }`), Casdoor (`{ claim: "tokenType",
   * equals: "access-token" }`), ZITADEL with the project as audience (`{ claim: "jti" }`), and other providers whose access
   * tokens look like ID tokens. Default: the rules above.
   */
  readonly accessTokenMark?: AccessTokenMark | undefined
  /**
   * The claims that grant scopes, instead of `scope`, `scopes` and `scp`: for example `["ias_apis"]` (SAP Cloud Identity),
   * or `["scope", "permissions"]` for an Auth0 API that grants its permissions to every client of the user. A claim in
   * another form is a path: `{ path: ["ext", "scope"], separator: "," }`, `{ path: ["roles"], keys: true }` for an object whose
   * keys are the scopes, or `{ path: ["roles"], member: "key" }` for a list of objects. Default: `["scope", "scopes", "scp"]`.
   */
  readonly scopeClaims?: readonly [ScopeClaim, ...ReadonlyArray<ScopeClaim>] | undefined
  /**
   * The claims with the roles of the caller, for `Policy.role` without `at`: for example `[["groups"]]`, or
   * `[{ path: ["urn:zitadel:iam:org:project:roles"], keys: true }]` for an object whose keys are the roles, or
   * `[{ path: ["roles"], member: "key" }]` for a list of objects (Kinde). No other claim has roles then. Roles grant no
   * scope. Default: the claims that `Policy.role` names.
   */
  readonly roleClaims?: readonly [RoleClaim, ...ReadonlyArray<RoleClaim>] | undefined
  /**
   * The claim that names the subject, instead of `sub`: for example `username`, if introspection responses have no `sub`
   * (WSO2; RFC 7662, section 2.2). Its values must be unique at the issuer and never reassigned. A token without the claim
   * is accepted, but shares no session and no request state with other tokens. A claim below another one is a path:
   * `["ext", "user_id"]`. Default: `sub`.
   */
  readonly subjectClaim?: string | ClaimPath | undefined
  /**
   * The claim that names the client, or its path, instead of `client_id`, `azp`, `cid` and `appid`. Default: the first of
   * these four.
   */
  readonly clientClaim?: string | ClaimPath | undefined
}

const rulesOf = ({ resource }: Trust, options: ClaimOptions): ClaimRules => ({
  resource,
  audience: options.audience ?? AudiencePolicy.resource,
  clockTolerance: Duration.toSeconds(Duration.fromInputUnsafe(options.clockTolerance ?? "30 seconds")),
  acceptWithoutExpiry: options.acceptWithoutExpiry === true,
  typ: "loose",
  mark: options.accessTokenMark,
  scopeClaims: (options.scopeClaims ?? standardScopeClaims).map(scopeForm),
  roleClaims: options.roleClaims,
  clientClaims: options.clientClaim === undefined ? standardClientClaims : [pathOf(options.clientClaim)],
  subjectClaim: pathOf(options.subjectClaim ?? standardSubjectClaim)
})

/**
 * Options for `jwt`.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwtOptions extends ClaimOptions, JwkSet.Options {
  /**
   * `loose` accepts the types `at+jwt` and `JWT`, and tokens without a type, unless a claim marks another kind of token.
   * `rfc9068` requires `at+jwt` (RFC 9068, section 4). Default: `loose`.
   */
  readonly typ?: TypPolicy | undefined
  /**
   * How many verified tokens are cached, under their digest. A token is cached when it is verified for the second time. It
   * stays valid until `exp` plus the clock tolerance, and as long as the key that signed it is in the JWK Set. 0: none.
   * Default: 10,000.
   */
  readonly remember?: number | undefined
}

/** Declares what the metadata of a server is used for. A custom strategy may fail with an error of any type. */
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
 * Verifies JWTs with the keys that their issuer publishes (RFC 9068, section 4, and the looser tokens of real providers).
 *
 * **Details**
 *
 * Format, algorithm, type, issuer and claims are checked before any key is fetched. The signature is verified last. A token
 * is refused if its algorithm is not accepted or does not match the key, if it is encrypted, if it has no `exp`, if it is
 * an ID token, or if it is bound to a key (`cnf`).
 *
 * @category methods
 * @since 0.1.0
 */
export const jwt = (options: JwtOptions = {}): Method => ({
  name: "jwt",
  handles: looksLikeJwt,
  refusesOtherIssuers: true,
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
 * Options for `introspection`.
 *
 * @category models
 * @since 0.1.0
 */
export interface IntrospectionOptions extends ClaimOptions {
  /** How this resource server authenticates to the authorization server. */
  readonly authentication: ClientAuthentication
  /** The issuer of the authorization server to ask, as configured. Required if several are trusted. */
  readonly issuer?: string | undefined
  /** How long a response is cached, never past `exp`. A revoked token is accepted for that long. Default: 30 seconds. */
  readonly cacheFor?: Duration.Input | undefined
  /**
   * How many introspection requests may be in flight at once. Each client, by its IPv4 address or 64-bit IPv6 network, gets
   * at most three quarters of them. The HTTP client needs as many connections, because waiting for a connection counts as
   * time of the authorization server (`NodeMcpAuth`: `connectionsPerOrigin`). Default: 32.
   */
  readonly concurrency?: number | undefined
  /**
   * How many more requests may wait. Clients take turns. If the queue is full, the client with the most requests gets 503
   * and is told to retry. All clients with an unknown address count as one client. Default: 1,000.
   */
  readonly queueSize?: number | undefined
  /**
   * How long a request may wait to be sent before its client gets 503. The request's own time limit starts when it is sent.
   * Default: 2 seconds.
   */
  readonly queueTimeout?: Duration.Input | undefined
}

/** The settings of the queue, or an error for the option that is invalid. */
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
 * Verifies tokens of any form by introspection (RFC 7662). The response is checked by the same rules as a JWT.
 *
 * @category methods
 * @since 0.1.0
 */
export const introspection = (options: IntrospectionOptions): Method => {
  const queues = makeQueues()
  return {
    name: "introspection",
    handles: () => true,
    make: Effect.fnUntraced(function*(trust) {
      const named = trust.authorizationServers.filter(({ issuer }) =>
        options.issuer === undefined || options.issuer === issuer
      )
      const [server, ...others] = named
      if (server === undefined || others.length > 0) return yield* new InvalidVerifier({ reason: "no-single-issuer" })
      const settings = yield* Effect.fromResult(queueOf(options))
      yield* declarePurpose(server, Purpose.introspection)
      return yield* makeIntrospectionVerifier(server, rulesOf(trust, options), {
        queue: queues(server, settings),
        authentication: options.authentication,
        cacheFor: Duration.fromInputUnsafe(options.cacheFor ?? "30 seconds")
      })
    })
  }
}

/**
 * Options for `custom`.
 *
 * @category models
 * @since 0.1.0
 */
export interface CustomOptions extends ClaimOptions {
  /** Whether a token is of the kind that your function verifies. Default: every token is. */
  readonly handles?: ((token: string) => boolean) | undefined
}

/**
 * Verifies tokens with your own function: an `Effect` from the token to its claims.
 *
 * **Details**
 *
 * `undefined` instead of claims means an invalid token. A `TokenError` is passed on. Any other failure, and every defect,
 * counts as an outage: the token may be valid. The claims are checked by the same rules as those of a JWT: `iss` must be
 * trusted, `aud` must match, and `exp` must be present and in the future. The request is `undefined` if it is not known. Its
 * address tells clients apart, for a function that limits what each of them can cause.
 *
 * **Example** (API keys from a table)
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
 * @category methods
 * @since 0.1.0
 */
export const custom = <E, R>(
  verify: (
    token: Redacted.Redacted,
    request: Pick<HttpServerRequest.HttpServerRequest, "remoteAddress"> | undefined
  ) => Effect.Effect<object | undefined, E, R>,
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

/**
 * Options for `apiKeys`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApiKeyOptions<out E = never, out R = never> {
  /**
   * The keys, or an effect that finds a key by its hash, for example in a database. `undefined` instead of a key means an
   * unknown key. A failure of the effect counts as an outage: the client gets 503 and keeps its key.
   */
  readonly keys: ReadonlyArray<ApiKey.ApiKey> | ((hash: string) => Effect.Effect<ApiKey.ApiKey | undefined, E, R>)
  /** The prefix of all keys. Tokens with another prefix are not API keys. Default: `mcp_`. */
  readonly prefix?: string | undefined
  /**
   * The issuer in `AuthInfo`, a URN. Set it if several tables of keys have subjects of their own. Default:
   * `urn:effect-mcp-auth:api-keys`.
   */
  readonly issuer?: string | undefined
}

/** What is wrong with a list of keys. */
const invalidKeys = (keys: ReadonlyArray<ApiKey.ApiKey>): InvalidVerifier | undefined => {
  if (keys.length === 0) return new InvalidVerifier({ reason: "no-api-key" })
  const hashes = keys.map(({ hash }) => hash.toLowerCase())
  for (const [index, key] of keys.entries()) {
    const isRepeated = hashes.indexOf(hashes[index] ?? "") < index || keys.findIndex(({ id }) => id === key.id) < index
    const problem = problemOf(key) ?? (isRepeated ? "another key has the same `id` or `hash`" : undefined)
    if (problem !== undefined) {
      return new InvalidVerifier({ reason: "invalid-api-key", apiKey: `keys[${index}]: ${problem}` })
    }
  }
  return undefined
}

/**
 * Verifies API keys by their SHA-256 digests, which are compared in constant time. The keys have scopes, a subject and an
 * expiry. Policies and limits apply as for access tokens. See `ApiKey`.
 *
 * **Details**
 *
 * Clients send a key as a bearer token, or in a header that the option `tokenHeaders` names. With this method alone, a
 * resource needs no authorization server. With others, put it first: `firstOf(apiKeys(…), jwt())`. Logs and
 * the metric `mcp_auth_api_keys_total` have the ID of a key, and never the key.
 *
 * **Example** (API keys beside OAuth)
 *
 * ```ts import.meta.vitest
 * import * as TokenVerifier from "@effect-mcp-auth/core/TokenVerifier"
 * import * as DateTime from "effect/DateTime"
 *
 * const apiKeys = TokenVerifier.apiKeys({
 *   keys: [{
 *     id: "ci-2026",
 *     hash: "5e8f4b0d6c0e4f9b8a7d6c5b4a392817f6e5d4c3b2a190807f6e5d4c3b2a1908",
 *     subject: "ci",
 *     scopes: ["notes:read"],
 *     expiresAt: DateTime.makeUnsafe("2027-01-01T00:00:00Z")
 *   }]
 * })
 *
 * TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt()).handles("mcp_1") // => true
 * ```
 *
 * @category methods
 * @since 0.1.0
 */
export const apiKeys = <E = never, R = never>(
  { issuer = ApiKey.issuer, keys, prefix = ApiKey.defaultPrefix }: ApiKeyOptions<E, R>
): Method<R> => ({
  name: "API keys",
  prefix,
  handles: (token) => token.startsWith(prefix),
  needsAuthorizationServer: false,
  make: Effect.fnUntraced(function*({ resource }) {
    if (!ApiKey.isPrefix(prefix)) return yield* new InvalidVerifier({ reason: "invalid-api-key-prefix" })
    if (!/^urn:./i.test(issuer)) return yield* new InvalidVerifier({ reason: "invalid-api-key-issuer", issuer })
    const invalid = typeof keys === "function" ? undefined : invalidKeys(keys)
    if (invalid !== undefined) return yield* invalid
    const lookup: Lookup<R> = typeof keys === "function" ? keys : findIn(keys)
    return yield* makeApiKeyVerifier(lookup, { issuer, resource })
  })
})

/** The services of all members. The element type of the array no longer tells them apart. */
type Services<M extends ReadonlyArray<Method<unknown>>> = M[number] extends Method<infer R> ? R : never

const prefixesOf = ({ methods, prefix }: Method<unknown>): ReadonlyArray<string> =>
  methods?.flatMap(prefixesOf) ?? (prefix === undefined ? [] : [prefix])

/** Whether API keys of a method are given to one before it, which may send them to a provider. */
const hasHiddenKeys = (methods: ReadonlyArray<Method<unknown>>): boolean =>
  methods.some((method, index) =>
    prefixesOf(method).some((prefix) => methods.slice(0, index).some(({ handles }) => handles(prefix)))
  )

/**
 * Combines several methods. The first method whose `handles` accepts the token verifies it. A token that this method
 * refuses is not tried with another. API keys behind a method that would get them are an error (`InvalidVerifier`) when the
 * verifier is built.
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
    needsAuthorizationServer: members.some(({ needsAuthorizationServer }) => needsAuthorizationServer !== false),
    looksUpIssuers: members.some(({ looksUpIssuers }) => looksUpIssuers === true),
    methods: members,
    make: Effect.fnUntraced(function*(trust) {
      if (hasHiddenKeys(members)) return yield* new InvalidVerifier({ reason: "hidden-api-keys" })
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
