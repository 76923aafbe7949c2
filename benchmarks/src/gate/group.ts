/** What protection adds to a request, without sockets, client and kernel: servers of one process, asked in memory. */
import * as Effect from "effect/Effect"
import type { ChildFailed } from "../harness/Child.ts"
import { median } from "../harness/stats.ts"
import { digits, ratio } from "../report/format.ts"
import type { GroupResult, Target } from "../report/model.ts"
import { type GateSample, measureGate } from "./process.ts"
import { type SubjectName, subjectNames } from "./subjects.ts"

/** Each process builds the subjects in another order. */
const orders: ReadonlyArray<ReadonlyArray<SubjectName>> = [
  subjectNames,
  subjectNames.toReversed(),
  [...subjectNames.slice(3), ...subjectNames.slice(0, 3)]
]

interface Figures {
  readonly name: SubjectName
  /** One of each process. */
  readonly cpu: ReadonlyArray<number>
  readonly extra: ReadonlyArray<number>
  readonly kilobytes: ReadonlyArray<number>
  readonly ratios: ReadonlyArray<number>
}

const baseOf = (name: SubjectName): SubjectName => name.startsWith("list") ? "list of 100 tools, bare" : "bare"

const figuresOf = (runs: ReadonlyArray<ReadonlyArray<GateSample>>) => (name: SubjectName): Figures => {
  const [own, base] = [name, baseOf(name)].map((one) =>
    runs.flatMap((run) => run.filter((sample) => sample.name === one))
  )
  const pairs = (own ?? []).map((sample, run) => [sample, base?.[run] ?? sample] as const)
  return {
    name,
    cpu: pairs.map(([sample]) => sample.cpu),
    extra: pairs.map(([sample, other]) => sample.extra - other.extra),
    kilobytes: pairs.map(([sample]) => sample.kilobytes),
    // The difference within a round is steadier than the quotient of two medians.
    ratios: pairs.map(([sample, other]) => 1 + (sample.extra - other.extra) / other.cpu)
  }
}

const spread = (values: ReadonlyArray<number>): string =>
  `${ratio(Math.min(...values))} to ${ratio(Math.max(...values))}`

const tableOf = (figures: ReadonlyArray<Figures>) => ({
  title: "A protected request, asked in memory (2026-07-28, RS256)",
  note:
    "CPU of the main thread; the median of three processes that build the servers in three orders, and the spread between them. " +
    "Ratios are to the bare server that answers the same request. The floor provides one service and sets two headers.",
  columns: ["", "ratio", "spread", "more, µs", "CPU, µs", "allocates, KB"],
  rows: figures.map(({ cpu, extra, kilobytes, name, ratios }) => [
    name,
    ratio(median(ratios)),
    spread(ratios),
    digits(median(extra), 1),
    digits(median(cpu), 0),
    digits(median(kilobytes), 0)
  ])
})

const targetsOf = (figures: ReadonlyArray<Figures>): ReadonlyArray<Target> => {
  const of = (name: SubjectName) => figures.find((one) => one.name === name)
  const lists = of("list of 100 tools, protected, a policy for each")?.cpu.map((value, run) =>
    value / (of("list of 100 tools, protected")?.cpu[run] ?? Number.NaN)
  )
  return [
    {
      aim: "A protected request with a remembered token, to the bare one (CPU, in memory)",
      limit: 1.2,
      measured: median(of("protected, the same token")?.ratios ?? []),
      unit: "×"
    },
    {
      aim: "A list of 100 tools with policies, to one without (CPU, in memory)",
      limit: 1.1,
      measured: median(lists ?? []),
      unit: "×"
    }
  ]
}

/** More tokens than the filter of seen tokens holds, so that a repeated token has been forgotten. */
const many = 21_000

export const gate: Effect.Effect<GroupResult, ChildFailed> = Effect.gen(function*() {
  const options = { distinct: many, rounds: 900, block: 8, warmUp: 6000 }
  const runs = yield* Effect.forEach(orders, (order) => measureGate({ ...options, order }))
  const figures = subjectNames.map(figuresOf(runs))
  return { tables: [tableOf(figures)], targets: targetsOf(figures) }
})
