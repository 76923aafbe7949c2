import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Discovery from "../../discovery/Discovery.ts"
import * as Purpose from "../../discovery/Purpose.ts"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import { scopeToken } from "../../token/internal/claims.ts"
import type { Shape as CredentialStore } from "../CredentialStore.ts"
import type { Grant } from "../Grant.ts"
import { type OAuthClientError, ResourceRefused, ServerRefused } from "../OAuthClientError.ts"
import type { OAuthEvent } from "../OAuthEvent.ts"
import * as ResourceDiscovery from "../ResourceDiscovery.ts"
import type { Shape as UserAgent } from "../UserAgent.ts"
import type { Dpop } from "./dpop.ts"

/** Everything that the parts of one client share. */
export interface Settings<R> {
  readonly server: string
  readonly grant: Grant<R>
  readonly interactive: boolean
  /** The scopes of a login, from those of the challenge and of the metadata. */
  readonly scopes: (asked: ScopesAsked) => ReadonlyArray<string>
  readonly maxStepUps: number
  readonly approveStepUp: (scopes: ReadonlyArray<string>) => Effect.Effect<boolean>
  readonly dpopMode: "when-asked" | "always" | "never"
  readonly resource: ResourceDiscovery.Options
  readonly discovery: Omit<Discovery.FetchOptions, "purpose" | "type">
  readonly legacy: boolean
  readonly loginTimeout: Duration.Duration
  /** In milliseconds. */
  readonly refreshAhead: number
  readonly store: CredentialStore
  readonly userAgent: UserAgent | undefined
  readonly dpop: Dpop
  readonly events: PubSub.PubSub<OAuthEvent>
}

/** What the scopes of a login are chosen from. */
export interface ScopesAsked {
  /** Those of the challenge (RFC 6750, section 3). */
  readonly challenged: ReadonlyArray<string> | undefined
  /** `scopes_supported` of the resource. */
  readonly supported: ReadonlyArray<string> | undefined
}

const counter = Metric.counter("mcp_oauth_events_total", {
  description: "What an MCP client did to get access tokens, by event and reason",
  incremental: true
})

/** The grant or the tag of an error: closed sets. */
const reasonOf = (event: OAuthEvent): string =>
  event._tag === "Failed" ? event.reason : event._tag === "TokenObtained" ? event.grant : "none"

/** Publishes an event, and counts it. */
export const publish = (settings: Settings<unknown>, event: OAuthEvent): Effect.Effect<void> =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(counter, { event: event._tag, reason: reasonOf(event) }), 1),
    PubSub.publish(settings.events, event)
  )

/** The MCP server and its authorization server, as their metadata describes them now. */
export interface Found {
  readonly resource: string
  readonly scopesSupported: ReadonlyArray<string> | undefined
  readonly isDpopBound: boolean
  readonly config: ServerConfig
}

const tokens = Purpose.make("tokens", ({ tokenEndpoint }) => tokenEndpoint === undefined ? ["token_endpoint"] : [])

/** The error of a login whose authorization server has no metadata that can be used. */
export const discoveryRefused =
  (issuer: string) => (error: Effect.Error<ReturnType<typeof Discovery.fetchServerConfig>>): ServerRefused =>
    new ServerRefused({
      issuer,
      reason: "discovery",
      detail: error.message,
      retryable: error._tag === "DiscoveryFailed" && error.outcome === "Transient"
    })

/** The endpoints of MCP 2025-03-26 for servers without metadata. */
const legacyDefaults = (issuer: string): ServerConfig => ({
  type: "oauth",
  issuer,
  locations: [issuer],
  repairs: [],
  oddities: [],
  freshFor: Option.none(),
  metadata: {
    issuer,
    authorizationEndpoint: `${issuer}/authorize`,
    tokenEndpoint: `${issuer}/token`,
    registrationEndpoint: `${issuer}/register`,
    tokenEndpointAuthMethodsSupported: ["none"],
    codeChallengeMethodsSupported: ["S256"]
  }
})

/** MCP 2025-03-26: the origin of the MCP server is its authorization server. */
const findLegacy = Effect.fnUntraced(function*<R>({ discovery, server }: Settings<R>) {
  const issuer = new URL(server).origin
  const config = yield* Discovery.fetchServerConfig(issuer, {
    ...discovery,
    purpose: Purpose.authorization,
    type: "oauth"
  })
    .pipe(
      Effect.catchTag(
        "DiscoveryFailed",
        (error) => error.outcome === "Miss" ? Effect.succeed(legacyDefaults(issuer)) : Effect.fail(error)
      ),
      Effect.mapError(discoveryRefused(issuer))
    )
  return { resource: server, scopesSupported: undefined, isDpopBound: false, config } satisfies Found
})

/** The metadata of an authorization server, as this grant needs it. */
export const findServer = <R>(
  { discovery, grant }: Settings<R>,
  issuer: string
): Effect.Effect<ServerConfig, ServerRefused, HttpClient.HttpClient> =>
  Discovery.fetchServerConfig(issuer, {
    ...discovery,
    purpose: grant._tag === "AuthorizationCode" ? Purpose.authorization : tokens
  }).pipe(Effect.mapError(discoveryRefused(issuer)))

/** The authorization servers that the client is registered with by hand. */
const knownIssuers = <R>({ grant }: Settings<R>): ReadonlyArray<string> => {
  if (grant._tag === "FromEffect") return []
  if (grant._tag !== "AuthorizationCode") return grant.issuer === undefined ? [] : [grant.issuer]
  return grant.registration.ways.flatMap((way) => way._tag === "Preregistered" ? [way.issuer] : [])
}

/** In characters. All scopes of a server become a part of one URL, which browsers and servers limit. */
const maxScopeText = 4096

/** The scopes of a document that can be requested (RFC 6749, section 3.3), as many as a URL has room for. */
const requestable = (scopes: ReadonlyArray<string>): ReadonlyArray<string> => {
  let length = 0
  return scopes.filter((scope) => {
    if (length + scope.length > maxScopeText || !scopeToken.test(scope)) return false
    length += scope.length + 1
    return true
  })
}

/**
 * Reads the metadata of the MCP server and of its authorization server. If the MCP server names several, the one of the
 * current tokens comes first, then one that knows the client (RFC 9728, section 7.6: the choice is the client's).
 */
export const findMetadata = Effect.fn("McpOAuth.findMetadata")(function*<R>(
  settings: Settings<R>,
  hint: string | undefined,
  currentIssuer: string | undefined
): Effect.fn.Return<Found, OAuthClientError, HttpClient.HttpClient> {
  const { server } = settings
  const found = yield* ResourceDiscovery.find(server, hint, settings.resource)
  if (Option.isNone(found)) {
    return settings.legacy ? yield* findLegacy(settings) : yield* new ResourceRefused({ server, reason: "not-found" })
  }
  const metadata = found.value
  const issuers: ReadonlyArray<string> = metadata.authorizationServers ?? []
  const known = knownIssuers(settings)
  const issuer = issuers.find((one) => one === currentIssuer) ?? issuers.find((one) => known.includes(one)) ??
    issuers[0]
  if (issuer === undefined) return yield* new ResourceRefused({ server, reason: "no-authorization-server" })
  return {
    resource: metadata.resource,
    scopesSupported: metadata.scopesSupported === undefined ? undefined : requestable(metadata.scopesSupported),
    isDpopBound: metadata.dpopBoundAccessTokensRequired === true,
    // A grant of one's own needs no metadata.
    config: settings.grant._tag === "FromEffect"
      ? { ...legacyDefaults(issuer), metadata: { issuer } }
      : yield* findServer(settings, issuer)
  }
})

/** The time in milliseconds since 1970. */
export const now: Effect.Effect<number> = Clock.currentTimeMillis
