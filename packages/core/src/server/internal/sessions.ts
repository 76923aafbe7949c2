import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { anonymous, type AuthInfo, isAnonymous, principal } from "../../token/AuthInfo.ts"
import { clientOf } from "../../token/internal/clientAddress.ts"
import { type AuthError, ContentTooLarge, ServerUnavailable } from "../../token/TokenError.ts"
import type { SessionLimits } from "../McpAuthOptions.ts"
import { type Bounds, makeSessionStore, type Session, type SessionStore } from "./sessionStore.ts"

const header = "mcp-session-id"

/** The principal of all callers without a token. */
const anonymousPrincipal = principal(anonymous)

/** No session has this ID. The server responds to it as to every unknown session. */
const unknownSession = "unknown"

/** A session counts once for each of so many bytes of its first message, because the server stores that message. */
const bytesPerWeight = 2048

/** The maximum number of sessions with a token, of all principals together. */
const maxAuthenticated = 100_000

/** The bounds of the sessions of a resource. */
export interface SessionBounds {
  /** Sessions that were started without a token. */
  readonly anonymous: Bounds
  /** Sessions that were started with a token. */
  readonly authenticated: Bounds
}

const isPositiveInteger = (number: number): boolean => Number.isSafeInteger(number) && number > 0

const milliseconds = (duration: Duration.Input): Option.Option<number> =>
  Option.filter(Option.map(Duration.fromInput(duration), Duration.toMillis), (milliseconds) => milliseconds > 0)

/** The bounds of the options, if they are valid. */
export const sessionBounds = (
  { anonymous: maxAnonymous = 1000, anonymousIdle = "30 minutes", idle = "1 day", perPrincipal = 100 }: SessionLimits =
    {}
): Option.Option<SessionBounds> =>
  isPositiveInteger(maxAnonymous) && isPositiveInteger(perPrincipal)
    ? Option.all({
      anonymous: Option.map(milliseconds(anonymousIdle), (idle): Bounds => ({
        total: maxAnonymous,
        perOwner: maxAnonymous,
        idle
      })),
      authenticated: Option.map(milliseconds(idle), (idle): Bounds => ({
        total: Math.max(maxAuthenticated, perPrincipal),
        perOwner: perPrincipal,
        idle
      }))
    })
    : Option.none()

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

/** A request with its response, which may have started or ended a session. */
export interface HandledRequest {
  readonly info: AuthInfo["Service"]
  readonly request: Request
  readonly response: Response
  /** The size of the request's message, in bytes. */
  readonly size: () => Effect.Effect<number>
}

/** Sessions with the principals that own them. */
export interface Sessions {
  /**
   * The request for the server. If another principal owns its session, it gets an unknown session ID. So the response of the
   * server does not reveal whether the session exists. A session that was started without a token belongs to the first
   * principal that continues it with one.
   */
  readonly claim: (info: AuthInfo["Service"], request: Request) => Effect.Effect<Request, never, Scope.Scope>
  /** Records the session that the server starts or ends, if it does. Fails if there is no room for a session. */
  readonly record: (handled: HandledRequest) => Effect.Effect<void, AuthError> | undefined
}

/** Options for the sessions of a server. */
export interface SessionOptions {
  readonly bounds: SessionBounds
  /** Ends a session in the server, which would keep it in memory otherwise. */
  readonly end: (id: string) => Effect.Effect<void>
}

/** Keeps sessions within their bounds: those without a token in one store, those with a token in another. */
const makeSessionKeeper = Effect.fnUntraced(function*({ bounds, end }: SessionOptions) {
  const scope = yield* Effect.scope
  const stores = [makeSessionStore(bounds.anonymous), makeSessionStore(bounds.authenticated)] as const
  const storeOf = (session: Session): SessionStore => stores[session.principal === anonymousPrincipal ? 0 : 1]
  const endAll = (sessions: ReadonlyArray<Session>) => Effect.forEach(sessions, ({ id }) => end(id), { discard: true })
  const period = Math.min(bounds.anonymous.idle, bounds.authenticated.idle)
  const endIdle = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => endAll(stores.flatMap((store) => store.removeIdle(now)))
  )
  let isWatched = false
  /** Ends idle sessions for as long as there are sessions. A server without sessions has no timer. */
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
    /** Ends a session if it is idle. Returns whether it was. */
    expire: (session: Session): Effect.Effect<boolean> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const store = storeOf(session)
        if (!store.isIdle(session, now)) return Effect.succeed(false)
        store.remove(session)
        return Effect.as(end(session.id), true)
      }),
    /** Adds a session, and ends the sessions above the bounds. Returns whether the new one is kept. */
    keep: (session: Session): Effect.Effect<boolean> =>
      Effect.suspend(() => {
        const ended = storeOf(session).add(session)
        return Effect.as(Effect.andThen(endAll(ended), watch), !ended.includes(session))
      })
  }
})

/** Marks a session as used until the request is finished. */
const trackUse = (session: Session, request: Request): Effect.Effect<Request, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const clock = Context.get(context, Clock.Clock)
    session.requests++
    const used = Effect.sync(() => {
      session.requests--
      session.lastUsed = clock.currentTimeMillisUnsafe()
    })
    return Effect.as(Scope.addFinalizer(Context.get(context, Scope.Scope), used), request)
  })

/** The request without its session. */
const withoutSession = (request: Request): Request =>
  request.modify({ headers: Headers.set(request.headers, header, unknownSession) })

/** The error if there is no room for a session. */
const noRoomError = (weight: number, { perOwner }: Bounds): AuthError =>
  weight > perOwner
    ? new ContentTooLarge({ limit: perOwner * bytesPerWeight })
    : new ServerUnavailable({ reason: "too-many-sessions" })

/**
 * Sessions of MCP up to 2025-11-25 belong to the principal that started them, or that logged in during them. Knowledge of the
 * session ID is not enough. The session continues with a refreshed token of the same principal. The number of sessions is
 * bounded, and idle ones end.
 */
export const makeSessions = Effect.fnUntraced(function*(
  options: SessionOptions
): Effect.fn.Return<Sessions, never, Scope.Scope> {
  const { expire, find, keep, remove } = yield* makeSessionKeeper(options)
  const claimSession = Effect.fnUntraced(function*(id: string, info: AuthInfo["Service"], request: Request) {
    const session = find(id)
    if (session === undefined || (yield* expire(session))) return withoutSession(request)
    const claimant = principal(info)
    if (session.principal === claimant) return yield* trackUse(session, request)
    if (session.principal !== anonymousPrincipal) return withoutSession(request)
    // The client has logged in. From now on, the session belongs to its principal only.
    remove(session)
    const own = { ...session, principal: claimant, owner: claimant }
    return (yield* keep(own)) ? yield* trackUse(own, request) : withoutSession(request)
  })
  const begin = Effect.fnUntraced(function*(id: string, { info, request, size }: HandledRequest) {
    const [owner, bounds] = isAnonymous(info)
      ? [clientOf(request) ?? unknownSession, options.bounds.anonymous]
      : [principal(info), options.bounds.authenticated]
    const weight = Math.max(1, Math.ceil((yield* size()) / bytesPerWeight))
    const lastUsed = yield* Clock.currentTimeMillis
    if (yield* keep({ id, principal: principal(info), owner, weight, lastUsed, requests: 0 })) return
    return yield* noRoomError(weight, bounds)
  })
  return {
    claim: (info, request) => {
      const id = request.headers[header]
      return id === undefined ? Effect.succeed(request) : claimSession(id, info, request)
    },
    record: (handled) => {
      const { request, response } = handled
      const begun = response.headers[header]
      const named = request.headers[header]
      if (begun !== undefined && named === undefined) return begin(begun, handled)
      if (named === undefined || request.method !== "DELETE" || response.status !== 204) return undefined
      return Effect.sync(() => {
        const session = find(named)
        if (session !== undefined) remove(session)
      })
    }
  }
})
