/** Tells tokens that come again from those that come for the first time. */
export interface Doorkeeper {
  /** Whether a token with this mark was met lately. Sometimes it was another one. */
  readonly knows: (mark: number) => boolean
  readonly meet: (mark: number) => void
}

/**
 * What a token is recognized by, in the way of FNV-1a. The end of a signature is different for each token, and so few bits of
 * it say nothing about the rest.
 */
export const markOf = (token: string): number => {
  let mark = 0
  for (let at = Math.max(0, token.length - 12); at < token.length; at++) {
    mark = Math.imul(mark ^ token.charCodeAt(at), 16_777_619)
  }
  return mark >>> 0
}

/** How many bits there are for each token: about one in so many is taken for another. */
const bitsPerToken = 32

/** How many tokens are known at the most, whatever is asked for: sixteen megabytes of bits, twice. */
const mostKnown = 2 ** 22

const isSet = (bits: Uint32Array, bit: number): boolean => ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0

const nobody: Doorkeeper = { knows: () => false, meet: () => {} }

/**
 * Knows tokens by one bit each: as many as may be remembered, and up to as many again. What a token says costs the most to
 * remember, after its signature to verify, and takes another's place. So that is done for those that come again.
 */
export const makeDoorkeeper = (capacity: number): Doorkeeper => {
  if (capacity === 0) return nobody
  const most = Math.min(capacity, mostKnown)
  const size = 2 ** Math.ceil(Math.log2(most * bitsPerToken))
  const make = () => new Uint32Array(size / 32)
  let [latest, earlier, met] = [make(), make(), 0]
  return {
    knows: (mark) => isSet(latest, mark % size) || isSet(earlier, mark % size),
    meet: (mark) => {
      const bit = mark % size
      if (isSet(latest, bit)) return
      if (met === most) [latest, earlier, met] = [earlier.fill(0), latest, 0]
      met++
      latest[bit >>> 5] = (latest[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }
}
