import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { Access } from "../../policy/internal/access.ts"
import { anonymous, AuthInfo, isAnonymous } from "../../token/AuthInfo.ts"
import * as BearerToken from "../../token/BearerToken.ts"
import { isEmptyCredentials } from "../../token/BearerToken.ts"
import { type AuthError, ServerUnavailable } from "../../token/TokenError.ts"
import { mayBeAnonymous } from "./anonymousRequests.ts"
import { type Availability, openAvailability, ServerAvailability, trackRequests } from "./availability.ts"
import { type BodyLimits, declaredTooLarge, limitsIn, readWhole } from "./bodyLimit.ts"
import { withOpenAiTools } from "./openAiTools.ts"
import { makeRefusals, refusableRoute, refuseRequest } from "./refusals.ts"
import { Registered, type Registrations } from "./registrations.ts"
import { ServerSessions } from "./serverSessions.ts"
import { type ServiceWithInternals, serviceWithInternals } from "./service.ts"
import { makeSessions, type Sessions } from "./sessions.ts"
import { refuseSubscription } from "./subscriptions.ts"
import { recordAllowed } from "./telemetry.ts"
import { withoutTokenHeaders } from "./tokenHeaders.ts"

/** The headers that browser clients must read. */
const exposedHeaders = ["WWW-Authenticate", "Mcp-Session-Id", "Mcp-Protocol-Version", "Retry-After"]

/** Adds the CORS headers if every origin may call. */
const withAnyOriginHeaders = HttpServerResponse.setHeaders({
  "access-control-allow-origin": "*",
  "access-control-expose-headers": exposedHeaders.join(",")
})

type Request = HttpServerRequest.HttpServerRequest
type Respond<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/** How long a notification stream may last if its token is accepted after `exp`. */
const graceMillis = 30_000

/**
 * Whether a stream sends notifications until it is closed: server-sent events by GET, and `subscriptions/listen` of MCP
 * 2026-07-28. In that revision the header must equal the method in the body. Older revisions do not have the method.
 */
const isNotificationStream = (request: Request, contentType: string): boolean =>
  request.method === "GET" ? contentType.startsWith("text/event-stream") : isListen(request)

const isListen = ({ headers }: Request): boolean => headers["mcp-method"] === "subscriptions/listen"

const untilExpiry = (expiresAt: number | undefined): Effect.Effect<void> =>
  expiresAt === undefined ? Effect.never : Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Effect.sleep(Duration.millis(now < expiresAt * 1000 ? expiresAt * 1000 - now : graceMillis))
  )

/**
 * A notification stream ends when its token expires. The response to an accepted request is sent to its end, because the call
 * may already have had effects, and the client needs the result. It ends only at `maxAnswerDuration`.
 */
const limitStream = (
  response: HttpServerResponse.HttpServerResponse,
  request: Request,
  { expiresAt }: AuthInfo["Service"],
  { maxAnswerDuration }: ServiceWithInternals
): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Stream") return response
  const end = isNotificationStream(request, body.contentType)
    ? untilExpiry(expiresAt)
    : Duration.isFinite(maxAnswerDuration)
    ? Effect.sleep(maxAnswerDuration)
    : Effect.never
  const stream = Stream.interruptWhen(body.stream, end)
  return HttpServerResponse.setBody(response, HttpBody.stream(stream, body.contentType, body.contentLength))
}

/** The state of a gate. */
interface GateState {
  /** The services of the request. */
  readonly context: Context.Context<HttpServerRequest.HttpServerRequest>
  /** The request with its token. Handlers get it without `tokenHeaders`. */
  readonly sent: Request
  readonly auth: ServiceWithInternals
  readonly sessions: Sessions
  readonly limits: BodyLimits
  /** The reason why no request is accepted now, if there is one. */
  readonly unavailable: Availability["problem"]
  /** The registrations of the MCP server behind the gate. None: plain routes. */
  readonly registered: Option.Option<Effect.Effect<Registrations>>
}

/** Lets handlers of plain routes refuse a request (`Policy.require`). The MCP server does this for its own handlers. */
const refusablePlainRoute = <E, R>(
  respond: Respond<E, R>,
  { auth, registered }: GateState,
  request: Request
): Respond<E, R> => Option.isSome(registered) ? respond : refusableRoute(respond, auth, request)

/** What handlers get for a request: its caller, how policies are evaluated for it, and the request itself. */
interface Provided {
  readonly info: AuthInfo["Service"]
  readonly access: Access["Service"]
  readonly request: Request
}

/** Provides the services of a request one by one, because to merge two contexts copies all services of the server. */
const provideTo = <E, R>(respond: Respond<E, R>, { access, info, request }: Provided) =>
  Effect.updateContext(respond, (context: Context.Context<Exclude<R, AuthInfo | Access>>) => {
    const known = Context.getOrUndefined(context, HttpServerRequest.HttpServerRequest)
    const own = known === request ? context : Context.add(context, HttpServerRequest.HttpServerRequest, request)
    // The services that the type excludes above are added here.
    return Context.add(Context.add(own, AuthInfo, info), Access, access) as Context.Context<R>
  })

/** The size of a body that was read. Handlers of plain routes may not read it, so their size is zero. */
const bodySizeOf = (request: Request, registered: GateState["registered"]): Effect.Effect<number> => {
  if (Option.isNone(registered)) return Effect.succeed(0)
  return Effect.match(request.text, { onFailure: () => 0, onSuccess: ({ length }) => length })
}

/** Records the session that a response starts or ends. If there is no room for it, the request is refused. */
const recordSession = (
  response: HttpServerResponse.HttpServerResponse,
  info: AuthInfo["Service"],
  request: Request,
  { auth, registered, sessions }: GateState
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const recorded = sessions.record({ info, request, response, size: () => bodySizeOf(request, registered) })
  return recorded === undefined ? Effect.succeed(response) : Effect.matchEffect(recorded, {
    onFailure: (error) => refuseRequest(error, request, auth),
    onSuccess: () => Effect.succeed(response)
  })
}

/** Passes a request to its handler, on behalf of its caller. The session of the request was already claimed. */
const acceptRequest = <E, R>(
  respond: Respond<E, R>,
  info: AuthInfo["Service"],
  request: Request,
  state: GateState
) => {
  const { auth, context, limits, registered } = state
  const { policySettings } = auth
  const { anonymousLists, visibility } = policySettings
  const limit = isAnonymous(info) ? limits.anonymous : limits.authenticated
  // The server may have closed while the token was verified.
  const refused = state.unavailable() ?? declaredTooLarge(request, limit)
  if (refused !== undefined) return refuseRequest(refused, request, auth)
  const rejection = (error: AuthError) => auth.rejection(error, request)
  const refusals = makeRefusals(
    { policySettings, rejection },
    anonymousLists && isAnonymous(info) ? "open" : visibility
  )
  const answered = provideTo(refusablePlainRoute(respond, state, request), { info, access: refusals.access, request })
  const finished = Effect.map(answered, (response) => {
    // The server adds the ID of a new session just before the response is sent.
    HttpEffect.appendPreResponseHandlerUnsafe(context, (_, sent) => recordSession(sent, info, request, state))
    return limitStream(refusals.apply(response), request, info, auth)
  })
  // Handlers of plain routes may read bodies as streams. An MCP server reads the whole body.
  if (Option.isNone(registered) || request.method !== "POST") {
    return Effect.provideService(finished, HttpIncomingMessage.MaxBodySize, limit.size)
  }
  const subscribe = (body: string) =>
    Effect.flatMap(
      registered.value,
      (registrations) =>
        refuseSubscription(body, { info, registrations, refusals, refuse: (error) => auth.refuse(error, request) })
    ).pipe(Effect.flatMap((refusal) => refusal === undefined ? finished : Effect.succeed(refusal)))
  return Effect.matchEffect(readWhole(request, limit), {
    onFailure: (error) => refuseRequest(error, request, auth),
    onSuccess: (body) => body !== undefined && isListen(request) ? subscribe(body) : finished
  })
}

/**
 * The request with its session, and whether it has no token and needs none. A request that was changed has a body of its own,
 * and only one of the two can read it. So everything that reads the body later must use the same request.
 */
const anonymousRequestOf = Effect.fnUntraced(
  function*(request: Request, { auth, limits, registered, sent, sessions }: GateState) {
    const token = BearerToken.fromRequest(sent, auth.tokenHeaders)
    if (Option.isNone(registered) || Result.isSuccess(token) || token.failure._tag !== "MissingCredentials") {
      return { claimed: request, isOpen: false }
    }
    const registrations = yield* registered.value
    const claimed = yield* sessions.claim(anonymous, request)
    // If the session has another owner, the claim returns a changed request.
    const ownsSession = claimed === request && request.headers["mcp-session-id"] !== undefined
    const unauthenticated = { request: claimed, ownsSession }
    const { anonymousLists } = auth.policySettings
    return {
      claimed,
      isOpen: yield* mayBeAnonymous(unauthenticated, registrations, anonymousLists, limits.anonymous)
    }
  }
)

/** Accepts a request with a valid token, and refuses all others. */
const admitByToken = <E, R>(respond: Respond<E, R>, request: Request, state: GateState) => {
  const { auth, sent, sessions } = state
  return Effect.matchEffect(auth.authenticate(sent), {
    onFailure: (error) => Effect.succeed(auth.refuse(error, request)),
    onSuccess: (info) =>
      // Nearly all requests have no session, so that nothing waits for it.
      Effect.flatMapEager(sessions.claim(info, request), (claimed) => acceptRequest(respond, info, claimed, state))
  })
}

/**
 * Adds what OpenAI hosts read of tools. The body of a request without a token is read only if a policy can accept it, as it
 * is by the gate itself.
 */
const forOpenAi = <E, R>(admitted: Respond<E, R>, request: Request, { auth, limits, registered }: GateState) => {
  if (!auth.openAiTools || request.method !== "POST" || Option.isNone(registered)) return admitted
  return Effect.flatMap(admitted, (response) =>
    Effect.flatMap(registered.value, (registrations) => {
      const wasRead = response.status !== 401 || auth.policySettings.anonymousLists || registrations.mayHaveOpenTarget()
      const limit = response.status === 401 ? limits.anonymous : limits.authenticated
      const tools = { registrations, requestForm: auth.requestForm }
      return wasRead ? withOpenAiTools(response, request, limit, tools) : Effect.succeed(response)
    }))
}

/** Decides about a request, and adds to its response what OpenAI hosts read. */
const admit = <E, R>(respond: Respond<E, R>, request: Request, state: GateState) =>
  isEmptyCredentials(request.headers["authorization"])
    ? Effect.matchEffect(anonymousRequestOf(request, state), {
      onFailure: (error) => refuseRequest(error, request, state.auth),
      onSuccess: ({ claimed, isOpen }) =>
        forOpenAi(
          isOpen
            ? Effect.andThen(recordAllowed("anonymous"), acceptRequest(respond, anonymous, claimed, state))
            : admitByToken(respond, request, state),
          claimed,
          state
        )
    })
    : forOpenAi(admitByToken(respond, request, state), request, state)

const middleware = HttpRouter.middleware<{ provides: AuthInfo }>()(
  Effect.gen(function*() {
    const auth = yield* serviceWithInternals
    const registered = Option.map(
      yield* Effect.serviceOption(Registered),
      (ref) => Effect.sync(() => MutableRef.get(ref))
    )
    const server = yield* Effect.serviceOption(ServerAvailability)
    const { availability, tracked } = Option.isSome(server)
      ? { availability: server.value, tracked: yield* trackRequests }
      // Plain routes have no server whose availability matters.
      : { availability: yield* openAvailability, tracked: identity }
    const closed = new ServerUnavailable({ reason: "closed" })
    const track = <E, R>(answered: Respond<E, R>, request: Request) =>
      tracked(answered, () => auth.refuse(closed, request))
    const serverSessions = yield* Effect.serviceOption(ServerSessions)
    const end = Option.isSome(serverSessions) ? serverSessions.value.end : () => Effect.void
    const sessions = yield* makeSessions({ bounds: auth.sessionBounds, end })
    const cors = HttpMiddleware.cors({
      allowedOrigins: auth.allowedOrigins,
      allowedMethods: ["GET", "POST", "DELETE"],
      exposedHeaders
    })
    const isAnyOrigin = auth.allowedOrigins.length === 0
    const unavailable = () => availability.problem() ?? auth.unavailable()
    return (respond) =>
      Effect.contextWith((context: Context.Context<HttpServerRequest.HttpServerRequest>) => {
        const sent = Context.get(context, HttpServerRequest.HttpServerRequest)
        const request = withoutTokenHeaders(sent, auth.tokenHeaders)
        const { headers, method } = request
        const state = {
          context,
          sent,
          auth,
          registered,
          sessions,
          unavailable,
          limits: limitsIn(context, auth.bodyLimits)
        }
        const problem = unavailable()
        const admitted = problem === undefined
          ? track(admit(respond, request, state), request)
          : refuseRequest(problem, request, auth)
        // Fast path: without an origin, the headers are the same for every client.
        return isAnyOrigin && headers["origin"] === undefined && method !== "OPTIONS"
          ? Effect.map(admitted, withAnyOriginHeaders)
          : cors(admitted)
      })
  })
)

/**
 * Middleware for plain routes, beside or instead of an MCP server. It accepts requests with a valid token, provides
 * `AuthInfo`, and responds to all others with a challenge. Provide its `layer` to the routes, and `McpAuth` to the layer.
 *
 * @category middleware
 * @since 0.1.0
 */
export const gate: typeof middleware = {
  ...middleware,
  layer: Layer.fresh(middleware.layer),
  combine: (other) => middleware.combine(other)
}
