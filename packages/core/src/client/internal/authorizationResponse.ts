import * as Result from "effect/Result"
import { AuthorizationRejected } from "../OAuthClientError.ts"
import { withoutSecrets } from "./post.ts"

/** The login that a response must belong to. */
export interface PendingLogin {
  readonly issuer: string
  /** Whether the authorization server says that its responses name it (RFC 9207, section 3). */
  readonly namesIssuer: boolean
  readonly state: string
}

const single = ["state", "iss", "code", "error", "error_description"]

/**
 * Judges an authorization response, and returns its code. First the response must belong to this login and come from its
 * authorization server; only then is anything in it believed or reported.
 *
 * The table of RFC 9207, section 2.4 and MCP 2026-07-28: `iss` must be present if the metadata says so, and if it is
 * present, it must be the issuer, character by character. An empty `iss` is present.
 */
export const judgeResponse = (
  { issuer, namesIssuer, state }: PendingLogin,
  response: URLSearchParams
): Result.Result<string, AuthorizationRejected> => {
  const reject = (
    reason: AuthorizationRejected["reason"],
    more: { readonly error?: string; readonly description?: string } = {}
  ) => Result.fail(new AuthorizationRejected({ issuer, reason, ...more }))
  // RFC 6749, section 3.1: no parameter more than once.
  if (single.some((name) => response.getAll(name).length > 1)) return reject("duplicate")
  if (response.get("state") !== state) return reject("state")
  const iss = response.get("iss")
  if (iss === null ? namesIssuer : iss !== issuer) return reject("issuer")
  const error = response.get("error")
  if (error !== null) {
    const description = response.get("error_description")
    return reject("denied", {
      error: withoutSecrets(error, [state]).slice(0, 100),
      ...(description === null ? {} : { description: withoutSecrets(description, [state]).slice(0, 1000) })
    })
  }
  const code = response.get("code")
  return code === null || code === "" ? reject("no-code") : Result.succeed(code)
}
