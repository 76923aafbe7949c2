import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import type { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import * as ResourceIdentifier from "../../metadata/ResourceIdentifier.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import { InvalidOptions, type Options } from "../McpAuthOptions.ts"

type Described = Omit<Options<unknown, unknown, unknown>, "authorizationServers" | "verifier">

/** A resource after its options were checked. */
export interface ProtectedResource {
  readonly identifier: ResourceIdentifier.ResourceIdentifier
  readonly metadata: ProtectedResourceMetadata
  readonly metadataUrl: string
  /** The scopes to ask for when logging in. */
  readonly loginScopes: ReadonlyArray<string>
  readonly requiredScopes: ReadonlyArray<string>
}

// RFC 6749, section 3.3.
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const problemOf = (
  scopes: ReadonlyArray<string>,
  issuers: ReadonlyArray<string>
): Omit<ConstructorParameters<typeof InvalidOptions>[0], "resource"> | undefined => {
  const strange = scopes.find((scope) => !scopeToken.test(scope))
  if (strange !== undefined) return { problem: "invalid-scope", subject: strange }
  if (scopes.includes("offline_access")) return { problem: "offline-access" }
  const twice = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)
  return twice === undefined ? undefined : { problem: "duplicate-authorization-server", subject: twice }
}

/** Checks the options of a resource, and derives what is served about it. */
export const protectedResource = Effect.fnUntraced(function*(
  options: Described,
  servers: ReadonlyArray<AuthorizationServer<unknown>>
): Effect.fn.Return<ProtectedResource, InvalidOptions | ResourceIdentifier.InvalidResourceIdentifier> {
  const identifier = yield* ResourceIdentifier.make(options.resource, options)
  const { requiredScopes = [], scopesSupported = [] } = options
  const scopes = Arr.dedupe([...scopesSupported, ...requiredScopes])
  const issuers = servers.map(({ issuer }) => issuer)
  if (!Arr.isReadonlyArrayNonEmpty(issuers)) {
    return yield* new InvalidOptions({ resource: identifier, problem: "no-authorization-server" })
  }
  const secret = options.requestStateSecret
  if (secret !== undefined && Redacted.value(secret).length < 32) {
    return yield* new InvalidOptions({ resource: identifier, problem: "short-secret" })
  }
  const problem = problemOf(scopes, issuers)
  if (problem !== undefined) return yield* new InvalidOptions({ resource: identifier, ...problem })
  return {
    identifier,
    metadataUrl: WellKnown.protectedResource(identifier),
    metadata: {
      authorizationServers: issuers,
      bearerMethodsSupported: ["header"],
      ...(scopes.length === 0 ? {} : { scopesSupported: scopes }),
      ...options.metadata,
      resource: identifier
    },
    loginScopes: requiredScopes.length === 0 ? scopes : requiredScopes,
    requiredScopes
  }
})
