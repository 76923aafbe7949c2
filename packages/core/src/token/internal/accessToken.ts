import * as Result from "effect/Result"
import { InvalidToken } from "../TokenError.ts"
import type { UnverifiedJwt } from "./jwt.ts"
import { wordOf } from "./quoted.ts"

/** How strictly `typ` is read. */
export type TypPolicy = "loose" | "rfc9068"

const isAccessTokenType = (typ: string): boolean => /^(?:application\/)?at\+jwt$/i.test(typ)

/** What an ID token has and an access token has not (OpenID Connect Core 1.0, sections 2 and 3.3.2.11). */
const marksOfIdTokens = ["nonce", "at_hash", "c_hash", "s_hash"]

/** Keycloak says what a token is in the claim `typ`, Amazon Cognito in `token_use`. */
const saysWhatItIs = ({ claims: { token_use: use, typ } }: UnverifiedJwt): "access" | "other" | undefined => {
  if (typ === "Bearer" || use === "access") return "access"
  return typ === undefined && use === undefined ? undefined : "other"
}

const refuse = (claim: string, actual?: string) =>
  Result.fail(
    new InvalidToken({ reason: "not-an-access-token", claim, ...(actual === undefined ? {} : { actual }) })
  )

/**
 * Whether a JWT is an access token. An ID token speaks to a client, and whoever has one may not be let in with it.
 *
 * RFC 9068, section 2.1 demands the type `at+jwt`. Most providers write `JWT` or nothing, so those are read too, unless
 * something else in them says that they are no access tokens.
 */
export const isAccessToken = (jwt: UnverifiedJwt, policy: TypPolicy): Result.Result<void, InvalidToken> => {
  const { typ } = jwt.header
  if (typeof typ === "string" && isAccessTokenType(typ)) return Result.succeed(undefined)
  if (policy === "rfc9068") return refuse("typ", wordOf(typ))
  if (typ !== undefined && !(typeof typ === "string" && /^(?:application\/)?jwt$/i.test(typ))) {
    return refuse("typ", wordOf(typ))
  }
  const itself = saysWhatItIs(jwt)
  if (itself === "access") return Result.succeed(undefined)
  const said = jwt.claims["typ"] === undefined ? "token_use" : "typ"
  const mark = itself === "other" ? said : marksOfIdTokens.find((claim) => jwt.claims[claim] !== undefined)
  return mark === undefined ? Result.succeed(undefined) : refuse(mark)
}
