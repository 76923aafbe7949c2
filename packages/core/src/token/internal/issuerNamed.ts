import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { parseJwt } from "./jwt.ts"

/** The server that a token names as its issuer, if that is one of these. Nothing in it is believed by that. */
export const issuerNamed = (
  servers: ReadonlyArray<AuthorizationServer.AuthorizationServer<unknown>>,
  token: Redacted.Redacted
): string => {
  const jwt = parseJwt(Redacted.value(token))
  const iss = Result.isSuccess(jwt) ? jwt.success.claims["iss"] : undefined
  if (typeof iss !== "string") return ""
  return servers.find((server) => AuthorizationServer.mayIssue(server, iss))?.issuer ?? ""
}
