import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { ScopeHierarchy } from "../../policy/ScopeHierarchy.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import * as BearerToken from "../../token/BearerToken.ts"
import { distinct } from "../../token/internal/distinct.ts"
import * as TokenDigest from "../../token/TokenDigest.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import type { Options } from "../McpAuthOptions.ts"
import { makeFailureLimit } from "./failureLimit.ts"
import { observed } from "./telemetry.ts"

/** Says who makes a request, judged by its headers alone. */
export type Authenticate = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<AuthInfo["Service"], AuthError>

/** What every token has to have. */
interface Conditions {
  readonly requiredScopes: ReadonlyArray<string>
  readonly hierarchy: ScopeHierarchy
}

/** Builds what judges requests: whether there is one token, whether it is valid, and whether it has what all must have. */
export const makeAuthenticate = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
  { failureLimit, verifier }: Pick<Options<E, R, RV>, "failureLimit" | "verifier">,
  trust: TokenVerifier.Trust,
  { hierarchy, requiredScopes }: Conditions
): Effect.fn.Return<Authenticate, TokenVerifier.InvalidVerifier, RV | HttpClient.HttpClient | Scope.Scope> {
  const verify = yield* verifier === undefined ? TokenVerifier.jwt().make(trust) : verifier.make(trust)
  const digestOf = yield* TokenDigest.TokenDigest
  const limited = yield* makeFailureLimit(failureLimit, trust)
  return (request) =>
    observed(Effect.suspend((): Effect.Effect<AuthInfo["Service"], AuthError> => {
      const token = BearerToken.fromRequest(request)
      if (Result.isFailure(token)) return Effect.fail(token.failure)
      return Effect.flatMap(limited(request, token.success, verify(token.success, request)), (info) =>
        requiredScopes.every((scope) =>
            hierarchy.covers(info.scopes, scope)
          )
          // A method that is not of this library may describe callers without a name, too.
          ? distinct(info, info.subject !== undefined || info.clientId !== undefined, {
            digestOf,
            token: token.success
          })
          : Effect.fail(new InsufficientScope({ required: requiredScopes, granted: [...info.scopes] })))
    }))
})
