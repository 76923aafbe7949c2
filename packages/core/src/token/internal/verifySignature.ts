import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import type * as JwkSet from "../JwkSet.ts"
import type * as Jws from "../Jws.ts"
import { InvalidToken, VerificationUnavailable } from "../TokenError.ts"
import type { CheckedJwt, IssuerIndex, ServerKeys } from "./checkJwt.ts"
import { unknownIssuer } from "./issuers.ts"
import { brokenMaterial, currentKeysOf } from "./parsedKeySet.ts"
import { orUnavailable } from "./unavailable.ts"

/** The key that signed a token, and its server. */
export interface Signer {
  readonly serverKeys: ServerKeys
  readonly key: Jws.VerifySignature
}

/** The server that issued a token, and the keys that were tried without success. */
interface PendingSignature {
  readonly serverKeys: ServerKeys
  readonly tried: ReadonlyArray<Jws.VerifySignature>
}

/** The outcome of a synchronous verification. */
export type SignatureOutcome =
  | { readonly _tag: "Valid"; readonly signer: Signer }
  | { readonly _tag: "Invalid"; readonly error: InvalidToken }
  | { readonly _tag: "Pending"; readonly pending: PendingSignature | undefined }

const requestFrom = <A>({ keys, server }: ServerKeys, request: Effect.Effect<A, unknown>) =>
  orUnavailable(server, request, currentKeysOf(keys).pause)

const badSignature = new InvalidToken({ reason: "bad-signature" })

const unknownKey = ({ kid }: JwkSet.KeyQuery): InvalidToken =>
  new InvalidToken({ reason: "unknown-key", claim: "kid", ...(kid === undefined ? {} : { actual: kid }) })

/** The server whose metadata has this issuer. */
const issuingServer = Effect.fnUntraced(
  function*(servers: IssuerIndex, { info: { claims, issuer: iss }, possibleServers }: CheckedJwt) {
    for (const serverKeys of possibleServers) {
      const config = yield* requestFrom(serverKeys, serverKeys.server.config)
      if (AuthorizationServer.issues(serverKeys.server, config, iss, claims)) return serverKeys
    }
    return yield* unknownIssuer(servers.servers.map(({ server }) => server), iss, claims)
  }
)

/** The same, without a request. If metadata is not in memory, the issuer is not known yet. */
const issuingServerNow = (
  { info: { claims, issuer: iss }, possibleServers }: CheckedJwt,
  now: number
): ServerKeys | undefined => {
  for (const serverKeys of possibleServers) {
    const config = sourceOf(serverKeys.server).peek(now)
    if (config === undefined) return undefined
    if (AuthorizationServer.issues(serverKeys.server, config, iss, claims)) return serverKeys
  }
  return undefined
}

const isSignedBy = (key: Jws.VerifySignature, signed: Jws.Signed): Effect.Effect<boolean> => {
  const answer = key(signed)
  return typeof answer === "boolean" ? Effect.succeed(answer) : answer
}

const findSigner = Effect.fnUntraced(function*(keys: ReadonlyArray<Jws.VerifySignature>, { signed }: CheckedJwt) {
  for (const key of keys) if (yield* isSignedBy(key, signed)) return key
  return undefined
})

/** The key that signed, `none` if no key did, or `undefined` if a key verifies asynchronously. */
const findSignerNow = (
  keys: ReadonlyArray<Jws.VerifySignature>,
  { signed }: CheckedJwt
): Jws.VerifySignature | "none" | undefined => {
  for (const key of keys) {
    const answer = key(signed)
    if (answer !== false) return answer === true ? key : undefined
  }
  return "none"
}

/**
 * The error for a token whose key ID is known, but whose signature is not valid. It never causes another fetch, because a
 * provider gives a new key a new key ID.
 */
const knownKeyRefusal = (
  tried: ReadonlyArray<Jws.VerifySignature>,
  { keys }: ServerKeys,
  { algorithm, issuer, kid }: JwkSet.KeyQuery
): InvalidToken | undefined => {
  if (kid === undefined) return undefined
  const current = currentKeysOf(keys)
  const named = current.purposesOf(kid)
  const refusal = (expected: string) => new InvalidToken({ reason: "unknown-key", claim: "kid", expected, actual: kid })
  const unusable = (reason: string) =>
    new InvalidToken({
      reason: "unusable-key",
      claim: "kid",
      expected: `a key that can verify signatures; the key with this ID ${reason}`,
      actual: kid
    })
  if (named.length === 0) {
    const reason = current.unusableReason(kid)
    return reason === undefined ? undefined : unusable(reason)
  }
  if (tried.length > 0) return badSignature
  const forAlgorithm = named.filter((key) => key.algorithm === algorithm)
  if (forAlgorithm.some(({ isBroken }) => isBroken)) return unusable(brokenMaterial)
  return refusal(
    forAlgorithm.length > 0
      ? `a key for the issuer ${JSON.stringify(issuer)}`
      : `a key for ${algorithm}; that key is for ${[...new Set(named.map((key) => key.algorithm))].join(" or ")}`
  )
}

/**
 * The error for a token whose key was not found. If the provider may have published the key since the last fetch, and the
 * allowance of fetches is used up, the token may be valid. The client is then told to retry later.
 */
const unknownKeyError = Effect.fnUntraced(function*(
  { checkedAt, info }: CheckedJwt,
  { keys, server: { issuer } }: ServerKeys,
  error: InvalidToken
) {
  const { iat } = info.claims
  const publishedBy = typeof iat === "number" ? Math.min(iat * 1000, checkedAt) : checkedAt
  const retryAfter = currentKeysOf(keys).refetchableIn(publishedBy, yield* Clock.currentTimeMillis)
  return Duration.isZero(retryAfter) ? error : new VerificationUnavailable({ issuer, retryAfter, cause: error })
})

/** The key that signed, among the known keys or those that were published since. No key is tried twice. */
const fetchSigner = Effect.fnUntraced(function*(checked: CheckedJwt, { serverKeys, tried }: PendingSignature) {
  const { query } = checked
  const known = yield* requestFrom(serverKeys, serverKeys.keys.find(query))
  const key = yield* findSigner(known.filter((key) => !tried.includes(key)), checked)
  if (key !== undefined) return key
  const refusal = knownKeyRefusal(known, serverKeys, query)
  if (refusal !== undefined) return yield* refusal
  const refetched = yield* requestFrom(serverKeys, serverKeys.keys.findAfterRefetch(query))
  const newKey = yield* findSigner(refetched.filter((key) => !known.includes(key)), checked)
  if (newKey !== undefined) return newKey
  return yield* knownKeyRefusal(refetched, serverKeys, query) ??
    (yield* unknownKeyError(checked, serverKeys, refetched.length > 0 ? badSignature : unknownKey(query)))
})

/** Verifies the signature synchronously, if metadata and keys are in memory and the platform can. */
export const verifySignatureNow = (checked: CheckedJwt, now: number): SignatureOutcome => {
  const serverKeys = issuingServerNow(checked, now)
  if (serverKeys === undefined) return { _tag: "Pending", pending: undefined }
  const keys = currentKeysOf(serverKeys.keys).peek(checked.query, now)
  const key = keys === undefined ? undefined : findSignerNow(keys, checked)
  if (keys === undefined || key === undefined) return { _tag: "Pending", pending: { serverKeys, tried: [] } }
  if (key !== "none") return { _tag: "Valid", signer: { serverKeys, key } }
  const error = knownKeyRefusal(keys, serverKeys, checked.query)
  return error === undefined
    ? { _tag: "Pending", pending: { serverKeys, tried: keys } }
    : { _tag: "Invalid", error }
}

/** Verifies a signature that is still pending after `verifySignatureNow`. */
export const verifySignature = Effect.fnUntraced(function*(
  servers: IssuerIndex,
  checked: CheckedJwt,
  pending: PendingSignature | undefined
): Effect.fn.Return<Signer, InvalidToken | VerificationUnavailable> {
  const { serverKeys, tried } = pending ?? { serverKeys: yield* issuingServer(servers, checked), tried: [] }
  return { serverKeys, key: yield* fetchSigner(checked, { serverKeys, tried }) }
})
