/** What an access token costs a client that has one: `McpOAuth` under Effect's `McpClient`, to a static header. */
import * as Effect from "effect/Effect"
import type { ChildFailed } from "../harness/Child.ts"
import { median } from "../harness/stats.ts"
import { digits, ratio } from "../report/format.ts"
import type { GroupResult, Target } from "../report/model.ts"
import { type ClientSample, measureClients } from "./process.ts"
import { type SubjectName, subjectNames } from "./subjects.ts"

/** Each process builds the clients in another order. */
const orders: ReadonlyArray<ReadonlyArray<SubjectName>> = [
  subjectNames,
  subjectNames.toReversed(),
  [...subjectNames.slice(1), ...subjectNames.slice(0, 1)]
]

interface Figures {
  readonly name: SubjectName
  /** One of each process. */
  readonly samples: ReadonlyArray<ClientSample>
  readonly ratios: ReadonlyArray<number>
}

const figuresOf = (runs: ReadonlyArray<ReadonlyArray<ClientSample>>) => (name: SubjectName): Figures => {
  const of = (one: SubjectName) => runs.flatMap((run) => run.filter((sample) => sample.name === one))
  const samples = of(name)
  const base = of("static header")
  return {
    name,
    samples,
    // The difference within a round is steadier than the quotient of two medians.
    ratios: samples.map(({ extra }, run) => 1 + extra / (base[run]?.cpu ?? Number.NaN))
  }
}

const tableOf = (figures: ReadonlyArray<Figures>) => ({
  title: "An authorized tools/call of Effect's McpClient, answered in memory (2026-07-28)",
  note:
    "CPU of the main thread; the median of three processes that build the clients in three orders, and the spread between " +
    "them. Ratios are to the client whose header is static. The floor sets the header for each request (`HttpClient.mapRequest`).",
  columns: ["", "ratio", "spread", "more, µs", "CPU, µs", "allocates, KB"],
  rows: figures.map(({ name, ratios, samples }) => [
    name,
    ratio(median(ratios)),
    `${ratio(Math.min(...ratios))} to ${ratio(Math.max(...ratios))}`,
    digits(median(samples.map(({ extra }) => extra)), 1),
    digits(median(samples.map(({ cpu }) => cpu)), 0),
    digits(median(samples.map(({ kilobytes }) => kilobytes)), 0)
  ])
})

const targetsOf = (figures: ReadonlyArray<Figures>): ReadonlyArray<Target> => [{
  aim: "A call with a stored token, to one with a static header (CPU, in memory)",
  limit: 1.05,
  measured: median(figures.find(({ name }) => name === "McpOAuth")?.ratios ?? []),
  unit: "×"
}]

export const client: Effect.Effect<GroupResult, ChildFailed> = Effect.gen(function*() {
  const options = { rounds: 1500, block: 8, warmUp: 6000 }
  const runs = yield* Effect.forEach(orders, (order) => measureClients({ ...options, order }))
  const figures = subjectNames.map(figuresOf(runs))
  return { tables: [tableOf(figures)], targets: targetsOf(figures) }
})
