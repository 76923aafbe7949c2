/** An authorization server in a process of its own, which responds after a delay and records its requests. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Child, spawn } from "./Child.ts"
import { jwkOf, type Key } from "./tokens.ts"

const Ready = Schema.Struct({ issuer: Schema.String })

const Requests = Schema.Struct({
  requests: Schema.Array(Schema.Struct({
    path: Schema.String,
    /** In milliseconds since 1970. */
    from: Schema.Finite,
    until: Schema.Finite
  }))
})

export type Requests = (typeof Requests.Type)["requests"]

export interface Provider {
  readonly issuer: string
  /** The requests since this was last asked. */
  readonly requests: ReturnType<Child<unknown>["ask"]> extends Effect.Effect<unknown, infer E>
    ? Effect.Effect<Requests, E>
    : never
}

/** A provider of these keys. It takes `latency` milliseconds for an answer. */
export const startProvider = Effect.fnUntraced(function*(keys: ReadonlyArray<Key>, latency: number) {
  const child = yield* spawn("harness/providerProcess.ts", {
    options: { latency, keys: keys.map(jwkOf) },
    ready: Ready
  })
  return {
    issuer: child.ready.issuer,
    requests: Effect.map(child.ask("requests", Requests), ({ requests }) => requests)
  } satisfies Provider
})

/** How many requests had to wait for another: the length of the longest row in which each began after the last ended. */
export const sequential = (requests: Requests): number => {
  const inOrder = requests.toSorted((a, b) => a.until - b.until)
  let [length, end] = [0, -Infinity]
  for (const { from, until } of inOrder) {
    if (from < end) continue
    length++
    end = until
  }
  return length
}

export const isKeys = ({ path }: Requests[number]): boolean => path === "/jwks"
