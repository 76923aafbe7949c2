import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { isPlatformError } from "effect/PlatformError"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { FetchLimits, type Limits } from "../../fetch/FetchLimits.ts"
import type { Loaded } from "../../fetch/internal/fetchDocument.ts"
import { requestedDelay, within } from "../../fetch/internal/retry.ts"
import { isTransient, MetadataFetchError, type Reason, Timeout } from "../../fetch/MetadataFetchError.ts"
import {
  type Attempt,
  type AttemptError,
  IncompleteMetadata,
  InvalidMetadata,
  NoDocument,
  type Outcome
} from "../DiscoveryError.ts"
import * as IssuerPolicy from "../IssuerPolicy.ts"
import type { Purpose } from "../Purpose.ts"
import type { ServerConfig } from "../ServerConfig.ts"
import * as Transpiler from "../Transpiler.ts"
import { InvalidServerConfig } from "../Validation.ts"
import { assemble, type Judged } from "./assemble.ts"
import type { Candidate, Step } from "./strategy.ts"

/** The failure of the last attempt at a candidate. */
interface Failure<E> {
  readonly error: AttemptError<E>
  /** The time of the next retry, in milliseconds of the `Clock`. */
  readonly dueAt: number
}

/** The state of a candidate in one search. */
export interface Place<E, R> {
  readonly candidate: Candidate<E, R>
  /** Its position in the order, which is its precedence in a merge. */
  readonly rank: number
  readonly limits: Limits
  /** The number of attempts. */
  tries: number
  found: boolean
  failure: Failure<E> | undefined
}

/** Candidates that are requested together. */
export interface Stage<E, R> {
  readonly places: ReadonlyArray<Place<E, R>>
  readonly hedge: Duration.Duration | undefined
}

const sameElements = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((element, index) => element === b[index])

/** Whether two candidates make the same request and check the response in the same way. */
const isSame = <E, R>(a: Candidate<E, R>, b: Candidate<E, R>): boolean =>
  a.identity === b.identity && a.location === b.location && a.policy === b.policy && a.mapRequest === b.mapRequest &&
  sameElements(a.transpiler.repairs, b.transpiler.repairs) && sameElements(a.validations, b.validations)

/** The stages of a strategy. Duplicate candidates are requested once, at their first position. */
export const stagesOf = <E, R>(steps: ReadonlyArray<Step<E, R>>, limits: Limits): ReadonlyArray<Stage<E, R>> => {
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

type FailedOutcome = Exclude<Outcome, "Found">

/** The outcome of a failure without retry. */
const finalOutcomeOf = (reason: Reason): FailedOutcome => {
  switch (reason._tag) {
    case "BodyTooLarge":
    case "ProxyFailed":
    case "RefusedAddress":
    case "RefusedUrl":
      return "Refused"
    case "NotMetadata":
      return reason.reason === "compressed" ? "Refused" : "Miss"
    case "Redirect":
      return reason.reason === "unusable-location" ? "Miss" : "Refused"
    default:
      return "Miss"
  }
}

/** Failures of files and of decoding, which another attempt would repeat. */
const permanentOutcomeOf = (error: unknown): FailedOutcome | undefined => {
  if (Schema.isSchemaError(error)) return "Incomplete"
  if (!isPlatformError(error)) return undefined
  switch (error.reason._tag) {
    case "NotFound":
      return "Miss"
    case "BadArgument":
    case "PermissionDenied":
      return "Refused"
    case "InvalidData":
      return "Incomplete"
    default:
      return undefined
  }
}

/** The outcome of a failed attempt. Other errors of custom strategies count as transient. */
const outcomeOf = (error: AttemptError<unknown>): FailedOutcome => {
  if (error instanceof MetadataFetchError) return isTransient(error) ? "Transient" : finalOutcomeOf(error.reason)
  if (error instanceof NoDocument) return error.reason === "nothing" ? "Miss" : "Incomplete"
  if (error instanceof IssuerPolicy.IssuerMismatch) return "Refused"
  return error instanceof Transpiler.TranspileError || error instanceof InvalidMetadata ||
      error instanceof IncompleteMetadata || error instanceof InvalidServerConfig
    ? "Incomplete"
    : permanentOutcomeOf(error) ?? "Transient"
}

/** Exponential backoff with jitter, never shorter than the delay that the server asked for. */
const retryDelayOf = ({ limits, tries }: Place<unknown, unknown>, error: unknown): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const backoff = Duration.toMillis(limits.retryDelay) * 2 ** (tries - 1) * (0.8 + random * 0.4)
    return Math.max(backoff, Duration.toMillis(requestedDelay(error)))
  })

/** Records a failed attempt. */
export const recordFailure = <E, R>(place: Place<E, R>, error: AttemptError<E>, now: number): Effect.Effect<void> =>
  Effect.map(retryDelayOf(place, error), (wait) => {
    place.failure = { error, dueAt: now + wait }
  })

/** Whether to retry a candidate: its failure is transient, it has retries left, and the deadline permits it. */
export const isRetryable = <E, R>({ failure, limits, tries }: Place<E, R>, deadline: number): boolean =>
  failure !== undefined && tries <= limits.retries && outcomeOf(failure.error) === "Transient" &&
  failure.dueAt < deadline

/** The reported attempt of a candidate. Candidates that never started, or lost a race, report none. */
export const attemptOf = <E, R>(
  { candidate: { kind, location }, failure, found, tries }: Place<E, R>,
  ranOutOf: Duration.Duration | undefined
): ReadonlyArray<Attempt<E>> => {
  if (found) return [{ kind, location, outcome: "Found" }]
  if (failure !== undefined) return [{ kind, location, outcome: outcomeOf(failure.error), error: failure.error }]
  if (tries === 0 || ranOutOf === undefined) return []
  const reason = new Timeout({ duration: ranOutOf, of: "search" })
  return [{ kind, location, outcome: "Transient", error: new MetadataFetchError({ url: location, reason }) }]
}

type Load<E, R> = Effect.Effect<Loaded, AttemptError<E>, R>

interface CachedResponse<E, R> {
  readonly answer: Load<E, R>
  /** The attempt number of the response. */
  readonly tries: number
}

/**
 * The responses of a search. Candidates can check one response in different ways, but it is fetched once. Only a retry
 * fetches it again.
 */
export type ResponseCache<E, R> = Map<unknown, Map<unknown, CachedResponse<E, R>>>

const loadOnce = <E, R>({ candidate, limits }: Place<E, R>): Load<E, R> =>
  within(candidate.load({ limits, mapRequest: candidate.mapRequest }), limits.attemptTimeout, () => {
    const reason = new Timeout({ duration: limits.attemptTimeout, of: "attempt" })
    return Effect.fail(new MetadataFetchError({ url: candidate.location, reason }))
  })

/** A response that another candidate fetched, with this candidate's name in its error. */
const shared = <E, R>(answer: Load<E, R>, strategy: string): Load<E, R> =>
  Effect.mapError(
    answer,
    (error) => error instanceof NoDocument ? new NoDocument({ strategy, reason: error.reason }) : error
  )

/** The response for a candidate, fetched unless another candidate has it already. */
export const load = <E, R>(place: Place<E, R>, responseCache: ResponseCache<E, R>): Load<E, R> => {
  const { identity, location, mapRequest } = place.candidate
  const ofIdentity = responseCache.get(identity) ?? new Map<unknown, CachedResponse<E, R>>()
  responseCache.set(identity, ofIdentity)
  const known = ofIdentity.get(mapRequest)
  if (known !== undefined && known.tries >= place.tries) return shared(known.answer, location)
  return Effect.flatMap(Effect.cached(loadOnce(place)), (answer) => {
    ofIdentity.set(mapRequest, { answer, tries: place.tries })
    return answer
  })
}

/** Checks the issuer on the raw document, and repairs it after that. */
export const judge = Effect.fnUntraced(function*<E, R>(
  candidate: Candidate<E, R>,
  loaded: Loaded,
  asked: string
): Effect.fn.Return<Judged, AttemptError<E>, R> {
  const { location, policy, transpiler } = candidate
  yield* IssuerPolicy.judge(policy, { location, asked, answered: String(loaded.document["issuer"]) })
  const { applied, document } = yield* Transpiler.run(transpiler, loaded.document)
  return { candidate, loaded, document, repairs: applied }
})

/** The input of a search. */
export interface Query {
  /** The issuer that documents are checked against, exactly as configured. */
  readonly asked: string
  readonly purpose: Purpose
  /** Whether documents of the same issuer are merged. */
  readonly merge: boolean
}

interface Kept {
  readonly rank: number
  readonly judged: Judged
}

/** The state of a running search. */
export interface SearchState<E, R> {
  readonly query: Query
  readonly responseCache: ResponseCache<E, R>
  /** Candidates in the order of their first requests. */
  readonly started: Array<Place<E, R>>
  /** Incomplete documents, for a merge with others of the same issuer. */
  readonly kept: Array<Kept>
}

const mayBeCompleted = (error: unknown): boolean =>
  error instanceof IncompleteMetadata || error instanceof InvalidServerConfig

/** Merges the document with others of the same issuer, by rank. */
const mergeWithKept = (mine: Kept, kept: Array<Kept>, purpose: Purpose) => {
  kept.push(mine)
  const issuer = mine.judged.document["issuer"]
  const [first, ...others] = kept.filter(({ judged }) => judged.document["issuer"] === issuer)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ judged }) => judged)
  return assemble([first ?? mine.judged, ...others], purpose)
}

/** Uses the document alone, or merges it with earlier documents of the same issuer. */
const complete = (
  mine: Kept,
  { kept, query: { merge, purpose } }: Pick<SearchState<unknown, unknown>, "kept" | "query">
) =>
  assemble([mine.judged], purpose).pipe(
    Effect.catch((error) => merge && mayBeCompleted(error) ? mergeWithKept(mine, kept, purpose) : Effect.fail(error))
  )

/** Requests a candidate once and records the outcome. Fails without a value if it found nothing. */
export const ask = Effect.fnUntraced(function*<E, R>(
  place: Place<E, R>,
  searchState: SearchState<E, R>
): Effect.fn.Return<ServerConfig, void, R> {
  if (place.tries === 0) searchState.started.push(place)
  place.tries++
  const { candidate, rank } = place
  return yield* load(place, searchState.responseCache).pipe(
    Effect.flatMap((loaded) => judge(candidate, loaded, searchState.query.asked)),
    Effect.flatMap((judged) => complete({ rank, judged }, searchState)),
    Effect.tap(() => Effect.sync(() => place.found = true)),
    Effect.catch((error: AttemptError<E>) =>
      Clock.currentTimeMillis.pipe(
        Effect.flatMap((now) => recordFailure(place, error, now)),
        Effect.andThen(Effect.fail(undefined))
      )
    )
  )
})

/** All attempts, in the order in which they began, and the configuration if there is one. */
export interface Search<out E> {
  readonly attempts: ReadonlyArray<Attempt<E>>
  readonly config: Option.Option<ServerConfig>
}

type Ask<A, R> = Effect.Effect<A, void, R>

/** Starts each one when the one before has failed. */
const inOrder = <A, R>(asks: ReadonlyArray<Ask<A, R>>): Ask<A, R> =>
  asks.reduceRight<Ask<A, R>>((others, first) => Effect.catch(first, () => others), Effect.fail(undefined))

/** Starts each one when the one before has failed, or after `headStart`. The first success interrupts the others. */
const hedged = <A, R>(asks: ReadonlyArray<Ask<A, R>>, headStart: Duration.Duration): Ask<A, R> =>
  Arr.matchLeft(asks, {
    onEmpty: () => Effect.fail(undefined),
    onNonEmpty: (first, rest) =>
      rest.length === 0 ? first : Effect.flatMap(Deferred.make<void>(), (firstHasFailed) => {
        const others = Deferred.await(firstHasFailed).pipe(
          Effect.timeoutOption(headStart),
          Effect.andThen(Effect.suspend(() => hedged(rest, headStart)))
        )
        return Effect.raceAll([
          Effect.tapError(first, () => Deferred.succeed(firstHasFailed, undefined)),
          others
        ])
      })
  })

const round = <E, R>(stages: ReadonlyArray<Stage<E, R>>, searchState: SearchState<E, R>): Ask<ServerConfig, R> =>
  inOrder(stages.map(({ hedge, places }) => {
    const asks = places.map((place) => ask(place, searchState))
    return hedge === undefined ? inOrder(asks) : hedged(asks, hedge)
  }))

/**
 * Requests every candidate once, then retries transient failures when they are due. A candidate that hangs does not
 * block the next one.
 */
const rounds = Effect.fnUntraced(function*<E, R>(
  stages: ReadonlyArray<Stage<E, R>>,
  searchState: SearchState<E, R>,
  deadline: number
): Effect.fn.Return<ServerConfig, void, R> {
  let due = stages
  while (true) {
    const found = yield* Effect.option(round(due, searchState))
    if (Option.isSome(found)) return found.value
    const again = stages.flatMap(({ places }) => places).filter((place) => isRetryable(place, deadline))
    if (again.length === 0) return yield* Effect.fail(undefined)
    const next = Math.min(...again.map(({ failure }) => failure?.dueAt ?? deadline))
    yield* Effect.sleep(Duration.millis(Math.max(0, next - (yield* Clock.currentTimeMillis))))
    due = stages.map(({ hedge, places }) => ({
      hedge,
      places: places.filter((place) => again.includes(place) && (place.failure?.dueAt ?? deadline) <= next)
    }))
  }
})

/** Runs the steps of a strategy until one finds a configuration or the time is up. Never fails. */
export const search = Effect.fnUntraced(function*<E, R>(
  steps: ReadonlyArray<Step<E, R>>,
  query: Query
): Effect.fn.Return<Search<E>, never, R> {
  const limits = yield* FetchLimits
  const { totalTimeout } = limits
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(totalTimeout)
  const searchState: SearchState<E, R> = { query, responseCache: new Map(), started: [], kept: [] }
  const finished = Effect.option(rounds(stagesOf(steps, limits), searchState, deadline))
  const result = yield* within(Effect.asSome(finished), totalTimeout, () => Effect.succeedNone)
  const ranOutOf = Option.isNone(result) ? totalTimeout : undefined
  return {
    attempts: searchState.started.flatMap((place) => attemptOf(place, ranOutOf)),
    config: Option.flatten(result)
  }
})
