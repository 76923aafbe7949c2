/** The results of a soak as tables, and the problems among them. */
import type { Attack } from "./sessions.ts"
import type { Health } from "./settings.ts"
import { explains, type Stall } from "./stalls.ts"

/** The maximum growth of the server's memory from the second quarter of a soak to the last one, in bytes. */
export const mostGrowth = 16 * 1024 * 1024

/**
 * The maximum ratio between the latency of valid tokens in a flood of invalid ones and among as many valid ones. The
 * aim is 2.
 */
export const mostSlower = 4

export const percentile = (values: ReadonlyArray<number>, part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0

const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)

/** The growth of memory between two times, when nothing that is bounded should grow any more. */
export const growth = (heap: ReadonlyArray<number>): number => {
  const quarter = Math.floor(heap.length / 4)
  return median(heap.slice(-quarter)) - median(heap.slice(quarter, 2 * quarter))
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)).join(
      "  "
    )
  )
}

/** A wrong response, with the times of its request and of its arrival. */
export interface Complaint {
  readonly text: string
  readonly asked: number
  readonly answered: number
  readonly isTimed: boolean
}

/** Counts and latencies, by name. */
export class Seen {
  readonly statuses = new Map<string, Map<number, number>>()
  readonly times = new Map<string, Array<number>>()
  private readonly complaints: Array<Complaint> = []
  total = 0

  answer(kind: string, status: number, took: number): void {
    this.total++
    const counts = this.statuses.get(kind) ?? new Map<number, number>()
    counts.set(status, (counts.get(status) ?? 0) + 1)
    this.statuses.set(kind, counts)
    const times = this.times.get(kind) ?? []
    // Enough for a percentile, and bounded, however long the soak runs.
    if (times.length < 50_000) times.push(took)
    this.times.set(kind, times)
  }

  complain(complaint: Complaint): void {
    this.complaints.push(complaint)
  }

  /** Wrong responses, and the number of those that stalls of the machine explain. */
  verdict(stalls: ReadonlyArray<Stall>): { readonly wrong: ReadonlyArray<string>; readonly explained: number } {
    const wrong = this.complaints.filter(({ answered, asked, isTimed }) =>
      !(isTimed && explains(stalls, asked, answered))
    )
    return { wrong: wrong.map(({ text }) => text), explained: this.complaints.length - wrong.length }
  }

  answers(): ReadonlyArray<string> {
    const statuses = [200, 400, 401, 503]
    return table([
      ["sent", ...statuses.map(String), "other", "p50 ms", "p99 ms", "max ms"],
      ...[...this.statuses].map(([kind, counts]) => {
        const times = this.times.get(kind) ?? []
        const other = [...counts].filter(([status]) => !statuses.includes(status)).reduce(
          (sum, [, count]) => sum + count,
          0
        )
        return [
          kind,
          ...statuses.map((status) => String(counts.get(status) ?? 0)),
          String(other),
          ...[0.5, 0.99, 1].map((part) => percentile(times, part).toFixed(2))
        ]
      })
    ])
  }
}

/** The responses to a flood of sessions without a token, and the memory that it left in the server. */
export const sessions = ({ seen, sent }: Attack, kept: number): ReadonlyArray<string> => [
  ...table([
    ["anonymous sessions, begun with", "200", "413", "no response"],
    ...Object.entries(seen).map(([wave, counts]) => [
      wave,
      ...["200", "413", "0"].map((status) => String(counts[status] ?? 0))
    ])
  ]),
  `${sent} sessions begun without a token left ${megabytes(kept)} MB in the heap, of ${megabytes(mostGrowth)} allowed`
]

/** The memory of the server, sampled after garbage collections. */
export const memory = (samples: ReadonlyArray<Health>): ReadonlyArray<string> => {
  const heap = samples.map(({ heapUsed }) => heapUsed)
  const parts = Array.from({ length: 8 }, (_, part) => heap[Math.floor((part / 7) * (heap.length - 1))] ?? 0)
  return [
    `heap in MB, over time: ${parts.map(megabytes).join("  ")}`,
    `heap grew by ${megabytes(growth(heap))} MB from the second quarter to the last, of ${
      megabytes(mostGrowth)
    } allowed; ` +
    `resident at the end: ${megabytes(samples.at(-1)?.rss ?? 0)} MB; ${samples.length} samples`
  ]
}

/** Latencies of valid tokens, by the traffic beside them. */
export const latencies = (phases: ReadonlyMap<string, ReadonlyArray<number>>): ReadonlyArray<string> =>
  table([
    ["latency of valid tokens", "requests", "p50 ms", "p95 ms", "p99 ms"],
    ...[...phases].map(([phase, times]) => [
      phase,
      String(times.length),
      ...[0.5, 0.95, 0.99].map((part) => percentile(times, part).toFixed(2))
    ])
  ])
