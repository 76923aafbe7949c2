import type * as Schema from "effect/Schema"
import { type AuthorizationServer, mayIssue } from "../../discovery/AuthorizationServer.ts"
import { InvalidToken } from "../TokenError.ts"
import { wordOf } from "./quoted.ts"

/** The refusal of a token that none of these servers issued, by its issuer or by the tenant that it claims to be of. */
export const unknownIssuer = (
  servers: ReadonlyArray<AuthorizationServer<unknown>>,
  iss: Schema.Json,
  claims: Schema.JsonObject
): InvalidToken => {
  const isOtherTenant = typeof iss === "string" &&
    servers.some((server) => mayIssue(server, iss) && !mayIssue(server, iss, claims))
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
    expected: servers.map(({ issuer }) => JSON.stringify(issuer)).join(" or "),
    actual: wordOf(iss)
  })
}
