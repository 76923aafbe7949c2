import * as Arr from "effect/Array"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import * as IssuerPolicy from "../../discovery/IssuerPolicy.ts"
import { wordOf } from "../../metadata/internal/printable.ts"
import type * as JwkSet from "../JwkSet.ts"
import * as Jws from "../Jws.ts"
import { InvalidToken } from "../TokenError.ts"
import { checkClaims, type ClaimRules, type TokenInfo } from "./claims.ts"
import { unknownIssuer } from "./issuers.ts"
import { parseJwt, type UnverifiedJwt } from "./jwt.ts"

type Server = AuthorizationServer.AuthorizationServer<unknown>

/** An authorization server and its keys. */
export interface ServerKeys {
  readonly server: Server
  readonly keys: JwkSet.JwkSet<unknown>
}

export interface JwtRules extends ClaimRules {
  readonly algorithms: ReadonlySet<Jws.Algorithm>
}

/** A JWT that passed every check except the signature. */
export interface CheckedJwt {
  readonly info: TokenInfo
  readonly signed: Jws.Signed
  readonly query: JwkSet.KeyQuery
  /** When it was checked, in milliseconds since 1970. */
  readonly checkedAt: number
  /** The servers that may have issued it, as far as is known without a request. */
  readonly possibleServers: ReadonlyArray<ServerKeys>
}

const algorithmOf = (
  { header: { alg, crit } }: UnverifiedJwt,
  { algorithms }: JwtRules
): Result.Result<Jws.Algorithm, InvalidToken> => {
  // RFC 7515, section 4.1.11: a token with a critical extension that is not understood must be refused. This library
  // supports no critical extension.
  if (crit !== undefined) return Result.fail(new InvalidToken({ reason: "malformed", claim: "crit" }))
  const algorithm = Jws.Algorithm.literals.find((known) => known === alg && algorithms.has(known))
  return algorithm !== undefined
    ? Result.succeed(algorithm)
    : Result.fail(
      new InvalidToken({
        reason: "unsupported-algorithm",
        claim: "alg",
        expected: [...algorithms].join(" or "),
        actual: wordOf(alg)
      })
    )
}

const requireIssuer = ({ claims: { iss } }: UnverifiedJwt): Result.Result<string, InvalidToken> =>
  typeof iss === "string"
    ? Result.succeed(iss)
    : Result.fail(new InvalidToken({ reason: "missing-claim", claim: "iss" }))

/** RFC 7515, section 4.1.4: `kid` is a string. */
const kidOf = ({ header: { kid } }: UnverifiedJwt): Result.Result<string | undefined, InvalidToken> =>
  kid === undefined || typeof kid === "string"
    ? Result.succeed(kid)
    : Result.fail(new InvalidToken({ reason: "malformed", claim: "kid" }))

/** Servers by issuer. There may be a thousand, and every token looks up its server. */
export interface IssuerIndex {
  readonly servers: ReadonlyArray<ServerKeys>
  readonly byIssuer: ReadonlyMap<string, ReadonlyArray<ServerKeys>>
  /** Servers whose tokens may have another issuer than their own. */
  readonly withOtherIssuers: ReadonlyArray<ServerKeys>
}

const issuesOnlyAsItself = ({ server }: ServerKeys): boolean =>
  server.issuerPolicy === IssuerPolicy.exact && server.tokenIssuers === undefined

/** Indexes servers by the issuers of their tokens. */
export const indexServers = (servers: ReadonlyArray<ServerKeys>): IssuerIndex => ({
  servers,
  byIssuer: new Map(Object.entries(Arr.groupBy(servers, ({ server }) => server.issuer))),
  withOtherIssuers: servers.filter((serverKeys) => !issuesOnlyAsItself(serverKeys))
})

/** The servers that may have issued a token, the one with the same issuer first. Makes no request. */
const possibleServersOf = (
  { byIssuer, withOtherIssuers }: IssuerIndex,
  iss: string,
  claims: Schema.JsonObject
): ReadonlyArray<ServerKeys> => {
  const mayIssue = ({ server }: ServerKeys) => AuthorizationServer.mayIssue(server, iss, claims)
  const named = (byIssuer.get(iss) ?? []).filter(mayIssue)
  if (withOtherIssuers.length === 0) return named
  return [...named, ...withOtherIssuers.filter((serverKeys) => !named.includes(serverKeys) && mayIssue(serverKeys))]
}

/**
 * Checks everything but the signature: format, algorithm, issuer, kind, claims. These checks make no request. `now` is in
 * milliseconds since 1970.
 */
export const checkJwt = (
  { now, token }: { readonly token: Redacted.Redacted; readonly now: number },
  servers: IssuerIndex,
  rules: JwtRules
): Result.Result<CheckedJwt, InvalidToken> => {
  const jwt = parseJwt(Redacted.value(token))
  if (Result.isFailure(jwt)) return Result.fail(jwt.failure)
  const algorithm = algorithmOf(jwt.success, rules)
  if (Result.isFailure(algorithm)) return Result.fail(algorithm.failure)
  const issuer = requireIssuer(jwt.success)
  if (Result.isFailure(issuer)) return Result.fail(issuer.failure)
  const { claims, header } = jwt.success
  const possibleServers = possibleServersOf(servers, issuer.success, claims)
  if (possibleServers.length === 0) {
    return Result.fail(unknownIssuer(servers.servers.map(({ server }) => server), issuer.success, claims))
  }
  const info = checkClaims({ claims, header, issuer: issuer.success }, rules, Math.floor(now / 1000))
  if (Result.isFailure(info)) return Result.fail(info.failure)
  const kid = kidOf(jwt.success)
  if (Result.isFailure(kid)) return Result.fail(kid.failure)
  const query = { kid: kid.success, algorithm: algorithm.success, issuer: issuer.success }
  return Result.succeed({ info: info.success, signed: jwt.success.signed, query, possibleServers, checkedAt: now })
}
