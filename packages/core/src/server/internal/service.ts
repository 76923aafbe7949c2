import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { AllowInsecureLoopback } from "../../metadata/InsecureLoopback.ts"
import type { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import * as ResourceIdentifier from "../../metadata/ResourceIdentifier.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import type { Visibility } from "../../policy/internal/access.ts"
import { type Any, format, hasEmptyScopes } from "../../policy/internal/model.ts"
import { authenticated, type Policy } from "../../policy/Policy.ts"
import { flat, type InvalidScopeHierarchy, isScopeToken, type ScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import * as BearerToken from "../../token/BearerToken.ts"
import { namesCaller, withTokenDigest } from "../../token/internal/claims.ts"
import * as TokenDigest from "../../token/TokenDigest.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import * as Challenge from "../Challenge.ts"
import { type FailureLimit, InvalidOptions, type Options, type TrustedServer } from "../McpAuthOptions.ts"
import { type Availability, makeAvailability } from "./availability.ts"
import { type BodyLimits, bodyLimits } from "./bodyLimit.ts"
import { makeFailureLimit } from "./failureLimit.ts"
import type { RequestStateOptions } from "./requestState.ts"
import { type SessionBounds, sessionBounds } from "./sessionBounds.ts"
import { observed, refused } from "./telemetry.ts"

/** The terms on which the policies of a server are judged. */
export interface Terms {
  readonly policy: Policy
  readonly hierarchy: ScopeHierarchy
  readonly visibility: Visibility
  readonly anonymousLists: boolean
}

/** Refuses policies that have an empty list of scopes, wherever in their parts. */
export const checkPolicies = (policies: ReadonlyArray<Any>, resource: string): Effect.Effect<void, InvalidOptions> => {
  const policy = policies.find(hasEmptyScopes)
  return policy === undefined
    ? Effect.void
    : Effect.fail(new InvalidOptions({ resource, reason: "empty-scopes", subject: format(policy) }))
}

/** The terms that the options say. */
export const termsOf = Effect.fnUntraced(function*(
  { anonymousLists = false, policy = authenticated, scopeHierarchy = flat, visibility = "permitted" }: Pick<
    Options,
    "anonymousLists" | "policy" | "scopeHierarchy" | "visibility"
  >,
  resource: string
): Effect.fn.Return<Terms, InvalidOptions | InvalidScopeHierarchy> {
  yield* checkPolicies([policy], resource)
  const hierarchy = Effect.isEffect(scopeHierarchy) ? yield* scopeHierarchy : scopeHierarchy
  return { policy, hierarchy, visibility, anonymousLists }
})

type Described = Omit<Options<unknown, unknown, unknown>, "authorizationServers" | "verifier">

/** A resource after its options were checked. */
export interface ProtectedResource {
  readonly identifier: ResourceIdentifier.ResourceIdentifier
  readonly metadataUrl: string
  readonly requiredScopes: ReadonlyArray<string>
  /** What is served about it, given the scopes of its policies. */
  readonly metadata: (policyScopes: ReadonlyArray<string>) => ProtectedResourceMetadata
  /** The scopes to ask for when logging in, given those of its policies. */
  readonly loginScopes: (policyScopes: ReadonlyArray<string>) => ReadonlyArray<string>
}

type Problem = Omit<ConstructorParameters<typeof InvalidOptions>[0], "resource">

/** What is wrong with scopes, if anything. */
export const problemOfScopes = (scopes: ReadonlyArray<string>): Problem | undefined => {
  const strange = scopes.find((scope) => !isScopeToken(scope))
  if (strange !== undefined) return { reason: "invalid-scope", subject: strange }
  return scopes.includes("offline_access") ? { reason: "offline-access" } : undefined
}

const problemOf = (
  scopes: ReadonlyArray<string>,
  issuers: ReadonlyArray<string>
): Problem | undefined => {
  const problem = problemOfScopes(scopes)
  if (problem !== undefined) return problem
  const twice = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)
  return twice === undefined ? undefined : { reason: "duplicate-authorization-server", subject: twice }
}

/** In the form in which clients ask for them. Several scopes may have one form, which is asked for once. */
export const asked = (
  { scopeRequestForm = identity }: Pick<Described, "scopeRequestForm">,
  scopes: ReadonlyArray<string>
): ReadonlyArray<string> => Arr.dedupe(scopes.map((scope) => scopeRequestForm(scope)))

const supported = ({ requiredScopes = [], scopesSupported }: Described, policyScopes: ReadonlyArray<string>) =>
  Arr.dedupe([...scopesSupported ?? policyScopes, ...requiredScopes])

const login = (options: Described, policyScopes: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { loginScopes, requiredScopes = [], scopesSupported } = options
  if (loginScopes !== undefined) return loginScopes
  // A list that was written by hand names what may be asked for, which may be much more than a login needs.
  const narrow = requiredScopes.length > 0 && (scopesSupported !== undefined || policyScopes.length === 0)
  return narrow ? requiredScopes : supported(options, policyScopes)
}

const isFinite = (duration: Duration.Input): boolean =>
  Option.exists(
    Duration.fromInput(duration),
    (duration) => Duration.isFinite(duration) && Duration.toMillis(duration) > 0
  )

const isLimit = (limit: FailureLimit | undefined): boolean =>
  limit === undefined || (Number.isSafeInteger(limit.limit) && limit.limit > 0 && isFinite(limit.window))

const isLifetime = (lifetime: Duration.Input | undefined): boolean => lifetime === undefined || isFinite(lifetime)

/** The secrets of request states. None: a random one. */
export const secretsOf = (
  { requestStateSecret = [] }: Pick<Options, "requestStateSecret">
): ReadonlyArray<Redacted.Redacted> =>
  Redacted.isRedacted(requestStateSecret) ? [requestStateSecret] : requestStateSecret

/** A list without secrets is a mistake: instances would not continue each other's requests. */
const areSecrets = (options: Pick<Options, "requestStateSecret">): boolean => {
  const secrets = secretsOf(options)
  return options.requestStateSecret === undefined ||
    (secrets.length > 0 && secrets.every((secret) => Redacted.value(secret).length >= 32))
}

/** An answer may have no bound, but none that is over at once. */
const isBound = (bound: Duration.Input | undefined): boolean =>
  bound === undefined || Option.exists(Duration.fromInput(bound), (bound) => Duration.toMillis(bound) > 0)

/** Checks the options of a resource, and derives what is served about it. */
export const protectedResource = Effect.fnUntraced(function*(
  options: Described,
  servers: ReadonlyArray<AuthorizationServer<unknown>>
): Effect.fn.Return<ProtectedResource, InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier> {
  const identifier = yield* ResourceIdentifier.make(options.resource, options)
  const { loginScopes = [], requiredScopes = [], scopesSupported = [] } = options
  const scopes = [...scopesSupported, ...requiredScopes, ...loginScopes]
  const issuers = servers.map(({ issuer }) => issuer)
  if (!Arr.isReadonlyArrayNonEmpty(issuers)) {
    return yield* new InvalidOptions({ resource: identifier, reason: "no-authorization-server" })
  }
  if (!areSecrets(options)) return yield* new InvalidOptions({ resource: identifier, reason: "short-secret" })
  if (!isLifetime(options.requestStateLifetime)) {
    return yield* new InvalidOptions({ resource: identifier, reason: "invalid-request-state-lifetime" })
  }
  if (!isLimit(options.failureLimit)) {
    return yield* new InvalidOptions({ resource: identifier, reason: "invalid-failure-limit" })
  }
  if (!isBound(options.maxAnswerDuration)) {
    return yield* new InvalidOptions({ resource: identifier, reason: "invalid-max-answer-duration" })
  }
  const problem = problemOf(scopes, issuers)
  if (problem !== undefined) return yield* new InvalidOptions({ resource: identifier, ...problem })
  return {
    identifier,
    metadataUrl: WellKnown.protectedResource(identifier),
    requiredScopes,
    metadata: (policyScopes) => {
      const scopes = supported(options, policyScopes)
      return {
        authorizationServers: issuers,
        bearerMethodsSupported: ["header"],
        ...(scopes.length === 0 ? {} : { scopesSupported: asked(options, scopes) }),
        ...options.metadata,
        resource: identifier
      }
    },
    loginScopes: (policyScopes) => asked(options, login(options, policyScopes))
  }
})

/** Says who makes a request, judged by its headers alone. */
export type Authenticate = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<AuthInfo["Service"], AuthError>

/** What every token has to have. */
interface Conditions {
  readonly requiredScopes: ReadonlyArray<string>
  readonly hierarchy: ScopeHierarchy
}

/** Builds what judges requests: whether there is one token, whether it is valid, and whether it has what all must have. */
export const makeAuthenticate = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
  { failureLimit, verifier }: Pick<Options<E, R, RV>, "failureLimit" | "verifier">,
  trust: TokenVerifier.Trust,
  { hierarchy, requiredScopes }: Conditions,
  unavailable: Availability["problem"]
): Effect.fn.Return<Authenticate, TokenVerifier.InvalidVerifier, RV | HttpClient.HttpClient | Scope.Scope> {
  const verify = yield* verifier === undefined ? TokenVerifier.jwt().make(trust) : verifier.make(trust)
  const digestOf = yield* TokenDigest.TokenDigest
  const limited = yield* makeFailureLimit(failureLimit, trust)
  return (request) =>
    observed(Effect.suspend((): Effect.Effect<AuthInfo["Service"], AuthError> => {
      const token = BearerToken.fromRequest(request)
      if (Result.isFailure(token)) return Effect.fail(token.failure)
      return Effect.flatMap(
        limited(request, token.success, verify(token.success, request)),
        (info): ReturnType<Authenticate> => {
          // The scope may have closed while the token was verified.
          const closed = unavailable()
          if (closed !== undefined) return Effect.fail(closed)
          return requiredScopes.every((scope) => hierarchy.covers(info.scopes, scope))
            // A method that is not of this library may describe callers without a name, too.
            ? withTokenDigest(info, namesCaller(info), {
              digestOf,
              token: token.success
            })
            : Effect.fail(new InsufficientScope({ required: requiredScopes, granted: [...info.scopes] }))
        }
      )
    }))
})

/**
 * Service that guards one resource.
 *
 * @category services
 * @since 0.1.0
 */
export class McpAuth extends Context.Service<McpAuth, {
  readonly resource: ResourceIdentifier.ResourceIdentifier
  /** The metadata of the resource (RFC 9728). */
  readonly metadata: Effect.Effect<ProtectedResourceMetadata>
  /** The URL of the metadata. */
  readonly metadataUrl: string
  readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>
  /** Authenticates a request by its headers. The body is not read. */
  readonly authenticate: Authenticate
  /** The response to a request that is rejected. */
  readonly refuse: (
    error: AuthError,
    request: HttpServerRequest.HttpServerRequest
  ) => HttpServerResponse.HttpServerResponse
}>()("@effect-mcp-auth/core/server/internal/service/McpAuth") {}

/** What only this room needs of the service. */
interface Internals {
  /** The reason why no request is accepted now, if there is one. */
  readonly unavailable: Availability["problem"]
  /** The response to a request that is rejected, before it is encoded. */
  readonly answer: (error: AuthError) => Challenge.Answer
  /** Sets the scopes of the policies of the resource. They are read for each document and each challenge. */
  readonly advertise: (scopes: () => ReadonlyArray<string>) => Effect.Effect<void>
  readonly terms: Terms
  /** The path at which this program serves the resource. */
  readonly servedPath: string
  readonly bodyLimits: BodyLimits
  readonly sessionBounds: SessionBounds
  /** The origins from which browsers may call. Empty: every origin. */
  readonly allowedOrigins: ReadonlyArray<string>
  /** The maximum duration of a streamed response to a request. */
  readonly maxAnswerDuration: Duration.Duration
  readonly requestStates: RequestStateOptions
}

/** The key of the internals in the service. It is in no public type, and a copy of the service keeps it. */
const internalsKey = "~effect-mcp-auth/McpAuth"

/** The service with its internals. */
export interface Guard extends Internals, Pick<McpAuth["Service"], keyof McpAuth["Service"]> {}

const hasInternals = (service: object): service is { readonly [internalsKey]: Internals } => internalsKey in service

/** The guard of the `McpAuth` in context. */
export const guard: Effect.Effect<Guard, never, McpAuth> = Effect.flatMap(McpAuth, (service) =>
  hasInternals(service)
    ? Effect.succeed({ ...service[internalsKey], ...service })
    : Effect.die(
      "This McpAuth service was not made by McpAuth.layer: build it by McpAuth.layer, or copy all its members"
    ))

const isEffect = <E, R>(
  server: TrustedServer<E, R>
): server is Effect.Effect<AuthorizationServer<unknown>, E, R> => Effect.isEffect(server)

/** A client that has begun to speak JSON-RPC here names the revision or its session with every request. */
const speaksJsonRpc = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["mcp-protocol-version"] !== undefined || headers["mcp-session-id"] !== undefined

/**
 * Why a protected resource cannot be built.
 *
 * @category errors
 * @since 0.1.0
 */
export type BuildError =
  | InvalidOptions
  | ResourceIdentifier.InvalidResourceIdentifier
  | TokenVerifier.InvalidVerifier
  | InvalidScopeHierarchy

/**
 * An error as its challenge asks for it: in the form of requests, with the scopes that every request needs, and together
 * with those that were granted if the options say so. A client may ask for these scopes alone, so they have to suffice for
 * the whole request (RFC 6750, section 3). A required scope that another of them covers is not named.
 */
const asAsked = (
  error: AuthError,
  options: Pick<Options, "challengeScopes" | "scopeRequestForm">,
  { hierarchy, requiredScopes }: { readonly hierarchy: ScopeHierarchy; readonly requiredScopes: ReadonlyArray<string> }
): AuthError => {
  if (error._tag !== "InsufficientScope") return error
  // The claims of scopes may hold strings that no scope may be (RFC 6749, section 3.3).
  const granted = options.challengeScopes === "union" ? error.granted.filter(isScopeToken) : []
  const named = new Set([...granted, ...error.required])
  const required = requiredScopes.filter((scope) => !hierarchy.covers(named, scope))
  return new InsufficientScope({ ...error, required: asked(options, [...granted, ...required, ...error.required]) })
}

const makeService = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>
): Effect.fn.Return<
  McpAuth["Service"],
  BuildError | E,
  R | RV | HttpClient.HttpClient | Scope.Scope
> {
  const authorizationServers = yield* Effect.forEach(
    options.authorizationServers,
    (server) => isEffect(server) ? server : Effect.succeed(server)
  )
  const described = yield* protectedResource(options, authorizationServers)
  const limits = bodyLimits(options.maxBodySize)
  if (Option.isNone(limits)) {
    return yield* new InvalidOptions({ resource: described.identifier, reason: "invalid-body-limit" })
  }
  const { identifier, metadataUrl } = described
  const sessions = sessionBounds(options.sessionLimits)
  if (Option.isNone(sessions)) {
    return yield* new InvalidOptions({ resource: described.identifier, reason: "invalid-session-limits" })
  }
  const terms = yield* termsOf(options, identifier)
  const trust = { resource: identifier, authorizationServers }
  const conditions = { ...described, ...terms }
  const { open, problem: unavailable } = makeAvailability()
  const verified = yield* makeAuthenticate(options, trust, conditions, unavailable)
  // Opened last, so that it closes before what verifies tokens is finalized.
  yield* open
  const policyScopes = MutableRef.make((): ReadonlyArray<string> => [])
  const challenge = (): Challenge.Options => ({
    resourceMetadata: metadataUrl,
    scopes: described.loginScopes(MutableRef.get(policyScopes)()),
    showErrorDetails: options.showErrorDetails
  })
  const internals: Internals = {
    terms,
    unavailable,
    answer: (error) => Challenge.answer(asAsked(error, options, conditions), challenge()),
    advertise: (scopes) => Effect.sync(() => MutableRef.set(policyScopes, scopes)),
    servedPath: options.servedPath ?? new URL(identifier).pathname,
    bodyLimits: limits.value,
    sessionBounds: sessions.value,
    allowedOrigins: options.allowedOrigins ?? [],
    maxAnswerDuration: Duration.fromInputUnsafe(options.maxAnswerDuration ?? "1 day"),
    requestStates: {
      resource: identifier,
      secrets: secretsOf(options),
      lifetime: options.requestStateLifetime ?? "10 minutes"
    }
  }
  const service: McpAuth["Service"] & { readonly [internalsKey]: Internals } = {
    [internalsKey]: internals,
    resource: identifier,
    metadata: Effect.sync(() => described.metadata(MutableRef.get(policyScopes)())),
    metadataUrl,
    authorizationServers,
    authenticate: (request) => {
      const error = unavailable()
      return error === undefined ? verified(request) : Effect.andThen(refused(error, undefined), Effect.fail(error))
    },
    refuse: (error, request) =>
      Challenge.response(asAsked(error, options, conditions), { ...challenge(), jsonRpc: speaksJsonRpc(request) })
  }
  return service
})

/**
 * Checks the options and builds the guard of the resource. Requests to providers are allowed to reach loopback hosts if that
 * is allowed where the guard is built, not where a client's request causes them.
 */
export const make = <E, R, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>
): Effect.Effect<McpAuth["Service"], BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(AllowInsecureLoopback, (allowed) =>
    Effect.updateService(
      makeService(options),
      HttpClient.HttpClient,
      HttpClient.transformResponse(Effect.provideService(AllowInsecureLoopback, allowed))
    ))
