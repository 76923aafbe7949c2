/** The time from start to the first response, with a provider that takes 20 ms for each response. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type ChildFailed, spawn } from "../harness/Child.ts"
import { type Provider, sequential, startProvider } from "../harness/provider.ts"
import { median } from "../harness/stats.ts"
import { makeKey, sign } from "../harness/tokens.ts"
import type { ServerOptions } from "../http/servers.ts"
import { digits } from "../report/format.ts"
import type { GroupResult } from "../report/model.ts"

const latency = 20

const repetitions = 7

interface Entry {
  readonly name: string
  readonly server: (issuer: string) => typeof ServerOptions.Type
}

const common = { tools: 1, eager: false } as const

const ours = "ours"

const eager = "ours, eager"

const entries: ReadonlyArray<Entry> = [
  { name: ours, server: (issuer) => ({ ...common, stack: "effect", guard: "ours", issuer }) },
  { name: eager, server: (issuer) => ({ ...common, stack: "effect", guard: "ours", issuer, eager: true }) },
  { name: "mcp-auth", server: (issuer) => ({ ...common, stack: "express", guard: "mcp-auth", issuer }) },
  { name: "mcp-auth, eager", server: (issuer) => ({ ...common, stack: "express", guard: "mcp-auth, eager", issuer }) },
  {
    name: "express-oauth2-jwt-bearer",
    server: (issuer) => ({ ...common, stack: "express", guard: "express-oauth2-jwt-bearer", issuer })
  }
]

const Answered = Schema.Struct({
  ready: Schema.Finite,
  readyAt: Schema.Finite,
  answered: Schema.Finite,
  status: Schema.Literal(200)
})

const once = Effect.fnUntraced(function*({ server }: Entry, provider: Provider, token: string) {
  const child = yield* spawn("cold/coldProcess.ts", {
    options: { server: server(provider.issuer), token },
    ready: Answered
  })
  return { ...child.ready, requests: yield* provider.requests }
}, Effect.scoped)

type Outcome = Effect.Success<ReturnType<typeof once>>

const rowOf = ({ name }: Entry, outcomes: ReadonlyArray<Outcome>) => ({
  name,
  ready: median(outcomes.map(({ ready }) => ready)),
  answered: median(outcomes.map(({ answered }) => answered)),
  requests: Math.max(...outcomes.map(({ requests }) => requests.length)),
  trips: Math.max(...outcomes.map(({ requests }) => sequential(requests))),
  late: Math.max(...outcomes.map(({ readyAt, requests }) => requests.filter(({ from }) => from > readyAt).length))
})

const targetsOf = (rows: ReadonlyArray<ReturnType<typeof rowOf>>) => [
  {
    aim: "Cold start, ours: requests to the provider, one after the other",
    limit: 2,
    measured: rows.find(({ name }) => name === ours)?.trips ?? Number.NaN,
    unit: ""
  },
  {
    aim: "Cold start, ours, eager: requests to the provider after the server is ready",
    limit: 0,
    measured: rows.find(({ name }) => name === eager)?.late ?? Number.NaN,
    unit: ""
  }
]

export const coldStart: Effect.Effect<GroupResult, ChildFailed, Scope.Scope> = Effect.gen(function*() {
  const key = makeKey("RS256")
  const provider = yield* startProvider([key], latency)
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const token = sign(key, { issuer: provider.issuer, id: 1, expiresIn: 3600 }, now).compact
  const outcomes = new Map<Entry, Array<Outcome>>(entries.map((entry) => [entry, []]))
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const entry of entries) outcomes.get(entry)?.push(yield* once(entry, provider, token))
  }
  const rows = entries.map((entry) => rowOf(entry, outcomes.get(entry) ?? []))
  return {
    tables: [{
      title: `Cold start, with a provider that answers after ${latency} ms`,
      note:
        "From when the server is built, with everything imported, to the first answered call. Medians of fresh processes; " +
        "of the requests to the provider the most that any of them made.",
      columns: ["", "ms to ready", "ms to the first answer", "requests", "one after the other", "after it was ready"],
      rows: rows.map(({ answered, late, name, ready, requests, trips }) => [
        name,
        digits(ready, 1),
        digits(answered, 1),
        String(requests),
        String(trips),
        String(late)
      ])
    }],
    targets: targetsOf(rows)
  }
})
