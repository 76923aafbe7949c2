import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { wordOf } from "../../metadata/internal/printable.ts"
import { InvalidToken } from "../TokenError.ts"
import { parseJwt } from "./jwt.ts"

/** The server that a token names as its issuer, if that is one of these. Nothing in it is believed by that. */
export const configuredIssuerOf = (
  servers: ReadonlyArray<AuthorizationServer.AuthorizationServer<unknown>>,
  token: Redacted.Redacted
): string => {
  const jwt = parseJwt(Redacted.value(token))
  const iss = Result.isSuccess(jwt) ? jwt.success.claims["iss"] : undefined
  if (typeof iss !== "string") return ""
  return servers.find((server) => AuthorizationServer.mayIssue(server, iss))?.issuer ?? ""
}

/** The refusal of a token that none of these servers issued, by its issuer or by the tenant that it claims to be of. */
export const unknownIssuer = (
  servers: ReadonlyArray<AuthorizationServer.AuthorizationServer<unknown>>,
  iss: Schema.Json,
  claims: Schema.JsonObject
): InvalidToken => {
  const isOtherTenant = typeof iss === "string" &&
    servers.some((server) =>
      AuthorizationServer.mayIssue(server, iss) && !AuthorizationServer.mayIssue(server, iss, claims)
    )
  if (isOtherTenant) {
    const { tid } = claims
    return new InvalidToken({
      reason: "unknown-issuer",
      claim: "tid",
      expected: `the tenant in ${JSON.stringify(iss)}`,
      actual: wordOf(tid)
    })
  }
  return new InvalidToken({
    reason: "unknown-issuer",
    claim: "iss",
    expected: servers.flatMap(({ issuer, tokenIssuers }) => tokenIssuers ?? [issuer]).map((issuer) =>
      JSON.stringify(issuer)
    ).join(" or "),
    actual: wordOf(iss)
  })
}
