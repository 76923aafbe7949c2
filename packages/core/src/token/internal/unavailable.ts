import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import { type AuthError, IntrospectionQueueFull, InvalidToken, VerificationUnavailable } from "../TokenError.ts"

/** How long no request is made after a failure, counted from `now`, in milliseconds since 1970. */
type Pause = (now: number, cause: unknown) => Duration.Duration

/**
 * Converts a failed request to `VerificationUnavailable`, with the time after which a retry makes sense. A defect, for
 * example of a strategy or of an effect that loads keys, says as little about the token as a failure.
 */
export const orUnavailable = <A, R>(
  server: AuthorizationServer<unknown>,
  request: Effect.Effect<A, unknown, R>,
  orPause: Pause = () => Duration.zero
): Effect.Effect<A, VerificationUnavailable, R> =>
  Effect.catchCause(request, (failure) => {
    if (Cause.hasInterruptsOnly(failure)) return Effect.interrupt
    const cause = Cause.squash(failure)
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const retryAfter = Duration.max(Duration.millis(sourceOf(server).pause(now)), orPause(now, cause))
      return Effect.fail(new VerificationUnavailable({ issuer: server.issuer, retryAfter, cause }))
    })
  })

/**
 * Whether the token may have an unknown key: one that was published after the last fetch, or an invented one. The provider is
 * not down.
 */
export const isUnknownKey = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof InvalidToken

/** Whether the token was not verified because the introspection queue is full. The provider is not down. */
export const isQueueFull = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof IntrospectionQueueFull
