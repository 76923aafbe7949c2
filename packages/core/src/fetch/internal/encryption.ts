import * as Aead from "effect/crypto/Aead"
import * as Kdf from "effect/crypto/Kdf"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** A text that only who knows the secret can read or make. */
export const Sealed = Schema.Struct({ nonce: Schema.Uint8ArrayFromBase64Url, box: Schema.Uint8ArrayFromBase64Url })

const encodeSealed = Schema.encodeEffect(Sealed)
const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** Its nonces are so long that they may be random, however many entries there are under one secret. */
const algorithm = Aead.xchacha20Poly1305

/** A name, so that no two have the same bytes: halves of surrogate pairs would all be one in UTF-8, and JSON escapes them. */
const bytesOf = (name: string): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(name))

/** What a store knows something by. The names themselves say what was asked, of whom, and with which query. */
const makeName = Effect.fnUntraced(function*(bytes: Uint8Array) {
  const mac = yield* Mac.Mac
  const key = yield* Mac.key(Mac.hmacSha256, bytes)
  return (name: string) => Effect.map(mac.sign(key, bytesOf(name)), Base64Url.encode)
})

/**
 * Seals texts under a name: what was sealed under one name is nothing under another. Each use of a secret has keys of its own.
 */
export const makeSeal = Effect.fnUntraced(
  function*(secret: Redacted.Redacted, use: "request state" | "shared memory") {
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
      seal: Effect.fnUntraced(function*(name: string, text: string) {
        const nonce = yield* random.randomBytes(algorithm.nonceLength)
        const box = yield* aead.encrypt(key, encoder.encode(text), { nonce, aad: bytesOf(name) })
        return yield* encodeSealed({ nonce, box })
      }),
      open: (name: string, { box, nonce }: typeof Sealed.Type) =>
        Effect.map(
          aead.decrypt(key, box, { nonce, aad: bytesOf(name) }),
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
