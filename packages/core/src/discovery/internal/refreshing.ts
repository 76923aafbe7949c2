import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"

/** What a fetch brings: the value, and how long its source says that it is fresh. */
export interface Fetched<out A> {
  readonly value: A
  readonly freshFor: Option.Option<Duration.Duration>
}

export interface Lifetimes {
  /** How long a value is fresh when its source does not say. */
  readonly lifetime: Duration.Duration
  /** How long after its fetch a value may be used while its source is down. */
  readonly staleFor: Duration.Duration
}

/** What a source says is honoured between these. */
const shortest = Duration.minutes(1)
const longest = Duration.hours(24)

/** How long a failure is remembered: doubled each time, between these, with jitter. */
const firstPause = 1_000
const longestPause = 60_000

/** A value that is kept fresh. */
export interface Refreshing<out A, out E> {
  /** The value: at once while it is fresh or the source is known to be down, otherwise after one shared fetch. */
  readonly get: Effect.Effect<A, E>
  /**
   * The value after another fetch, for somebody who misses something in it. Nobody is asked twice within `cooldown` on
   * behalf of such people, together: in between, the outcome of the last time stands.
   */
  readonly renew: (cooldown: Duration.Duration) => Effect.Effect<A, E>
}

interface Good<A> {
  readonly value: A
  readonly freshUntil: number
  /** Until then it is given out at once while it is being refreshed. */
  readonly graceUntil: number
  /** Until then it is given out when it cannot be refreshed. */
  readonly usableUntil: number
}

interface Failed<E> {
  readonly exit: Exit.Exit<never, E>
  readonly times: number
  readonly nextTry: number
}

interface State<A, E> {
  readonly good: Option.Option<Good<A>>
  readonly failed: Option.Option<Failed<E>>
  readonly flight: Option.Option<Deferred.Deferred<A, E>>
  /** When somebody last asked for another fetch and got one, and how that ended. */
  readonly renewal: Option.Option<{ readonly at: number; readonly outcome: Deferred.Deferred<A, E> }>
}

const remember = <A>({ freshFor, value }: Fetched<A>, { lifetime, staleFor }: Lifetimes, now: number): Good<A> => {
  const fresh = Duration.toMillis(
    Option.match(freshFor, { onNone: () => lifetime, onSome: Duration.clamp({ minimum: shortest, maximum: longest }) })
  )
  const stale = Duration.toMillis(staleFor)
  // A value that lived as long as `staleFor` still outlasts a short outage, so that its last second is not a cliff.
  const outlast = Math.min(stale, Duration.toMillis(Duration.hours(1)))
  return {
    value,
    freshUntil: now + fresh,
    graceUntil: now + fresh * 1.25,
    usableUntil: now + Math.max(stale, fresh + outlast)
  }
}

const pauseAfter = (times: number): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => Math.min(longestPause, firstPause * 2 ** (times - 1)) * (0.75 + random / 2))

/** What everybody who asks for the value shares. */
interface Shared<A, E> {
  readonly state: Ref.Ref<State<A, E>>
  readonly fetch: Effect.Effect<Fetched<A>, E>
  readonly lifetimes: Lifetimes
  readonly scope: Scope.Scope
}

/** What is known once a fetch has ended. A failure never takes away what a fetch once brought. */
const land = Effect.fnUntraced(function*<A, E>({ lifetimes, state }: Shared<A, E>, exit: Exit.Exit<Fetched<A>, E>) {
  const now = yield* Clock.currentTimeMillis
  const times = Option.match((yield* Ref.get(state)).failed, { onNone: () => 1, onSome: ({ times }) => times + 1 })
  const pause = yield* pauseAfter(times)
  yield* Ref.update(state, (before): State<A, E> => ({
    ...before,
    flight: Option.none(),
    ...Exit.match(exit, {
      onSuccess: (fetched) => ({ good: Option.some(remember(fetched, lifetimes, now)), failed: Option.none() }),
      onFailure: (cause) => ({ failed: Option.some({ exit: Exit.failCause(cause), times, nextTry: now + pause }) })
    })
  }))
})

/** Whose flight to take, and what is then known. `mine` is taken by who starts one. */
type Board<A, E> = (
  current: State<A, E>,
  mine: Deferred.Deferred<A, E>
) => readonly [flight: Deferred.Deferred<A, E>, next: State<A, E>]

/** Takes a flight, and starts it if that is a new one. It belongs to the scope and not to the caller who started it. */
const fly = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, board: Board<A, E>) {
  const mine = yield* Deferred.make<A, E>()
  const flight = yield* Ref.modify(shared.state, (current) => board(current, mine))
  if (flight !== mine) return flight
  yield* Effect.interruptible(shared.fetch).pipe(
    Effect.onExit((exit) =>
      Effect.andThen(land(shared, exit), Deferred.done(mine, Exit.map(exit, ({ value }) => value)))
    ),
    Effect.forkIn(shared.scope)
  )
  return mine
}, Effect.uninterruptible)

/** The flight that is under way, or a new one. */
const anyFlight = <A, E>(current: State<A, E>, mine: Deferred.Deferred<A, E>) => {
  const flight = Option.getOrElse(current.flight, () => mine)
  return [flight, { ...current, flight: Option.some(flight) }] as const
}

const get = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>) {
  const now = yield* Clock.currentTimeMillis
  const { failed, good } = yield* Ref.get(shared.state)
  const usable = Option.filter(good, ({ usableUntil }) => now < usableUntil)
  if (Option.isSome(usable) && now < usable.value.freshUntil) return usable.value.value
  const down = Option.filter(failed, ({ nextTry }) => now < nextTry)
  if (Option.isSome(down)) return Option.isSome(usable) ? usable.value.value : yield* down.value.exit
  const flight = yield* fly(shared, anyFlight)
  if (Option.isNone(usable)) return yield* Deferred.await(flight)
  // Shortly after its time, or while the source is known to be failing, nobody waits for it.
  if (now < usable.value.graceUntil || Option.isSome(failed)) return usable.value.value
  return yield* Effect.catchCause(Deferred.await(flight), () => Effect.succeed(usable.value.value))
})

const renew = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, cooldown: Duration.Duration) {
  const now = yield* Clock.currentTimeMillis
  const outcome = yield* fly(shared, (current, mine) => {
    const recent = Option.filter(current.renewal, ({ at }) => now < at + Duration.toMillis(cooldown))
    if (Option.isSome(recent)) return [recent.value.outcome, current]
    const [flight, next] = anyFlight(current, mine)
    return [flight, { ...next, renewal: Option.some({ at: now, outcome: flight }) }]
  })
  return yield* Deferred.await(outcome)
})

/**
 * Keeps the value of `fetch` fresh, with one fetch at a time. What it once brought is never replaced but by something
 * that was fetched without a failure.
 */
export const makeRefreshing = Effect.fnUntraced(function*<A, E, R>(
  fetch: Effect.Effect<Fetched<A>, E, R>,
  lifetimes: Lifetimes
): Effect.fn.Return<Refreshing<A, E>, never, R | Scope.Scope> {
  const shared: Shared<A, E> = {
    state: yield* Ref.make<State<A, E>>({
      good: Option.none(),
      failed: Option.none(),
      flight: Option.none(),
      renewal: Option.none()
    }),
    fetch: Effect.provideContext(fetch, yield* Effect.context<R>()),
    lifetimes,
    scope: yield* Effect.scope
  }
  return { get: get(shared), renew: (cooldown) => renew(shared, cooldown) }
})
