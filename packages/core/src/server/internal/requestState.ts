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
import * as Struct from "effect/Struct"
import { Encrypted, makeEncryption } from "../../fetch/internal/encryption.ts"
import { anonymous, AuthInfo, principal } from "../../token/AuthInfo.ts"

/** How request states are encrypted. */
export interface RequestStateOptions {
  /** The identifier of the protected resource. */
  readonly resource: string
  /** The first one encrypts, and all of them decrypt. Empty: a random secret of this instance. */
  readonly secrets: ReadonlyArray<Redacted.Redacted>
  /** How long a state can be continued. */
  readonly lifetime: Duration.Input
}

/** A state as a handler made it, and when it ends, in milliseconds since 1970. */
const Entry = Schema.fromJsonString(Schema.Struct({ state: Schema.String, until: Schema.Finite }))

const encodeEntry = Schema.encodeEffect(Entry)
const decodeEntry = Schema.decodeEffect(Entry)
const encodeEncrypted = Schema.encodeEffect(Encrypted)
const decodeEncrypted = Schema.decodeUnknownEffect(Encrypted)

/** One answer for every state that cannot be continued, so that it tells nothing about the state. */
const unknownState = new McpSchema.InvalidParams({ message: "Unknown requestState" })

/** JSON whose members have one order, because a client may send them in another when it repeats a request. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (!Predicate.isReadonlyObject(value)) return value
  const sorted = Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)
  return { members: sorted.map(([name, member]) => [name, canonical(member)]) }
}

/** The parameters that a client repeats unchanged when it continues a request. */
const repeated = (payload: unknown): unknown => {
  if (!Predicate.isReadonlyObject(payload)) return payload
  return { ...Struct.omit(payload, ["_meta", "inputResponses", "requestState"]), arguments: payload["arguments"] ?? {} }
}

/** What a state is bound to: the resource, the caller, the operation and its parameters. */
const bindingOf = (
  resource: string,
  info: AuthInfo["Service"],
  { method, payload, target }: McpServer.MiddlewareOptions
): string => JSON.stringify([resource, principal(info), method, target, canonical(repeated(payload))])

const randomSecret = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  return Redacted.make(Base64Url.encode(yield* random.randomBytes(32)))
}).pipe(Effect.provide(SecureRandom.layerWebCrypto))

/** Seals and opens states. */
const makeCipher = Effect.fnUntraced(function*({ lifetime, secrets }: RequestStateOptions) {
  const all = Arr.isReadonlyArrayNonEmpty(secrets) ? secrets : Arr.of(yield* randomSecret)
  const encryptions = yield* Effect.forEach(all, (secret) => makeEncryption(secret, "request state"))
  const lifetimeMillis = Duration.toMillis(lifetime)
  const read = Effect.fnUntraced(function*(encrypted: string) {
    const [nonce, ciphertext, ...rest] = encrypted.split(".")
    const decoded = yield* decodeEncrypted({ nonce, ciphertext })
    // In its only spelling: a decoder that ignores the bits left over reads several texts as one.
    const { ciphertext: sameCiphertext, nonce: sameNonce } = yield* encodeEncrypted(decoded)
    return rest.length === 0 && sameNonce === nonce && sameCiphertext === ciphertext
      ? decoded
      : yield* Effect.fail(unknownState)
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

/** What is called in process, without anybody's token, is called by nobody. */
const caller = Effect.map(Effect.serviceOption(AuthInfo), Option.getOrElse(() => anonymous))

type Respond = Effect.Effect<McpServer.MiddlewareSuccess, McpSchema.McpErrorBase>

/** Encrypts the state of a continuation. The result is opaque by its type, but a state has to be encrypted before it is sent. */
const sealResult = (
  result: McpServer.MiddlewareSuccess,
  encrypt: (state: string) => Effect.Effect<string>
): Effect.Effect<McpServer.MiddlewareSuccess> => {
  const answer: unknown = result
  if (!(answer instanceof McpSchema.InputRequired) || answer.requestState === undefined) return Effect.succeed(result)
  return Effect.map(
    encrypt(answer.requestState),
    // What replaces the continuation is one as well.
    (state) => new McpSchema.InputRequired({ ...answer, requestState: state }) as unknown as McpServer.MiddlewareSuccess
  )
}

/**
 * Seals the states that handlers return with `InputRequired` (MCP 2026-07-28, multi round-trip requests), because they come
 * back from the client. A state is encrypted, expires, and is bound to the resource, the principal and the operation with its
 * parameters: for any other request it does not exist. Handlers see none of it.
 */
export const requestState = (options: RequestStateOptions) =>
  McpServer.middleware(Effect.gen(function*() {
    const { decrypt, encrypt } = yield* Effect.orDie(makeCipher(options))
    return (respond: Respond, request: McpServer.MiddlewareOptions): Respond => {
      const { method, requestContext } = request
      // A list has no state to go on from.
      if (method.endsWith("/list")) return respond
      // Parameters that are nested too deeply for this are not encrypted.
      const binding = Effect.flatMap(caller, (info) =>
        Effect.try({
          try: () => bindingOf(options.resource, info, request),
          catch: () => unknownState
        }))
      const goOn = (encrypted: string): Respond =>
        Effect.flatMap(Effect.flatMap(binding, (binding) => decrypt(binding, encrypted)), (opened) =>
          Effect.provideService(
            respond,
            McpSchema.McpRequestContext,
            McpSchema.McpRequestContext.of({ ...requestContext, requestState: opened })
          ))
      const { requestState: encrypted } = requestContext
      return Effect.flatMap(encrypted === undefined ? respond : goOn(encrypted), (result) =>
        sealResult(result, (state) =>
          Effect.flatMap(Effect.orDie(binding), (binding) =>
            encrypt(binding, state))))
    }
  }))
