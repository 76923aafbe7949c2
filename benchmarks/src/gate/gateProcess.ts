/**
 * All subjects in one process, in blocks of a few requests in random order. What counts is the CPU time of the main thread,
 * and the median of the differences within a round.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { allocation, type Subject, timeAll } from "../harness/blocks.ts"
import { optionsOf, tell } from "../harness/parent.ts"
import { median } from "../harness/stats.ts"
import { jwkOf, makeKey, quietIssuer, sign, signMany } from "../harness/tokens.ts"
import { GateOptions, type GateSample } from "./process.ts"
import { start, type SubjectName } from "./subjects.ts"

const { block, distinct, order, rounds, warmUp } = optionsOf(GateOptions)

/** A list of 100 tools costs as much as ten calls. */
const sizeOf = (name: SubjectName, calls: number): number =>
  name.startsWith("list") ? Math.max(1, Math.round(calls / 10)) : calls

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
    (name) => Effect.map(start(name, provided), (built): Subject<SubjectName> => ({ ...built, cpu: [] }))
  )
  for (let done = 0; done < warmUp; done += 200) {
    for (const subject of subjects) yield* Effect.promise(() => subject.burst(sizeOf(subject.name, 200)))
  }
  yield* timeAll(subjects, { rounds, times: (name) => sizeOf(name, block) })
  const base = subjects.find(({ name }) => name === "bare")?.cpu ?? []
  const samples = yield* Effect.forEach(
    subjects,
    (subject) =>
      Effect.map(allocation(subject.burst, sizeOf(subject.name, 1000)), (kilobytes): GateSample => ({
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
