import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import { type AuthError, IntrospectionQueueFull, InvalidToken, VerificationUnavailable } from "../TokenError.ts"

/** How long no request is made after a failure, counted from `now`, which is in milliseconds since 1970. */
type Pause = (now: number, cause: unknown) => Duration.Duration

/** What a server was asked for. If it cannot say now, the error says when it is worth coming again: after its pauses. */
export const orUnavailable = <A, R>(
  server: AuthorizationServer<unknown>,
  request: Effect.Effect<A, unknown, R>,
  orPause: Pause = () => Duration.zero
): Effect.Effect<A, VerificationUnavailable, R> =>
  Effect.catch(request, (cause) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const retryAfter = Duration.max(Duration.millis(sourceOf(server).pause(now)), orPause(now, cause))
      return Effect.fail(new VerificationUnavailable({ issuer: server.issuer, retryAfter, cause }))
    }))

/**
 * Whether nobody can say yet, although no provider is down: the token names a key that may have been published since the
 * keys were fetched, or is made up.
 */
export const isUnknownKey = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof InvalidToken

/** Whether the token was not looked at because too many had to be introspected at once, although no provider is down. */
export const isQueueFull = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof IntrospectionQueueFull
