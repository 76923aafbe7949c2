import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import type { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import * as ResourceIdentifier from "../../metadata/ResourceIdentifier.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import { isScopeToken } from "../../policy/internal/scopeToken.ts"
import { type FailureLimit, InvalidOptions, type Options } from "../McpAuthOptions.ts"

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
  if (strange !== undefined) return { problem: "invalid-scope", subject: strange }
  return scopes.includes("offline_access") ? { problem: "offline-access" } : undefined
}

const problemOf = (
  scopes: ReadonlyArray<string>,
  issuers: ReadonlyArray<string>
): Problem | undefined => {
  const problem = problemOfScopes(scopes)
  if (problem !== undefined) return problem
  const twice = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)
  return twice === undefined ? undefined : { problem: "duplicate-authorization-server", subject: twice }
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
    return yield* new InvalidOptions({ resource: identifier, problem: "no-authorization-server" })
  }
  if (!areSecrets(options)) return yield* new InvalidOptions({ resource: identifier, problem: "short-secret" })
  if (!isLifetime(options.requestStateLifetime)) {
    return yield* new InvalidOptions({ resource: identifier, problem: "invalid-request-state-lifetime" })
  }
  if (!isLimit(options.failureLimit)) {
    return yield* new InvalidOptions({ resource: identifier, problem: "invalid-failure-limit" })
  }
  if (!isBound(options.maxAnswerDuration)) {
    return yield* new InvalidOptions({ resource: identifier, problem: "invalid-max-answer-duration" })
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
