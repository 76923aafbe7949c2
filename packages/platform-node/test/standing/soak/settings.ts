/** Settings that the processes of a soak share. */
import type { Stall } from "./stalls.ts"

/** In milliseconds. */
export const timing = {
  /** The lifetime of metadata and keys. */
  lifetime: 5_000,
  /** The time in which a fetch for an unknown key is regained. */
  refill: 2_000,
  /** The maximum duration of a request. */
  total: 2_000,
  /** The latency of an introspection. */
  introspection: 50
} as const

/** Opaque tokens, which only introspection can verify. */
export const opaque = {
  path: "/opaque",
  audience: "soak",
  /** The prefix of valid tokens. */
  good: "good-"
} as const

/** The capacity of the token cache: small, so that a leak would show long before the end. */
export const remember = 2_000

/** The state of the server. */
export interface Health {
  readonly heapUsed: number
  readonly rss: number
  readonly logged: number
  /** Its stalls, since it started. */
  readonly stalls: ReadonlyArray<Stall>
  /** Problems that must not occur at all. */
  readonly troubles: ReadonlyArray<string>
}
