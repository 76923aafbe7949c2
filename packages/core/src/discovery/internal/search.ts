import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Attempt } from "../DiscoveryError.ts"
import { FetchLimits } from "../FetchLimits.ts"
import type { ServerConfig } from "../ServerConfig.ts"
import type { Step } from "./candidate.ts"
import { ask, type Hunt, type Query } from "./hunt.ts"
import { attemptOf, isWorthAsking, placesOf, type Stage } from "./place.ts"

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
  const result = yield* Effect.timeoutOption(hunted, totalTimeout)
  const ranOutOf = Option.isNone(result) ? totalTimeout : undefined
  return { attempts: hunt.begun.flatMap((place) => attemptOf(place, ranOutOf)), config: Option.flatten(result) }
})
