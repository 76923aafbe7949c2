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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ScopedCache from "effect/ScopedCache"
import { type AuthorizationServer, mayIssue } from "../discovery/AuthorizationServer.ts"
import { unknownIssuer } from "./internal/issuers.ts"
import { parseJwt } from "./internal/jwt.ts"
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
 * Options of a verifier that looks up issuers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never, RV = HttpClient.HttpClient, E2 = never> {
  /**
   * Returns the effect that creates the server of an issuer, or `undefined` if the issuer is not trusted. It runs once for
   * an issuer at a time, and also for issuers that senders make up, so it must be cheap. `undefined` is remembered for 10
   * seconds. A failure is answered with 503, because the token may be
   * valid. A server that is no longer trusted is refused within 10 seconds.
   */
  readonly lookup: (issuer: string) => Effect.Effect<MakeServer<E, R> | undefined, E2, R>
  /** Verifies the tokens of each server. Default: `TokenVerifier.jwt()`. */
  readonly verifier?: TokenVerifier.Method<RV> | undefined
  /** The number of servers that are kept, with their metadata and keys. The oldest makes room. Default: 100. */
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

/**
 * Verifies tokens of issuers that a function trusts, in addition to the configured authorization servers.
 *
 * **Details**
 *
 * A token of a configured server is verified as before, and causes no lookup. So is a token that does not name an issuer.
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
    make: Effect.fnUntraced(function*({ authorizationServers, resource }) {
      const configured = yield* method.make({ resource, authorizationServers })
      const trusted = yield* Cache.makeWith(lookup, {
        capacity: decisions,
        timeToLive: (exit) => Exit.isSuccess(exit) ? remembered : 0
      })
      const build = Effect.fnUntraced(function*(issuer: string) {
        const create = yield* Cache.get(trusted, issuer)
        if (create === undefined) return undefined
        const server = yield* create
        const verify = yield* method.make({ resource, authorizationServers: [server] })
        return { server, verify }
      })
      const servers = yield* ScopedCache.makeWith<
        string,
        Built | undefined,
        E | E2 | TokenVerifier.InvalidVerifier,
        R | RV | HttpClient.HttpClient
      >({
        capacity,
        lookup: build,
        // The decision can expire between the two caches. Then there is no server, and the next token asks again.
        timeToLive: (exit) => Exit.isSuccess(exit) && exit.value !== undefined ? Infinity : 0
      })
      return (token, request) => {
        const jwt = parseJwt(Redacted.value(token))
        const claims = Result.isSuccess(jwt) ? jwt.success.claims : {}
        const { iss } = claims
        if (typeof iss !== "string" || authorizationServers.some((server) => mayIssue(server, iss, claims))) {
          return configured(token, request)
        }
        const refused = Effect.fail(unknownIssuer(authorizationServers, iss, claims))
        const unavailable = (cause: unknown) =>
          new VerificationUnavailable({ issuer: iss, retryAfter: Duration.seconds(1), cause })
        return Effect.flatMap(Effect.mapError(Cache.get(trusted, iss), unavailable), (create) => {
          if (create === undefined) return refused
          return Effect.flatMap(
            Effect.mapError(ScopedCache.get(servers, iss), unavailable),
            (found) =>
              found !== undefined && mayIssue(found.server, iss, claims) ? found.verify(token, request) : refused
          )
        })
      }
    })
  }
}
