/**
 * All clients in one process, in blocks of a few calls in random order. What counts is the CPU time of the main thread, and
 * the median of the differences within a round.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { allocation, timeAll } from "../harness/blocks.ts"
import { optionsOf, tell } from "../harness/parent.ts"
import { median } from "../harness/stats.ts"
import { makeKey, quietIssuer, sign } from "../harness/tokens.ts"
import { ClientOptions, type ClientSample } from "./process.ts"
import { start } from "./subjects.ts"

const { block, order, rounds, warmUp } = optionsOf(ClientOptions)

const program = Effect.gen(function*() {
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const token = sign(makeKey("RS256"), { issuer: quietIssuer, expiresIn: 7200, id: "same" }, now).compact
  const subjects = yield* Effect.forEach(
    order,
    (name) => Effect.map(start(name, token), (built) => ({ ...built, cpu: Array.of<number>() }))
  )
  for (let done = 0; done < warmUp; done += 200) {
    for (const subject of subjects) yield* Effect.promise(() => subject.burst(200))
  }
  const usesOfStores = () => subjects.reduce((sum, { usesOfStore }) => sum + usesOfStore(), 0)
  const before = usesOfStores()
  yield* timeAll(subjects, { rounds, times: () => block })
  if (usesOfStores() !== before) return yield* Effect.die("A timed call has used the credential store")
  const base = subjects.find(({ name }) => name === "static header")?.cpu ?? []
  const samples = yield* Effect.forEach(
    subjects,
    ({ burst, cpu, name }) =>
      Effect.map(allocation(burst, 1000), (kilobytes): ClientSample => ({
        name,
        cpu: median(cpu),
        extra: median(cpu.map((value, round) => value - (base[round] ?? Number.NaN))),
        kilobytes
      }))
  )
  tell({ samples })
  return yield* Effect.never
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
