import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"

const encoder = new TextEncoder()

/** A random text of so many bytes, in base64url. */
export const randomText = (bytes: number): Effect.Effect<string> =>
  Effect.flatMap(SecureRandom.SecureRandom, (random) => random.randomBytes(bytes)).pipe(
    Effect.map(Base64Url.encode),
    // WebCrypto fails for sizes that are not used here.
    Effect.provide(SecureRandom.layerWebCrypto)
  )

/** The SHA-256 hash of a text or of bytes. */
export const sha256 = (data: string | Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.flatMap(
    Digest.Digest,
    ({ digest }) => digest(Digest.sha256, typeof data === "string" ? encoder.encode(data) : data)
  ).pipe(Effect.orDie, Effect.provide(Digest.layerWebCrypto))

/** The code challenge of a verifier (RFC 7636, section 4.2: `S256`). */
export const codeChallenge = (verifier: string): Effect.Effect<string> => Effect.map(sha256(verifier), Base64Url.encode)
