/**
 * What several instances of a server know together: metadata, keys, and what was said about tokens.
 *
 * Without it every instance asks for itself. With it an instance that starts finds what others have fetched, in Redis or in
 * any other `Persistence` of Effect's. It is a memory and no authority: whatever is in it goes through the same judgement
 * as an answer of the provider's, it is sealed, so that whoever can read or write the store learns nothing and plants
 * nothing, and while the store cannot be reached every instance goes on with its own memory.
 *
 * **Example** (Instances that share what they know)
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
 *   yield* memory?.set("greeting", "hello", 1000) ?? Effect.void
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
import { makeSeal, Sealed } from "./internal/encryption.ts"

/**
 * What instances share. Nothing here fails: a memory that cannot be reached knows nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape {
  readonly get: (key: string) => Effect.Effect<Schema.Json | undefined>
  /** Remembers a value for so many milliseconds. */
  readonly set: (key: string, value: Schema.Json, timeToLive: number) => Effect.Effect<void>
}

/**
 * What is chosen about a shared memory.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What entries are sealed with: the same for all instances, known to nobody else, and at least 32 characters. */
  readonly secret: Redacted.Redacted
  /** How long the store may take to answer before an instance goes on alone. Default: 250 milliseconds. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * The shared memory cannot be used as it is configured.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidSharedMemory extends Schema.TaggedError<InvalidSharedMemory>()("InvalidSharedMemory", {
  /** What is wrong, and what to change. */
  problem: Schema.String
}) {
  override get message(): string {
    return `The shared memory cannot be used: ${this.problem}`
  }
}

/**
 * What instances share. Default: nothing.
 *
 * @category references
 * @since 0.1.0
 */
export const SharedMemory: Context.Reference<Shape | undefined> = Context.Reference(
  "@effect-mcp-auth/core/discovery/SharedMemory",
  { defaultValue: (): Shape | undefined => undefined }
)

/**
 * Shares what is known with whoever has the same store and the same secret.
 *
 * **Details**
 *
 * A store that is slow or does not answer is left alone for five seconds; that is logged as a warning, and that it is back
 * as well. An entry that was not sealed with this secret is passed over, with a warning.
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
        new InvalidSharedMemory({
          problem: "its secret has fewer than 32 characters, and could be guessed; use a random one"
        })
      )
      : makeSharedStore(options.secret, options.timeout ?? "250 millis")
  )

/** What is sealed: a value, and until when it counts, since whoever has the store could keep it for longer. */
const Entry = Schema.fromJsonString(Schema.Struct({ until: Schema.Finite, value: Schema.Json }))

const encodeEntry = Schema.encodeEffect(Entry)
const decodeEntry = Schema.decodeEffect(Entry)
const decodeSealed = Schema.decodeUnknownEffect(Sealed)

const gone = "The shared memory cannot be reached; this instance goes on with its own"
const back = "The shared memory is back"
const foreign = "An entry of the shared memory was not sealed with the secret of this instance, and is passed over"

/** Asks the store, which knows nothing while it cannot be reached. That it is so is said once each time. */
const makeReach = Effect.fnUntraced(function*(timeout: Duration.Input) {
  const isGone = yield* Ref.make(false)
  const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(3), openDuration: "5 seconds" })
  const answered = Effect.flatMap(Ref.getAndSet(isGone, false), (was) => was ? Effect.logInfo(back) : Effect.void)
  // Only what kind of failure: messages of stores name what was asked for.
  const failed = ({ _tag }: { readonly _tag: string }) =>
    Effect.flatMap(Ref.getAndSet(isGone, true), (was) => was ? Effect.void : Effect.logWarning(gone, _tag))
  return <A>(question: Effect.Effect<A, Persistence.PersistenceError>): Effect.Effect<A | undefined> =>
    Effect.timeout(question, timeout).pipe(
      breaker.execute({ key: "shared-memory" }),
      Effect.tap(() => answered),
      Effect.catch((error) => Effect.as(failed(error), undefined))
    )
}, Effect.provide(CircuitBreaker.layerStoreMemory()))

/** A memory in a store that others use as well. */
const makeSharedStore = Effect.fnUntraced(function*(secret: Redacted.Redacted, timeout: Duration.Input) {
  const { nameOf, open, seal } = yield* Effect.orDie(makeSeal(secret, "shared memory"))
  const reach = yield* makeReach(timeout)
  const store = yield* (yield* Persistence.BackingPersistence).make("effect-mcp-auth")
  const read = Effect.fnUntraced(function*(key: string, sealed: object) {
    const { until, value } = yield* Effect.flatMap(
      decodeSealed(sealed),
      (sealed) => Effect.flatMap(open(key, sealed), decodeEntry)
    )
    return (yield* Clock.currentTimeMillis) < until ? value : undefined
  })
  return {
    get: Effect.fnUntraced(function*(key: string) {
      const sealed = yield* reach(store.get(yield* Effect.orDie(nameOf(key))))
      if (sealed === undefined) return undefined
      const [kind] = key.split(" ")
      return yield* Effect.catch(read(key, sealed), () => Effect.as(Effect.logWarning(foreign, { kind }), undefined))
    }),
    set: Effect.fnUntraced(function*(key: string, value: Schema.Json, timeToLive: number) {
      if (timeToLive <= 0) return
      const until = (yield* Clock.currentTimeMillis) + timeToLive
      const text = yield* Effect.option(encodeEntry({ until, value }))
      // A provider can write numbers that are none here (1e400): what has one cannot be written again, so it is not shared.
      if (Option.isNone(text)) return
      const sealed = yield* Effect.orDie(seal(key, text.value))
      yield* reach(store.set(yield* Effect.orDie(nameOf(key)), sealed, Duration.millis(timeToLive)))
    })
  }
})
