import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import { type AuthError, IntrospectionQueueFull, InvalidToken, VerificationUnavailable } from "../TokenError.ts"

/** How long something is left alone that failed, from a time on. Both in milliseconds. */
type Pause = (now: number, cause: unknown) => number

/** What a server was asked for. If it cannot say now, the error says when it is worth coming again: after its pauses. */
export const available = <A, R>(
  server: AuthorizationServer<unknown>,
  asked: Effect.Effect<A, unknown, R>,
  orPause: Pause = () => 0
): Effect.Effect<A, VerificationUnavailable, R> =>
  Effect.catch(asked, (cause) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const retryAfter = Math.max(sourceOf(server).pause(now), orPause(now, cause))
      return Effect.fail(new VerificationUnavailable({ issuer: server.issuer, retryAfter, cause }))
    }))

/**
 * Whether nobody can say yet, although no provider is down: the token names a key that may have been published since the
 * keys were fetched, or is made up.
 */
export const isUnsettled = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof InvalidToken

/** Whether the token was not looked at because too many had to be introspected at once, although no provider is down. */
export const isQueueFull = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof IntrospectionQueueFull
