import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Encrypted, makeEncryption } from "../../fetch/internal/encryption.ts"
import { anonymous, AuthInfo, principal } from "../../token/AuthInfo.ts"

/** Options for the encryption of request states. */
export interface RequestStateOptions {
  /** The identifier of the protected resource. */
  readonly resource: string
  /** The first secret encrypts, all decrypt. Empty: a random secret of this instance. */
  readonly secrets: ReadonlyArray<Redacted.Redacted>
  /** The lifetime of a state. */
  readonly lifetime: Duration.Input
}

/** The state of a handler, and its expiry in milliseconds since 1970. */
const Entry = Schema.fromJsonString(Schema.Struct({ state: Schema.String, until: Schema.Finite }))

const encodeEntry = Schema.encodeEffect(Entry)
const decodeEntry = Schema.decodeEffect(Entry)
const encodeEncrypted = Schema.encodeEffect(Encrypted)
const decodeEncrypted = Schema.decodeUnknownEffect(Encrypted)

/** The same error for every invalid state, so that it reveals nothing about the state. */
const unknownState = new McpSchema.InvalidParams({ message: "Unknown requestState" })

/** JSON with a fixed order of members, because a client may change the order when it repeats a request. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (!Predicate.isReadonlyObject(value)) return value
  const sorted = Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)
  return { members: sorted.map(([name, member]) => [name, canonical(member)]) }
}

/**
 * The binding of a state: the resource, the caller, the operation and its parameters. The payload has only parameters that a
 * client repeats: no `_meta`, no input responses and no state.
 */
const bindingOf = (
  resource: string,
  info: AuthInfo["Service"],
  { method, payload, target }: McpServer.MiddlewareOptions
): string => JSON.stringify([resource, principal(info), method, target, canonical(payload)])

const randomSecret = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  return Redacted.make(Base64Url.encode(yield* random.randomBytes(32)))
}).pipe(Effect.provide(SecureRandom.layerWebCrypto))

/** Encrypts and decrypts states. */
const makeCipher = Effect.fnUntraced(function*({ lifetime, secrets }: RequestStateOptions) {
  const all = Arr.isReadonlyArrayNonEmpty(secrets) ? secrets : Arr.of(yield* randomSecret)
  const encryptions = yield* Effect.forEach(all, (secret) => makeEncryption(secret, "request state"))
  const lifetimeMillis = Duration.toMillis(lifetime)
  const read = Effect.fnUntraced(function*(encrypted: string) {
    const [nonce, ciphertext] = encrypted.split(".")
    const decoded = yield* decodeEncrypted({ nonce, ciphertext })
    // Only the canonical encoding is accepted. Decoders ignore the unused bits of the last character.
    const { ciphertext: sameCiphertext, nonce: sameNonce } = yield* encodeEncrypted(decoded)
    return encrypted === `${sameNonce}.${sameCiphertext}` ? decoded : yield* Effect.fail(unknownState)
  })
  return {
    encrypt: Effect.fnUntraced(function*(binding: string, state: string) {
      const until = (yield* Clock.currentTimeMillis) + lifetimeMillis
      const { ciphertext, nonce } = yield* Arr.headNonEmpty(encryptions).encrypt(
        binding,
        yield* encodeEntry({ state, until })
      )
      return `${nonce}.${ciphertext}`
    }, Effect.orDie),
    decrypt: Effect.fnUntraced(function*(binding: string, encrypted: string) {
      const decoded = yield* read(encrypted)
      const text = yield* Effect.firstSuccessOf(encryptions.map(({ decrypt }) => decrypt(binding, decoded)))
      const { state, until } = yield* decodeEntry(text)
      return (yield* Clock.currentTimeMillis) < until ? state : yield* Effect.fail(unknownState)
    }, Effect.mapError(() => unknownState))
  }
})

/** The caller. A call within the process, without a token, is anonymous. */
const caller = Effect.map(Effect.serviceOption(AuthInfo), Option.getOrElse(() => anonymous))

type Respond = Effect.Effect<McpServer.MiddlewareSuccess, McpSchema.McpErrorBase>

/** Encrypts the state of a result that asks for input. The type of results is opaque. */
const encryptedResult = (
  asking: McpSchema.InputRequired,
  encrypted: Effect.Effect<string>
): Effect.Effect<McpServer.MiddlewareSuccess> =>
  Effect.map(
    encrypted,
    // The class stays the same.
    (requestState) => new McpSchema.InputRequired({ ...asking, requestState }) as unknown as McpServer.MiddlewareSuccess
  )

/**
 * Encrypts the states that handlers return with `InputRequired` (MCP 2026-07-28, multi round-trip requests), because clients
 * send them back. A state is encrypted, expires, and is bound to the resource, the principal and the operation with its
 * parameters. For every other request it is invalid. Handlers get the plain state.
 */
export const requestState = (options: RequestStateOptions) =>
  McpServer.middleware(Effect.gen(function*() {
    const { decrypt, encrypt } = yield* Effect.orDie(makeCipher(options))
    const bindingFor = (request: McpServer.MiddlewareOptions) =>
      Effect.flatMap(caller, (info) =>
        Effect.try({
          try: () => bindingOf(options.resource, info, request),
          // Parameters that are nested too deeply cannot be encoded.
          catch: () => unknownState
        }))
    const continueWith = (encrypted: string, respond: Respond, request: McpServer.MiddlewareOptions): Respond =>
      Effect.flatMap(Effect.flatMap(bindingFor(request), (binding) => decrypt(binding, encrypted)), (opened) =>
        Effect.provideService(
          respond,
          McpSchema.McpRequestContext,
          McpSchema.McpRequestContext.of({ ...request.requestContext, requestState: opened })
        ))
    return (respond: Respond, request: McpServer.MiddlewareOptions): Respond => {
      const { requestState: encrypted } = request.requestContext
      return Effect.flatMap(encrypted === undefined ? respond : continueWith(encrypted, respond, request), (result) => {
        const answer: unknown = result
        if (!(answer instanceof McpSchema.InputRequired) || answer.requestState === undefined) {
          return Effect.succeed(result)
        }
        const state = answer.requestState
        const binding = Effect.orDie(bindingFor(request))
        return encryptedResult(
          answer,
          Effect.flatMap(binding, (binding) =>
            encrypt(binding, state))
        )
      })
    }
  }))
