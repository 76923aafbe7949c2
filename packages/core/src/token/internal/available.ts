import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { VerificationUnavailable } from "../TokenError.ts"

/** How long something is left alone that failed, from a time on. Both in milliseconds. */
type Pause = (now: number, cause: unknown) => number

/** What a server was asked for. If it cannot say now, the error says when it is worth coming again: after its pauses. */
export const available = <A, R>(
  { issuer, pause }: Pick<AuthorizationServer<unknown>, "issuer" | "pause">,
  asked: Effect.Effect<A, unknown, R>,
  orPause: Pause = () => 0
): Effect.Effect<A, VerificationUnavailable, R> =>
  Effect.catch(asked, (cause) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const retryAfter = Math.max(pause(now), orPause(now, cause))
      return Effect.fail(new VerificationUnavailable({ issuer, retryAfter, cause }))
    }))
