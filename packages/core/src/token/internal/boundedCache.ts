/** What is known, by its name, up to a number of names. */
export interface BoundedMemory<V> {
  readonly get: (name: string) => V | undefined
  readonly set: (name: string, value: V) => void
}

interface Slot<V> {
  readonly name: string
  value: V
  /** Whether it was asked for since it last had to fear for its place. */
  isUsed: boolean
}

/**
 * Remembers as much as it may. A hand goes round and takes the place of whatever was not asked for since it last came by. A
 * plain map, because this is asked before everything else, and anything around it would cost more than the question.
 */
export const makeBoundedMemory = <V>(capacity: number): BoundedMemory<V> => {
  const memory = new Map<string, Slot<V>>()
  // In which place each is. A map knows that as well, but gets slow when its oldest keys are removed again and again.
  const places: Array<Slot<V>> = []
  let hand = -1
  /** A place that is taken from somebody. After one round nobody is in use any more. */
  const freedPlace = (): number => {
    while (true) {
      hand = (hand + 1) % capacity
      const slot = places[hand]
      if (slot?.isUsed !== true) {
        memory.delete(slot?.name ?? "")
        return hand
      }
      slot.isUsed = false
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
      const known = memory.get(name)
      if (known !== undefined) known.value = value
      else if (capacity > 0) {
        const slot = { name, value, isUsed: false }
        places[places.length < capacity ? places.length : freedPlace()] = slot
        memory.set(name, slot)
      }
    }
  }
}
