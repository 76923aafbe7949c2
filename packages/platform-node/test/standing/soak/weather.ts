/** When the provider was there, and what may therefore be answered. */
import { timing } from "./settings.ts"
import type { Key } from "./tokens.ts"

/** From when until when something was so, in milliseconds since 1970. */
interface Span {
  readonly from: number
  readonly until: number
}

/**
 * What a server may still believe about a provider that is back: a question that is under way, the time until the next one is
 * allowed, and some time of a busy machine.
 */
const aftermath = timing.total + timing.refill + 1_000

/** How long a provider has to be up until whoever did not know its keys knows them: a pause after failures besides. */
const settling = aftermath + 2_500

export class Weather {
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

  /** Whether the provider was there all the time, and long enough before that its absence is forgotten. */
  isFine(from: number, until: number): boolean {
    return this.spans(until).some((span) => span.from <= from - aftermath && until <= span.until)
  }

  /** Whether something that was published then must be known by now. */
  mustKnow(published: number, now: number): boolean {
    return this.spans(now).some((span) => Math.min(span.until, now) - Math.max(span.from, published) >= settling)
  }

  /** Whether something that was taken back then must be forgotten by now: fresh, then refreshed beside a request. */
  mustForget(takenBack: number, now: number): boolean {
    const needed = timing.lifetime * 1.25 + settling
    return this.spans(now).some((span) => Math.min(span.until, now) - Math.max(span.from, takenBack) >= needed)
  }
}

/** A key, and since when it was published and taken back, if it was. */
export interface Published {
  readonly key: Key
  readonly since: number
  takenBack: number | undefined
}
