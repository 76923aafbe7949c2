import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Scope from "effect/Scope"
import { anonymous, type AuthInfo, isAnonymous, principal } from "../../token/AuthInfo.ts"
import { clientOf } from "../../token/internal/clientAddress.ts"
import { type AuthError, ContentTooLarge, ServerUnavailable } from "../../token/TokenError.ts"
import { type SessionBounds, unit } from "./sessionBounds.ts"
import { type Bounds, makeSessionStore, type Session, type SessionStore } from "./sessionStore.ts"

const header = "mcp-session-id"

/** The principal of everybody who has no token. */
const unnamed = principal(anonymous)

/** No session has this id, so a request that carries it is answered as for any unknown session. */
const nobodys = "unknown"

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

/** A response that may have begun or ended a session. */
export interface Answered {
  readonly info: AuthInfo["Service"]
  readonly request: Request
  readonly response: Response
  /** How many bytes the message of the request had. */
  readonly size: Effect.Effect<number>
}

/** Sessions, and the principals that they belong to. */
export interface Sessions {
  /**
   * The request as the server may see it: a session of somebody else does not exist. Whether it does is the server's
   * matter to answer, so that the two cannot be told apart.
   */
  readonly claim: (info: AuthInfo["Service"], request: Request) => Effect.Effect<Request, never, Scope.Scope>
  /** Learns of the sessions that the server begins and ends. Fails if a session could not be kept. */
  readonly learn: (answered: Answered) => Effect.Effect<void, AuthError>
}

/** What sessions need of the server behind a gate. */
export interface SessionOptions {
  readonly bounds: SessionBounds
  /** Ends sessions in the server, which keeps them in memory otherwise. */
  readonly end: (id: string) => Effect.Effect<void>
}

/** Keeps sessions within their bounds: those begun without a token in one store, all others in another. */
const makeKeeper = Effect.fnUntraced(function*({ bounds, end }: SessionOptions) {
  const scope = yield* Effect.scope
  const stores = [makeSessionStore(bounds.anonymous), makeSessionStore(bounds.authenticated)] as const
  const storeOf = (session: Session): SessionStore => stores[session.principal === unnamed ? 0 : 1]
  const endAll = (sessions: ReadonlyArray<Session>) => Effect.forEach(sessions, ({ id }) => end(id), { discard: true })
  const period = Math.min(bounds.anonymous.idle, bounds.authenticated.idle)
  const endIdle = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => endAll(stores.flatMap((store) => store.removeIdle(now)))
  )
  let isWatched = false
  /** Watches sessions for as long as there are any: a server without sessions has no timer. */
  const watch: Effect.Effect<unknown> = Effect.suspend(() => {
    if (isWatched || !Number.isFinite(period)) return Effect.void
    isWatched = true
    const round = Effect.andThen(Effect.sleep(period), endIdle)
    const stopped = Effect.sync(() => {
      isWatched = false
    })
    const watching = Effect.repeat(round, { until: () => stores.every((store) => store.isEmpty()) })
    return Effect.forkIn(Effect.ensuring(watching, stopped), scope)
  })
  return {
    find: (id: string) => stores[0].get(id) ?? stores[1].get(id),
    remove: (session: Session) => storeOf(session).remove(session),
    /** Ends a session that was not used for too long, and says whether it was one. */
    expire: (session: Session): Effect.Effect<boolean> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const store = storeOf(session)
        if (!store.isIdle(session, now)) return Effect.succeed(false)
        store.remove(session)
        return Effect.as(end(session.id), true)
      }),
    /** Keeps a session, and ends what has no room besides it. Says whether it was kept. */
    keep: (session: Session): Effect.Effect<boolean> =>
      Effect.suspend(() => {
        const ended = storeOf(session).add(session)
        return Effect.as(Effect.andThen(endAll(ended), watch), !ended.includes(session))
      })
  }
})

/** Marks a session as used until the request has been answered. */
const use = (session: Session, request: Request): Effect.Effect<Request, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const clock = Context.get(context, Clock.Clock)
    session.requests++
    session.lastUsed = clock.currentTimeMillisUnsafe()
    const used = Effect.sync(() => {
      session.requests--
      session.lastUsed = clock.currentTimeMillisUnsafe()
    })
    return Effect.as(Scope.addFinalizer(Context.get(context, Scope.Scope), used), request)
  })

/** The request without its session. */
const without = (request: Request): Request =>
  request.modify({ headers: Headers.set(request.headers, header, nobodys) })

/** Why there is no room for a session. */
const tooMuch = (weight: number, { perOwner }: Bounds): AuthError =>
  weight > perOwner
    ? new ContentTooLarge({ limit: perOwner * unit })
    : new ServerUnavailable({ reason: "too-many-sessions" })

/**
 * Sessions of MCP up to 2025-11-25 belong to the principal who began them, not to whoever learns of their id, and not to
 * the bytes of a token: a refreshed one goes on. Their number is bounded, and they end when they are not used.
 */
export const makeSessions = Effect.fnUntraced(function*(
  options: SessionOptions
): Effect.fn.Return<Sessions, never, Scope.Scope> {
  const { expire, find, keep, remove } = yield* makeKeeper(options)
  const claimSession = Effect.fnUntraced(function*(id: string, info: AuthInfo["Service"], request: Request) {
    const session = find(id)
    if (session === undefined || (yield* expire(session))) return without(request)
    const claimant = principal(info)
    if (session.principal === claimant) return yield* use(session, request)
    if (session.principal !== unnamed) return without(request)
    // Who has logged in since goes on, and from now on it is theirs alone.
    remove(session)
    const own = { ...session, principal: claimant, owner: claimant }
    return (yield* keep(own)) ? yield* use(own, request) : without(request)
  })
  return {
    claim: (info, request) => {
      const id = request.headers[header]
      return id === undefined ? Effect.succeed(request) : claimSession(id, info, request)
    },
    learn: Effect.fnUntraced(function*({ info, request, response, size }) {
      const begun = response.headers[header]
      const named = request.headers[header]
      if (begun !== undefined && named === undefined) {
        const owner = isAnonymous(info) ? clientOf(request) ?? nobodys : principal(info)
        const weight = Math.max(1, Math.ceil((yield* size) / unit))
        const lastUsed = yield* Clock.currentTimeMillis
        if (yield* keep({ id: begun, principal: principal(info), owner, weight, lastUsed, requests: 0 })) return
        return yield* tooMuch(weight, options.bounds[isAnonymous(info) ? "anonymous" : "authenticated"])
      }
      const ended = request.method === "DELETE" && response.status === 204 ? named : undefined
      const session = ended === undefined ? undefined : find(ended)
      if (session !== undefined) remove(session)
    })
  }
})
