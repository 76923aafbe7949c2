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

/** How many bits there are for each token, so that few are taken for another, and for all together: a megabyte. */
const bitsPerToken = 32
const mostBits = 2 ** 23

const isSet = (bits: Uint32Array, bit: number): boolean => ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0

const nobody: Doorkeeper = { knows: () => false, meet: () => {} }

/**
 * Knows tokens by one bit each: as many as may be remembered, and up to as many again. To remember all that a token says
 * costs more than anything about it but its signature, and costs another its place. So that is done for tokens that come
 * again, and not for a flood of those that come once.
 */
export const makeDoorkeeper = (capacity: number): Doorkeeper => {
  if (capacity === 0) return nobody
  const size = Math.min(mostBits, 2 ** Math.ceil(Math.log2(capacity * bitsPerToken)))
  const make = () => new Uint32Array(size / 32)
  let [latest, earlier, met] = [make(), make(), 0]
  return {
    knows: (mark) => isSet(latest, mark % size) || isSet(earlier, mark % size),
    meet: (mark) => {
      const bit = mark % size
      if (isSet(latest, bit)) return
      if (met === capacity) [latest, earlier, met] = [earlier.fill(0), latest, 0]
      met++
      latest[bit >>> 5] = (latest[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }
}
