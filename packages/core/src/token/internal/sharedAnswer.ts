import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SharedMemory } from "../../discovery/SharedMemory.ts"

/** What was said about a token. */
export interface Answer {
  readonly answer: Schema.JsonObject
  /** When that was said, in milliseconds since 1970. */
  readonly at: number
}

const decodeAnswer = Schema.decodeUnknownOption(
  Schema.Struct({ answer: Schema.Record(Schema.String, Schema.Json), at: Schema.Finite })
)

/** How long an answer counts, in milliseconds since 1970. */
export type CountsUntil = (answer: Answer) => number

/** Asks about a token, unless somebody else with the same memory has just done so. */
export const sharedAnswer = Effect.fnUntraced(function*<E, R>(
  key: string,
  ask: Effect.Effect<Schema.JsonObject, E, R>,
  countsUntil: CountsUntil
): Effect.fn.Return<Answer, E, R> {
  const memory = yield* SharedMemory
  const known = memory === undefined ? Option.none() : decodeAnswer(yield* memory.get(key))
  const now = yield* Clock.currentTimeMillis
  if (Option.isSome(known) && known.value.at <= now && now < countsUntil(known.value)) return known.value
  const answer = yield* ask
  const at = yield* Clock.currentTimeMillis
  if (memory !== undefined) yield* memory.set(key, { answer, at }, countsUntil({ answer, at }) - at)
  return { answer, at }
})
