import * as Duration from "effect/Duration"
import { askedToWait } from "../../discovery/internal/persistently.ts"
import type { ServerUnavailable, TooManyFailures, VerificationUnavailable } from "../../token/TokenError.ts"

/** In seconds: for who does not know when to ask again, and the longest that anybody is sent away for. */
const usual = 5
const longest = 300

/** When it is worth coming again, in seconds (RFC 9110, section 10.2.3): when the provider is asked again, or soon. */
export const retryAfterOf = (
  { cause, retryAfter = 0 }: ServerUnavailable | TooManyFailures | VerificationUnavailable
): number => {
  const wait = Math.max(retryAfter, Duration.toMillis(askedToWait(cause)))
  return wait === 0 ? usual : Math.min(longest, Math.ceil(wait / 1000))
}
