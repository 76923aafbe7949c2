import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as PartitionedSemaphore from "effect/PartitionedSemaphore"
import * as Semaphore from "effect/Semaphore"
import { within } from "../../fetch/internal/within.ts"
import { IntrospectionQueueFull, VerificationUnavailable } from "../TokenError.ts"

/** How many requests there may be at once, and how long one may wait to be sent. */
export interface QueueSettings {
  readonly concurrency: number
  readonly queueSize: number
  readonly queueTimeout: Duration.Duration
}

/** Runs a request of a client when it is its turn. The time until then is no time of the request. */
export type Queue = <A, E, R>(
  client: string | undefined,
  request: Effect.Effect<A, E, R>
) => Effect.Effect<A, E | VerificationUnavailable, R>

/** All clients whose address is unknown, together. */
const unknown = "unknown"

/** In milliseconds: the queue is soon shorter again, unless a flood goes on. */
const retryAfter = 2_000

/** A request that waits, and can be turned away. */
type Ticket = Deferred.Deferred<never, VerificationUnavailable>

interface Client {
  readonly name: string
  /** The slots that the client may have: never all of them, so that other clients need not wait for a slot. */
  readonly share: Semaphore.Semaphore
  /** Its requests that wait, the oldest first. */
  readonly waiting: Set<Ticket>
  /** Its requests that wait or are in flight. */
  pending: number
}

/** The client with the most requests, of those that have some waiting. */
const busiest = (clients: Iterable<Client>): Client | undefined => {
  let most: Client | undefined
  for (const client of clients) {
    if (client.waiting.size > 0 && (most === undefined || client.pending > most.pending)) most = client
  }
  return most
}

/**
 * A queue in front of an introspection endpoint. So many requests are in flight at once, clients take turns, and each of
 * them leaves a quarter of the slots to others. When the queue is full, the client with the most requests is told to retry.
 */
export const makeQueue = (issuer: string, { concurrency, queueSize, queueTimeout }: QueueSettings): Queue => {
  const slots = PartitionedSemaphore.makeUnsafe<string>({ permits: concurrency })
  const clients = new Map<string, Client>()
  let pending = 0
  const turnedAway = (why: IntrospectionQueueFull["why"]) =>
    new VerificationUnavailable({ issuer, retryAfter, cause: new IntrospectionQueueFull({ why }) })

  const join = (name: string) =>
    Effect.suspend(() => {
      const known = clients.get(name)
      if (pending >= concurrency + queueSize) {
        const most = busiest(clients.values())
        const newest = [...most?.waiting ?? []].at(-1)
        // Who has fewer requests than the busiest client gets the place of its newest one.
        if (most === undefined || newest === undefined || most.pending <= (known?.pending ?? 0) + 1) {
          return Effect.fail(turnedAway("full"))
        }
        most.waiting.delete(newest)
        Deferred.doneUnsafe(newest, Effect.fail(turnedAway("full")))
      }
      const share = name === unknown ? concurrency : Math.ceil(concurrency * 0.75)
      const client: Client = known ?? { name, share: Semaphore.makeUnsafe(share), waiting: new Set(), pending: 0 }
      const ticket: Ticket = Deferred.makeUnsafe()
      clients.set(name, client)
      client.waiting.add(ticket)
      client.pending++
      pending++
      return Effect.succeed({ client, ticket })
    })

  const leave = (client: Client, ticket: Ticket) =>
    Effect.sync(() => {
      client.waiting.delete(ticket)
      client.pending--
      pending--
      if (client.pending === 0) clients.delete(client.name)
    })

  return (name = unknown, request) =>
    Effect.acquireUseRelease(
      join(name),
      ({ client, ticket }) => {
        const { share, waiting } = client
        const sent = Effect.suspend(() => {
          waiting.delete(ticket)
          return request
        })
        // A request that was sent has limits of its own.
        const refused = within(
          Deferred.await(ticket),
          queueTimeout,
          () => waiting.has(ticket) ? Effect.fail(turnedAway("timeout")) : Effect.never
        )
        return Effect.raceFirst(share.withPermit(slots.withPermit(name)(sent)), refused)
      },
      ({ client, ticket }) => leave(client, ticket)
    )
}
