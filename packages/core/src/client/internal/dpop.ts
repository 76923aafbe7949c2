import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Jose from "jose"
import { randomText, sha256 } from "./random.ts"

/** What a proof covers besides the method and the URL. */
interface Covered {
  /** The access token that is sent with the proof (RFC 9449, section 4.2: `ath`). */
  readonly token?: string
  /** The body (RFC 9530), so that a stolen proof is of no use for another one. */
  readonly body?: Uint8Array
}

/** A key that never leaves the process, and the last nonce of each server. */
export interface Dpop {
  /** Creates the proof for one request (RFC 9449, section 4.2). */
  readonly proof: (method: string, url: string, covered?: Covered) => Effect.Effect<string>
  /** Keeps the nonce that a server sent (RFC 9449, section 8). */
  readonly keepNonce: (url: string, nonce: string | undefined) => void
}

const algorithm = "ES256"

/** The client talks to few servers. A nonce is opaque, and a header of a foreign server is not kept for ever. */
const maxServers = 32
const maxNonce = 2048

/** The key is created when the first proof is needed. */
export const makeDpop: Effect.Effect<Dpop> = Effect.gen(function*() {
  const keys = yield* Effect.cached(Effect.gen(function*() {
    const { privateKey, publicKey } = yield* Effect.promise(() =>
      Jose.generateKeyPair(algorithm, { extractable: false })
    )
    return { privateKey, jwk: yield* Effect.promise(() => Jose.exportJWK(publicKey)) }
  }))
  const nonces = new Map<string, string>()
  return {
    keepNonce: (url, nonce) => {
      if (nonce === undefined || nonce.length > maxNonce) return
      const { origin } = new URL(url)
      if (nonces.has(origin) || nonces.size < maxServers) nonces.set(origin, nonce)
    },
    proof: Effect.fnUntraced(function*(method, url, { body, token } = {}) {
      const { jwk, privateKey } = yield* keys
      const target = new URL(url)
      target.search = ""
      target.hash = ""
      const nonce = nonces.get(target.origin)
      const claims = {
        jti: yield* randomText(16),
        htm: method,
        htu: target.href,
        iat: Math.floor((yield* Clock.currentTimeMillis) / 1000),
        ...(nonce === undefined ? {} : { nonce }),
        ...(token === undefined ? {} : { ath: Base64Url.encode(yield* sha256(token)) }),
        ...(body === undefined ? {} : { content_digest: `sha-256=:${Base64.encode(yield* sha256(body))}:` })
      }
      return yield* Effect.promise(() =>
        new Jose.SignJWT(claims).setProtectedHeader({ typ: "dpop+jwt", alg: algorithm, jwk }).sign(privateKey)
      )
    })
  }
})

/** Whether an authorization server accepts proofs of this key. */
export const acceptsProofs = (algorithms: ReadonlyArray<string> | undefined): boolean =>
  algorithms?.includes(algorithm) === true
