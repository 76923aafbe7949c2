import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import { creatorServices } from "./creatorServices.ts"
import { requestedDelay } from "./retry.ts"

/** The result of a fetch: the value and the freshness lifetime that its source declares. */
export interface Fetched<out A> {
  readonly value: A
  readonly freshFor: Option.Option<Duration.Duration>
  /** The age of the value, if another instance fetched it. */
  readonly age?: Duration.Duration | undefined
}

export interface Lifetimes {
  /** The freshness lifetime of a value whose source declares none. */
  readonly lifetime: Duration.Duration
  /**
   * How long after its fetch a value may be used while its source is down. Never shorter than the freshness lifetime.
   */
  readonly staleFor: Duration.Duration
}

/**
 * A document that another instance fetched replaces a fetch only if it was fetched after this time, in milliseconds
 * since 1970: the time of this program's own fetch, or infinity for a caller whose key is not in the value.
 */
export const KnownSince: Context.Reference<number> = Context.Reference(
  "@effect-mcp-auth/core/fetch/internal/refresh/KnownSince",
  { defaultValue: () => -Infinity }
)

/** Bounds of the freshness lifetime that a source declares. */
const shortest = Duration.minutes(1)
export const longest = Duration.hours(24)

/**
 * The grace period after the freshness lifetime, as a fraction of it: the stale value is returned at once while a
 * refresh runs.
 */
const grace = 0.25

/** A value with its expiry times, in milliseconds of the `Clock`. */
export interface CachedValue<out A> {
  readonly value: A
  /** When this or another instance fetched it. */
  readonly fetchedAt: number
  /**
   * The value contains what its source had published by this time: the start of the request, or the fetch time of
   * another instance.
   */
  readonly completeAsOf: number
  /** When it was stored. If the clock was set back since then, the age of the value is unknown. */
  readonly freshFrom: number
  readonly freshUntil: number
  /** Until this time, callers do not wait for the refresh. */
  readonly graceUntil: number
  /** Until this time, it is returned if the refresh fails. */
  readonly usableUntil: number
}

/** Whether a value is fresh at this time. */
export const isFresh = ({ freshFrom, freshUntil }: CachedValue<unknown>, now: number): boolean =>
  freshFrom <= now && now < freshUntil

/** Computes the expiry times of a fetched value. */
export const withExpiryTimes = <A>(
  { age = Duration.zero, freshFor, value }: Fetched<A>,
  { lifetime, staleFor }: Lifetimes,
  { startedAt, now }: { readonly startedAt: number; readonly now: number }
): CachedValue<A> => {
  const usual = Duration.subtract(lifetime, age)
  const fresh = Duration.toMillis(
    Option.match(freshFor, { onNone: () => usual, onSome: Duration.clamp({ minimum: shortest, maximum: longest }) })
  )
  const freshUntil = now + fresh
  const fetchedAt = now - Duration.toMillis(age)
  return {
    value,
    fetchedAt,
    completeAsOf: Math.min(startedAt, fetchedAt),
    freshFrom: now,
    freshUntil,
    graceUntil: freshUntil + fresh * grace,
    usableUntil: Math.max(freshUntil, fetchedAt + Duration.toMillis(staleFor))
  }
}

/** Bounds of the pause after a failure, in milliseconds. The pause doubles with each failure, with jitter. */
const firstPause = 1_000
const longestPause = 24_000

/** The longest pause that `Retry-After` can cause, so that a recovered source is noticed. Jitter does not exceed it. */
const maxRetryAfter = Duration.seconds(30)

/** The failures of a source. */
interface Failing {
  /** The number of failures in a row. */
  readonly times: number
  /** The delay that the source asked for. */
  readonly asked: Duration.Duration
  /** The duration of the last failed fetch, in milliseconds. */
  readonly took: number
}

/**
 * The pause after the last failure, in milliseconds. It is never shorter than that fetch took, so that callers do not
 * wait for a slow source repeatedly.
 */
export const pauseAfter = ({ asked, times, took }: Failing): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const pause = Math.min(longestPause, firstPause * 2 ** (times - 1)) * (0.75 + random / 2)
    return Math.max(pause, Math.min(Math.max(Duration.toMillis(asked), took), Duration.toMillis(maxRetryAfter)))
  })

/** How long a caller waits for a fetch if there is an alternative result, in milliseconds. */
const briefWait = 2_000

/** Waits briefly for a fetch that began at `startedAt`. After that, uses `otherwise`. */
export const awaitBriefly = <A, E>(
  fetch: Deferred.Deferred<A, E>,
  { startedAt, now, otherwise }: {
    readonly otherwise: Effect.Effect<A, E>
    readonly startedAt: number
    readonly now: number
  }
): Effect.Effect<A, E> => {
  const left = Math.min(briefWait, startedAt + briefWait - now)
  if (Deferred.isDoneUnsafe(fetch)) return Deferred.await(fetch)
  return left <= 0
    ? otherwise
    : Effect.timeoutOrElse(Deferred.await(fetch), { duration: left, orElse: () => otherwise })
}

/** A value that is refreshed in the background. */
export interface Refreshing<out A, out E> {
  /**
   * The value. Immediate while it is fresh or while the source is known to be down, otherwise after one shared fetch.
   */
  readonly get: Effect.Effect<A, E>
  /** The value, if it is fresh at this time, in milliseconds. Makes no request and starts no refresh. */
  readonly peek: (now: number) => A | undefined
  /** The value that was fetched last, of any age. */
  readonly latest: () => CachedValue<A> | undefined
  /** The rest of the pause after a failure, from this time on. Both in milliseconds. */
  readonly pause: (now: number) => number
  /**
   * The value after another fetch, for a caller whose key is not in the value. If a fetch is in flight, the caller waits
   * for it. If the allowance is used up, or the source failed within `window / limit` and is paused, the result is the
   * last outcome.
   */
  readonly renew: (allowance: Allowance) => Effect.Effect<A, E>
  /** Milliseconds from this time until the allowance permits a fetch. 0: it permits one now. */
  readonly renewableIn: (allowance: Allowance, now: number) => number
}

/**
 * A token bucket for the extra fetches of all callers whose key is not in the value. It holds at most `limit`
 * fetches and gains one every `window / limit`.
 */
export interface Allowance {
  readonly limit: number
  /** In milliseconds. */
  readonly window: number
}

interface Failed<E> {
  readonly exit: Exit.Exit<never, E>
  readonly times: number
  readonly at: number
  readonly nextTry: number
}

/**
 * Whether the source is paused. If the clock was set back since the failure, it is not: the pause could otherwise last
 * for hours.
 */
const isPaused = ({ at, nextTry }: Failed<unknown>, now: number): boolean => at <= now && now < nextTry

/** The fetch in flight, shared by all waiting callers. */
type Flight<A, E> = Deferred.Deferred<A, E>

interface State<A, E> {
  readonly cached: Option.Option<CachedValue<A>>
  /** The failures since the last success. */
  readonly failed: Option.Option<Failed<E>>
  readonly flight: Option.Option<Flight<A, E>>
  /** When the last fetch began, in milliseconds of the `Clock`. */
  readonly startedAt: number
  /** When the token bucket is full again, in milliseconds of the `Clock`. */
  readonly fullAt: number
  readonly closed: boolean
}

/** The state that all callers share. */
interface Shared<A, E> {
  readonly state: Ref.Ref<State<A, E>>
  /**
   * Fetches from the source, or takes a document that another instance fetched after `since`, in milliseconds since
   * 1970.
   */
  readonly fetch: (since: number) => Effect.Effect<Fetched<A>, E>
  readonly lifetimes: Lifetimes
  readonly scope: Scope.Scope
}

/** The state after a fetch has ended. A failure never removes the cached value. */
const endFlight = Effect.fnUntraced(
  function*<A, E>({ lifetimes, state }: Shared<A, E>, exit: Exit.Exit<Fetched<A>, E>) {
    const now = yield* Clock.currentTimeMillis
    const { startedAt, failed } = yield* Ref.get(state)
    const times = Option.match(failed, { onNone: () => 1, onSome: ({ times }) => times + 1 })
    const asked = Exit.isFailure(exit) ? requestedDelay(Cause.squash(exit.cause)) : Duration.zero
    const pause = yield* pauseAfter({ times, asked, took: now - startedAt })
    yield* Ref.update(state, (before): State<A, E> => ({
      ...before,
      flight: Option.none(),
      ...Exit.match(exit, {
        onSuccess: (fetched) => ({
          cached: Option.some(withExpiryTimes(fetched, lifetimes, { startedAt, now })),
          failed: Option.none()
        }),
        onFailure: (cause) => ({
          failed: Option.some({ exit: Exit.failCause(cause), times, at: now, nextTry: now + pause })
        })
      })
    }))
  }
)

const closedError = new Error(
  "The metadata or keys of an authorization server were requested after its Scope was closed; keep the Scope open " +
    "while requests are served"
)

/** Chooses the fetch to wait for, and the new state. `mine` is the caller's own fetch, if it starts one. */
type ChooseFlight<A, E> = (
  current: State<A, E>,
  mine: Flight<A, E>
) => readonly [flight: Flight<A, E>, next: State<A, E>]

/** Joins the fetch in flight or starts a new one. The fetch belongs to the scope, not to the caller that started it. */
const joinFlight = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, choose: ChooseFlight<A, E>, since: number) {
  if ((yield* Ref.get(shared.state)).closed) return yield* Effect.die(closedError)
  const mine = yield* Deferred.make<A, E>()
  const flight = yield* Ref.modify(shared.state, (current) => choose(current, mine))
  if (flight !== mine) return flight
  const fiber = yield* Effect.interruptible(shared.fetch(since)).pipe(
    Effect.onExit((exit) => endFlight(shared, exit)),
    Effect.forkIn(shared.scope)
  )
  // Also if the fiber never ran because the scope was closing, so that no caller waits forever.
  fiber.addObserver((exit) => Deferred.doneUnsafe(mine, Exit.map(exit, ({ value }) => value)))
  return mine
}, Effect.uninterruptible)

/** The fetch in flight, or a new one. */
const currentFlight = (now: number) => <A, E>(current: State<A, E>, mine: Flight<A, E>) =>
  Option.isSome(current.flight)
    ? [current.flight.value, current] as const
    : [mine, { ...current, flight: Option.some(mine), startedAt: now }] as const

/** The result of a fetch. After a failure of the source, callers wait only briefly for the next one. */
const awaitFlight = <A, E>(
  { state }: Shared<A, E>,
  flight: Flight<A, E>,
  failed: Option.Option<Failed<E>>,
  now: number
): Effect.Effect<A, E> =>
  Option.match(failed, {
    onNone: () => Deferred.await(flight),
    onSome: ({ exit }) => awaitBriefly(flight, { otherwise: exit, startedAt: Ref.getUnsafe(state).startedAt, now })
  })

const get = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>) {
  const now = yield* Clock.currentTimeMillis
  const { closed, failed, cached } = yield* Ref.get(shared.state)
  const since = latest(shared)()?.fetchedAt ?? -Infinity
  const usable = Option.filter(cached, ({ usableUntil }) => now < usableUntil)
  if (Option.isNone(usable)) {
    const isDown = Option.filter(failed, (failed) => isPaused(failed, now))
    if (Option.isSome(isDown)) return yield* isDown.value.exit
    const flight = yield* joinFlight(shared, currentFlight(now), since)
    return yield* awaitFlight(shared, flight, failed, now)
  }
  const { freshFrom, graceUntil, value } = usable.value
  const mayTry = Option.isNone(failed) || !isPaused(failed.value, now)
  if (isFresh(usable.value, now) || !mayTry || closed) return value
  const flight = yield* joinFlight(shared, currentFlight(now), since)
  // During the grace period, or while the source is failing, callers do not wait for the refresh.
  if ((freshFrom <= now && now < graceUntil) || Option.isSome(failed)) return value
  const { startedAt } = yield* Ref.get(shared.state)
  return yield* Effect.catchCause(
    awaitBriefly(flight, { otherwise: Effect.succeed(value), startedAt, now }),
    () => Effect.succeed(value)
  )
})

/** Time until the bucket is full. Zero if the clock was set back. */
const spent = (fullAt: number, { window }: Allowance, now: number): number =>
  fullAt - now > window + 1 ? 0 : Math.max(0, fullAt - now)

const renewableIn = <A, E>({ state }: Shared<A, E>) => (allowance: Allowance, now: number): number => {
  const { limit, window } = allowance
  return Math.max(0, Math.ceil(spent(Ref.getUnsafe(state).fullAt, allowance, now) - (window - window / limit)))
}

/** A fetch for a caller whose key is not in the value: the fetch in flight, or a new one if the allowance permits it. */
const renewal = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, allowance: Allowance, now: number) {
  const { failed, flight } = yield* Ref.get(shared.state)
  if (Option.isSome(flight)) return flight
  // After a long outage the pause can be longer than such a caller should wait once the source has recovered.
  const isDown = Option.isSome(failed) && isPaused(failed.value, now) &&
    now < failed.value.at + allowance.window / allowance.limit
  if (isDown || renewableIn(shared)(allowance, now) > 0) return Option.none()
  const started = yield* joinFlight(shared, (current, mine) => {
    const [flight, next] = currentFlight(now)(current, mine)
    const fullAt = now + spent(current.fullAt, allowance, now) + allowance.window / allowance.limit
    return [flight, flight === mine ? { ...next, fullAt } : next]
    // A document that other instances fetched can lack the same key.
  }, Infinity)
  return Option.some(started)
})

const renew = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, allowance: Allowance) {
  const now = yield* Clock.currentTimeMillis
  const flight = yield* renewal(shared, allowance, now)
  const before = yield* Ref.get(shared.state)
  const exit = Option.isSome(flight)
    ? yield* Effect.exit(awaitFlight(shared, flight.value, before.failed, now))
    : undefined
  const { failed, cached } = yield* Ref.get(shared.state)
  // A later fetch can lack what this outcome has.
  if (Option.isSome(cached) && (Option.isNone(failed) || (exit !== undefined && Exit.isSuccess(exit)))) {
    return cached.value.value
  }
  if (exit !== undefined) return yield* exit
  return yield* Option.isSome(failed) ? failed.value.exit : get(shared)
})

const peek = <A, E>({ state }: Shared<A, E>) => (now: number): A | undefined => {
  const { closed, cached } = Ref.getUnsafe(state)
  return Option.isSome(cached) && isFresh(cached.value, now) && !closed ? cached.value.value : undefined
}

const latest = <A, E>({ state }: Shared<A, E>) => (): CachedValue<A> | undefined =>
  Option.getOrUndefined(Ref.getUnsafe(state).cached)

const pause = <A, E>({ state }: Shared<A, E>) => (now: number): number => {
  const { failed } = Ref.getUnsafe(state)
  return Option.isSome(failed) && isPaused(failed.value, now) ? failed.value.nextTry - now : 0
}

/**
 * Keeps the value of `fetch` fresh, with one fetch at a time. Only a successful fetch replaces the value. Each fetch
 * runs with the services and references of the creator, not with those of the caller: neither its limits nor its span.
 */
export const makeRefreshing = Effect.fnUntraced(function*<A, E, R>(
  fetch: Effect.Effect<Fetched<A>, E, R>,
  lifetimes: Lifetimes
): Effect.fn.Return<Refreshing<A, E>, never, R | Scope.Scope> {
  const context = yield* creatorServices<R>()
  const scope = yield* Effect.scope
  const state = yield* Ref.make<State<A, E>>({
    cached: Option.none(),
    failed: Option.none(),
    flight: Option.none(),
    startedAt: -Infinity,
    fullAt: -Infinity,
    closed: false
  })
  yield* Scope.addFinalizer(scope, Ref.update(state, (before) => ({ ...before, closed: true })))
  const shared: Shared<A, E> = {
    state,
    fetch: (since) => Effect.updateContext(fetch, () => Context.add(context, KnownSince, since)),
    lifetimes,
    scope
  }
  return {
    get: get(shared),
    peek: peek(shared),
    latest: latest(shared),
    pause: pause(shared),
    renew: (allowance) => renew(shared, allowance),
    renewableIn: renewableIn(shared)
  }
})
