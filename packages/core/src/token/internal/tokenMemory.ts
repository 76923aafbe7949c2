import type { Said } from "./claims.ts"

/** What a verified token said, without the token. */
export interface Remembered<V> {
  readonly info: Said
  /** What vouched for it. */
  readonly voucher: V
  /** From when until when it is known to be good, in milliseconds since 1970. */
  readonly goodFrom: number
  readonly goodUntil: number
}

/** What is known about tokens, by their digest. */
export interface TokenMemory<V> {
  readonly get: (digest: string) => Remembered<V> | undefined
  readonly set: (digest: string, remembered: Remembered<V>) => void
}

interface Slot<V> {
  remembered: Remembered<V>
  /** Whether it was asked for since it last had to fear for its place. */
  isUsed: boolean
}

/**
 * Remembers as many tokens as it may. The oldest one makes room, but who was asked for in the meantime gets a second
 * chance. A plain map, because this is asked before everything else, and anything around it would cost more than the
 * question.
 */
export const makeTokenMemory = <V>(capacity: number): TokenMemory<V> => {
  // A map knows in which order its keys were added.
  const memory = new Map<string, Slot<V>>()
  const makeRoom = () => {
    for (const [digest, slot] of memory) {
      memory.delete(digest)
      if (!slot.isUsed) return
      slot.isUsed = false
      memory.set(digest, slot)
    }
  }
  return {
    get: (digest) => {
      const slot = memory.get(digest)
      if (slot === undefined) return undefined
      slot.isUsed = true
      return slot.remembered
    },
    set: (digest, remembered) => {
      const slot = memory.get(digest)
      if (slot !== undefined) slot.remembered = remembered
      else if (capacity > 0) {
        if (memory.size >= capacity) makeRoom()
        memory.set(digest, { remembered, isUsed: false })
      }
    }
  }
}
