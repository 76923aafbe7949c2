/**
 * A cache that several instances of a server share: metadata, keys and introspection responses.
 *
 * Without it, every instance fetches for itself. With it, a new instance finds the documents that others have fetched,
 * in Redis or in any other `Persistence` of Effect. Cached documents get the same checks as responses of the provider.
 * Entries are encrypted and authenticated: an attacker with access to the store can neither read nor forge them. While
 * the store is unavailable, every instance uses its own memory.
 *
 * **Example** (Sharing a cache between instances)
 *
 * ```ts import.meta.vitest
 * import * as SharedMemory from "@effect-mcp-auth/core/SharedMemory"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Persistence from "effect/persistence/Persistence"
 * import * as Redacted from "effect/Redacted"
 *
 * // In production: `Persistence.layerBackingRedis`, with `NodeRedis.layer` of `@effect/platform-node`.
 * const Shared = SharedMemory.layer({ secret: Redacted.make("the same random 32 characters for all") }).pipe(
 *   Layer.provide(Persistence.layerBackingMemory)
 * )
 *
 * const program = Effect.gen(function*() {
 *   const memory = yield* SharedMemory.SharedMemory
 *   yield* memory?.set("greeting", "hello", "1 second") ?? Effect.void
 *   return yield* memory?.get("greeting") ?? Effect.undefined
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Shared)) // => "hello"
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Persistence from "effect/persistence/Persistence"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { Encrypted, makeEncryption } from "./internal/encryption.ts"

/**
 * A shared cache. Its operations do not fail: a cache that is unavailable has no entries.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape {
  readonly get: (key: string) => Effect.Effect<Schema.Json | undefined>
  /** Stores a value for a time. */
  readonly set: (key: string, value: Schema.Json, timeToLive: Duration.Input) => Effect.Effect<void>
}

/**
 * Options for a shared memory.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The secret that encrypts entries: the same for all instances, random, at least 32 characters. Keep it private. */
  readonly secret: Redacted.Redacted
  /** The timeout of the store. After it, the instance continues without the store. Default: 250 milliseconds. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * The configuration of the shared memory is invalid.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidSharedMemory extends Schema.TaggedError<InvalidSharedMemory>()("InvalidSharedMemory", {
  reason: Schema.Literal("short-secret")
}) {
  override get message(): string {
    return "The shared memory cannot be used: the option secret of SharedMemory.layer has fewer than 32 characters and can be " +
      "guessed; use at least 32 random ones"
  }
}

/**
 * The shared memory. Default: `undefined`, nothing is shared.
 *
 * @category references
 * @since 0.1.0
 */
export const SharedMemory: Context.Reference<Shape | undefined> = Context.Reference(
  "@effect-mcp-auth/core/discovery/SharedMemory",
  { defaultValue: (): Shape | undefined => undefined }
)

/**
 * Shares the cache with all instances that use the same store and the same secret.
 *
 * **Details**
 *
 * If the store is slow or does not respond, a circuit breaker skips it for five seconds. A warning is logged when the
 * store becomes unavailable, and a message when it is available again. An entry that was not encrypted with this secret
 * is ignored, with a warning.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<never, InvalidSharedMemory, Persistence.BackingPersistence> =>
  Layer.effect(
    SharedMemory,
    Redacted.value(options.secret).length < 32
      ? Effect.fail(
        new InvalidSharedMemory({ reason: "short-secret" })
      )
      : makeSharedStore(options.secret, options.timeout ?? "250 millis")
  )

/**
 * The encrypted content: a value and its expiry time. A party with access to the store could otherwise keep it for
 * longer.
 */
const Entry = Schema.fromJsonString(Schema.Struct({ until: Schema.Finite, value: Schema.Json }))

const encodeEntry = Schema.encodeEffect(Entry)
const decodeEntry = Schema.decodeEffect(Entry)
const decodeEncrypted = Schema.decodeUnknownEffect(Encrypted)

const unreachable =
  "The shared memory cannot be reached; this instance uses its own memory. Check the Persistence store"
const reachable = "The shared memory can be reached again"
const otherSecret =
  "An entry of the shared memory was not encrypted with the secret of this instance and is ignored. Use one secret " +
  "for all instances"

/** Reads or writes the store. While it is unavailable, the result is empty. Each outage is logged once. */
const makeAccess = Effect.fnUntraced(function*(timeout: Duration.Input) {
  const isUnreachable = yield* Ref.make(false)
  const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(3), openDuration: "5 seconds" })
  const answered = Effect.flatMap(
    Ref.getAndSet(isUnreachable, false),
    (was) => was ? Effect.logInfo(reachable) : Effect.void
  )
  // Log only the kind of failure: messages of stores can contain the key.
  const failed = ({ _tag }: { readonly _tag: string }) =>
    Effect.flatMap(
      Ref.getAndSet(isUnreachable, true),
      (was) => was ? Effect.void : Effect.logWarning(unreachable, _tag)
    )
  return <A>(question: Effect.Effect<A, Persistence.PersistenceError>): Effect.Effect<A | undefined> =>
    Effect.timeout(question, timeout).pipe(
      breaker.execute({ key: "shared-memory" }),
      Effect.tap(() => answered),
      Effect.catch((error) => Effect.as(failed(error), undefined))
    )
}, Effect.provide(CircuitBreaker.layerStoreMemory()))

/** A shared memory in a store. */
const makeSharedStore = Effect.fnUntraced(function*(secret: Redacted.Redacted, timeout: Duration.Input) {
  const { nameOf, decrypt, encrypt } = yield* Effect.orDie(makeEncryption(secret, "shared memory"))
  const access = yield* makeAccess(timeout)
  const store = yield* (yield* Persistence.BackingPersistence).make("effect-mcp-auth")
  const read = Effect.fnUntraced(function*(key: string, encrypted: object) {
    const { until, value } = yield* Effect.flatMap(
      decodeEncrypted(encrypted),
      (encrypted) => Effect.flatMap(decrypt(key, encrypted), decodeEntry)
    )
    return (yield* Clock.currentTimeMillis) < until ? value : undefined
  })
  return {
    get: Effect.fnUntraced(function*(key: string) {
      const encrypted = yield* access(store.get(yield* Effect.orDie(nameOf(key))))
      if (encrypted === undefined) return undefined
      const [kind] = key.split(" ")
      return yield* Effect.catch(
        read(key, encrypted),
        () => Effect.as(Effect.logWarning(otherSecret, { kind }), undefined)
      )
    }),
    set: Effect.fnUntraced(function*(key: string, value: Schema.Json, timeToLive: Duration.Input) {
      const milliseconds = Duration.toMillis(Duration.fromInputUnsafe(timeToLive))
      if (milliseconds <= 0) return
      const until = (yield* Clock.currentTimeMillis) + milliseconds
      const text = yield* Effect.option(encodeEntry({ until, value }))
      // A provider can send numbers that JavaScript cannot represent (1e400). Such a value cannot be encoded again, so
      // it is not shared.
      if (Option.isNone(text)) return
      const encrypted = yield* Effect.orDie(encrypt(key, text.value))
      yield* access(store.set(yield* Effect.orDie(nameOf(key)), encrypted, Duration.millis(milliseconds)))
    })
  }
})
