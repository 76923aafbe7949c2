/** Whole requests to several servers, in rounds that go from one to the next. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ChildFailed } from "../harness/Child.ts"
import { burst, type Call, makeAgent } from "../harness/mcpClient.ts"
import { median } from "../harness/stats.ts"

/** A server, and what it is asked. */
export interface Contender {
  readonly name: string
  /** With whom it is compared: the same server without protection. */
  readonly base: string
  readonly port: number
  readonly cpu: Effect.Effect<number, ChildFailed>
  readonly call: () => Call
}

export interface Cost {
  readonly name: string
  /** Microseconds of the server's CPU for a request. */
  readonly cpu: number
  /** Requests in a second. */
  readonly throughput: number
  readonly cpuRatio: number
  readonly throughputRatio: number
}

export interface Rounds {
  readonly rounds: number
  readonly warmUp: number
  readonly times: number
}

interface Sample {
  readonly cpu: number
  readonly throughput: number
}

/** Enough to keep a server busy, and few enough not to keep the client busy with waiting. */
const concurrency = 8

const sampleOf = Effect.fnUntraced(function*(
  { call, cpu, port }: Contender,
  agent: ReturnType<typeof makeAgent>,
  times: number
): Effect.fn.Return<Sample, ChildFailed> {
  const before = yield* cpu
  const start = yield* Clock.currentTimeNanos
  yield* Effect.promise(() => burst({ port, agent }, { times, concurrency, call }))
  const seconds = Number((yield* Clock.currentTimeNanos) - start) / 1e9
  return { cpu: ((yield* cpu) - before) / times, throughput: times / seconds }
})

const costOf = (name: string, own: ReadonlyArray<Sample>, base: ReadonlyArray<Sample>): Cost => {
  const to = (of: (sample: Sample) => number) =>
    median(own.flatMap((sample, round) => {
      const other = base[round]
      return other === undefined ? [] : [of(sample) / of(other)]
    }))
  return {
    name,
    cpu: median(own.map(({ cpu }) => cpu)),
    throughput: median(own.map(({ throughput }) => throughput)),
    cpuRatio: to(({ cpu }) => cpu),
    throughputRatio: to(({ throughput }) => throughput)
  }
}

/** The costs of all, and as ratios of the same round to the one that they are compared with. */
export const contest = Effect.fnUntraced(function*(
  contenders: ReadonlyArray<Contender>,
  { rounds, times, warmUp }: Rounds
): Effect.fn.Return<ReadonlyArray<Cost>, ChildFailed> {
  const agent = makeAgent(concurrency)
  const samples = new Map<string, Array<Sample>>(contenders.map(({ name }) => [name, []]))
  for (let round = -warmUp; round < rounds; round++) {
    // The order alternates, so that no server always follows the same one.
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const sample = yield* sampleOf(contender, agent, times)
      if (round >= 0) samples.get(contender.name)?.push(sample)
    }
  }
  agent.destroy()
  return contenders.map(({ base, name }) => costOf(name, samples.get(name) ?? [], samples.get(base) ?? []))
})
