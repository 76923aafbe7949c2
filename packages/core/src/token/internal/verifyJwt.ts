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
  type IssuerIndex,
  type JwtRules,
  type ServerKeys
} from "./checkJwt.ts"
import { namesCaller, type TokenInfo, withTokenDigest } from "./claims.ts"
import { currentKeysOf } from "./parsedKeySet.ts"
import { fingerprintOf, makeSeenFilter, type SeenFilter } from "./seenFilter.ts"
import { type Signer, verifySignature, verifySignatureNow } from "./verifySignature.ts"

type Info = AuthInfo["Service"]
type Verification = Effect.Effect<Info, InvalidToken | VerificationUnavailable>

/** The result of a verified token, without the token. */
interface CachedToken {
  readonly info: TokenInfo
  /** The key that signed the token. */
  readonly signer: Signer
  /** When the result is valid, in milliseconds since 1970. */
  readonly goodFrom: number
  readonly goodUntil: number
}

/** The state of the verifier of one resource. */
interface Verifier {
  readonly servers: IssuerIndex
  readonly rules: JwtRules
  readonly seenFilter: SeenFilter
  /** The results for tokens that were seen before, by digest. */
  readonly cache: BoundedCache<CachedToken>
  readonly digestOf: TokenDigest.Shape
}

/** A token of a request. */
interface PresentedToken {
  readonly token: Redacted.Redacted
  readonly fingerprint: number
  /** `undefined` if the filter does not know the token. It is then not looked up. */
  readonly digest: string | undefined
  /** In milliseconds since 1970. */
  readonly now: number
}

/** Adds a verified token to the filter. If it was seen before, its result is cached. */
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
 * The cached result of a token, if it is still valid: within its lifetime, while its server still issues under its issuer,
 * and while the key that signed it is in the JWK Set.
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
    currentKeysOf(serverKeys.keys).contains(key, now)
  if (!isStillValid) return undefined
  seenFilter.add(fingerprint)
  return { ...info, token }
}

/** The caller of a verified token. */
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
 * Creates a verifier of JWTs, with a JWK Set for each server. The fast path consists of synchronous functions: a cached
 * token costs its digest. A new token costs one signature, if keys are in memory and the platform verifies synchronously.
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
