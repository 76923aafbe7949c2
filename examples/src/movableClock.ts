/**
 * A clock for one server that can run ahead of the machine's clock, so that a token expires without waiting.
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

const nanosPerMilli = 1_000_000n

/** The clock of the machine, and how far this one is ahead of it, in milliseconds. */
export class MovableClock implements Clock.Clock {
  ahead: () => number = () => 0
  private readonly clock: Clock.Clock
  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  constructor(clock: Clock.Clock) {
    this.clock = clock
  }

  currentTimeMillisUnsafe(): number {
    return this.clock.currentTimeMillisUnsafe() + this.ahead()
  }

  currentTimeNanosUnsafe(): bigint {
    return this.clock.currentTimeNanosUnsafe() + BigInt(this.ahead()) * nanosPerMilli
  }

  monotonicTimeNanosUnsafe(): bigint {
    return this.clock.monotonicTimeNanosUnsafe()
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return this.clock.sleep(duration)
  }

  /** From now on the client's access token has expired, and the next one that it gets has not. */
  expire(client: { readonly tokens: () => { readonly access_token: string } | undefined }): void {
    const expired = client.tokens()?.access_token
    // Longer than any token lives that a provider of these programs issues.
    this.ahead = () => client.tokens()?.access_token === expired ? 3_600_000 : 0
  }
}

/** Runs a server with a clock of its own. */
export const withClock = <A, E, R>(server: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const clock = new MovableClock(yield* Clock.Clock)
    return { ...yield* Effect.provideService(server, Clock.Clock, clock), clock }
  })
