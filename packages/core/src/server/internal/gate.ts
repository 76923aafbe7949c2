import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AuthInfo, principal } from "../../token/AuthInfo.ts"
import { McpAuth } from "./service.ts"
import { makeSessions, type Sessions } from "./sessions.ts"

/** What browser clients have to read besides the body. */
const exposedHeaders = ["WWW-Authenticate", "Mcp-Session-Id", "Mcp-Protocol-Version", "Retry-After"]

type Respond<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/** How long an answer may go on whose token was accepted after its end, because clocks differ. */
const grace = 30_000

/** A stream goes on for as long as the token is good with which it was opened, and no longer. */
const endWithToken = (
  response: HttpServerResponse.HttpServerResponse,
  { expiresAt }: AuthInfo["Service"]
): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Stream" || expiresAt === undefined) return response
  const expired = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Effect.sleep(Duration.millis(now < expiresAt * 1000 ? expiresAt * 1000 - now : grace))
  )
  const stream = Stream.interruptWhen(body.stream, expired)
  return HttpServerResponse.setBody(response, HttpBody.stream(stream, body.contentType, body.contentLength))
}

/** The request goes on, in the name of who makes it. */
const letIn = Effect.fnUntraced(function*<E, R>(
  respond: Respond<E, R>,
  info: AuthInfo["Service"],
  request: HttpServerRequest.HttpServerRequest,
  sessions: Sessions
) {
  const owner = principal(info)
  const response = yield* respond.pipe(
    Effect.provideService(AuthInfo, info),
    Effect.provideService(HttpServerRequest.HttpServerRequest, yield* sessions.claim(owner, request))
  )
  // The server adds the id of a new session only when the response is on its way.
  yield* HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.as(sessions.learn(owner, request, response), response)
  )
  return endWithToken(response, info)
})

const middleware = HttpRouter.middleware<{ provides: AuthInfo }>()(
  Effect.gen(function*() {
    const auth = yield* McpAuth
    const sessions = yield* makeSessions
    const cors = HttpMiddleware.cors({
      allowedOrigins: auth.allowedOrigins,
      allowedMethods: ["GET", "POST", "DELETE"],
      exposedHeaders
    })
    return (respond) =>
      cors(
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          Effect.matchEffect(auth.authenticate(request), {
            onFailure: (error) => Effect.succeed(auth.refuse(error, request)),
            onSuccess: (info) => letIn(respond, info, request, sessions)
          }))
      )
  })
)

/**
 * The middleware of a protected resource: authentication before anything of the body is read, CORS before that, because
 * a preflight carries no token.
 *
 * A layer is built once wherever it is used, and this one would then guard all resources of a program by the rules of
 * the first. So each use builds a gate of its own.
 */
export const gate: typeof middleware = {
  ...middleware,
  layer: Layer.fresh(middleware.layer),
  combine: (other) => middleware.combine(other)
}
