/**
 * Authentication for an `HttpApi`: a security middleware that provides `AuthInfo` to its endpoints. The OpenAPI document
 * shows it as a bearer scheme.
 *
 * **Example** (An endpoint that returns its caller)
 *
 * ```ts import.meta.vitest
 * import * as AuthInfo from "@effect-mcp-auth/core/AuthInfo"
 * import * as BearerAuth from "@effect-mcp-auth/core/BearerAuth"
 * import * as Effect from "effect/Effect"
 * import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
 * import * as Layer from "effect/Layer"
 * import * as Schema from "effect/Schema"
 *
 * const users = HttpApiGroup.make("users").add(
 *   HttpApiEndpoint.get("me", "/me", { success: Schema.String }).middleware(BearerAuth.BearerAuth)
 * )
 * const api = HttpApi.make("notes").add(users)
 *
 * const handlers = HttpApiBuilder.group(api, "users", (handlers) =>
 *   handlers.handle("me", () => Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject ?? "no user"))
 * ).pipe(Layer.provide(BearerAuth.layer))
 *
 * Layer.isLayer(handlers) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import { Access } from "../policy/internal/access.ts"
import { AuthInfo } from "../token/AuthInfo.ts"
import type { AuthError } from "../token/TokenError.ts"
import { openAvailability } from "./internal/availability.ts"
import { declaredTooLarge, limitsIn } from "./internal/bodyLimit.ts"
import { makeRefusals, refusableRoute, refuseRequest } from "./internal/refusals.ts"
import { type McpAuth, serviceWithInternals } from "./internal/service.ts"
import { withoutTokenHeaders } from "./internal/tokenHeaders.ts"

/**
 * Security middleware of an `HttpApi`: accepts requests with a valid token, and responds to all others with a challenge.
 * Handlers can refuse a request with `Policy.require`.
 *
 * @category middleware
 * @since 0.1.0
 */
export class BearerAuth extends HttpApiMiddleware.Service<BearerAuth, { provides: AuthInfo }>()(
  "@effect-mcp-auth/core/server/BearerAuth",
  { security: { bearer: HttpApiSecurity.bearer } }
) {}

/**
 * The middleware for the resource of the `McpAuth` in context. Each use builds its own, so that several resources of a
 * program do not share one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<BearerAuth, never, McpAuth> = Layer.fresh(Layer.effect(
  BearerAuth,
  Effect.gen(function*() {
    const auth = yield* serviceWithInternals
    const { problem } = yield* openAvailability
    return BearerAuth.of({
      // The credential of the framework is not used, because it does not distinguish a malformed header from none.
      bearer: (respond) =>
        Effect.contextWith((context: Context.Context<HttpServerRequest.HttpServerRequest>) => {
          const request = Context.get(context, HttpServerRequest.HttpServerRequest)
          const unavailable = problem()
          if (unavailable !== undefined) return refuseRequest(unavailable, request, auth)
          return Effect.matchEffect(auth.authenticate(request), {
            onFailure: (error) => Effect.succeed(auth.refuse(error, request)),
            onSuccess: (info) => {
              const limit = limitsIn(context, auth.bodyLimits).authenticated
              // The server may have closed while the token was verified.
              const error = problem() ?? declaredTooLarge(request, limit)
              if (error !== undefined) return refuseRequest(error, request, auth)
              const rejection = (refusal: AuthError) => auth.rejection(refusal, request)
              return refusableRoute(respond, auth, request).pipe(
                Effect.provideService(
                  HttpServerRequest.HttpServerRequest,
                  withoutTokenHeaders(request, auth.tokenHeaders)
                ),
                Effect.provideService(AuthInfo, info),
                Effect.provideService(Access, makeRefusals({ policySettings: auth.policySettings, rejection }).access),
                Effect.provideService(HttpIncomingMessage.MaxBodySize, limit.size)
              )
            }
          })
        })
    })
  })
))
