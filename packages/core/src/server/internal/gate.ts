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
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Access } from "../../policy/internal/access.ts"
import { anonymous, AuthInfo, isAnonymous } from "../../token/AuthInfo.ts"
import * as BearerToken from "../../token/BearerToken.ts"
import { isEmptyCredentials } from "../../token/BearerToken.ts"
import { type AuthError, type ContentTooLarge, ServerUnavailable } from "../../token/TokenError.ts"
import { type Availability, openAvailability, ServerAvailability, trackRequests } from "./availability.ts"
import { type BodyLimit, type BodyLimits, declaredTooLarge, limitsIn, readWhole } from "./bodyLimit.ts"
import { makeRefusals, refusableRoute } from "./enforcement.ts"
import { Registered, type Registrations } from "./registrations.ts"
import { ServerSessions } from "./serverSessions.ts"
import { type Guard, guard } from "./service.ts"
import { makeSessions, type Sessions } from "./sessions.ts"
import { Listen, refuseSubscription } from "./subscriptions.ts"
import { allowed, refused } from "./telemetry.ts"

const Name = Schema.Struct({ name: Schema.String })
const Uri = Schema.Struct({ uri: Schema.String })
const PromptReference = Schema.Struct({ type: Schema.Literal("ref/prompt"), ...Name.fields })
const TemplateReference = Schema.Struct({ type: Schema.Literal("ref/resource"), ...Uri.fields })

const Call = Schema.Union([
  Schema.Struct({ method: Schema.Literals(["tools/call", "prompts/get"]), params: Name }),
  Schema.Struct({ method: Schema.Literal("resources/read"), params: Uri }),
  Schema.Struct({
    method: Schema.Literal("completion/complete"),
    params: Schema.Struct({ ref: Schema.Union([PromptReference, TemplateReference]) })
  })
])

type Call = typeof Call.Type

/** What a call is about: said where its method says it, because that is where the server looks. */
const targetOf = ({ params }: Call): string => {
  const named = "ref" in params ? params.ref : params
  return "name" in named ? named.name : named.uri
}

/** Methods that name nothing of the server, and that it offers to every client. */
const Opening = Schema.Struct({
  method: Schema.Literals([
    "initialize",
    "server/discover",
    "ping",
    "logging/setLevel",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list"
  ]),
  // A message is a request or an answer, never both.
  result: Schema.optionalKey(Schema.Never),
  error: Schema.optionalKey(Schema.Never)
})

const answer = { id: Schema.Union([Schema.String, Schema.Number]), method: Schema.optionalKey(Schema.Never) }

/** An answer to something that the server asked. */
const Answer = Schema.Union([
  Schema.Struct({ ...answer, result: Schema.Unknown }),
  Schema.Struct({ ...answer, error: Schema.Unknown })
])

const Message = Schema.Union([Opening, Call, Listen, Answer])

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([Schema.NonEmptyArray(Message), Message]))
)

/** A request without a token, and what is known about it. */
interface Unauthenticated {
  readonly request: HttpServerRequest.HttpServerRequest
  /** Whether it names a session that was begun without a token. */
  readonly ownsSession: boolean
}

/**
 * Whether a request that carries no token may be one of those that need none. The policy is judged later. Everything that
 * no policy has opened stays out, also what does not exist, so that a client begins its login wherever it asks. What the
 * server offers to such callers works without a token: otherwise a client would begin a login before it needs one.
 */
export const mayBeAnonymous = (
  { ownsSession, request }: Unauthenticated,
  { admitsAnonymous, isAnonymous, mayAdmitAnonymous, mayBeAnonymous }: Registrations,
  anonymousLists: boolean,
  limit: BodyLimit
): Effect.Effect<boolean, ContentTooLarge> => {
  if (!(anonymousLists || mayAdmitAnonymous())) return Effect.succeed(false)
  // A client that could do nothing for certain logs in first.
  const begins = anonymousLists || admitsAnonymous()
  // Clients of a session that they have begun ask for its stream by GET, and end it by DELETE.
  if (request.method === "GET" || request.method === "DELETE") return Effect.succeed(ownsSession)
  if (request.method !== "POST") return Effect.succeed(false)
  const isOpen = (message: typeof Message.Type): boolean => {
    if (!("params" in message)) return begins
    if (message.method !== "subscriptions/listen") return mayBeAnonymous(message.method, targetOf(message))
    // The changes of a resource are told to its readers alone. No policy judges a subscription later.
    const { resourceSubscriptions = [] } = message.params.notifications
    return begins && resourceSubscriptions.every((uri) => isAnonymous("resources/read", uri))
  }
  const declared = declaredTooLarge(request, limit)
  if (declared !== undefined) return Effect.fail(declared)
  return Effect.map(
    readWhole(request, limit),
    (body) => body !== undefined && Option.exists(decodeMessages(body), (messages) => [messages].flat().every(isOpen))
  )
}

/** What browser clients have to read besides the body. */
const exposedHeaders = ["WWW-Authenticate", "Mcp-Session-Id", "Mcp-Protocol-Version", "Retry-After"]

/** What every page is told where all may call. */
const anyOrigin = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": exposedHeaders.join(",")
}

type Request = HttpServerRequest.HttpServerRequest
type Respond<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/** How long a standing stream may go on whose token was accepted after its end, because clocks differ. */
const grace = 30_000

/**
 * Whether a stream answers nothing, but stands until it is closed: server-sent events by GET, and `subscriptions/listen`
 * of MCP 2026-07-28. That revision demands that the header names the method of the body, and older ones have no such method.
 */
const isStanding = (request: Request, contentType: string): boolean =>
  request.method === "GET" ? contentType.startsWith("text/event-stream") : isListen(request)

const isListen = ({ headers }: Request): boolean => headers["mcp-method"] === "subscriptions/listen"

const untilExpiry = (expiresAt: number | undefined): Effect.Effect<void> =>
  expiresAt === undefined ? Effect.never : Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Effect.sleep(Duration.millis(now < expiresAt * 1000 ? expiresAt * 1000 - now : grace))
  )

/**
 * A standing stream ends with the token that opened it. An answer to a request that was let in goes on to its result: what
 * was begun may already have had effects, and its client could not learn of them otherwise. It has only the long bound.
 */
const endStream = (
  response: HttpServerResponse.HttpServerResponse,
  request: Request,
  { expiresAt }: AuthInfo["Service"],
  { maxAnswerDuration }: Guard
): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Stream") return response
  const end = isStanding(request, body.contentType)
    ? untilExpiry(expiresAt)
    : Duration.isFinite(maxAnswerDuration)
    ? Effect.sleep(maxAnswerDuration)
    : Effect.never
  const stream = Stream.interruptWhen(body.stream, end)
  return HttpServerResponse.setBody(response, HttpBody.stream(stream, body.contentType, body.contentLength))
}

/** What a gate knows, besides the request. */
interface Keeper {
  readonly auth: Guard
  readonly sessions: Sessions
  readonly limits: BodyLimits
  /** Why no request is accepted now, if none is. */
  readonly unavailable: Availability["problem"]
  /** What the MCP server behind the gate has. Without one there are plain routes. */
  readonly registered: Option.Option<Effect.Effect<Registrations>>
}

/** Lets handlers of plain routes refuse what they are doing (`Policy.require`). Those of MCP are seen to by the server. */
const refusable = <E, R>(respond: Respond<E, R>, { auth, registered }: Keeper, request: Request): Respond<E, R> =>
  Option.isSome(registered) ? respond : refusableRoute(respond, auth, request)

/** The size of a body that was read. Without an MCP server, nothing says that it was. */
const sizeOf = (request: Request, registered: Keeper["registered"]): Effect.Effect<number> => {
  if (Option.isNone(registered)) return Effect.succeed(0)
  return Effect.match(request.text, { onFailure: () => 0, onSuccess: ({ length }) => length })
}

/** Refuses a request for another reason than its token. */
const refuse = (error: AuthError, request: Request, auth: Guard) =>
  Effect.as(refused(error, undefined), auth.refuse(error, request))

/** The request goes on, in the name of who makes it. It is one that its session already let in. */
const letIn = <E, R>(
  respond: Respond<E, R>,
  info: AuthInfo["Service"],
  request: Request,
  keeper: Keeper
) => {
  const { auth, limits, registered, sessions } = keeper
  const { anonymousLists, visibility } = auth.terms
  // The server may have closed while the token was verified.
  const unavailable = keeper.unavailable()
  if (unavailable !== undefined) return refuse(unavailable, request, auth)
  const limit = isAnonymous(info) ? limits.anonymous : limits.authenticated
  const declared = declaredTooLarge(request, limit)
  if (declared !== undefined) return refuse(declared, request, auth)
  const refusals = makeRefusals(auth, anonymousLists && isAnonymous(info) ? "open" : visibility)
  // Provided at once: each time costs a copy of all services of the request.
  const services = Context.make(AuthInfo, info).pipe(
    Context.add(Access, refusals.access),
    Context.add(HttpServerRequest.HttpServerRequest, request),
    Context.add(HttpIncomingMessage.MaxBodySize, limit.size)
  )
  const answered = Effect.provideContext(refusable(respond, keeper, request), services)
  // The server adds the id of a new session only when the response is on its way.
  const learn = () =>
    HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.matchEffect(sessions.learn({ info, request, response, size: sizeOf(request, registered) }), {
        onFailure: (error) => refuse(error, request, auth),
        onSuccess: () => Effect.succeed(response)
      })
    )
  const finished = Effect.map(
    Effect.tap(answered, learn),
    (response) => endStream(refusals.answer(response), request, info, auth)
  )
  // Handlers of plain routes may read their bodies as streams. An MCP server reads all of a body.
  if (Option.isNone(registered) || request.method !== "POST") return finished
  const subscribe = (body: string) =>
    Effect.flatMap(
      registered.value,
      (registrations) =>
        refuseSubscription(body, { info, registrations, refusals, refuse: (error) => auth.refuse(error, request) })
    ).pipe(Effect.flatMap((refusal) => refusal === undefined ? finished : Effect.succeed(refusal)))
  return Effect.matchEffect(readWhole(request, limit), {
    onFailure: (error) => refuse(error, request, auth),
    onSuccess: (body) => body !== undefined && isListen(request) ? subscribe(body) : finished
  })
}

/** The request as its own session may see it, if it carries no token and may do without. */
const withoutToken = Effect.fnUntraced(function*(request: Request, { auth, limits, registered, sessions }: Keeper) {
  const token = BearerToken.fromRequest(request)
  if (Option.isNone(registered) || Result.isSuccess(token) || token.failure._tag !== "MissingCredentials") {
    return undefined
  }
  const registrations = yield* registered.value
  // Its body is read here, and again by the server: both have to read it from the same request.
  const claimed = yield* sessions.claim(anonymous, request)
  // A claim of somebody else's session makes another request.
  const ownsSession = claimed === request && request.headers["mcp-session-id"] !== undefined
  const asked = { request: claimed, ownsSession }
  return (yield* mayBeAnonymous(asked, registrations, auth.terms.anonymousLists, limits.anonymous))
    ? claimed :
    undefined
})

/** Lets in who has a valid token, and tells everybody else what they need. */
const admitByToken = <E, R>(respond: Respond<E, R>, request: Request, keeper: Keeper) => {
  const { auth, sessions } = keeper
  return Effect.matchEffect(auth.authenticate(request), {
    onFailure: (error) => Effect.succeed(auth.refuse(error, request)),
    onSuccess: (info) =>
      Effect.flatMap(sessions.claim(info, request), (claimed) => letIn(respond, info, claimed, keeper))
  })
}

const admitWithoutToken = <E, R>(respond: Respond<E, R>, request: Request, keeper: Keeper) =>
  Effect.matchEffect(withoutToken(request, keeper), {
    onFailure: (error) => refuse(error, request, keeper.auth),
    onSuccess: (open) =>
      open === undefined
        ? admitByToken(respond, request, keeper)
        : Effect.andThen(allowed("anonymous"), letIn(respond, anonymous, open, keeper))
  })

const middleware = HttpRouter.middleware<{ provides: AuthInfo }>()(
  Effect.gen(function*() {
    const auth = yield* guard
    const registered = Option.map(
      yield* Effect.serviceOption(Registered),
      (ref) => Effect.sync(() => MutableRef.get(ref))
    )
    const server = yield* Effect.serviceOption(ServerAvailability)
    // Plain routes have no other guards than the gate itself.
    const availability = Option.isSome(server) ? server.value : yield* openAvailability
    const tracked = Option.isSome(server) ? yield* trackRequests : identity
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
    const isOpen = auth.allowedOrigins.length === 0
    const unavailable = () => availability.problem() ?? auth.unavailable()
    return (respond) =>
      Effect.contextWith((context: Context.Context<HttpServerRequest.HttpServerRequest>) => {
        const request = Context.get(context, HttpServerRequest.HttpServerRequest)
        const { headers, method } = request
        const keeper = { auth, registered, sessions, unavailable, limits: limitsIn(context, auth.bodyLimits) }
        const problem = unavailable()
        const admit = isEmptyCredentials(headers["authorization"]) ? admitWithoutToken : admitByToken
        const admitted = problem === undefined
          ? track(admit(respond, request, keeper), request)
          : refuse(problem, request, auth)
        // Who is no page of a browser names no origin, and is told what any page is told, without further ado.
        return isOpen && headers["origin"] === undefined && method !== "OPTIONS"
          ? Effect.map(admitted, HttpServerResponse.setHeaders(anyOrigin))
          : cors(admitted)
      })
  })
)

/**
 * Middleware for plain routes, beside or instead of an MCP server: lets in who has a valid token, provides `AuthInfo`,
 * and answers everybody else with the challenge. Provide its `layer` to the routes, and `McpAuth` to that.
 *
 * @category middleware
 * @since 0.1.0
 */
export const gate: typeof middleware = {
  ...middleware,
  layer: Layer.fresh(middleware.layer),
  combine: (other) => middleware.combine(other)
}
