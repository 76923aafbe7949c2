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
import { isScopeToken } from "../../policy/ScopeHierarchy.ts"
import { type FailureLimit, InvalidOptions, type Options } from "../McpAuthOptions.ts"
import { invalidTokenHeader } from "./tokenHeaders.ts"
import type { TrustedServers } from "./trustedServers.ts"

type ResourceOptions = Omit<Options<unknown, unknown, unknown>, "authorizationServers" | "verifier">

/** A resource whose options are valid. */
export interface ProtectedResource {
  readonly identifier: ResourceIdentifier.ResourceIdentifier
  readonly metadataUrl: string
  readonly requiredScopes: ReadonlyArray<string>
  /** The metadata of the resource, given the scopes of its policies. */
  readonly metadata: (policyScopes: ReadonlyArray<string>) => ProtectedResourceMetadata
  /** The scopes that clients request when they log in, given the scopes of the policies. */
  readonly loginScopes: (policyScopes: ReadonlyArray<string>) => ReadonlyArray<string>
}

type Invalid = Omit<ConstructorParameters<typeof InvalidOptions>[0], "resource">

/** The reason why scopes are invalid, if they are. */
export const invalidScope = (scopes: ReadonlyArray<string>): Invalid | undefined => {
  const invalid = scopes.find((scope) => !isScopeToken(scope))
  if (invalid !== undefined) return { reason: "invalid-scope", subject: invalid }
  return scopes.includes("offline_access") ? { reason: "offline-access" } : undefined
}

/** Converts scopes to the form in which clients request them. Scopes with the same form are named once. */
export const inRequestForm = (
  { scopeRequestForm = identity }: Pick<ResourceOptions, "scopeRequestForm">,
  scopes: ReadonlyArray<string>
): ReadonlyArray<string> => Arr.dedupe(scopes.map((scope) => scopeRequestForm(scope)))

const supportedScopesOf = (
  { requiredScopes = [], scopesSupported }: ResourceOptions,
  policyScopes: ReadonlyArray<string>
) => Arr.dedupe([...scopesSupported ?? policyScopes, ...requiredScopes])

const loginScopesOf = (options: ResourceOptions, policyScopes: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { loginScopes, requiredScopes = [], scopesSupported } = options
  if (loginScopes !== undefined) return loginScopes
  // A configured `scopesSupported` may have many more scopes than a login needs.
  const isNarrow = requiredScopes.length > 0 && (scopesSupported !== undefined || policyScopes.length === 0)
  return isNarrow ? requiredScopes : supportedScopesOf(options, policyScopes)
}

const isPositive = (input: Duration.Input): boolean =>
  Option.exists(Duration.fromInput(input), (duration) => Duration.toMillis(duration) > 0)

const isPositiveFinite = (input: Duration.Input): boolean =>
  isPositive(input) && Option.exists(Duration.fromInput(input), Duration.isFinite)

const isValidFailureLimit = ({ limit, window }: FailureLimit): boolean =>
  Number.isSafeInteger(limit) && limit > 0 && isPositiveFinite(window)

/** The secrets of request states. Empty: a random secret. */
export const secretsOf = (
  { requestStateSecret = [] }: Pick<Options, "requestStateSecret">
): ReadonlyArray<Redacted.Redacted> =>
  Redacted.isRedacted(requestStateSecret) ? [requestStateSecret] : requestStateSecret

/** An empty list is invalid, because instances could not continue each other's requests. */
const areValidSecrets = (options: ResourceOptions): boolean => {
  const secrets = secretsOf(options)
  return options.requestStateSecret === undefined ||
    (secrets.length > 0 && secrets.every((secret) => Redacted.value(secret).length >= 32))
}

const duplicateIn = (issuers: ReadonlyArray<string>): string | undefined =>
  issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)

const invalidOption = (
  options: ResourceOptions,
  servers: ReadonlyArray<AuthorizationServer<unknown>>
): Invalid | undefined => {
  const { failureLimit, loginScopes = [], maxAnswerDuration, requestStateLifetime, requiredScopes = [] } = options
  const header = invalidTokenHeader(options.tokenHeaders)
  if (header !== undefined) return { reason: "invalid-token-header", subject: header }
  if (!areValidSecrets(options)) return { reason: "short-secret" }
  if (requestStateLifetime !== undefined && !isPositiveFinite(requestStateLifetime)) {
    return { reason: "invalid-request-state-lifetime" }
  }
  if (failureLimit !== undefined && !isValidFailureLimit(failureLimit)) return { reason: "invalid-failure-limit" }
  if (maxAnswerDuration !== undefined && !isPositive(maxAnswerDuration)) {
    return { reason: "invalid-max-answer-duration" }
  }
  const duplicate = duplicateIn(servers.map(({ issuer }) => issuer))
  // The keys of one server would verify tokens of the other. Templates and policies are not compared.
  const shared = duplicateIn(servers.flatMap(({ issuer, tokenIssuers }) => [...new Set(tokenIssuers ?? [issuer])]))
  return invalidScope([...options.scopesSupported ?? [], ...requiredScopes, ...loginScopes]) ??
    (duplicate !== undefined
      ? { reason: "duplicate-authorization-server", subject: duplicate }
      : shared === undefined
      ? undefined
      : { reason: "shared-token-issuer", subject: shared })
}

/** Checks the options of a resource, and derives its metadata and its scopes. */
export const protectedResource = Effect.fnUntraced(function*(
  options: ResourceOptions,
  { authorizationServers, needsNoServer }: Pick<TrustedServers<unknown>, "authorizationServers" | "needsNoServer">
): Effect.fn.Return<ProtectedResource, InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier> {
  const identifier = yield* ResourceIdentifier.make(options.resource, options)
  const issuers = authorizationServers.map(({ issuer }) => issuer)
  const invalid: Invalid | undefined = issuers.length === 0 && !needsNoServer
    ? { reason: "no-authorization-server" }
    : invalidOption(options, authorizationServers)
  if (invalid !== undefined) return yield* new InvalidOptions({ resource: identifier, ...invalid })
  return {
    identifier,
    metadataUrl: WellKnown.protectedResource(identifier),
    requiredScopes: options.requiredScopes ?? [],
    metadata: (policyScopes) => {
      const scopes = supportedScopesOf(options, policyScopes)
      return {
        // RFC 9728, sections 2 and 3.2: absent if there is none.
        ...(Arr.isReadonlyArrayNonEmpty(issuers) ? { authorizationServers: issuers } : {}),
        bearerMethodsSupported: ["header"],
        ...(scopes.length === 0 ? {} : { scopesSupported: inRequestForm(options, scopes) }),
        ...options.metadata,
        resource: identifier
      }
    },
    loginScopes: (policyScopes) => inRequestForm(options, loginScopesOf(options, policyScopes))
  }
})
