import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { AllowInsecureLoopback } from "../../metadata/InsecureLoopback.ts"
import type { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import type * as ResourceIdentifier from "../../metadata/ResourceIdentifier.ts"
import type { Visibility } from "../../policy/internal/access.ts"
import { type Any, format, hasEmptyScopes } from "../../policy/internal/model.ts"
import { authenticated, type Policy } from "../../policy/Policy.ts"
import { flat, type InvalidScopeHierarchy, isScopeToken, type ScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import * as BearerToken from "../../token/BearerToken.ts"
import { namesCaller, withTokenDigest } from "../../token/internal/claims.ts"
import * as TokenDigest from "../../token/TokenDigest.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import type * as TokenVerifier from "../../token/TokenVerifier.ts"
import * as Challenge from "../Challenge.ts"
import { InvalidOptions, type Options } from "../McpAuthOptions.ts"
import { type Availability, makeAvailability } from "./availability.ts"
import { type BodyLimits, bodyLimits } from "./bodyLimit.ts"
import { type LimitFailures, makeFailureLimit } from "./failureLimit.ts"
import { inRequestForm, type ProtectedResource, protectedResource, secretsOf } from "./protectedResource.ts"
import type { RequestStateOptions } from "./requestState.ts"
import { byAskedHost } from "./resourceNames.ts"
import { type SessionBounds, sessionBounds } from "./sessions.ts"
import { observe, recordRefusal } from "./telemetry.ts"
import { checkNotRecorded, namesOf } from "./tokenHeaders.ts"
import { makeTrustedServers, type TrustedServers } from "./trustedServers.ts"

/** The settings with which the policies of a server are evaluated. */
export interface PolicySettings {
  readonly policy: Policy
  readonly hierarchy: ScopeHierarchy
  readonly visibility: Visibility
  readonly anonymousLists: boolean
}

/** Refuses policies with an empty list of scopes, at any depth. */
export const checkPolicies = (policies: ReadonlyArray<Any>, resource: string): Effect.Effect<void, InvalidOptions> => {
  const policy = policies.find(hasEmptyScopes)
  return policy === undefined
    ? Effect.void
    : Effect.fail(new InvalidOptions({ resource, reason: "empty-scopes", subject: format(policy) }))
}

/** The policy settings of the options. */
export const policySettingsOf = Effect.fnUntraced(function*(
  { anonymousLists = false, policy = authenticated, scopeHierarchy = flat, visibility = "permitted" }: Pick<
    Options,
    "anonymousLists" | "policy" | "scopeHierarchy" | "visibility"
  >,
  resource: string
): Effect.fn.Return<PolicySettings, InvalidOptions | InvalidScopeHierarchy> {
  yield* checkPolicies([policy], resource)
  const hierarchy = Effect.isEffect(scopeHierarchy) ? yield* scopeHierarchy : scopeHierarchy
  return { policy, hierarchy, visibility, anonymousLists }
})

/** Authenticates a request by its headers. */
export type Authenticate = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<AuthInfo["Service"], AuthError>

/** The scopes that every token needs, and the hierarchy that says which scopes cover them. */
interface TokenRequirements {
  readonly requiredScopes: ReadonlyArray<string>
  readonly hierarchy: ScopeHierarchy
}

/** What the names of one resource share. */
interface SharedParts<RV> {
  readonly trusted: TrustedServers<RV>
  readonly unavailable: Availability["problem"]
  readonly policyScopes: MutableRef.MutableRef<() => ReadonlyArray<string>>
  readonly policySettings: PolicySettings
  readonly limits: Limits
  /** Failures at any name of the resource count together. */
  readonly limitFailures: LimitFailures
}

/** Builds the authentication of requests: reads the token, verifies it, and checks the required scopes. */
const makeAuthenticate = Effect.fnUntraced(function*<RV = HttpClient.HttpClient>(
  resource: string,
  { hierarchy, requiredScopes }: TokenRequirements,
  tokenHeaders: ReadonlyArray<string>,
  { limitFailures, trusted: { authorizationServers, verifier }, unavailable }: SharedParts<RV>
): Effect.fn.Return<Authenticate, TokenVerifier.InvalidVerifier, RV | HttpClient.HttpClient | Scope.Scope> {
  const verify = yield* verifier.make({ resource, authorizationServers })
  const digestOf = yield* TokenDigest.TokenDigest
  return (request) =>
    observe((): ReturnType<Authenticate> => {
      const token = BearerToken.fromRequest(request, tokenHeaders)
      if (Result.isFailure(token)) return Effect.fail(token.failure)
      return Effect.flatMap(
        limitFailures(request, token.success, verify(token.success, request)),
        (info): ReturnType<Authenticate> => {
          // The scope may have closed while the token was verified.
          const closed = unavailable()
          if (closed !== undefined) return Effect.fail(closed)
          return requiredScopes.every((scope) => hierarchy.covers(info.scopes, scope))
            // A verifier of the program can return callers without a name, too.
            ? withTokenDigest(info, namesCaller(info), {
              digestOf,
              token: token.success
            })
            : Effect.fail(new InsufficientScope({ required: requiredScopes, granted: [...info.scopes] }))
        }
      )
    })
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
  /** The response to a request that is refused. */
  readonly refuse: (
    error: AuthError,
    request: HttpServerRequest.HttpServerRequest
  ) => HttpServerResponse.HttpServerResponse
}>()("@effect-mcp-auth/core/server/internal/service/McpAuth") {}

type Service = McpAuth["Service"]

/** The members of the service that only this room needs. */
interface Internals {
  /** The reason why no request is accepted now, if there is one. */
  readonly unavailable: Availability["problem"]
  /** The response to a request that is refused, before it is encoded. */
  readonly rejection: (error: AuthError, request: HttpServerRequest.HttpServerRequest) => Challenge.Rejection
  /** Sets the function that returns the scopes of the policies. Metadata and challenges call it each time. */
  readonly setPolicyScopes: (scopes: () => ReadonlyArray<string>) => Effect.Effect<void>
  readonly policySettings: PolicySettings
  /** The path at which this program serves the resource. */
  readonly servedPath: string
  readonly bodyLimits: BodyLimits
  readonly sessionBounds: SessionBounds
  /** The names of further headers that hold tokens, in lower case. */
  readonly tokenHeaders: ReadonlyArray<string>
  /** The origins from which browsers may call. Empty: every origin. */
  readonly allowedOrigins: ReadonlyArray<string>
  /** Whether tools carry what OpenAI hosts read. */
  readonly openAiTools: boolean
  /** Converts scopes to the form in which clients request them. */
  readonly requestForm: (scopes: ReadonlyArray<string>) => ReadonlyArray<string>
  /** The maximum duration of a streamed response to a request. */
  readonly maxAnswerDuration: Duration.Duration
  readonly requestStates: RequestStateOptions
  /** The services of all names of the resource, the first one first. */
  readonly names: readonly [Service, ...ReadonlyArray<Service>]
}

/** The key of the internals. No public type has it, and a copy of the service keeps it. */
const internalsKey = "~effect-mcp-auth/McpAuth"

/** The service with its internals. */
export type ServiceWithInternals = Service & Internals

const hasInternals = (service: Service): service is Service & { readonly [internalsKey]: Internals } =>
  internalsKey in service

/** The `McpAuth` in context, with its internals. */
export const serviceWithInternals: Effect.Effect<ServiceWithInternals, never, McpAuth> = Effect.flatMap(
  McpAuth,
  (service) =>
    hasInternals(service)
      ? Effect.succeed({ ...service[internalsKey], ...service })
      : Effect.die(
        "This McpAuth service has no internals; use McpAuth.layer, or copy its service with all members"
      )
)

/** Whether the client speaks JSON-RPC: MCP clients name the protocol version or the session in every later request. */
const speaksJsonRpc = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["mcp-protocol-version"] !== undefined || headers["mcp-session-id"] !== undefined

/**
 * The errors of building a protected resource.
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
 * The error with the scopes that its challenge names: in the form of requests, with the scopes that every request needs, and
 * with the granted scopes if the options say so. A client may request only these scopes, so they must suffice for the whole
 * request (RFC 6750, section 3). A required scope that another of them covers is left out.
 */
const forChallenge = (
  error: AuthError,
  options: Pick<Options, "challengeScopes" | "scopeRequestForm">,
  { hierarchy, requiredScopes }: TokenRequirements
): AuthError => {
  if (error._tag !== "InsufficientScope") return error
  // Claims can have strings that are not scopes (RFC 6749, section 3.3).
  const granted = options.challengeScopes === "union" ? error.granted.filter(isScopeToken) : []
  const named = new Set([...granted, ...error.required])
  const required = requiredScopes.filter((scope) => !hierarchy.covers(named, scope))
  const scopes = [...granted, ...required, ...error.required]
  return new InsufficientScope({ ...error, required: inRequestForm(options, scopes) })
}

interface Limits {
  readonly bodyLimits: BodyLimits
  readonly sessionBounds: SessionBounds
}

/** The limits of a resource. */
const limitsOf = (
  { maxBodySize, sessionLimits }: Pick<Options, "maxBodySize" | "sessionLimits">,
  resource: string
): Effect.Effect<Limits, InvalidOptions> => {
  const [bodies, sessions] = [bodyLimits(maxBodySize), sessionBounds(sessionLimits)]
  if (Option.isNone(bodies)) return Effect.fail(new InvalidOptions({ resource, reason: "invalid-body-limit" }))
  return Option.isNone(sessions)
    ? Effect.fail(new InvalidOptions({ resource, reason: "invalid-session-limits" }))
    : Effect.succeed({ bodyLimits: bodies.value, sessionBounds: sessions.value })
}

type NamedService = Service & {
  readonly [internalsKey]: Omit<Internals, "names" | "rejection"> & {
    readonly rejection: (error: AuthError) => Challenge.Rejection
  }
}

/** Builds the service of one name of a resource. */
const makeNamed = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>,
  described: ProtectedResource,
  shared: SharedParts<RV>
): Effect.fn.Return<NamedService, TokenVerifier.InvalidVerifier, RV | HttpClient.HttpClient | Scope.Scope> {
  const { limits, policyScopes, policySettings, trusted: { authorizationServers }, unavailable } = shared
  const { identifier: resource, metadataUrl } = described
  const requirements = { ...described, ...policySettings }
  const { showErrorDetails, tokenHeaders = [] } = options
  const verify = yield* makeAuthenticate(resource, requirements, namesOf(tokenHeaders), shared)
  const challenge = (): Challenge.Options =>
    authorizationServers.length === 0
      ? { scopes: [], apiKeyHeaders: ["Authorization (after the word Bearer)", ...tokenHeaders], showErrorDetails }
      : {
        resourceMetadata: metadataUrl,
        scopes: described.loginScopes(MutableRef.get(policyScopes)()),
        showErrorDetails
      }
  return {
    [internalsKey]: {
      ...limits,
      policySettings,
      unavailable,
      rejection: (error) => Challenge.rejection(forChallenge(error, options, requirements), challenge()),
      setPolicyScopes: (scopes) => Effect.sync(() => MutableRef.set(policyScopes, scopes)),
      tokenHeaders: namesOf(tokenHeaders),
      servedPath: options.servedPath ?? new URL(resource).pathname,
      allowedOrigins: options.allowedOrigins ?? [],
      openAiTools: options.openAiTools === true,
      requestForm: (scopes) => inRequestForm(options, scopes),
      maxAnswerDuration: Duration.fromInputUnsafe(options.maxAnswerDuration ?? "1 day"),
      requestStates: { resource, secrets: secretsOf(options), lifetime: options.requestStateLifetime ?? "10 minutes" }
    },
    resource,
    metadata: Effect.sync(() => described.metadata(MutableRef.get(policyScopes)())),
    metadataUrl,
    authorizationServers,
    authenticate: (request) => {
      const error = unavailable()
      return error === undefined ? verify(request) : Effect.andThen(recordRefusal(error, undefined), Effect.fail(error))
    },
    refuse: (error, request) =>
      Challenge.response(forChallenge(error, options, requirements), {
        ...challenge(),
        jsonRpc: speaksJsonRpc(request)
      })
  }
})

/** The names of a resource, the first one first, without duplicates. */
const describeNames = Effect.fnUntraced(function*<E, R, RV>(
  options: Options<E, R, RV>,
  trusted: TrustedServers<RV>
): Effect.fn.Return<
  Arr.NonEmptyReadonlyArray<ProtectedResource>,
  InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier
> {
  const described = yield* Effect.forEach(
    Arr.make(options.resource, ...options.resourceAliases ?? []),
    (resource) => protectedResource({ ...options, resource }, trusted)
  )
  const identifiers = described.map(({ identifier }) => identifier)
  const duplicate = identifiers.find((identifier, index) => identifiers.indexOf(identifier) !== index)
  if (duplicate !== undefined) return yield* new InvalidOptions({ resource: duplicate, reason: "duplicate-resource" })
  return described
})

const makeService = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
  configured: Options<E, R, RV>
): Effect.fn.Return<Service, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope> {
  const trusted = yield* makeTrustedServers(configured)
  const options = { ...configured, scopeRequestForm: trusted.scopeRequestForm }
  const described = yield* describeNames(options, trusted)
  const [{ identifier: resource }] = described
  yield* checkNotRecorded(options.tokenHeaders, resource)
  const { open, problem: unavailable } = makeAvailability()
  const shared = {
    trusted,
    unavailable,
    policyScopes: MutableRef.make((): ReadonlyArray<string> => []),
    limits: yield* limitsOf(options, resource),
    policySettings: yield* policySettingsOf(options, resource),
    limitFailures: yield* makeFailureLimit(options.failureLimit, { resource, ...trusted })
  }
  const names = yield* Effect.forEach(described, (name) => makeNamed(options, name, shared))
  // Opened last, so that it closes before the verifiers are finalized.
  yield* open
  const [first] = names
  const named = byAskedHost(names)
  const service: Service & { readonly [internalsKey]: Internals } = {
    ...first,
    // Everything else belongs to the resource as a whole: states and sessions continue under another of its names.
    [internalsKey]: {
      ...first[internalsKey],
      names,
      rejection: (error, request) => named(request)[internalsKey].rejection(error)
    },
    authenticate: (request) => named(request).authenticate(request),
    refuse: (error, request) => named(request).refuse(error, request)
  }
  return service
})

/**
 * Checks the options and builds the service of a resource. Its requests to providers may reach loopback hosts if that is
 * allowed here, where the service is built, and not where a client's request causes them.
 */
export const make = <E, R, RV = HttpClient.HttpClient>(
  options: Options<E, R, RV>
): Effect.Effect<Service, BuildError | E, R | RV | HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(AllowInsecureLoopback, (isAllowed) =>
    Effect.updateService(
      makeService(options),
      HttpClient.HttpClient,
      HttpClient.transformResponse(Effect.provideService(AllowInsecureLoopback, isAllowed))
    ))
