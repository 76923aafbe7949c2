/** Tells tokens that come again from those that come for the first time. */
export interface SeenFilter {
  /** Whether a token with this mark was met lately. Sometimes it was another one. */
  readonly has: (fingerprint: number) => boolean
  readonly add: (fingerprint: number) => void
}

/**
 * What a token is recognized by, in the way of FNV-1a. The end of a signature is different for each token, and so few bits of
 * it say nothing about the rest.
 */
export const fingerprintOf = (token: string): number => {
  let fingerprint = 0
  for (let index = Math.max(0, token.length - 12); index < token.length; index++) {
    fingerprint = Math.imul(fingerprint ^ token.charCodeAt(index), 16_777_619)
  }
  return fingerprint >>> 0
}

/** How many bits there are for each token: about one in so many is taken for another. */
const bitsPerToken = 32

/** How many tokens are known at the most, whatever is asked for: sixteen megabytes of bits, twice. */
const maxTokens = 2 ** 22

const isSet = (bits: Uint32Array, bit: number): boolean => ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0

const disabled: SeenFilter = { has: () => false, add: () => {} }

/**
 * Knows tokens by one bit each: as many as may be remembered, and up to as many again. What a token says costs the most to
 * remember, after its signature to verify, and takes another's place. So that is done for those that come again.
 */
export const makeSeenFilter = (capacity: number): SeenFilter => {
  if (capacity === 0) return disabled
  const limit = Math.min(capacity, maxTokens)
  const size = 2 ** Math.ceil(Math.log2(limit * bitsPerToken))
  const make = () => new Uint32Array(size / 32)
  let [latest, earlier, added] = [make(), make(), 0]
  return {
    has: (fingerprint) => isSet(latest, fingerprint % size) || isSet(earlier, fingerprint % size),
    add: (fingerprint) => {
      const bit = fingerprint % size
      if (isSet(latest, bit)) return
      if (added === limit) [latest, earlier, added] = [earlier.fill(0), latest, 0]
      added++
      latest[bit >>> 5] = (latest[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }
}
