/** A filter of tokens that were seen before, with false positives. */
export interface SeenFilter {
  /** Whether a token with this fingerprint was added recently. It may have been another token. */
  readonly has: (fingerprint: number) => boolean
  readonly add: (fingerprint: number) => void
}

/**
 * A fingerprint of a token (as FNV-1a). The last characters of signatures differ, and so few bits reveal nothing about the
 * rest.
 */
export const fingerprintOf = (token: string): number => {
  let fingerprint = 0
  for (let index = Math.max(0, token.length - 12); index < token.length; index++) {
    fingerprint = Math.imul(fingerprint ^ token.charCodeAt(index), 16_777_619)
  }
  return fingerprint >>> 0
}

/** Bits for each token. The false positive rate is about one in this number. */
const bitsPerToken = 32

/** The limit of tokens. The filter then has two sets of 16 MiB. */
const maxTokens = 2 ** 22

const isSet = (bits: Uint32Array, bit: number): boolean => ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0

const disabled: SeenFilter = { has: () => false, add: () => {} }

/**
 * Creates a filter of one bit for each token. It knows the last `capacity` tokens, and up to as many older ones. Storing a
 * token in the cache is expensive and evicts another one, so only a token that was seen before is stored.
 */
export const makeSeenFilter = (capacity: number): SeenFilter => {
  if (capacity === 0) return disabled
  const limit = Math.min(capacity, maxTokens)
  const size = 2 ** Math.ceil(Math.log2(limit * bitsPerToken))
  // The size is a power of two, so this is the remainder.
  const bitOf = (fingerprint: number): number => fingerprint & (size - 1)
  const make = () => new Uint32Array(size / 32)
  let [latest, earlier, added] = [make(), make(), 0]
  return {
    has: (fingerprint) => isSet(latest, bitOf(fingerprint)) || isSet(earlier, bitOf(fingerprint)),
    add: (fingerprint) => {
      const bit = bitOf(fingerprint)
      if (isSet(latest, bit)) return
      if (added === limit) [latest, earlier, added] = [earlier.fill(0), latest, 0]
      added++
      latest[bit >>> 5] = (latest[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }
}
