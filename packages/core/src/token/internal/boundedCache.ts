/** A map with a limited number of entries. */
export interface BoundedCache<V> {
  readonly get: (key: string) => V | undefined
  readonly set: (key: string, value: V) => void
}

interface Slot<V> {
  readonly key: string
  value: V
  /** Whether it was read since the last eviction sweep. */
  isUsed: boolean
}

/**
 * Creates a cache with the CLOCK algorithm: a full cache evicts the next entry that was not read since the last sweep. It
 * is a plain map, because every request reads it first.
 */
export const makeBoundedCache = <V>(capacity: number): BoundedCache<V> => {
  const slotByKey = new Map<string, Slot<V>>()
  // The slots in sweep order. A map also has an order, but gets slow if its oldest keys are deleted repeatedly.
  const slots: Array<Slot<V>> = []
  let position = -1
  /** Frees a slot. After one round, every entry counts as unused. */
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
