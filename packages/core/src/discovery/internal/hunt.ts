import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AttemptError } from "../DiscoveryError.ts"
import { IncompleteMetadata } from "../DiscoveryError.ts"
import type { Purpose } from "../Purpose.ts"
import type { ServerConfig } from "../ServerConfig.ts"
import { InvalidServerConfig } from "../Validation.ts"
import { assemble, type Judged } from "./assemble.ts"
import { judge } from "./judge.ts"
import { load, type Loads } from "./loads.ts"
import { failed, type Place } from "./place.ts"

/** What is searched for. */
export interface Query {
  /** The issuer that documents are judged against, exactly as configured. */
  readonly asked: string
  readonly purpose: Purpose
  /** Whether documents of the same issuer may complete each other. */
  readonly merge: boolean
}

interface Kept {
  readonly rank: number
  readonly judged: Judged
}

/** A search that is under way. */
export interface Hunt<E, R> {
  readonly query: Query
  readonly loads: Loads<E, R>
  /** Places in the order in which they were first asked. */
  readonly begun: Array<Place<E, R>>
  /** Documents that lack something, for others of the same issuer. */
  readonly kept: Array<Kept>
}

const mayBeCompleted = (error: unknown): boolean =>
  error instanceof IncompleteMetadata || error instanceof InvalidServerConfig

/** The document together with others of the same issuer, in their order. What is then missing is missing in all. */
const together = (mine: Kept, kept: Array<Kept>, purpose: Purpose) => {
  kept.push(mine)
  const issuer = mine.judged.document["issuer"]
  const [first, ...others] = kept.filter(({ judged }) => judged.document["issuer"] === issuer)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ judged }) => judged)
  return assemble([first ?? mine.judged, ...others], purpose)
}

/** The document alone, or together with what others of the same issuer said before. */
const complete = (mine: Kept, { kept, query: { merge, purpose } }: Pick<Hunt<unknown, unknown>, "kept" | "query">) =>
  assemble([mine.judged], purpose).pipe(
    Effect.catch((error) => merge && mayBeCompleted(error) ? together(mine, kept, purpose) : Effect.fail(error))
  )

/** Asks a place once and writes down how that ended. Fails, with nothing more to say, when it found nothing. */
export const ask = Effect.fnUntraced(function*<E, R>(
  place: Place<E, R>,
  hunt: Hunt<E, R>
): Effect.fn.Return<ServerConfig, void, R> {
  if (place.tries === 0) hunt.begun.push(place)
  place.tries++
  const { candidate, rank } = place
  return yield* load(place, hunt.loads).pipe(
    Effect.flatMap((loaded) => judge(candidate, loaded, hunt.query.asked)),
    Effect.flatMap((judged) => complete({ rank, judged }, hunt)),
    Effect.tap(() => Effect.sync(() => place.found = true)),
    Effect.catch((error: AttemptError<E>) =>
      Clock.currentTimeMillis.pipe(
        Effect.flatMap((now) => failed(place, error, now)),
        Effect.andThen(Effect.fail(undefined))
      )
    )
  )
})
