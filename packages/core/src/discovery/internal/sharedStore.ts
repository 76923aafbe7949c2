import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Persistence from "effect/persistence/Persistence"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { makeSeal, Sealed } from "./seal.ts"

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
export const makeSharedStore = Effect.fnUntraced(function*(secret: Redacted.Redacted, timeout: Duration.Input) {
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
