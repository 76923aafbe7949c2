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
import * as Tracer from "effect/Tracer"
import { askedToWait } from "./retry.ts"

/** What a fetch brings: the value, and how long its source says that it is fresh. */
export interface Fetched<out A> {
  readonly value: A
  readonly freshFor: Option.Option<Duration.Duration>
  /** How old the value is, where somebody else has fetched it. */
  readonly age?: Duration.Duration | undefined
}

export interface Lifetimes {
  /** How long a value is fresh when its source does not say. */
  readonly lifetime: Duration.Duration
  /** How long after its fetch a value may be used while its source is down; never shorter than it is fresh. */
  readonly staleFor: Duration.Duration
}

/**
 * What somebody else has fetched is worth as much as another fetch only if that was later than this, in milliseconds since
 * 1970: when this program fetched what it knows, or never, for who misses something in it.
 */
export const KnownSince: Context.Reference<number> = Context.Reference(
  "@effect-mcp-auth/core/fetch/internal/refresh/KnownSince",
  { defaultValue: () => -Infinity }
)

/** What a source says is honoured between these. */
const shortest = Duration.minutes(1)
export const longest = Duration.hours(24)

/** For this part of its lifetime a value that is due is still given out at once, while it is being refreshed. */
const grace = 0.25

/** A value, and until when it is what. All in milliseconds of the `Clock`. */
export interface Good<out A> {
  readonly value: A
  /** When it was fetched, by whoever did. */
  readonly fetchedAt: number
  /** What its source has published by then is in it: when the request for it began, or was answered for somebody else. */
  readonly askedAt: number
  /** When it came here. A clock that was set back since says nothing about how old it is. */
  readonly freshFrom: number
  readonly freshUntil: number
  /** Until then nobody waits for the refresh. */
  readonly graceUntil: number
  /** Until then it is given out when it cannot be refreshed. */
  readonly usableUntil: number
}

/** Whether a value is fresh at this time. */
export const isFresh = ({ freshFrom, freshUntil }: Good<unknown>, now: number): boolean =>
  freshFrom <= now && now < freshUntil

/** What a fetch brought, from now on. */
export const remember = <A>(
  { age = Duration.zero, freshFor, value }: Fetched<A>,
  { lifetime, staleFor }: Lifetimes,
  { departure, now }: { readonly departure: number; readonly now: number }
): Good<A> => {
  const usual = Duration.subtract(lifetime, age)
  const fresh = Duration.toMillis(
    Option.match(freshFor, { onNone: () => usual, onSome: Duration.clamp({ minimum: shortest, maximum: longest }) })
  )
  const freshUntil = now + fresh
  const fetchedAt = now - Duration.toMillis(age)
  return {
    value,
    fetchedAt,
    askedAt: Math.min(departure, fetchedAt),
    freshFrom: now,
    freshUntil,
    graceUntil: freshUntil + fresh * grace,
    usableUntil: Math.max(freshUntil, fetchedAt + Duration.toMillis(staleFor))
  }
}

/** How long a source that failed is left alone, in milliseconds: doubled each time, between these, with jitter. */
const firstPause = 1_000
const longestPause = 24_000

/** A source that asks for more is given it, but that it is back must be noticed by then. No jitter goes beyond it. */
const longestAsked = Duration.seconds(30)

/** What a source was asked, and how that ended. */
interface Failing {
  /** How many failures there were in a row. */
  readonly times: number
  /** How long the source asked to wait. */
  readonly asked: Duration.Duration
  /** How long the last failure took, in milliseconds. */
  readonly took: number
}

/**
 * How long a source is left alone after its last failure, in milliseconds: never shorter than that failure took, so that
 * callers do not wait for a slow source again and again.
 */
export const pauseAfter = ({ asked, times, took }: Failing): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const pause = Math.min(longestPause, firstPause * 2 ** (times - 1)) * (0.75 + random / 2)
    return Math.max(pause, Math.min(Math.max(Duration.toMillis(asked), took), Duration.toMillis(longestAsked)))
  })

/** How long a caller waits for a fetch while there is something to answer without it, in milliseconds. */
const patience = 2_000

/** What a fetch brings that began at `departure`, if that is soon, and otherwise what is known without it. */
export const soon = <A, E>(
  fetch: Deferred.Deferred<A, E>,
  { departure, now, otherwise }: {
    readonly otherwise: Effect.Effect<A, E>
    readonly departure: number
    readonly now: number
  }
): Effect.Effect<A, E> => {
  const left = Math.min(patience, departure + patience - now)
  if (Deferred.isDoneUnsafe(fetch)) return Deferred.await(fetch)
  return left <= 0
    ? otherwise
    : Effect.timeoutOrElse(Deferred.await(fetch), { duration: left, orElse: () => otherwise })
}

/** A value that is kept fresh. */
export interface Refreshing<out A, out E> {
  /** The value: at once while it is fresh or the source is known to be down, otherwise after one shared fetch. */
  readonly get: Effect.Effect<A, E>
  /** The value, if it is known and fresh at this time, in milliseconds. Asks nobody, and nothing is refreshed. */
  readonly peek: (now: number) => A | undefined
  /** What was fetched last, however long ago. */
  readonly latest: () => Good<A> | undefined
  /** How long the source, which failed, is left alone from this time on. Both in milliseconds. */
  readonly pause: (now: number) => number
  /**
   * The value after another fetch, for a caller that misses something in it. If a fetch is under way, the caller waits for
   * that one. If the allowance is used up, or the source has failed within `window / limit` and is left alone, the last outcome stands.
   */
  readonly renew: (allowance: Allowance) => Effect.Effect<A, E>
  /** In how many milliseconds from this time on the allowance has a fetch. 0: it has one. */
  readonly renewableIn: (allowance: Allowance, now: number) => number
}

/**
 * How many fetches may be asked for by callers that miss something in the value, all of them together: a token bucket. It
 * holds `limit` fetches at most, and gains one each `window / limit`.
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

/** Whether the source is still left alone. Not by a clock that was set back since: that could go on for hours. */
const isResting = ({ at, nextTry }: Failed<unknown>, now: number): boolean => at <= now && now < nextTry

/** A fetch that is under way, for everybody who waits for it. */
type Flight<A, E> = Deferred.Deferred<A, E>

interface State<A, E> {
  readonly good: Option.Option<Good<A>>
  /** The failures since the last success. */
  readonly failed: Option.Option<Failed<E>>
  readonly flight: Option.Option<Flight<A, E>>
  /** When the last flight began, in milliseconds of the `Clock`. */
  readonly departure: number
  /** When the allowance for callers that miss something is full again. In milliseconds of the `Clock`. */
  readonly fullAt: number
  readonly closed: boolean
}

/** What everybody who asks for the value shares. */
interface Shared<A, E> {
  readonly state: Ref.Ref<State<A, E>>
  /** Asks the source, or whoever has asked it since then, in milliseconds since 1970. */
  readonly fetch: (since: number) => Effect.Effect<Fetched<A>, E>
  readonly lifetimes: Lifetimes
  readonly scope: Scope.Scope
}

/** What is known once a fetch has ended. A failure never takes away what a fetch once brought. */
const land = Effect.fnUntraced(function*<A, E>({ lifetimes, state }: Shared<A, E>, exit: Exit.Exit<Fetched<A>, E>) {
  const now = yield* Clock.currentTimeMillis
  const { departure, failed } = yield* Ref.get(state)
  const times = Option.match(failed, { onNone: () => 1, onSome: ({ times }) => times + 1 })
  const asked = Exit.isFailure(exit) ? askedToWait(Cause.squash(exit.cause)) : Duration.zero
  const pause = yield* pauseAfter({ times, asked, took: now - departure })
  yield* Ref.update(state, (before): State<A, E> => ({
    ...before,
    flight: Option.none(),
    ...Exit.match(exit, {
      onSuccess: (fetched) => ({
        good: Option.some(remember(fetched, lifetimes, { departure, now })),
        failed: Option.none()
      }),
      onFailure: (cause) => ({
        failed: Option.some({ exit: Exit.failCause(cause), times, at: now, nextTry: now + pause })
      })
    })
  }))
})

const closedError = new Error("A server was asked for its metadata or keys after its scope had been closed")

/** Whose flight to take, and what is then known. `mine` is taken by who starts one. */
type Board<A, E> = (current: State<A, E>, mine: Flight<A, E>) => readonly [flight: Flight<A, E>, next: State<A, E>]

/** Takes a flight, and starts it if that is a new one. It belongs to the scope and not to the caller who started it. */
const fly = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, board: Board<A, E>, since: number) {
  if ((yield* Ref.get(shared.state)).closed) return yield* Effect.die(closedError)
  const mine = yield* Deferred.make<A, E>()
  const flight = yield* Ref.modify(shared.state, (current) => board(current, mine))
  if (flight !== mine) return flight
  const fiber = yield* Effect.interruptible(shared.fetch(since)).pipe(
    Effect.onExit((exit) => land(shared, exit)),
    Effect.forkIn(shared.scope)
  )
  // Also when the fiber never ran, because the scope was being closed: nobody waits for ever.
  fiber.addObserver((exit) => Deferred.doneUnsafe(mine, Exit.map(exit, ({ value }) => value)))
  return mine
}, Effect.uninterruptible)

/** The flight that is under way, or a new one. */
const anyFlight = (now: number) => <A, E>(current: State<A, E>, mine: Flight<A, E>) =>
  Option.isSome(current.flight)
    ? [current.flight.value, current] as const
    : [mine, { ...current, flight: Option.some(mine), departure: now }] as const

/** What a flight brings. Once the source has failed, nobody waits long to hear that it still does. */
const orRemembered = <A, E>(
  { state }: Shared<A, E>,
  flight: Flight<A, E>,
  failed: Option.Option<Failed<E>>,
  now: number
): Effect.Effect<A, E> =>
  Option.match(failed, {
    onNone: () => Deferred.await(flight),
    onSome: ({ exit }) => soon(flight, { otherwise: exit, departure: Ref.getUnsafe(state).departure, now })
  })

const get = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>) {
  const now = yield* Clock.currentTimeMillis
  const { closed, failed, good } = yield* Ref.get(shared.state)
  const since = latest(shared)()?.fetchedAt ?? -Infinity
  const usable = Option.filter(good, ({ usableUntil }) => now < usableUntil)
  if (Option.isNone(usable)) {
    const isDown = Option.filter(failed, (failed) => isResting(failed, now))
    if (Option.isSome(isDown)) return yield* isDown.value.exit
    const flight = yield* fly(shared, anyFlight(now), since)
    return yield* orRemembered(shared, flight, failed, now)
  }
  const { freshFrom, graceUntil, value } = usable.value
  const mayTry = Option.isNone(failed) || !isResting(failed.value, now)
  if (isFresh(usable.value, now) || !mayTry || closed) return value
  const flight = yield* fly(shared, anyFlight(now), since)
  // Shortly after its time, or while the source is known to be failing, nobody waits for the refresh.
  if ((freshFrom <= now && now < graceUntil) || Option.isSome(failed)) return value
  const { departure } = yield* Ref.get(shared.state)
  return yield* Effect.catchCause(
    soon(flight, { otherwise: Effect.succeed(value), departure, now }),
    () => Effect.succeed(value)
  )
})

/** What is missing from a full allowance, as the time in which it is gained. None by a clock that was set back since. */
const spent = (fullAt: number, { window }: Allowance, now: number): number =>
  fullAt - now > window + 1 ? 0 : Math.max(0, fullAt - now)

const renewableIn = <A, E>({ state }: Shared<A, E>) => (allowance: Allowance, now: number): number => {
  const { limit, window } = allowance
  return Math.max(0, Math.ceil(spent(Ref.getUnsafe(state).fullAt, allowance, now) - (window - window / limit)))
}

/** A flight for a caller that misses something: the one that is under way, or else a new one, if there may be one. */
const renewal = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, allowance: Allowance, now: number) {
  const { failed, flight } = yield* Ref.get(shared.state)
  if (Option.isSome(flight)) return flight
  // A source that is down for long may rest longer than a caller that misses something should wait once it is back.
  const isDown = Option.isSome(failed) && isResting(failed.value, now) &&
    now < failed.value.at + allowance.window / allowance.limit
  if (isDown || renewableIn(shared)(allowance, now) > 0) return Option.none()
  const started = yield* fly(shared, (current, mine) => {
    const [flight, next] = anyFlight(now)(current, mine)
    const fullAt = now + spent(current.fullAt, allowance, now) + allowance.window / allowance.limit
    return [flight, flight === mine ? { ...next, fullAt } : next]
    // What others have fetched may lack the same thing.
  }, Infinity)
  return Option.some(started)
})

const renew = Effect.fnUntraced(function*<A, E>(shared: Shared<A, E>, allowance: Allowance) {
  const now = yield* Clock.currentTimeMillis
  const flight = yield* renewal(shared, allowance, now)
  const before = yield* Ref.get(shared.state)
  const exit = Option.isSome(flight)
    ? yield* Effect.exit(orRemembered(shared, flight.value, before.failed, now))
    : undefined
  const { failed, good } = yield* Ref.get(shared.state)
  // What a later fetch brought is newer: it may lack what the outcome has.
  if (Option.isSome(good) && (Option.isNone(failed) || (exit !== undefined && Exit.isSuccess(exit)))) {
    return good.value.value
  }
  if (exit !== undefined) return yield* exit
  return yield* Option.isSome(failed) ? failed.value.exit : get(shared)
})

const peek = <A, E>({ state }: Shared<A, E>) => (now: number): A | undefined => {
  const { closed, good } = Ref.getUnsafe(state)
  return Option.isSome(good) && isFresh(good.value, now) && !closed ? good.value.value : undefined
}

const latest = <A, E>({ state }: Shared<A, E>) => (): Good<A> | undefined =>
  Option.getOrUndefined(Ref.getUnsafe(state).good)

const pause = <A, E>({ state }: Shared<A, E>) => (now: number): number => {
  const { failed } = Ref.getUnsafe(state)
  return Option.isSome(failed) && isResting(failed.value, now) ? failed.value.nextTry - now : 0
}

/** A span is never a requirement, so nothing is missing without it, but TypeScript cannot know that of any `R`. */
const withoutSpan = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>

/**
 * Keeps the value of `fetch` fresh, with one fetch at a time. What it once brought is never replaced but by something
 * that was fetched without a failure. Each fetch runs with the services and references of whoever made this, and with
 * nothing of whoever happens to ask: neither its limits nor its span.
 */
export const makeRefreshing = Effect.fnUntraced(function*<A, E, R>(
  fetch: Effect.Effect<Fetched<A>, E, R>,
  lifetimes: Lifetimes
): Effect.fn.Return<Refreshing<A, E>, never, R | Scope.Scope> {
  const context = yield* Effect.context<R>()
  const scope = yield* Effect.scope
  const state = yield* Ref.make<State<A, E>>({
    good: Option.none(),
    failed: Option.none(),
    flight: Option.none(),
    departure: -Infinity,
    fullAt: -Infinity,
    closed: false
  })
  yield* Scope.addFinalizer(scope, Ref.update(state, (before) => ({ ...before, closed: true })))
  const shared: Shared<A, E> = {
    state,
    fetch: (since) => Effect.updateContext(fetch, () => Context.add(withoutSpan(context), KnownSince, since)),
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
