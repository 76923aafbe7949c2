import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { wordOf } from "../../metadata/internal/printable.ts"
import { InvalidToken } from "../TokenError.ts"
import { parseJwt } from "./jwt.ts"

/** The configured issuer that a token names, or an empty string. The token is not verified. */
export const configuredIssuerOf = (
  servers: ReadonlyArray<AuthorizationServer.AuthorizationServer<unknown>>,
  token: Redacted.Redacted
): string => {
  const jwt = parseJwt(Redacted.value(token))
  const iss = Result.isSuccess(jwt) ? jwt.success.claims["iss"] : undefined
  if (typeof iss !== "string") return ""
  return servers.find((server) => AuthorizationServer.mayIssue(server, iss))?.issuer ?? ""
}

/** The error for a token of an untrusted issuer, or of another tenant than it claims. */
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
