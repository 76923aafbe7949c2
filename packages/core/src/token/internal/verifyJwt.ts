import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import * as JwkSet from "../JwkSet.ts"
import * as TokenDigest from "../TokenDigest.ts"
import type { InvalidToken, VerificationUnavailable } from "../TokenError.ts"
import { type BoundedCache, makeBoundedCache } from "./boundedCache.ts"
import {
  type CheckedJwt,
  checkJwt,
  indexServers,
  type JwtRules,
  type ServerKeys,
  type TrustedServers
} from "./checkJwt.ts"
import { namesCaller, type TokenInfo, withTokenDigest } from "./claims.ts"
import { fingerprintOf, makeSeenFilter, type SeenFilter } from "./seenFilter.ts"
import { type Signer, verifySignature, verifySignatureNow } from "./verifySignature.ts"

type Info = AuthInfo["Service"]
type Verification = Effect.Effect<Info, InvalidToken | VerificationUnavailable>

/** What a verified token said, without the token. */
interface CachedToken {
  readonly info: TokenInfo
  /** What vouched for it. */
  readonly signer: Signer
  /** From when until when it is known to be good, in milliseconds since 1970. */
  readonly goodFrom: number
  readonly goodUntil: number
}

/** Everything that tokens of one resource are verified by. */
interface Verifier {
  readonly servers: TrustedServers
  readonly rules: JwtRules
  readonly seenFilter: SeenFilter
  /** What is known about tokens that have come again, by their digest. */
  readonly cache: BoundedCache<CachedToken>
  readonly digestOf: TokenDigest.Shape
}

/** A token that is asked about. */
interface PresentedToken {
  readonly token: Redacted.Redacted
  readonly fingerprint: number
  /** None if the doorkeeper does not know the token, which is then not looked for. */
  readonly digest: string | undefined
  /** In milliseconds since 1970. */
  readonly now: number
}

/** A token that is good is one of those who are known. When it comes again, what it says is remembered as well. */
const remember = (
  { seenFilter, cache, rules }: Verifier,
  { digest, fingerprint, now, token }: PresentedToken,
  info: TokenInfo,
  signer: Signer
): Info => {
  const { expiresAt = Infinity } = info
  seenFilter.add(fingerprint)
  if (digest !== undefined) {
    cache.set(digest, { info, signer, goodFrom: now, goodUntil: (expiresAt + rules.clockTolerance) * 1000 })
  }
  return { ...info, token }
}

/**
 * What is remembered of a token, if it is still true: it is the time for it, its server still issues under its name, and
 * the key that vouched for it is still one of the server's.
 */
const recall = (
  { seenFilter, cache }: Verifier,
  { digest, fingerprint, now, token }: PresentedToken
): Info | undefined => {
  const cached = digest === undefined ? undefined : cache.get(digest)
  if (cached === undefined || now < cached.goodFrom || now >= cached.goodUntil) return undefined
  const { info, signer: { key, serverKeys } } = cached
  const config = sourceOf(serverKeys.server).peek(now)
  const isStillValid = config !== undefined &&
    AuthorizationServer.issues(serverKeys.server, config, info.issuer, info.claims) &&
    serverKeys.keys.contains(key, now)
  if (!isStillValid) return undefined
  seenFilter.add(fingerprint)
  return { ...info, token }
}

/** What a token says that was verified. */
const accept = (
  verifier: Verifier,
  presented: PresentedToken,
  { info }: CheckedJwt,
  signer: Signer
): Effect.Effect<Info> => {
  const { digestOf, rules } = verifier
  if (namesCaller(info, rules)) return Effect.succeed(remember(verifier, presented, info, signer))
  const { token } = presented
  return Effect.map(
    withTokenDigest(info, false, { digestOf, token }),
    (identified) => remember(verifier, presented, identified, signer)
  )
}

const verifyToken = (verifier: Verifier, presented: PresentedToken): Verification => {
  const known = recall(verifier, presented)
  if (known !== undefined) return Effect.succeed(known)
  const checked = checkJwt(presented, verifier.servers, verifier.rules)
  if (Result.isFailure(checked)) return Effect.fail(checked.failure)
  const outcome = verifySignatureNow(checked.success, presented.now)
  switch (outcome._tag) {
    case "Valid":
      return accept(verifier, presented, checked.success, outcome.signer)
    case "Invalid":
      return Effect.fail(outcome.error)
    case "Pending":
      return Effect.flatMap(
        verifySignature(verifier.servers, checked.success, outcome.pending),
        (signer) => accept(verifier, presented, checked.success, signer)
      )
  }
}

/**
 * A verifier of JWTs, with a key set for each server. What can be said at once is said at once, by plain functions: a
 * token that is remembered costs its digest, and one that is new its signature, where keys are in memory and the platform
 * verifies without waiting.
 */
export const makeJwtVerifier = Effect.fnUntraced(function*(
  servers: ReadonlyArray<ServerKeys["server"]>,
  rules: JwtRules,
  options: JwkSet.Options & { readonly remember: number }
): Effect.fn.Return<(token: Redacted.Redacted) => Verification, never, HttpClient.HttpClient | Scope.Scope> {
  const serverKeys = yield* Effect.forEach(
    servers,
    (server) => Effect.map(JwkSet.make(server, options), (keys): ServerKeys => ({ server, keys }))
  )
  const digestOf = yield* TokenDigest.TokenDigest
  const verifier: Verifier = {
    servers: indexServers(serverKeys),
    rules,
    digestOf,
    seenFilter: makeSeenFilter(options.remember),
    cache: makeBoundedCache(options.remember)
  }
  return (token) =>
    Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const text = Redacted.value(token)
      const fingerprint = fingerprintOf(text)
      const digest = verifier.seenFilter.has(fingerprint) ? digestOf(text) : undefined
      const verifyWith = (digest: string | undefined) => verifyToken(verifier, { token, fingerprint, digest, now })
      return Effect.isEffect(digest) ? Effect.flatMap(digest, verifyWith) : verifyWith(digest)
    })
})
