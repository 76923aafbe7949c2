/** A session of MCP up to 2025-11-25. */
export interface Session {
  readonly id: string
  /** The principal to which it belongs. */
  readonly principal: string
  /** Whose share it takes: the principal's, or that of a client address where there is no token. */
  readonly owner: string
  /** What it takes of that share. */
  readonly weight: number
  /** When its last request began or ended, in milliseconds since 1970. */
  lastUsed: number
  /** How many requests are being answered. */
  requests: number
}

/** How much a store keeps. Weights are counted, so that a few large sessions take as much as many small ones. */
export interface Bounds {
  readonly total: number
  readonly perOwner: number
  /** After how many milliseconds without a request a session ends. */
  readonly idle: number
}

/** Sessions that share one bound. What is returned has ended. */
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

/** What ends first of a share: what is not being used, and of that what was used least recently. */
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
 * A store that never keeps more than its bounds. What is too much ends in the largest share: whoever floods it from one
 * place ends their own sessions, and those of others only with as many places as there are sessions.
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

  const largest = (): Share | undefined => {
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
      while (total > bounds.total || own.weight > bounds.perOwner) {
        const share = own.weight > bounds.perOwner ? own : largest()
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
