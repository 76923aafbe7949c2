/** What a request costs where the server has more tools: a call of one, and a list of all. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Call } from "../harness/mcpClient.ts"
import { startProvider } from "../harness/provider.ts"
import { makeKey, sign } from "../harness/tokens.ts"
import { type Contender, contest, type Cost, type Rounds } from "../http/rounds.ts"
import { startServer } from "../http/servers.ts"
import { digits, ratio } from "../report/format.ts"

const counts = [1, 100, 10_000]

const base = (count: number) => `bare ${count}`

const guarded = (count: number) => `protected ${count}`

/** A list of ten thousand takes as long as thousands of calls. */
const roundsOf = (method: Call["method"], count: number): Rounds => {
  if (method === "tools/call") return { rounds: 20, warmUp: 8, times: 120 }
  return count > 1000 ? { rounds: 3, warmUp: 1, times: 8 } : { rounds: 10, warmUp: 4, times: 60 }
}

const pair = Effect.fnUntraced(function*(count: number, issuer: string) {
  const common = { issuer, tools: count }
  return {
    count,
    bare: yield* startServer({ stack: "effect", guard: "bare" }, common),
    ours: yield* startServer({ stack: "effect", guard: "ours" }, common)
  }
})

type Pair = Effect.Success<ReturnType<typeof pair>>

const contendersOf = ({ bare, count, ours }: Pair, method: Call["method"], token: string): ReadonlyArray<Contender> => [
  { ...bare, name: base(count), base: base(count), call: () => ({ method, token }) },
  { ...ours, name: guarded(count), base: base(count), call: () => ({ method, token }) }
]

const rowOf = (costs: ReadonlyArray<Cost>, count: number) => {
  const cost = (name: string) => costs.find((one) => one.name === name)
  const [own, first] = [cost(guarded(count)), cost(guarded(1))]
  return {
    bare: cost(base(count))?.cpu ?? Number.NaN,
    ours: own?.cpu ?? Number.NaN,
    ratio: own?.cpuRatio ?? Number.NaN,
    growth: (own?.cpu ?? Number.NaN) / (first?.cpu ?? Number.NaN)
  }
}

const tableOf = (title: string, costs: ReadonlyArray<Cost>) => ({
  title,
  note: "CPU of the server's process, in µs, with a remembered token.",
  columns: ["tools", "bare", "protected", "protected to bare", "protected, to one tool"],
  rows: counts.map((count) => {
    const row = rowOf(costs, count)
    return [digits(count, 0), digits(row.bare, 0), digits(row.ours, 0), ratio(row.ratio), ratio(row.growth)]
  })
})

export const tools = Effect.gen(function*() {
  const key = makeKey("RS256")
  const { issuer } = yield* startProvider([key], 0)
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const token = sign(key, { issuer, id: 1, expiresIn: 3600 }, now).compact
  const pairs = yield* Effect.forEach(counts, (count) => pair(count, issuer))
  // All calls are in one contest, because what is asked is whether they cost the same.
  const calls = yield* contest(
    pairs.flatMap((one) => contendersOf(one, "tools/call", token)),
    roundsOf("tools/call", 1)
  )
  const lists = yield* Effect.forEach(
    pairs,
    (one) => contest(contendersOf(one, "tools/list", token), roundsOf("tools/list", one.count))
  )
  return {
    tables: [tableOf("A call, by the number of tools", calls), tableOf("A list of all tools", lists.flat())],
    target: {
      aim: "A protected call with 10,000 tools, to one with one (CPU)",
      limit: 1.1,
      measured: rowOf(calls, 10_000).growth,
      unit: "×"
    }
  }
}).pipe(Effect.scoped)
