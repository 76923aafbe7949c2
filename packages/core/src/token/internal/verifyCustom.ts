import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import * as Servers from "../../discovery/AuthorizationServer.ts"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { jsonObjectOf } from "../../fetch/internal/documentBody.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import * as TokenDigest from "../TokenDigest.ts"
import { InsufficientScope, InvalidToken, type TokenError, VerificationUnavailable } from "../TokenError.ts"
import { checkClaims, type ClaimRules, namesCaller, withTokenDigest } from "./claims.ts"
import type { AddressedRequest } from "./clientAddress.ts"
import { unknownIssuer } from "./issuers.ts"

/** A function from a token to its claims, or to `undefined` if the token is invalid. */
export type CustomVerify<R> = (
  token: Redacted.Redacted,
  request: AddressedRequest | undefined
) => Effect.Effect<object | undefined, unknown, R>

type Server = AuthorizationServer<unknown>

const isTokenError = (error: unknown): error is TokenError =>
  error instanceof InvalidToken || error instanceof InsufficientScope || error instanceof VerificationUnavailable

/** Any failure but a `TokenError` is an outage: the client must not discard the token. */
export const toTokenError = (cause: Cause.Cause<unknown>): Effect.Effect<never, TokenError> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  const error = Cause.squash(cause)
  return Effect.fail(isTokenError(error) ? error : new VerificationUnavailable({ cause: error }))
}

/** The issuer that the claims name, if it is trusted. Claims without `iss` belong to the only trusted server. */
const trustedIssuer = Effect.fnUntraced(function*(servers: ReadonlyArray<Server>, claims: Schema.JsonObject) {
  const { iss } = claims
  const [only, ...others] = servers
  if (iss === undefined && only !== undefined && others.length === 0) return only.issuer
  if (typeof iss !== "string") return yield* new InvalidToken({ reason: "missing-claim", claim: "iss" })
  const server = servers.find((server) => Servers.mayIssue(server, iss, claims))
  if (server !== undefined) return iss
  return yield* unknownIssuer(servers, iss, claims)
})

/** Creates a verifier that applies the claim rules to the result of a custom function. */
export const makeCustomVerifier = Effect.fnUntraced(function*<R>(
  verify: CustomVerify<R>,
  servers: ReadonlyArray<Server>,
  rules: ClaimRules
): Effect.fn.Return<
  (token: Redacted.Redacted, request?: AddressedRequest) => Effect.Effect<AuthInfo["Service"], TokenError>,
  never,
  R
> {
  const services = yield* Effect.context<R>()
  const digestOf = yield* TokenDigest.TokenDigest
  return Effect.fnUntraced(function*(token, request) {
    const result = yield* Effect.suspend(() => verify(token, request)).pipe(
      // Otherwise what it acquires would be kept for as long as the verifier.
      Effect.scoped,
      Effect.provideContext(services),
      Effect.catchCause(toTokenError)
    )
    if (result === undefined) return yield* new InvalidToken({ reason: "rejected" })
    const claims = jsonObjectOf(result)
    if (claims === undefined) {
      return yield* new VerificationUnavailable({
        cause: new TypeError("The custom verifier must return an object with claims, or undefined")
      })
    }
    const issuer = yield* trustedIssuer(servers, claims)
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const info = yield* Effect.fromResult(checkClaims({ claims, issuer }, rules, now))
    return { ...yield* withTokenDigest(info, namesCaller(info, rules), { digestOf, token }), token }
  })
})
