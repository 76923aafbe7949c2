/** What protection adds to a whole MCP request, with client, server and provider in processes of their own. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildFailed } from "../harness/Child.ts"
import { startProvider } from "../harness/provider.ts"
import { makeKey, sign, signMany } from "../harness/tokens.ts"
import { digits, ratio } from "../report/format.ts"
import type { GroupResult } from "../report/model.ts"
import { type Contender, contest, type Cost } from "./rounds.ts"
import { type Kind, startServer } from "./servers.ts"

interface Entry {
  readonly name: string
  readonly base: string
  readonly kind: Kind
  /** Unprotected servers receive a token as well, because the cost of a header is not the cost of protection. */
  readonly tokens: "same" | "distinct"
}

const effect = "Effect, bare"
const express = "Express and the official SDK, bare"

const entries: ReadonlyArray<Entry> = [
  { name: effect, base: effect, kind: { stack: "effect", guard: "bare" }, tokens: "same" },
  { name: "Effect, protected, the same token", base: effect, kind: { stack: "effect", guard: "ours" }, tokens: "same" },
  {
    name: "Effect, protected, distinct tokens",
    base: effect,
    kind: { stack: "effect", guard: "ours" },
    tokens: "distinct"
  },
  { name: express, base: express, kind: { stack: "express", guard: "bare" }, tokens: "distinct" },
  { name: "… requireBearerAuth and jose", base: express, kind: { stack: "express", guard: "sdk" }, tokens: "distinct" },
  { name: "… mcp-auth", base: express, kind: { stack: "express", guard: "mcp-auth" }, tokens: "distinct" },
  {
    name: "… express-oauth2-jwt-bearer",
    base: express,
    kind: { stack: "express", guard: "express-oauth2-jwt-bearer" },
    tokens: "distinct"
  }
]

/** More tokens than the filter of seen tokens holds, so that a repeated token has been forgotten. */
const many = 21_000

const tableOf = (costs: ReadonlyArray<Cost>) => ({
  title: "A whole MCP request (`tools/call`, 2026-07-28, RS256)",
  note:
    "CPU of the server's process. Ratios are to the same server without protection, which is sent the same requests, tokens " +
    "included. No peer remembers a token, so that for them all tokens are distinct.",
  columns: ["", "CPU, ratio", "CPU, µs", "throughput, ratio", "requests/s"],
  rows: costs.map((cost) => [
    cost.name,
    ratio(cost.cpuRatio),
    digits(cost.cpu, 0),
    ratio(cost.throughputRatio),
    digits(cost.throughput, 0)
  ])
})

export const http: Effect.Effect<GroupResult, ChildFailed, Scope.Scope> = Effect.gen(function*() {
  const key = makeKey("RS256")
  const { issuer } = yield* startProvider([key], 0)
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const claims = { issuer, expiresIn: 3600 }
  const same = sign(key, { ...claims, id: "same" }, now).compact
  const pool = signMany(key, { ...claims, count: many }, now).map(({ compact }) => compact)
  const tokens = (which: Entry["tokens"]) => {
    let at = 0
    return () => (which === "same" ? undefined : pool[at++ % many]) ?? same
  }
  const contenders = yield* Effect.forEach(
    entries,
    (entry) =>
      Effect.map(startServer(entry.kind, { issuer }), ({ cpu, port }): Contender => {
        const next = tokens(entry.tokens)
        return { name: entry.name, base: entry.base, port, cpu, call: () => ({ method: "tools/call", token: next() }) }
      })
  )
  const costs = yield* contest(contenders, { rounds: 40, warmUp: 12, times: 200 })
  // What protection may cost is a target of `gate`, which can tell one per cent from another.
  return { tables: [tableOf(costs)], targets: [] }
})
