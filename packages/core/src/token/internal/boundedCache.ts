/** What is known, by its name, up to a number of names. */
export interface BoundedCache<V> {
  readonly get: (key: string) => V | undefined
  readonly set: (key: string, value: V) => void
}

interface Slot<V> {
  readonly key: string
  value: V
  /** Whether it was asked for since it last had to fear for its place. */
  isUsed: boolean
}

/**
 * Remembers as much as it may. A hand goes round and takes the place of whatever was not asked for since it last came by. A
 * plain map, because this is asked before everything else, and anything around it would cost more than the question.
 */
export const makeBoundedCache = <V>(capacity: number): BoundedCache<V> => {
  const slotByKey = new Map<string, Slot<V>>()
  // In which place each is. A map knows that as well, but gets slow when its oldest keys are removed again and again.
  const slots: Array<Slot<V>> = []
  let position = -1
  /** A place that is taken from somebody. After one round nobody is in use any more. */
  const evict = (): number => {
    while (true) {
      position = (position + 1) % capacity
      const slot = slots[position]
      if (slot?.isUsed !== true) {
        slotByKey.delete(slot?.key ?? "")
        return position
      }
      slot.isUsed = false
    }
  }
  return {
    get: (key) => {
      const slot = slotByKey.get(key)
      if (slot === undefined) return undefined
      slot.isUsed = true
      return slot.value
    },
    set: (key, value) => {
      const known = slotByKey.get(key)
      if (known !== undefined) known.value = value
      else if (capacity > 0) {
        const slot = { key, value, isUsed: false }
        slots[slots.length < capacity ? slots.length : evict()] = slot
        slotByKey.set(key, slot)
      }
    }
  }
}
