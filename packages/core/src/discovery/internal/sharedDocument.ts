import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SharedMemory } from "../SharedMemory.ts"
import type { Loaded } from "./fetchDocument.ts"
import { lifetimeOf } from "./freshness.ts"

/**
 * What somebody else has fetched is worth as much as another fetch only if that was later than this, in milliseconds since
 * 1970: when this program fetched what it knows, or never, for who misses something in it.
 */
export const KnownSince: Context.Reference<number> = Context.Reference(
  "@effect-mcp-auth/core/discovery/internal/sharedDocument/KnownSince",
  { defaultValue: () => -Infinity }
)

/** A document as others have fetched it. */
const Entry = Schema.Struct({
  document: Schema.Record(Schema.String, Schema.Json),
  oddContentType: Schema.NullOr(Schema.String),
  /** When it was fetched, and until when it is fresh, in milliseconds since 1970. */
  at: Schema.Finite,
  until: Schema.Finite
})

const decodeEntry = Schema.decodeUnknownOption(Entry)

/** How long a document is shared whose source does not say how long it is fresh. */
const usual = Duration.minutes(5)

const loadedOf = ({ document, oddContentType, until }: typeof Entry.Type, now: number): Loaded => ({
  document,
  oddContentType: Option.fromNullishOr(oddContentType),
  // Nobody makes it younger than it is.
  freshFor: Option.some(Duration.millis(until - now))
})

/** Fetches a document, unless somebody else with the same memory has just done so. */
export const shared = Effect.fnUntraced(function*<E, R>(
  key: string,
  fetch: Effect.Effect<Loaded, E, R>
): Effect.fn.Return<Loaded, E, R> {
  const memory = yield* SharedMemory
  if (memory === undefined) return yield* fetch
  const since = yield* KnownSince
  const known = since === Infinity ? Option.none() : decodeEntry(yield* memory.get(key))
  const before = yield* Clock.currentTimeMillis
  if (Option.isSome(known) && since < known.value.at && before < known.value.until) return loadedOf(known.value, before)
  const loaded = yield* fetch
  const at = yield* Clock.currentTimeMillis
  const lifetime = Duration.toMillis(lifetimeOf(loaded.freshFor, usual))
  const { document, oddContentType } = loaded
  yield* memory.set(
    key,
    { document, oddContentType: Option.getOrNull(oddContentType), at, until: at + lifetime },
    lifetime
  )
  return loaded
})
