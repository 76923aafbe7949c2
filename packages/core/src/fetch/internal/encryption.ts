import * as Aead from "effect/crypto/Aead"
import * as Kdf from "effect/crypto/Kdf"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** An encrypted and authenticated text. Reading or creating it needs the secret. */
export const Encrypted = Schema.Struct({
  nonce: Schema.Uint8ArrayFromBase64Url,
  ciphertext: Schema.Uint8ArrayFromBase64Url
})

const encodeEncrypted = Schema.encodeEffect(Encrypted)
const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** XChaCha20-Poly1305 nonces are long enough to be random for any number of entries under one secret. */
const algorithm = Aead.xchacha20Poly1305

/**
 * Encodes a name so that no two names have the same bytes. UTF-8 maps all lone surrogates to one character; JSON
 * escapes them.
 */
const bytesOf = (name: string): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(name))

/** The store's key of an entry: a hash, because the names contain URLs with their queries. */
const makeName = Effect.fnUntraced(function*(bytes: Uint8Array) {
  const mac = yield* Mac.Mac
  const key = yield* Mac.key(Mac.hmacSha256, bytes)
  return (name: string) => Effect.map(mac.sign(key, bytesOf(name)), Base64Url.encode)
})

/**
 * Encrypts texts bound to a name: a text that was encrypted under one name is invalid under another. Each use of a
 * secret derives its own keys.
 */
export const makeEncryption = Effect.fnUntraced(
  function*(secret: Redacted.Redacted, use: "request state" | "shared memory" | "credentials") {
    const [aead, kdf, random] = [yield* Aead.Aead, yield* Kdf.Kdf, yield* SecureRandom.SecureRandom]
    const derive = (purpose: string) =>
      kdf.derive(Kdf.hkdfSha256, encoder.encode(Redacted.value(secret)), {
        salt: new Uint8Array(32),
        info: encoder.encode(`effect-mcp-auth ${use}: ${purpose}`),
        length: algorithm.keyLength
      })
    const key = yield* Aead.key(algorithm, yield* derive("entries"))
    return {
      nameOf: yield* makeName(yield* derive("names")),
      encrypt: Effect.fnUntraced(function*(name: string, text: string) {
        const nonce = yield* random.randomBytes(algorithm.nonceLength)
        const ciphertext = yield* aead.encrypt(key, encoder.encode(text), { nonce, aad: bytesOf(name) })
        return yield* encodeEncrypted({ nonce, ciphertext })
      }),
      decrypt: (name: string, { ciphertext, nonce }: typeof Encrypted.Type) =>
        Effect.map(
          aead.decrypt(key, ciphertext, { nonce, aad: bytesOf(name) }),
          (bytes) => decoder.decode(bytes)
        )
    }
  },
  Effect.provide(
    Layer.mergeAll(Kdf.layerWebCrypto, Aead.layerWebCrypto, Mac.layerWebCrypto).pipe(
      Layer.provideMerge(SecureRandom.layerWebCrypto)
    )
  )
)
