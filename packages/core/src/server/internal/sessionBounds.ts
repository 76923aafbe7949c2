import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { SessionLimits } from "../McpAuthOptions.ts"
import type { Bounds } from "./sessionStore.ts"

/** A session counts once for each of so many bytes of its first message, because the server stores that message. */
export const bytesPerWeight = 2048

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
  { anonymous = 1000, anonymousIdle = "30 minutes", idle = "1 day", perPrincipal = 100 }: SessionLimits = {}
): Option.Option<SessionBounds> =>
  isPositiveInteger(anonymous) && isPositiveInteger(perPrincipal)
    ? Option.all({
      anonymous: Option.map(milliseconds(anonymousIdle), (idle): Bounds => ({
        total: anonymous,
        perOwner: anonymous,
        idle
      })),
      authenticated: Option.map(milliseconds(idle), (idle): Bounds => ({
        total: Math.max(maxAuthenticated, perPrincipal),
        perOwner: perPrincipal,
        idle
      }))
    })
    : Option.none()
