import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { FetchLimits, type Limits } from "../../fetch/FetchLimits.ts"
import type { Loaded } from "../../fetch/internal/fetchDocument.ts"
import { askedToWait } from "../../fetch/internal/retry.ts"
import { within } from "../../fetch/internal/within.ts"
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

type Weakness = Exclude<Outcome, "Found">

/** How an attempt ended that is not worth trying again. */
const finalOutcomeOf = (reason: Reason): Weakness => {
  switch (reason._tag) {
    case "BodyTooLarge":
    case "RefusedAddress":
    case "RefusedUrl":
      return "Refused"
    case "Redirect":
      return reason.why === "unusable-location" ? "Miss" : "Refused"
    default:
      return "Miss"
  }
}

/** How an attempt ended, by its error. What a custom strategy fails with counts as transient. */
const outcomeOf = (error: AttemptError<unknown>): Weakness => {
  if (error instanceof MetadataFetchError) return isTransient(error) ? "Transient" : finalOutcomeOf(error.reason)
  if (error instanceof NoDocument) return error.found === "nothing" ? "Miss" : "Incomplete"
  if (error instanceof IssuerPolicy.IssuerMismatch) return "Refused"
  return error instanceof Transpiler.TranspileError || error instanceof InvalidMetadata ||
      error instanceof IncompleteMetadata || error instanceof InvalidServerConfig
    ? "Incomplete"
    : "Transient"
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
  within(candidate.load({ limits, mapRequest: candidate.mapRequest }), limits.attemptTimeout, () => {
    const reason = new Timeout({ milliseconds: Duration.toMillis(limits.attemptTimeout), of: "attempt" })
    return Effect.fail(new MetadataFetchError({ url: candidate.location, reason }))
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

/** Judges the issuer on the raw document, and only then repairs it. */
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

/** Every attempt, in the order in which they began, and the configuration if there is one. */
export interface Search<out E> {
  readonly attempts: ReadonlyArray<Attempt<E>>
  readonly config: Option.Option<ServerConfig>
}

type Ask<A, R> = Effect.Effect<A, void, R>

/** Each when the one before has failed. */
const inOrder = <A, R>(asks: ReadonlyArray<Ask<A, R>>): Ask<A, R> =>
  asks.reduceRight<Ask<A, R>>((others, first) => Effect.catch(first, () => others), Effect.fail(undefined))

/** Each when the one before has failed, or has had its head start. The first success interrupts the others. */
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

const round = <E, R>(stages: ReadonlyArray<Stage<E, R>>, hunt: Hunt<E, R>): Ask<ServerConfig, R> =>
  inOrder(stages.map(({ hedge, places }) => {
    const asks = places.map((place) => ask(place, hunt))
    return hedge === undefined ? inOrder(asks) : hedged(asks, hedge)
  }))

/**
 * Asks every place once, and then again those that cannot answer now, when it is time: a place that hangs keeps nobody from
 * asking the next one.
 */
const rounds = Effect.fnUntraced(function*<E, R>(
  stages: ReadonlyArray<Stage<E, R>>,
  hunt: Hunt<E, R>,
  deadline: number
): Effect.fn.Return<ServerConfig, void, R> {
  let due = stages
  while (true) {
    const found = yield* Effect.option(round(due, hunt))
    if (Option.isSome(found)) return found.value
    const again = stages.flatMap(({ places }) => places).filter((place) => isWorthAsking(place, deadline))
    if (again.length === 0) return yield* Effect.fail(undefined)
    const next = Math.min(...again.map(({ failure }) => failure?.dueAt ?? deadline))
    yield* Effect.sleep(Duration.millis(Math.max(0, next - (yield* Clock.currentTimeMillis))))
    due = stages.map(({ hedge, places }) => ({
      hedge,
      places: places.filter((place) => again.includes(place) && (place.failure?.dueAt ?? deadline) <= next)
    }))
  }
})

/** Runs the steps of a strategy until one finds what is searched for, or the time is up. Never fails. */
export const search = Effect.fnUntraced(function*<E, R>(
  steps: ReadonlyArray<Step<E, R>>,
  query: Query
): Effect.fn.Return<Search<E>, never, R> {
  const limits = yield* FetchLimits
  const { totalTimeout } = limits
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(totalTimeout)
  const hunt: Hunt<E, R> = { query, loads: new Map(), begun: [], kept: [] }
  const hunted = Effect.option(rounds(placesOf(steps, limits), hunt, deadline))
  const result = yield* within(Effect.asSome(hunted), totalTimeout, () => Effect.succeedNone)
  const ranOutOf = Option.isNone(result) ? totalTimeout : undefined
  return { attempts: hunt.begun.flatMap((place) => attemptOf(place, ranOutOf)), config: Option.flatten(result) }
})
