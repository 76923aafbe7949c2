import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Attempt, type AttemptError, IncompleteMetadata } from "../DiscoveryError.ts"
import { FetchLimits } from "../FetchLimits.ts"
import { MetadataFetchError, Timeout } from "../MetadataFetchError.ts"
import type { Purpose } from "../Purpose.ts"
import type { ServerConfig } from "../ServerConfig.ts"
import { InvalidServerConfig } from "../Validation.ts"
import { assemble, type Judged } from "./assemble.ts"
import type { Candidate, Step } from "./candidate.ts"
import { obtain } from "./obtain.ts"
import { outcomeOf } from "./outcome.ts"

/** What is searched for. */
export interface Query {
  /** The issuer that documents are judged against, exactly as configured. */
  readonly asked: string
  readonly purpose: Purpose
  /** Whether documents of the same issuer may complete each other. */
  readonly merge: boolean
}

/** Every attempt, in the order in which they began, and the configuration if there is one. */
export interface Search<out E> {
  readonly attempts: ReadonlyArray<Attempt<E>>
  readonly config: Option.Option<ServerConfig>
}

/** The record of a search that is under way. */
interface Log<E> {
  readonly entries: Array<Attempt<E> | Candidate<E, unknown>>
  readonly kept: Array<Judged>
}

/** Equal questions are asked once: the first place in the order keeps them. */
const distinct = <E, R>(steps: ReadonlyArray<Step<E, R>>): ReadonlyArray<Step<E, R>> => {
  const seen = new Set<unknown>()
  return steps.map((step) => ({
    ...step,
    candidates: step.candidates.filter(({ identity }) => {
      const isNew = !seen.has(identity)
      seen.add(identity)
      return isNew
    })
  }))
}

/** The document alone, or together with what others of the same issuer said before. */
const complete = (judged: Judged, query: Query, kept: Array<Judged>) =>
  assemble([judged], query.purpose).pipe(
    Effect.catch((error) => {
      if (!query.merge || !(error instanceof IncompleteMetadata || error instanceof InvalidServerConfig)) {
        return Effect.fail(error)
      }
      const issuer = judged.document["issuer"]
      const [first, ...others] = [...kept.filter(({ document }) => document["issuer"] === issuer), judged]
      kept.push(judged)
      return first === undefined || others.length === 0
        ? Effect.fail(error)
        : Effect.mapError(assemble([first, ...others], query.purpose), () => error)
    })
  )

/** Asks one candidate and writes down how that ended. Fails, with nothing more to say, when it found nothing. */
const ask = Effect.fnUntraced(function*<E, R>(
  candidate: Candidate<E, R>,
  query: Query & { readonly deadline: number },
  log: Log<E>
): Effect.fn.Return<ServerConfig, void, R> {
  const limits = yield* FetchLimits
  const index = log.entries.push(candidate) - 1
  const { kind, location } = candidate
  return yield* obtain(candidate, limits, query).pipe(
    Effect.flatMap((judged) => complete(judged, query, log.kept)),
    Effect.matchEffect({
      onFailure: (error: AttemptError<E>) => {
        log.entries[index] = { kind, location, outcome: outcomeOf(error), error }
        return Effect.fail(undefined)
      },
      onSuccess: (config) => {
        log.entries[index] = { kind, location, outcome: "Found" }
        return Effect.succeed(config)
      }
    })
  )
})

/**
 * Each when the one before has failed, or has had its head start, if it is given one. The first success interrupts the
 * others.
 */
const inOrder = <A, R>(
  asks: ReadonlyArray<Effect.Effect<A, void, R>>,
  headStart?: Duration.Duration
): Effect.Effect<A, void, R> =>
  Arr.matchLeft(asks, {
    onEmpty: () => Effect.fail(undefined),
    onNonEmpty: (first, rest) => {
      if (rest.length === 0) return first
      const others = Effect.suspend(() => inOrder(rest, headStart))
      if (headStart === undefined) return Effect.catch(first, () => others)
      return Effect.flatMap(Deferred.make<void>(), (failed) =>
        Effect.raceAll([
          Effect.tapError(first, () => Deferred.succeed(failed, undefined)),
          Effect.andThen(Effect.timeoutOption(Deferred.await(failed), headStart), others)
        ]))
    }
  })

/** What was under way when the time was up. Otherwise nothing is, but the losers of a race, who have nothing to say. */
const pending = <E>(
  entry: Attempt<E> | Candidate<E, unknown>,
  totalTimeout: Duration.Duration | undefined
): ReadonlyArray<Attempt<E>> => {
  if ("outcome" in entry) return [entry]
  if (totalTimeout === undefined) return []
  const { kind, location } = entry
  const reason = new Timeout({ milliseconds: Duration.toMillis(totalTimeout), of: "search" })
  return [{ kind, location, outcome: "Transient", error: new MetadataFetchError({ url: location, reason }) }]
}

/** Runs the steps of a strategy until one finds what is searched for, or the time is up. Never fails. */
export const search = Effect.fnUntraced(function*<E, R>(
  steps: ReadonlyArray<Step<E, R>>,
  query: Query
): Effect.fn.Return<Search<E>, never, R> {
  const { totalTimeout } = yield* FetchLimits
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(totalTimeout)
  const log: Log<E> = { entries: [], kept: [] }
  const runs = distinct(steps).map(({ candidates, hedge }) =>
    inOrder(candidates.map((candidate) => ask(candidate, { ...query, deadline }, log)), hedge)
  )
  const result = yield* Effect.timeoutOption(Effect.option(inOrder(runs)), totalTimeout)
  const late = Option.isNone(result) ? totalTimeout : undefined
  return { attempts: log.entries.flatMap((entry) => pending(entry, late)), config: Option.flatten(result) }
})
