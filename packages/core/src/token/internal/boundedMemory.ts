/** What is known, by its name, up to a number of names. */
export interface BoundedMemory<V> {
  readonly get: (name: string) => V | undefined
  readonly set: (name: string, value: V) => void
}

interface Slot<V> {
  value: V
  /** Whether it was asked for since it last had to fear for its place. */
  isUsed: boolean
}

/**
 * Remembers as much as it may. The oldest makes room, but what was asked for in the meantime gets a second chance. A plain
 * map, because this is asked before everything else, and anything around it would cost more than the question.
 */
export const makeBoundedMemory = <V>(capacity: number): BoundedMemory<V> => {
  // A map knows in which order its keys were added.
  const memory = new Map<string, Slot<V>>()
  const makeRoom = () => {
    for (const [name, slot] of memory) {
      memory.delete(name)
      if (!slot.isUsed) return
      slot.isUsed = false
      memory.set(name, slot)
    }
  }
  return {
    get: (name) => {
      const slot = memory.get(name)
      if (slot === undefined) return undefined
      slot.isUsed = true
      return slot.value
    },
    set: (name, value) => {
      const slot = memory.get(name)
      if (slot !== undefined) slot.value = value
      else if (capacity > 0) {
        if (memory.size >= capacity) makeRoom()
        memory.set(name, { value, isUsed: false })
      }
    }
  }
}
