import { MetadataFetchError } from "../../discovery/MetadataFetchError.ts"
import type { VerificationUnavailable } from "../../token/TokenError.ts"

/** In seconds: how long a failed provider is left alone before it is asked again. */
const usual = 5
const longest = 300

/** When it is worth coming again, in seconds (RFC 9110, section 10.2.3): when the provider says so, or soon. */
export const retryAfterOf = ({ cause }: VerificationUnavailable): number => {
  const asked = cause instanceof MetadataFetchError && cause.reason._tag === "Status"
    ? cause.reason.retryAfter
    : undefined
  return asked === undefined ? usual : Math.min(longest, Math.max(1, Math.ceil(asked / 1000)))
}
