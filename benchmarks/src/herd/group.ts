/** A thousand concurrent requests to a server with empty caches, and a thousand more with unknown keys. */
import * as JwkSet from "@effect-mcp-auth/core/JwkSet"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildFailed } from "../harness/Child.ts"
import { makeAgent, send } from "../harness/mcpClient.ts"
import { isKeys, startProvider } from "../harness/provider.ts"
import { type Key, makeKey, sign } from "../harness/tokens.ts"
import { type Kind, startServer } from "../http/servers.ts"
import { digits } from "../report/format.ts"
import type { GroupResult } from "../report/model.ts"

const many = 1000

const latency = 20

const ours = "ours"

const entries: ReadonlyArray<{ readonly name: string; readonly kind: Kind }> = [
  { name: ours, kind: { stack: "effect", guard: "ours" } },
  { name: "mcp-auth", kind: { stack: "express", guard: "mcp-auth" } },
  { name: "requireBearerAuth and jose", kind: { stack: "express", guard: "sdk" } },
  { name: "express-oauth2-jwt-bearer", kind: { stack: "express", guard: "express-oauth2-jwt-bearer" } }
]

const milliseconds = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

/** Sends all of them before any is answered. Says how they were answered, and when the last one was. */
const herd = Effect.fnUntraced(function*(port: number, tokens: ReadonlyArray<string>) {
  const agent = makeAgent(Infinity)
  const start = yield* milliseconds
  const answers = yield* Effect.promise(() =>
    Promise.all(tokens.map((token) => send({ port, agent }, { method: "tools/call", token })))
  )
  agent.destroy()
  const statuses = [...new Set(answers.map(({ status }) => status))].toSorted((a, b) => a - b)
  return { took: (yield* milliseconds) - start, statuses: statuses.join(", ") }
})

const measure = Effect.fnUntraced(function*({ kind, name }: (typeof entries)[number], key: Key) {
  const provider = yield* startProvider([key], latency)
  const { port } = yield* startServer(kind, { issuer: provider.issuer })
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const claims = { issuer: provider.issuer, expiresIn: 3600 }
  const cold = Array.from({ length: many }, (_, id) => sign(key, { ...claims, id }, now).compact)
  const unknown = cold.map((_, id) => sign({ ...key, kid: `unknown-${id}` }, { ...claims, id }, now).compact)
  const first = yield* herd(port, cold)
  const asked = yield* provider.requests
  const second = yield* herd(port, unknown)
  const askedAgain = yield* provider.requests
  const keys = asked.filter(isKeys).length
  return { name, first, metadata: asked.length - keys, keys, second, again: askedAgain.filter(isKeys).length }
}, Effect.scoped)

type Measured = Effect.Success<ReturnType<typeof measure>>

const tableOf = (rows: ReadonlyArray<Measured>) => ({
  title: `${digits(many, 0)} requests at once`,
  note:
    `Requests to a provider that answers after ${latency} ms: by the first requests of a server, and then by tokens each ` +
    "of which names another key that the provider does not have.",
  columns: ["", "metadata", "keys", "answers", "ms to the last", "unknown keys: keys", "answers", "ms to the last"],
  rows: rows.map(({ again, first, keys, metadata, name, second }) => [
    name,
    String(metadata),
    String(keys),
    first.statuses,
    digits(first.took, 0),
    String(again),
    second.statuses,
    digits(second.took, 0)
  ])
})

export const herds: Effect.Effect<GroupResult, ChildFailed, Scope.Scope> = Effect.gen(function*() {
  const key = makeKey("ES256")
  const rows = yield* Effect.forEach(entries, (entry) => measure(entry, key))
  const own = rows.find(({ name }) => name === ours)
  const target = (aim: string, measured: number | undefined, limit = 1) => ({
    aim: `Herd of ${digits(many, 0)}, ours: ${aim}`,
    limit,
    measured: measured ?? Number.NaN,
    unit: ""
  })
  return {
    tables: [tableOf(rows)],
    targets: [
      target("metadata requests", own?.metadata),
      target("key requests", own?.keys),
      // A fetch can have begun before a key was published, so there are several, within the allowance.
      target("key requests for as many unknown keys", own?.again, JwkSet.defaultRefetches.limit)
    ]
  }
})
