import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import * as JwkSet from "../JwkSet.ts"
import * as Jws from "../Jws.ts"
import { InvalidToken, VerificationUnavailable } from "../TokenError.ts"
import { isAccessToken, type TypPolicy } from "./accessToken.ts"
import { authInfo, type Rules } from "./claims.ts"
import { parseJwt, type UnverifiedJwt } from "./jwt.ts"
import { wordOf } from "./quoted.ts"

type Server = AuthorizationServer.AuthorizationServer<unknown>

/** A server, and the keys of that server alone. */
interface Keyed {
  readonly server: Server
  readonly keys: JwkSet.JwkSet<unknown>
}

export interface JwtRules extends Rules {
  readonly typ: TypPolicy
  readonly algorithms: ReadonlySet<Jws.Algorithm>
}

const unavailable = (server: Server) => (cause: unknown) =>
  new VerificationUnavailable({ issuer: server.issuer, cause })

const isAlgorithm = Schema.is(Jws.Algorithm)

const algorithmOf = ({ header: { alg, crit } }: UnverifiedJwt, { algorithms }: JwtRules) => {
  // RFC 7515, section 4.1.11: who does not understand a critical extension must refuse, and none is understood here.
  if (crit !== undefined) return Result.fail(new InvalidToken({ reason: "malformed", claim: "crit" }))
  return isAlgorithm(alg) && algorithms.has(alg)
    ? Result.succeed(alg)
    : Result.fail(
      new InvalidToken({
        reason: "unsupported-algorithm",
        claim: "alg",
        expected: [...algorithms].join(" or "),
        actual: wordOf(alg)
      })
    )
}

const issuerOf = ({ claims: { iss } }: UnverifiedJwt) =>
  typeof iss === "string"
    ? Result.succeed(iss)
    : Result.fail(new InvalidToken({ reason: "missing-claim", claim: "iss" }))

/** The servers that may have issued a token, the one with that very name first. Nobody is asked. */
const issuersOf = (servers: ReadonlyArray<Keyed>, iss: string): ReadonlyArray<Keyed> => {
  const possible = servers.filter(({ server }) => AuthorizationServer.mayIssue(server, iss))
  const exact = possible.filter(({ server }) => server.issuer === iss)
  return [...exact, ...possible.filter((keyed) => !exact.includes(keyed))]
}

const unknownIssuer = (servers: ReadonlyArray<Keyed>, iss: string) =>
  new InvalidToken({
    reason: "unknown-issuer",
    claim: "iss",
    expected: servers.map(({ server }) => JSON.stringify(server.issuer)).join(" or "),
    actual: iss
  })

/** The server that issues under this name, by its metadata. */
const issuing = Effect.fnUntraced(function*(servers: ReadonlyArray<Keyed>, iss: string) {
  for (const keyed of issuersOf(servers, iss)) {
    const { server } = keyed
    const config = yield* Effect.mapError(server.config, unavailable(server))
    if (AuthorizationServer.issues(server, config, iss)) return keyed
  }
  return yield* unknownIssuer(servers, iss)
})

const isSignedBy = (keys: ReadonlyArray<Jws.Verify>, { signed }: UnverifiedJwt): Effect.Effect<boolean> =>
  Effect.map(Effect.findFirst(keys, (verify) => verify(signed)), Option.isSome)

/** The signature, by the keys that are known, or by those that the provider has published since. */
const checkSignature = Effect.fnUntraced(function*(jwt: UnverifiedJwt, algorithm: Jws.Algorithm, keyed: Keyed) {
  const { kid } = jwt.header
  // RFC 7515, section 4.1.4: a string.
  if (kid !== undefined && typeof kid !== "string") {
    return yield* new InvalidToken({ reason: "malformed", claim: "kid" })
  }
  const query = { kid, algorithm }
  const { keys, server } = keyed
  const known = yield* Effect.mapError(keys.find(query), unavailable(server))
  if (yield* isSignedBy(known, jwt)) return
  // Whoever names a key that is known has no claim to another look: its signature is wrong.
  if (kid !== undefined && known.length > 0) return yield* new InvalidToken({ reason: "bad-signature" })
  const anew = yield* Effect.mapError(keys.findAnew(query), unavailable(server))
  if (yield* isSignedBy(anew, jwt)) return
  return yield* anew.length > 0
    ? new InvalidToken({ reason: "bad-signature" })
    : new InvalidToken({ reason: "unknown-key", claim: "kid", ...(kid === undefined ? {} : { actual: kid }) })
})

/**
 * Verifies a JWT in the order in which trust is earned: form, algorithm, issuer, claims, key, signature. Claims are judged
 * before keys are fetched, so that a token that is refused anyhow costs no request; nothing is let in before the signature
 * is right.
 */
const verify = Effect.fnUntraced(function*(
  token: Redacted.Redacted,
  servers: ReadonlyArray<Keyed>,
  rules: JwtRules
): Effect.fn.Return<AuthInfo["Service"], InvalidToken | VerificationUnavailable> {
  const jwt = yield* Effect.fromResult(parseJwt(Redacted.value(token)))
  const algorithm = yield* Effect.fromResult(algorithmOf(jwt, rules))
  yield* Effect.fromResult(isAccessToken(jwt, rules.typ))
  const issuer = yield* Effect.fromResult(issuerOf(jwt))
  if (issuersOf(servers, issuer).length === 0) return yield* unknownIssuer(servers, issuer)
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const info = yield* Effect.fromResult(authInfo({ claims: jwt.claims, issuer, token }, rules, now))
  yield* checkSignature(jwt, algorithm, yield* issuing(servers, issuer))
  return info
})

/** A verifier of JWTs, with a key set for each server. */
export const makeJwtVerifier = Effect.fnUntraced(function*(
  servers: ReadonlyArray<Server>,
  rules: JwtRules,
  options: JwkSet.Options
): Effect.fn.Return<
  (token: Redacted.Redacted) => Effect.Effect<AuthInfo["Service"], InvalidToken | VerificationUnavailable>,
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const keyed = yield* Effect.forEach(
    servers,
    (server) => Effect.map(JwkSet.make(server, options), (keys): Keyed => ({ server, keys }))
  )
  return (token) => verify(token, keyed, rules)
})
