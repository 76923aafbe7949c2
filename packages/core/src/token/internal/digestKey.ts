import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"

/** A cache key: the digest of a token. It holds the input of the lookup, such as the token, only until it is taken. */
export class DigestKey<A> implements Equal.Equal {
  readonly digest: string
  private pending: A | undefined

  constructor(digest: string, pending: A) {
    this.digest = digest
    this.pending = pending
  }

  /** Returns the input of the lookup, once. */
  take(): A | undefined {
    const { pending } = this
    this.pending = undefined
    return pending
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof DigestKey && that.digest === this.digest
  }

  [Hash.symbol](): number {
    return Hash.string(this.digest)
  }
}
