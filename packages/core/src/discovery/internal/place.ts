import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Attempt, AttemptError } from "../DiscoveryError.ts"
import type { Limits } from "../FetchLimits.ts"
import { MetadataFetchError, Timeout } from "../MetadataFetchError.ts"
import type { Candidate, Step } from "./candidate.ts"
import { outcomeOf } from "./outcome.ts"
import { askedToWait } from "./persistently.ts"

/** How an attempt at a place ended, if it did not find anything. */
interface Failure<E> {
  readonly error: AttemptError<E>
  /** When it is worth asking again, in milliseconds of the `Clock`. */
  readonly dueAt: number
}

/** A candidate in the course of one search. */
export interface Place<E, R> {
  readonly candidate: Candidate<E, R>
  /** Where it stands in the order, which decides whose word counts. */
  readonly rank: number
  readonly limits: Limits
  /** How often it has been asked. */
  tries: number
  found: boolean
  failure: Failure<E> | undefined
}

/** Places that are asked together. */
export interface Stage<E, R> {
  readonly places: ReadonlyArray<Place<E, R>>
  readonly hedge: Duration.Duration | undefined
}

const sameElements = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((element, index) => element === b[index])

/** Whether two candidates ask the same question and judge the answer alike. */
const isSame = <E, R>(a: Candidate<E, R>, b: Candidate<E, R>): boolean =>
  a.identity === b.identity && a.location === b.location && a.policy === b.policy && a.mapRequest === b.mapRequest &&
  sameElements(a.transpiler.repairs, b.transpiler.repairs) && sameElements(a.validations, b.validations)

/** The places of a strategy. Who is there twice is asked once, where it comes first. */
export const placesOf = <E, R>(steps: ReadonlyArray<Step<E, R>>, limits: Limits): ReadonlyArray<Stage<E, R>> => {
  const candidates = steps.flatMap((step) => step.candidates)
  const isFirst = (candidate: Candidate<E, R>): boolean =>
    candidates.find((other) => isSame(other, candidate)) === candidate
  return steps.map((step) => ({
    hedge: step.hedge,
    places: step.candidates.filter(isFirst).map((candidate): Place<E, R> => ({
      candidate,
      rank: candidates.indexOf(candidate),
      limits: { ...limits, ...candidate.limits },
      tries: 0,
      found: false,
      failure: undefined
    }))
  }))
}

/** Longer each time, with jitter, and never shorter than the server asked. */
const patience = ({ limits, tries }: Place<unknown, unknown>, error: unknown): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const backoff = Duration.toMillis(limits.retryDelay) * 2 ** (tries - 1) * (0.8 + random * 0.4)
    return Math.max(backoff, Duration.toMillis(askedToWait(error)))
  })

/** Writes down that a place did not help. */
export const failed = <E, R>(place: Place<E, R>, error: AttemptError<E>, now: number): Effect.Effect<void> =>
  Effect.map(patience(place, error), (wait) => {
    place.failure = { error, dueAt: now + wait }
  })

/** Whether a place may yet help: it is not known to have nothing, and there is time. */
export const isWorthAsking = <E, R>({ failure, limits, tries }: Place<E, R>, deadline: number): boolean =>
  failure !== undefined && tries <= limits.retries && outcomeOf(failure.error) === "Transient" &&
  failure.dueAt < deadline

/** What is told of a place. Those who never began have nothing to tell, nor the losers of a race. */
export const attemptOf = <E, R>(
  { candidate: { kind, location }, failure, found, tries }: Place<E, R>,
  ranOutOf: Duration.Duration | undefined
): ReadonlyArray<Attempt<E>> => {
  if (found) return [{ kind, location, outcome: "Found" }]
  if (failure !== undefined) return [{ kind, location, outcome: outcomeOf(failure.error), error: failure.error }]
  if (tries === 0 || ranOutOf === undefined) return []
  const reason = new Timeout({ milliseconds: Duration.toMillis(ranOutOf), of: "search" })
  return [{ kind, location, outcome: "Transient", error: new MetadataFetchError({ url: location, reason }) }]
}
