import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as PartitionedSemaphore from "effect/PartitionedSemaphore"
import { within } from "../../fetch/internal/within.ts"
import { IntrospectionQueueFull, VerificationUnavailable } from "../TokenError.ts"

/** How many requests there may be at once, and how long one may wait to be sent. */
export interface QueueSettings {
  readonly concurrency: number
  readonly queueSize: number
  readonly queueTimeout: Duration.Duration
}

/**
 * Runs a request of a client when it is its turn. The time until then is no time of the request. A client is given by the
 * networks that it belongs to (`networksOf`).
 */
export type Queue = <A, E, R>(
  networks: ReadonlyArray<string> | undefined,
  request: Effect.Effect<A, E, R>
) => Effect.Effect<A, E | VerificationUnavailable, R>

/** All clients whose address is unknown, together. */
const unknownClient: ReadonlyArray<string> = ["unknown", "unknown", "unknown"]

/** The queue is usually shorter after this time, unless the flood goes on. */
const retryAfter = Duration.seconds(2)

/** A request that waits, and can be turned away. */
type Ticket = Deferred.Deferred<never, VerificationUnavailable>

/** A network, which networks or clients share, or a client. */
interface Network {
  readonly name: string
  /** The network that it is part of. */
  readonly parent: Network | undefined
  readonly parts: Map<string, Network>
  /** Its parts take turns at its slots. */
  readonly slots: PartitionedSemaphore.PartitionedSemaphore<string>
  /** The requests of a client that wait, the oldest first. */
  readonly tickets: Set<Ticket>
  /** Its requests that wait. */
  waiting: number
  /** Its requests that wait or are in flight. */
  pending: number
}

const makeNetwork = (name: string, parent: Network | undefined, permits: number): Network => ({
  name,
  parent,
  parts: new Map(),
  slots: PartitionedSemaphore.makeUnsafe({ permits }),
  tickets: new Set(),
  waiting: 0,
  pending: 0
})

/** A request that joined the queue. */
interface Place {
  readonly client: Network
  readonly ticket: Ticket
}

/** The part with the most requests, of those that have some waiting; of equals the oldest one. */
const busiestPart = ({ parts }: Network): Network | undefined => {
  let most: Network | undefined
  for (const part of parts.values()) {
    if (part.waiting > 0 && (most === undefined || part.pending > most.pending)) most = part
  }
  return most
}

/**
 * The place that a request of these networks gets when the queue is full: the newest one of the busiest client of the busiest
 * network. There is none if the request is of that client itself.
 */
const requestToReject = (root: Network, names: ReadonlyArray<string>): Place | undefined => {
  let [network, isOwn] = [root, true]
  for (const name of names) {
    const own = isOwn ? network.parts.get(name) : undefined
    const most = busiestPart(network)
    if (most === undefined) return undefined
    network = own !== undefined && own.pending >= most.pending ? own : most
    isOwn = network === own
  }
  const newest = isOwn ? undefined : [...network.tickets].at(-1)
  return newest === undefined ? undefined : { client: network, ticket: newest }
}

/** A client and the networks that it belongs to, the widest last. */
const withParents = (client: Network): ReadonlyArray<Network> =>
  client.parent === undefined ? [client] : [client, ...withParents(client.parent)]

/** Runs a request when it is the turn of its client, and of each network that the client belongs to. */
const inTurn = <A, E, R>(
  { name, parent, slots }: Network,
  request: Effect.Effect<A, E, R>,
  part = ""
): Effect.Effect<A, E, R> => slots.withPermit(part)(parent === undefined ? request : inTurn(parent, request, name))

/** Counts a request as one that waits no longer. */
const stopWaiting = ({ client, ticket }: Place): void => {
  if (!client.tickets.delete(ticket)) return
  for (const network of withParents(client)) network.waiting--
}

const leave = (place: Place) =>
  Effect.sync(() => {
    stopWaiting(place)
    for (const network of withParents(place.client)) {
      network.pending--
      if (network.pending === 0) network.parent?.parts.delete(network.name)
    }
  })

/**
 * A queue in front of an introspection endpoint. So many requests are in flight at once. Wide networks take turns, in each of
 * them the narrower ones, and in these the clients, each of which leaves a quarter of the slots to others. When the queue is
 * full, the busiest client of the busiest network is told to retry.
 */
export const makeQueue = (issuer: string, { concurrency, queueSize, queueTimeout }: QueueSettings): Queue => {
  const root = makeNetwork("", undefined, concurrency)
  const rejection = (reason: IntrospectionQueueFull["reason"]) =>
    new VerificationUnavailable({ issuer, retryAfter, cause: new IntrospectionQueueFull({ reason }) })

  const clientNamed = (names: ReadonlyArray<string>): Network => {
    let network = root
    for (const [level, name] of names.entries()) {
      const isClient = level === names.length - 1 && names !== unknownClient
      const part = network.parts.get(name) ??
        makeNetwork(name, network, isClient ? Math.ceil(concurrency * 0.75) : concurrency)
      network.parts.set(name, part)
      network = part
    }
    return network
  }

  const join = (names: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      if (root.pending >= concurrency + queueSize) {
        const other = requestToReject(root, names)
        if (other === undefined) return Effect.fail(rejection("full"))
        stopWaiting(other)
        Deferred.doneUnsafe(other.ticket, Effect.fail(rejection("full")))
      }
      const place: Place = { client: clientNamed(names), ticket: Deferred.makeUnsafe() }
      place.client.tickets.add(place.ticket)
      for (const network of withParents(place.client)) {
        network.waiting++
        network.pending++
      }
      return Effect.succeed(place)
    })

  return (networks = unknownClient, request) =>
    Effect.acquireUseRelease(
      join(networks),
      (place) => {
        const { client, ticket } = place
        const started = Effect.suspend(() => {
          stopWaiting(place)
          return request
        })
        // A request that was sent has limits of its own.
        const rejected = within(
          Deferred.await(ticket),
          queueTimeout,
          () => client.tickets.has(ticket) ? Effect.fail(rejection("timeout")) : Effect.never
        )
        return Effect.raceFirst(inTurn(client, started), rejected)
      },
      leave
    )
}
