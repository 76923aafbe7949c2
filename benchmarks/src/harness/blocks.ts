/** Short blocks of each subject in random order, timed by the CPU of the main thread. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { Session } from "node:inspector/promises"

/** Sends many requests, and waits for their responses. */
export type Burst = (times: number) => Promise<void>

export interface Subject<Name extends string> {
  readonly name: Name
  readonly burst: Burst
  /** Microseconds of each round, for one request. */
  readonly cpu: Array<number>
}

/** `threadCpuUsage` alone is brought up to date only by the kernel's ticks; after `cpuUsage` it is exact. */
const threadCpu = (): number => {
  process.cpuUsage()
  const { system, user } = process.threadCpuUsage()
  return system + user
}

/** Times all subjects in each round. `times` is the number of requests of a block. */
export const timeAll = Effect.fnUntraced(function*<Name extends string>(
  subjects: ReadonlyArray<Subject<Name>>,
  { rounds, times }: { readonly rounds: number; readonly times: (name: Name) => number }
) {
  for (let round = 0; round < rounds; round++) {
    for (const subject of yield* Random.shuffle(subjects)) {
      const count = times(subject.name)
      const before = threadCpu()
      yield* Effect.promise(() => subject.burst(count))
      subject.cpu.push((threadCpu() - before) / count)
    }
  }
})

/** Kilobytes that one of so many requests allocates, by sampling. */
export const allocation = Effect.fnUntraced(function*(burst: Burst, times: number) {
  const session = new Session()
  session.connect()
  const options = {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true
  }
  yield* Effect.promise(() => session.post("HeapProfiler.startSampling", options))
  yield* Effect.promise(() => burst(times))
  const { profile } = yield* Effect.promise(() => session.post("HeapProfiler.stopSampling"))
  session.disconnect()
  let bytes = 0
  const visit = (node: typeof profile.head): void => {
    bytes += node.selfSize
    node.children.forEach(visit)
  }
  visit(profile.head)
  return bytes / times / 1024
})
