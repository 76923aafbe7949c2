import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SharedMemory } from "../SharedMemory.ts"
import type { Loaded } from "./fetchDocument.ts"
import { longest } from "./freshness.ts"

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
  /** When it was fetched, in milliseconds since 1970, and for how many its source says that it is fresh. */
  at: Schema.Finite,
  freshFor: Schema.NullOr(Schema.Finite)
})

const decodeEntry = Schema.decodeUnknownOption(Entry)

/** How long a document is shared whose source does not say how long it is fresh. */
const usual = Duration.minutes(5)

/** A document that somebody else has fetched. That makes it no younger than it is. */
const loadedOf = ({ at, document, freshFor, oddContentType }: typeof Entry.Type, now: number): Loaded => ({
  document,
  oddContentType: Option.fromNullishOr(oddContentType),
  freshFor: Option.map(Option.fromNullishOr(freshFor), (freshFor) => Duration.millis(at + freshFor - now)),
  age: Duration.millis(now - at)
})

/** Until when a document is shared, in milliseconds since 1970. */
const sharedUntil = ({ at, freshFor }: typeof Entry.Type): number =>
  at + Math.min(freshFor ?? Duration.toMillis(usual), Duration.toMillis(longest))

/** Whether a document is worth as much as another fetch. One of the future was fetched by a clock that is not ours. */
const isNews = (entry: typeof Entry.Type, since: number, now: number): boolean =>
  since < entry.at && entry.at <= now && now < sharedUntil(entry)

/** Fetches a document, unless somebody else with the same memory has just done so. */
export const sharedDocument = Effect.fnUntraced(function*<E, R>(
  key: string,
  fetch: Effect.Effect<Loaded, E, R>
): Effect.fn.Return<Loaded, E, R> {
  const memory = yield* SharedMemory
  if (memory === undefined) return yield* fetch
  const since = yield* KnownSince
  const known = since === Infinity ? Option.none() : decodeEntry(yield* memory.get(key))
  const before = yield* Clock.currentTimeMillis
  if (Option.isSome(known) && isNews(known.value, since, before)) return loadedOf(known.value, before)
  const loaded = yield* fetch
  const entry = {
    document: loaded.document,
    oddContentType: Option.getOrNull(loaded.oddContentType),
    at: yield* Clock.currentTimeMillis,
    freshFor: Option.getOrNull(Option.map(loaded.freshFor, Duration.toMillis))
  }
  yield* memory.set(key, entry, sharedUntil(entry) - entry.at)
  return loaded
})
