import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type AttemptError, NoDocument } from "../DiscoveryError.ts"
import { MetadataFetchError, Timeout } from "../MetadataFetchError.ts"
import type { Loaded } from "./fetchDocument.ts"
import type { Place } from "./place.ts"

type Load<E, R> = Effect.Effect<Loaded, AttemptError<E>, R>

interface Known<E, R> {
  readonly answer: Load<E, R>
  /** For the how manieth time that was asked. */
  readonly tries: number
}

/**
 * What has been asked in a search. Places may judge one answer in different ways, but they ask for it once; only an answer
 * that was none for now is asked for again, when a place is.
 */
export type Loads<E, R> = Map<unknown, Map<unknown, Known<E, R>>>

const once = <E, R>({ candidate, limits }: Place<E, R>): Load<E, R> =>
  Effect.timeoutOrElse(candidate.load({ limits, mapRequest: candidate.mapRequest }), {
    duration: limits.attemptTimeout,
    orElse: () => {
      const reason = new Timeout({ milliseconds: Duration.toMillis(limits.attemptTimeout), of: "attempt" })
      return Effect.fail(new MetadataFetchError({ url: candidate.location, reason }))
    }
  })

/** An answer that was asked for by another name. */
const shared = <E, R>(answer: Load<E, R>, strategy: string): Load<E, R> =>
  Effect.mapError(
    answer,
    (error) => error instanceof NoDocument ? new NoDocument({ strategy, found: error.found }) : error
  )

/** The answer of a place, asked for unless another place has it already. */
export const load = <E, R>(place: Place<E, R>, loads: Loads<E, R>): Load<E, R> => {
  const { identity, location, mapRequest } = place.candidate
  const ofIdentity = loads.get(identity) ?? new Map<unknown, Known<E, R>>()
  loads.set(identity, ofIdentity)
  const known = ofIdentity.get(mapRequest)
  if (known !== undefined && known.tries >= place.tries) return shared(known.answer, location)
  return Effect.flatMap(Effect.cached(once(place)), (answer) => {
    ofIdentity.set(mapRequest, { answer, tries: place.tries })
    return answer
  })
}
