import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import { anonymous, type AuthInfo, principal } from "../../token/AuthInfo.ts"

const header = "mcp-session-id"

/** The principal of everybody who has no token. */
const unnamed = principal(anonymous)

/** No session has this id, so a request that carries it is answered as for any unknown session. */
const nobodys = "unknown"

/** How many sessions are known. A session that was forgotten is nobody's, and its client begins another. */
const capacity = 100_000

/** Sessions, and the principals that they belong to. */
export interface Sessions {
  /**
   * The request as the server may see it: a session of somebody else does not exist. Whether it does is the server's
   * matter to answer, so that the two cannot be told apart.
   */
  readonly claim: (
    info: AuthInfo["Service"],
    request: HttpServerRequest.HttpServerRequest
  ) => Effect.Effect<HttpServerRequest.HttpServerRequest>
  /** Learns of the sessions that the server begins and ends. */
  readonly learn: (
    info: AuthInfo["Service"],
    request: HttpServerRequest.HttpServerRequest,
    response: HttpServerResponse.HttpServerResponse
  ) => Effect.Effect<void>
}

/**
 * Sessions of MCP up to 2025-11-25 belong to the principal who began them, not to whoever learns of their id, and not to
 * the bytes of a token: a refreshed one goes on.
 */
export const makeSessions: Effect.Effect<Sessions> = Effect.map(
  Cache.make<string, string, never>({ capacity, lookup: () => Effect.die("sessions are never looked up") }),
  (owners) => ({
    claim: (info, request) => {
      const session = request.headers[header]
      if (session === undefined) return Effect.succeed(request)
      const claimant = principal(info)
      return Effect.flatMap(Cache.getOption(owners, session), (owner) => {
        if (Option.isSome(owner) && owner.value === claimant) return Effect.succeed(request)
        if (Option.isSome(owner) && owner.value === unnamed) {
          // Who has logged in since goes on, and from now on it is theirs alone.
          return Effect.as(Cache.set(owners, session, claimant), request)
        }
        return Effect.succeed(request.modify({ headers: Headers.set(request.headers, header, nobodys) }))
      })
    },
    learn: (info, request, response) => {
      const begun = response.headers[header]
      if (begun !== undefined && request.headers[header] === undefined) return Cache.set(owners, begun, principal(info))
      const ended = request.method === "DELETE" && response.status === 204 ? request.headers[header] : undefined
      return ended === undefined ? Effect.void : Cache.invalidate(owners, ended)
    }
  })
)
