/** What the processes of a soak agree upon. */
import type { Stall } from "./stalls.ts"

/** In milliseconds. */
export const timing = {
  /** How long metadata and keys are fresh. */
  lifetime: 5_000,
  /** In which time a fetch for an unknown key is regained. */
  refill: 2_000,
  /** How long a question may take. */
  total: 2_000,
  /** How long the authorization server takes to introspect a token. */
  introspection: 50
} as const

/** Opaque tokens, which only introspection knows. */
export const opaque = {
  path: "/opaque",
  audience: "soak",
  /** How good tokens begin. */
  good: "good-"
} as const

/** How many tokens the server remembers: few, so that what would grow has grown long before the end. */
export const remember = 2_000

/** How the server is. */
export interface Health {
  readonly heapUsed: number
  readonly rss: number
  readonly logged: number
  /** When it stood still, since it began. */
  readonly stalls: ReadonlyArray<Stall>
  /** What must not be there at all. */
  readonly troubles: ReadonlyArray<string>
}
