/** When the provider was up, and which responses are therefore allowed. */
import { timing } from "./settings.ts"
import type { Key } from "./tokens.ts"

/** An interval in milliseconds since 1970. */
interface Span {
  readonly from: number
  readonly until: number
}

/**
 * How long a server may still treat a provider as down after its return: a request in flight, the time until the next
 * one is allowed, and some time of a busy machine.
 */
const aftermath = timing.total + timing.refill + 1_000

/**
 * How long a provider has to be up until a server without its keys must know them: this includes a pause after
 * failures.
 */
const settling = aftermath + 2_500

export class ProviderUptime {
  private readonly ups: Array<Span> = []
  private upSince: number | undefined

  up(now: number): void {
    this.upSince = now
  }

  down(now: number): void {
    if (this.upSince !== undefined) this.ups.push({ from: this.upSince, until: now })
    this.upSince = undefined
  }

  get isUp(): boolean {
    return this.upSince !== undefined
  }

  private spans(now: number): ReadonlyArray<Span> {
    return this.upSince === undefined ? this.ups : [...this.ups, { from: this.upSince, until: now }]
  }

  /** Whether the provider was up all the time, and long enough before that its absence no longer has effects. */
  isFine(from: number, until: number): boolean {
    return this.spans(until).some((span) => span.from <= from - aftermath && until <= span.until)
  }

  /** Whether the server must know by now what was published then. */
  mustKnow(published: number, now: number): boolean {
    return this.spans(now).some((span) => Math.min(span.until, now) - Math.max(span.from, published) >= settling)
  }

  /** Whether the server must have forgotten by now what was removed then: fresh, then refreshed in the background. */
  mustForget(takenBack: number, now: number): boolean {
    const needed = timing.lifetime * 1.25 + settling
    return this.spans(now).some((span) => Math.min(span.until, now) - Math.max(span.from, takenBack) >= needed)
  }
}

/** A key, and the times at which it was published and removed, if it was. */
export interface Published {
  readonly key: Key
  readonly since: number
  takenBack: number | undefined
}
