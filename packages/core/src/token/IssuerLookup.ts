/**
 * Trust in issuers that a function decides on at run time, such as the tenants of a service.
 *
 * For each issuer, the function returns the server to trust, or nothing. It is the allow-list: the sender of a token
 * chooses the issuer in it, so the function must never derive trust from the form of the string.
 *
 * **Example** (Tenants from a table)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as IssuerLookup from "@effect-mcp-auth/core/IssuerLookup"
 * import * as Effect from "effect/Effect"
 *
 * const tenants = new Set(["https://id.example.com/acme", "https://id.example.com/globex"])
 *
 * const verifier = IssuerLookup.make({
 *   lookup: (issuer) => Effect.succeed(tenants.has(issuer) ? AuthorizationServer.discover(issuer) : undefined)
 * })
 *
 * verifier.name // => "jwt by issuer"
 * ```
 *
 * @since 0.1.0
 */
import * as Cache from "effect/Cache"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { type AuthorizationServer, mayIssue } from "../discovery/AuthorizationServer.ts"
import { FetchLimits } from "../fetch/FetchLimits.ts"
import { creatorServices } from "../fetch/internal/creatorServices.ts"
import { unknownIssuer } from "./internal/issuers.ts"
import { parseJwt } from "./internal/jwt.ts"
import { makeResourcePool } from "./internal/resourcePool.ts"
import { VerificationUnavailable } from "./TokenError.ts"
import * as TokenVerifier from "./TokenVerifier.ts"

/**
 * An effect that creates an authorization server, such as `AuthorizationServer.discover(issuer)`.
 *
 * @category models
 * @since 0.1.0
 */
export type MakeServer<E, R> = Effect.Effect<AuthorizationServer<unknown>, E, R | Scope.Scope>

/**
 * An effect that creates an authorization server, with the version of its configuration.
 *
 * @category models
 * @since 0.1.0
 */
export interface VersionedServer<E, R> {
  readonly server: MakeServer<E, R>
  /** Any text that changes with the configuration, such as the time of its last change. */
  readonly version: string
}

/**
 * Options of a verifier that looks up issuers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never, RV = HttpClient.HttpClient, E2 = never> {
  /**
   * Returns the effect that creates the server of an issuer, or `undefined` if the issuer is not trusted. It runs once for
   * an issuer at a time, and also for issuers that senders make up, so it must be cheap. The decision is remembered for 10
   * seconds: then the function is asked again. A failure, a defect, or no result within `FetchLimits.totalTimeout` is
   * answered with 503, because the token may be valid, and is not remembered.
   *
   * A server is kept while the function returns one, so that its metadata and keys are not fetched again. If its
   * configuration can change, for example keys in a table, return `{ server, version }`: a server of another version
   * replaces it. A server that was refused is created anew if it is trusted again.
   */
  readonly lookup: (
    issuer: string
  ) => Effect.Effect<MakeServer<E, R> | VersionedServer<E, R> | undefined, E2, R>
  /** Verifies the tokens of each server. Default: `TokenVerifier.jwt()`. */
  readonly verifier?: TokenVerifier.Method<RV> | undefined
  /** The number of servers that are kept, with their metadata and keys. The least recently used one makes room. Default: 100. */
  readonly capacity?: number | undefined
}

/** A server that was looked up, and the verifier of its tokens. */
interface Built {
  readonly server: AuthorizationServer<unknown>
  readonly verify: TokenVerifier.VerifyToken
}

/** The number of decisions that are remembered. Senders of tokens can make up issuers. */
const decisions = 1000

const remembered = "10 seconds"

/** The lookups and creations of a function have a limit, because all tokens of an issuer wait for them. */
const limited = <A, E, R>(effect: () => Effect.Effect<A, E, R>, times = 1) =>
  Effect.flatMap(
    FetchLimits,
    ({ totalTimeout }) => Effect.timeout(Effect.suspend(effect), Duration.times(totalTimeout, times))
  )

/** A failure or a defect of the function, or of what it returned: the token may be valid. */
const orUnavailable = (issuer: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchCause(effect, (cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.fail(
      new VerificationUnavailable({ issuer, retryAfter: Duration.seconds(1), cause: Cause.squash(cause) })
    ))

/**
 * Verifies tokens of issuers that a function trusts, in addition to the configured authorization servers.
 *
 * **Details**
 *
 * A token of a configured server is verified as before, and causes no lookup. So is a token that does not name an issuer.
 * With servers that have a verifier of their own, such as presets, set the result as the option `verifier` beside them.
 * Every other server is built by itself: its keys verify the tokens of its own issuer only, by an exact comparison unless
 * the server has another issuer policy. The protected resource metadata lists the configured servers only.
 *
 * @category methods
 * @since 0.1.0
 */
export const make = <E = never, R = never, RV = HttpClient.HttpClient, E2 = never>(
  { capacity = 100, lookup, verifier }: Options<E, R, RV, E2>
): TokenVerifier.Method<R | RV | HttpClient.HttpClient> => {
  const method: TokenVerifier.Method<RV | HttpClient.HttpClient> = verifier ?? TokenVerifier.jwt()
  return {
    name: `${method.name} by issuer`,
    handles: method.handles,
    looksUpIssuers: true,
    make: Effect.fnUntraced(function*({ authorizationServers, resource }) {
      const configured = yield* method.make({ resource, authorizationServers })
      // Decisions and servers outlive the request that causes them, whose services differ: it can have another HTTP client.
      const services = yield* creatorServices<R | RV | HttpClient.HttpClient>()
      const trusted = yield* Cache.makeWith(
        (issuer: string) => Effect.provideContext(limited(() => Effect.scoped(lookup(issuer))), services),
        { capacity: decisions, timeToLive: (exit) => Exit.isSuccess(exit) ? remembered : 0 }
      )
      const servers = yield* makeResourcePool<Built, VerificationUnavailable>(capacity)
      const build = (issuer: string, create: MakeServer<E, R>) =>
        Effect.gen(function*() {
          // A server that is fetched at once may need the limit for itself.
          const server = yield* limited(() => create, 2)
          const verify = yield* method.make({ resource, authorizationServers: [server] })
          return { server, verify }
        }).pipe(
          orUnavailable(issuer),
          Effect.updateContext((context: Context.Context<Scope.Scope>) =>
            Context.add(services, Scope.Scope, Context.get(context, Scope.Scope))
          )
        )
      return (token, request) => {
        const jwt = parseJwt(Redacted.value(token))
        const claims = Result.isSuccess(jwt) ? jwt.success.claims : {}
        const { iss } = claims
        if (typeof iss !== "string" || authorizationServers.some((server) => mayIssue(server, iss, claims))) {
          return configured(token, request)
        }
        const refused = Effect.fail(unknownIssuer(authorizationServers, iss, claims))
        return Effect.flatMap(orUnavailable(iss)(Cache.get(trusted, iss)), (found) => {
          if (found === undefined) return Effect.andThen(servers.forget(iss), refused)
          const { server: create, version } = Effect.isEffect(found) ? { server: found, version: undefined } : found
          return servers.use(
            { key: iss, version, build: build(iss, create) },
            ({ server, verify }) => mayIssue(server, iss, claims) ? verify(token, request) : refused
          )
        })
      }
    })
  }
}
