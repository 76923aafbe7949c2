/**
 * All subjects in one process, in blocks of a few requests in random order. What counts is the CPU time of the main thread,
 * and the median of the differences within a round.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { Session } from "node:inspector/promises"
import { optionsOf, tell } from "../harness/parent.ts"
import { median } from "../harness/stats.ts"
import { jwkOf, makeKey, quietIssuer, sign, signMany } from "../harness/tokens.ts"
import { GateOptions, type GateSample } from "./process.ts"
import { start, type SubjectName } from "./subjects.ts"
import type { Burst } from "./wire.ts"

const { block, distinct, order, rounds, warmUp } = optionsOf(GateOptions)

interface Subject {
  readonly name: SubjectName
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

/** A list of 100 tools costs as much as ten calls. */
const sizeOf = ({ name }: Subject, calls: number): number =>
  name.startsWith("list") ? Math.max(1, Math.round(calls / 10)) : calls

const timeAll = Effect.fnUntraced(function*(subjects: ReadonlyArray<Subject>) {
  for (let round = 0; round < rounds; round++) {
    for (const subject of yield* Random.shuffle(subjects)) {
      const times = sizeOf(subject, block)
      const before = threadCpu()
      yield* Effect.promise(() => subject.burst(times))
      subject.cpu.push((threadCpu() - before) / times)
    }
  }
})

/** Kilobytes that one request allocates, by sampling. */
const allocation = Effect.fnUntraced(function*(subject: Subject) {
  const session = new Session()
  session.connect()
  const times = sizeOf(subject, 1000)
  const options = {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true
  }
  yield* Effect.promise(() => session.post("HeapProfiler.startSampling", options))
  yield* Effect.promise(() => subject.burst(times))
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

const program = Effect.gen(function*() {
  const key = makeKey("RS256")
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const claims = { issuer: quietIssuer, expiresIn: 7200 }
  const provided = {
    jwk: jwkOf(key),
    same: sign(key, { ...claims, id: "same" }, now).compact,
    distinct: signMany(key, { ...claims, count: distinct }, now).map(({ compact }) => compact)
  }
  const subjects = yield* Effect.forEach(
    order,
    (name) => Effect.map(start(name, provided), (built): Subject => ({ ...built, cpu: [] }))
  )
  for (let done = 0; done < warmUp; done += 200) {
    for (const subject of subjects) yield* Effect.promise(() => subject.burst(sizeOf(subject, 200)))
  }
  yield* timeAll(subjects)
  const base = subjects.find(({ name }) => name === "bare")?.cpu ?? []
  const samples = yield* Effect.forEach(
    subjects,
    (subject) =>
      Effect.map(allocation(subject), (kilobytes): GateSample => ({
        name: subject.name,
        cpu: median(subject.cpu),
        extra: median(subject.cpu.map((value, round) => value - (base[round] ?? Number.NaN))),
        kilobytes
      }))
  )
  tell({ samples })
  return yield* Effect.never
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
