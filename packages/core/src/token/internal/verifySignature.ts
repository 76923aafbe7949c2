import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import type * as JwkSet from "../JwkSet.ts"
import type * as Jws from "../Jws.ts"
import { InvalidToken, VerificationUnavailable } from "../TokenError.ts"
import type { JudgedJwt, Keyed, Trusted } from "./checkJwt.ts"
import { unknownIssuer } from "./issuers.ts"
import { available } from "./unavailable.ts"

/** What a token is good by: a key of a server. */
export interface Voucher {
  readonly keyed: Keyed
  readonly key: Jws.VerifySignature
}

/** The server that issued a token, and its keys that did not sign it. */
interface Undecided {
  readonly keyed: Keyed
  readonly tried: ReadonlyArray<Jws.VerifySignature>
}

/** What can be said at once. */
export type Verdict =
  | { readonly _tag: "Good"; readonly voucher: Voucher }
  | { readonly _tag: "Bad"; readonly error: InvalidToken }
  | { readonly _tag: "Undecided"; readonly undecided: Undecided | undefined }

const askedOf = <A>({ keys, server }: Keyed, asked: Effect.Effect<A, unknown>) => available(server, asked, keys.pause)

const badSignature = new InvalidToken({ reason: "bad-signature" })

const unknownKey = ({ kid }: JwkSet.Query): InvalidToken =>
  new InvalidToken({ reason: "unknown-key", claim: "kid", ...(kid === undefined ? {} : { actual: kid }) })

/** The server that issues under this name, by its metadata. */
const issuing = Effect.fnUntraced(function*(servers: Trusted, { info: { claims, issuer: iss }, issuers }: JudgedJwt) {
  for (const keyed of issuers) {
    const config = yield* askedOf(keyed, keyed.server.config)
    if (AuthorizationServer.issues(keyed.server, config, iss, claims)) return keyed
  }
  return yield* unknownIssuer(servers.servers.map(({ server }) => server), iss, claims)
})

/** The same, as far as metadata is in memory. Whether a server issues is known only when its metadata is. */
const issuingNow = ({ info: { claims, issuer: iss }, issuers }: JudgedJwt, now: number): Keyed | undefined => {
  for (const keyed of issuers) {
    const config = sourceOf(keyed.server).peek(now)
    if (config === undefined) return undefined
    if (AuthorizationServer.issues(keyed.server, config, iss, claims)) return keyed
  }
  return undefined
}

const signs = (key: Jws.VerifySignature, signed: Jws.Signed): Effect.Effect<boolean> => {
  const answer = key(signed)
  return typeof answer === "boolean" ? Effect.succeed(answer) : answer
}

const signerOf = Effect.fnUntraced(function*(keys: ReadonlyArray<Jws.VerifySignature>, { signed }: JudgedJwt) {
  for (const key of keys) if (yield* signs(key, signed)) return key
  return undefined
})

/** The key that signed, or `none` of them, if they answer at once. */
const signerNow = (
  keys: ReadonlyArray<Jws.VerifySignature>,
  { signed }: JudgedJwt
): Jws.VerifySignature | "none" | undefined => {
  for (const key of keys) {
    const answer = key(signed)
    if (answer !== false) return answer === true ? key : undefined
  }
  return "none"
}

/**
 * The refusal of a token that names a key by a name that is known, after these keys of that name did not sign it. Such a token
 * is never worth another fetch: a provider gives a new key a new name.
 */
const refusal = (
  tried: ReadonlyArray<Jws.VerifySignature>,
  { keys }: Keyed,
  { algorithm, issuer, kid }: JwkSet.Query
): InvalidToken | undefined => {
  if (kid === undefined) return undefined
  const named = keys.named(kid)
  if (named.length === 0) {
    const why = keys.unusable(kid)
    const expected = `a key that can verify signatures; the key of that name ${why}`
    return why === undefined
      ? undefined
      : new InvalidToken({ reason: "unknown-key", claim: "kid", expected, actual: kid })
  }
  if (tried.length > 0) return badSignature
  const isForAlgorithm = named.some((key) => key.algorithm === algorithm)
  const expected = isForAlgorithm
    ? `a key for the issuer ${JSON.stringify(issuer)}`
    : `a key for ${algorithm}; that key is for ${[...new Set(named.map((key) => key.algorithm))].join(" or ")}`
  return new InvalidToken({ reason: "unknown-key", claim: "kid", expected, actual: kid })
}

/**
 * The error for a token whose key was not found. If its provider may have published the key since the keys were fetched, and
 * the allowance for another fetch is used up, the token may be good, and its client is told to retry later.
 */
const notFound = Effect.fnUntraced(function*(
  { at, info }: JudgedJwt,
  { keys, server: { issuer } }: Keyed,
  error: InvalidToken
) {
  const { iat } = info.claims
  const publishedBy = typeof iat === "number" ? Math.min(iat * 1000, at) : at
  const retryAfter = keys.unknownFor(publishedBy, yield* Clock.currentTimeMillis)
  return Duration.isZero(retryAfter) ? error : new VerificationUnavailable({ issuer, retryAfter, cause: error })
})

/** The key that signed, of those that are known, or that the provider has published since. No key is tried twice. */
const signer = Effect.fnUntraced(function*(judged: JudgedJwt, { keyed, tried }: Undecided) {
  const { query } = judged
  const known = yield* askedOf(keyed, keyed.keys.find(query))
  const key = yield* signerOf(known.filter((key) => !tried.includes(key)), judged)
  if (key !== undefined) return key
  const refused = refusal(known, keyed, query)
  if (refused !== undefined) return yield* refused
  const anew = yield* askedOf(keyed, keyed.keys.findAnew(query))
  const newKey = yield* signerOf(anew.filter((key) => !known.includes(key)), judged)
  if (newKey !== undefined) return newKey
  return yield* refusal(anew, keyed, query) ??
    (yield* notFound(judged, keyed, anew.length > 0 ? badSignature : unknownKey(query)))
})

/** Who vouches for a token, as far as metadata and keys are in memory, and the platform verifies without waiting. */
export const vouchNow = (judged: JudgedJwt, now: number): Verdict => {
  const keyed = issuingNow(judged, now)
  if (keyed === undefined) return { _tag: "Undecided", undecided: undefined }
  const keys = keyed.keys.peek(judged.query, now)
  const key = keys === undefined ? undefined : signerNow(keys, judged)
  if (keys === undefined || key === undefined) return { _tag: "Undecided", undecided: { keyed, tried: [] } }
  if (key !== "none") return { _tag: "Good", voucher: { keyed, key } }
  const error = refusal(keys, keyed, judged.query)
  return error === undefined
    ? { _tag: "Undecided", undecided: { keyed, tried: keys } }
    : { _tag: "Bad", error }
}

/** Who vouches for a token about which not everything could be said at once. */
export const vouch = Effect.fnUntraced(function*(
  servers: Trusted,
  judged: JudgedJwt,
  undecided: Undecided | undefined
): Effect.fn.Return<Voucher, InvalidToken | VerificationUnavailable> {
  const { keyed, tried } = undecided ?? { keyed: yield* issuing(servers, judged), tried: [] }
  return { keyed, key: yield* signer(judged, { keyed, tried }) }
})
