import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import type { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import type * as ResourceIdentifier from "../../metadata/ResourceIdentifier.ts"
import { isScopeToken } from "../../policy/internal/scopeToken.ts"
import type { InvalidScopeHierarchy, ScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import type * as TokenVerifier from "../../token/TokenVerifier.ts"
import * as Challenge from "../Challenge.ts"
import { InvalidOptions, type Options, type TrustedServer } from "../McpAuthOptions.ts"
import { type Authenticate, makeAuthenticate } from "./authenticate.ts"
import { type Availability, openAvailability } from "./availability.ts"
import { type BodyLimits, bodyLimits } from "./bodyLimit.ts"
import { asked, protectedResource, secretsOf } from "./protectedResource.ts"
import type { RequestStateOptions } from "./requestState.ts"
import { type SessionBounds, sessionBounds } from "./sessionBounds.ts"
import { refused } from "./telemetry.ts"
import { type Terms, termsOf } from "./terms.ts"

/** Service that guards one resource. */
export class McpAuth extends Context.Service<McpAuth, {
  readonly resource: ResourceIdentifier.ResourceIdentifier
  /** What the resource says about itself (RFC 9728). */
  readonly metadata: Effect.Effect<ProtectedResourceMetadata>
  /** Where it says so. */
  readonly metadataUrl: string
  readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>
  /** Who makes a request, judged by its headers alone: the body is not read. */
  readonly authenticate: Authenticate
  /** Why no request is accepted now, if none is: the scope of this service has closed. */
  readonly unavailable: Availability["problem"]
  /** The answer to a request that is not let in. */
  readonly refuse: (
    error: AuthError,
    request: HttpServerRequest.HttpServerRequest
  ) => HttpServerResponse.HttpServerResponse
  /** What is to be answered, however it is sent. */
  readonly answer: (error: AuthError) => Challenge.Answer
  /** Says which scopes the policies of the resource speak of, whenever somebody wants to know. */
  readonly advertise: (scopes: () => ReadonlyArray<string>) => Effect.Effect<void>
  /** The terms on which policies are judged. */
  readonly terms: Terms
  /** The path at which the resource is served by this program. */
  readonly servedPath: string
  /** The largest request bodies that are accepted. */
  readonly bodyLimits: BodyLimits
  /** How many sessions are kept. */
  readonly sessionBounds: SessionBounds
  /** Where browsers may call from. Empty: anywhere. */
  readonly allowedOrigins: ReadonlyArray<string>
  /** How long an answer may stream, the standing streams apart. */
  readonly maxAnswerDuration: Duration.Duration
  /** How request states are sealed. */
  readonly requestStates: RequestStateOptions
}>()("@effect-mcp-auth/core/server/internal/service/McpAuth") {}

const isEffect = <E, R>(
  server: TrustedServer<E, R>
): server is Effect.Effect<AuthorizationServer<unknown>, E, R> => Effect.isEffect(server)

/** A client that has begun to speak JSON-RPC here names the revision or its session with every request. */
const speaksJsonRpc = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["mcp-protocol-version"] !== undefined || headers["mcp-session-id"] !== undefined

/** Why a protected resource cannot be built. */
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

/** Checks the options and builds what guards the resource. */
export const make = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
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
    return yield* new InvalidOptions({ resource: described.identifier, problem: "invalid-body-limit" })
  }
  const { identifier, metadataUrl } = described
  const sessions = sessionBounds(options.sessionLimits)
  if (Option.isNone(sessions)) {
    return yield* new InvalidOptions({ resource: described.identifier, problem: "invalid-session-limits" })
  }
  const terms = yield* termsOf(options, identifier)
  const trust = { resource: identifier, authorizationServers }
  const conditions = { ...described, ...terms }
  const verified = yield* makeAuthenticate(options, trust, conditions)
  // Opened last, so that it closes before what verifies tokens is finalized.
  const { problem: unavailable } = yield* openAvailability
  const policyScopes = MutableRef.make((): ReadonlyArray<string> => [])
  const challenge = (): Challenge.Options => ({
    resourceMetadata: metadataUrl,
    scopes: described.loginScopes(MutableRef.get(policyScopes)()),
    showErrorDetails: options.showErrorDetails
  })
  return McpAuth.of({
    resource: identifier,
    metadata: Effect.sync(() => described.metadata(MutableRef.get(policyScopes)())),
    metadataUrl,
    authorizationServers,
    terms,
    authenticate: (request) => {
      const error = unavailable()
      return error === undefined ? verified(request) : Effect.andThen(refused(error, undefined), Effect.fail(error))
    },
    unavailable,
    refuse: (error, request) =>
      Challenge.response(asAsked(error, options, conditions), { ...challenge(), jsonRpc: speaksJsonRpc(request) }),
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
  })
})
