import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as PartitionedSemaphore from "effect/PartitionedSemaphore"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { within } from "../../fetch/internal/retry.ts"
import { IntrospectionQueueFull, VerificationUnavailable } from "../TokenError.ts"

/** Limits of concurrent and of waiting requests. */
export interface QueueSettings {
  readonly concurrency: number
  readonly queueSize: number
  readonly queueTimeout: Duration.Duration
}

/**
 * Runs a request when it is its client's turn. Waiting does not count as time of the request. The networks of a client
 * identify it (`networksOf`).
 */
export type Queue = <A, E, R>(
  networks: ReadonlyArray<string> | undefined,
  request: Effect.Effect<A, E, R>
) => Effect.Effect<A, E | VerificationUnavailable, R>

/** All clients with an unknown address count as one. */
const unknownClient: ReadonlyArray<string> = ["unknown", "unknown", "unknown"]

/** After this time, the queue is usually shorter, unless the flood continues. */
const retryAfter = Duration.seconds(2)

/** A waiting request, which can be rejected. */
type Ticket = Deferred.Deferred<never, VerificationUnavailable>

/** A network of networks or clients, or a client. */
interface Network {
  readonly name: string
  /** The wider network. */
  readonly parent: Network | undefined
  readonly parts: Map<string, Network>
  /** Its parts share these slots in turns. */
  readonly slots: PartitionedSemaphore.PartitionedSemaphore<string>
  /** The waiting requests of a client, the oldest first. */
  readonly tickets: Set<Ticket>
  /** The number of its waiting requests. */
  waiting: number
  /** The number of its requests that wait or are in flight. */
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

/** A request in the queue. */
interface Place {
  readonly client: Network
  readonly ticket: Ticket
}

/** The part with the most requests that has waiting ones. Of equal parts, the oldest. */
const busiestPart = ({ parts }: Network): Network | undefined => {
  let most: Network | undefined
  for (const part of parts.values()) {
    if (part.waiting > 0 && (most === undefined || part.pending > most.pending)) most = part
  }
  return most
}

/**
 * The request to reject when the queue is full: the newest one of the busiest client in the busiest network. `undefined` if
 * that client sends the new request itself.
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

/** A client and its networks, the widest last. */
const withParents = (client: Network): ReadonlyArray<Network> =>
  client.parent === undefined ? [client] : [client, ...withParents(client.parent)]

/** Runs a request when it is the turn of its client and of each of its networks. */
const inTurn = <A, E, R>(
  { name, parent, slots }: Network,
  request: Effect.Effect<A, E, R>,
  part = ""
): Effect.Effect<A, E, R> => slots.withPermit(part)(parent === undefined ? request : inTurn(parent, request, name))

/** Marks a request as no longer waiting. */
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
 * Creates the queue of an introspection endpoint. It limits the requests in flight. Wide networks take turns, within them
 * narrower ones, within these the clients. Each client leaves a quarter of the slots to others. If the queue is full, the
 * busiest client of the busiest network is told to retry.
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
        // A request in flight has its own time limit.
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

/** The queue of each authorization server, for all verifiers that one method makes. */
export type Queues = (server: Pick<AuthorizationServer<unknown>, "issuer">, settings: QueueSettings) => Queue

/**
 * Creates the queues of a method. Several names of one resource have a verifier each, but their requests reach the same
 * endpoint, so a flood through all names has no more room than through one.
 */
export const makeQueues = (): Queues => {
  const queues = new WeakMap<object, Queue>()
  return (server, settings) => {
    const queue = queues.get(server) ?? makeQueue(server.issuer, settings)
    queues.set(server, queue)
    return queue
  }
}
