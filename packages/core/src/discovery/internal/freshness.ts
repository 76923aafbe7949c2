import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"

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
