import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { SessionLimits } from "../McpAuthOptions.ts"
import type { Bounds } from "./sessionStore.ts"

/** A session counts once for each of so many bytes of the message that began it: the server keeps what that says. */
export const unit = 2048

/** How many sessions begun with a token there are at the most, of all principals together. */
const mostAuthenticated = 100_000

/** The bounds of the sessions of a resource. */
export interface SessionBounds {
  /** Sessions begun without a token. */
  readonly anonymous: Bounds
  /** Sessions begun with one. */
  readonly authenticated: Bounds
}

const isNumber = (number: number): boolean => Number.isSafeInteger(number) && number > 0

const milliseconds = (duration: Duration.Input): Option.Option<number> =>
  Option.filter(Option.map(Duration.fromInput(duration), Duration.toMillis), (milliseconds) => milliseconds > 0)

/** The bounds that the options say, if they can be. */
export const sessionBounds = (
  { anonymous = 1000, anonymousIdle = "30 minutes", idle = "1 day", perPrincipal = 100 }: SessionLimits = {}
): Option.Option<SessionBounds> =>
  isNumber(anonymous) && isNumber(perPrincipal)
    ? Option.all({
      anonymous: Option.map(milliseconds(anonymousIdle), (idle): Bounds => ({
        total: anonymous,
        perOwner: anonymous,
        idle
      })),
      authenticated: Option.map(milliseconds(idle), (idle): Bounds => ({
        total: Math.max(mostAuthenticated, perPrincipal),
        perOwner: perPrincipal,
        idle
      }))
    })
    : Option.none()
