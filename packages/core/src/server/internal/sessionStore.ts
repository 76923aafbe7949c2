/** A session of MCP up to 2025-11-25. */
export interface Session {
  readonly id: string
  /** The principal to which it belongs. */
  readonly principal: string
  /** The owner of its share: the principal, or the client address if there is no token. */
  readonly owner: string
  /** How much it counts in that share. */
  readonly weight: number
  /** The start or end of its last request, in milliseconds since 1970. */
  lastUsed: number
  /** The number of pending requests. */
  requests: number
}

/** The limits of a store, as sums of weights: a few large sessions count as much as many small ones. */
export interface Bounds {
  readonly total: number
  readonly perOwner: number
  /** The time without a request after which a session ends, in milliseconds. */
  readonly idle: number
}

/** Sessions with common limits. The sessions that `add` and `removeIdle` return have ended. */
export interface SessionStore {
  readonly get: (id: string) => Session | undefined
  readonly add: (session: Session) => ReadonlyArray<Session>
  readonly remove: (session: Session) => void
  readonly isIdle: (session: Session, now: number) => boolean
  readonly removeIdle: (now: number) => ReadonlyArray<Session>
  readonly isEmpty: () => boolean
}

interface Share {
  weight: number
  readonly sessions: Set<Session>
}

/** The session that ends first: the least recently used one, if possible one without pending requests. */
const leastUsed = ({ sessions }: Share): Session | undefined => {
  let found: Session | undefined
  for (const session of sessions) {
    const isFirst = found === undefined || (session.requests === 0) !== (found.requests === 0)
      ? found === undefined || session.requests === 0
      : session.lastUsed < found.lastUsed
    if (isFirst) found = session
  }
  return found
}

/**
 * A store that never exceeds its bounds. Above the total, a session of the largest share ends. So a flood from one address
 * ends its own sessions. To end those of others, an attacker needs as many addresses as there are sessions.
 */
export const makeSessionStore = (bounds: Bounds): SessionStore => {
  const sessions = new Map<string, Session>()
  const shares = new Map<string, Share>()
  let total = 0

  const isIdle = ({ lastUsed, requests }: Session, now: number): boolean =>
    requests === 0 && now - lastUsed >= bounds.idle

  const remove = (session: Session): void => {
    if (!sessions.delete(session.id)) return
    total -= session.weight
    const share = shares.get(session.owner)
    if (share === undefined) return
    share.sessions.delete(session)
    share.weight -= session.weight
    if (share.sessions.size === 0) shares.delete(session.owner)
  }

  const largestShare = (): Share | undefined => {
    let found: Share | undefined
    for (const share of shares.values()) {
      if (found === undefined || share.weight > found.weight) found = share
    }
    return found
  }

  const shareOf = (owner: string): Share => {
    const known = shares.get(owner)
    if (known !== undefined) return known
    const share: Share = { weight: 0, sessions: new Set() }
    shares.set(owner, share)
    return share
  }

  return {
    get: (id) => sessions.get(id),
    add: (session) => {
      const own = shareOf(session.owner)
      sessions.set(session.id, session)
      own.sessions.add(session)
      own.weight += session.weight
      total += session.weight
      const ended: Array<Session> = []
      const isOver = () => own.weight > bounds.perOwner
      while (total > bounds.total || isOver()) {
        const share = isOver() ? own : largestShare()
        const first = share === undefined ? undefined : leastUsed(share)
        if (first === undefined) break
        remove(first)
        ended.push(first)
      }
      return ended
    },
    remove,
    isIdle,
    removeIdle: (now) => {
      const ended = [...sessions.values()].filter((session) => isIdle(session, now))
      ended.forEach(remove)
      return ended
    },
    isEmpty: () => sessions.size === 0
  }
}
