/** The cost of verifying a token, as a multiple of the cost of its signature. */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ChildFailed } from "../harness/Child.ts"
import { interleave, type Timing } from "../harness/interleave.ts"
import {
  type Algorithm,
  algorithms,
  type Key,
  makeKey,
  quietIssuer,
  type Sent,
  sign,
  signMany
} from "../harness/tokens.ts"
import { micros, ratio } from "../report/format.ts"
import type { GroupResult, Table, Target } from "../report/model.ts"
import { start } from "./process.ts"
import { unit } from "./subject.ts"
import { verifiers } from "./verifiers.ts"

/** More tokens than one batch verifies on any machine, so that no verifier sees a token twice. */
const many = 20_000

interface Scenario {
  readonly name: "distinct" | "same" | "bad signature" | "expired"
  readonly tokens: Arr.NonEmptyReadonlyArray<Sent>
  readonly areGood: boolean
}

const scenariosOf = (key: Key, now: number): ReadonlyArray<Scenario> => {
  const claims = { issuer: quietIssuer, expiresIn: 3600 }
  return [
    { name: "distinct", tokens: signMany(key, { ...claims, count: many }, now), areGood: true },
    { name: "same", tokens: [sign(key, { ...claims, id: 0 }, now)], areGood: true },
    { name: "bad signature", tokens: signMany(makeKey(key.algorithm), { ...claims, count: 500 }, now), areGood: false },
    { name: "expired", tokens: signMany(key, { ...claims, expiresIn: -3600, count: 500 }, now), areGood: false }
  ]
}

interface Measured {
  readonly algorithm: Algorithm
  readonly scenario: Scenario["name"]
  readonly timings: ReadonlyArray<Timing>
}

const measure = Effect.fnUntraced(function*(algorithm: Algorithm, now: number) {
  const key = makeKey(algorithm)
  const able = verifiers.filter(({ supports }) => supports === undefined || supports(key))
  const contenders = yield* Effect.forEach([unit, ...able.map(({ name }) => name)], (name) => start(name, key))
  return yield* Effect.forEach(scenariosOf(key, now), (scenario) =>
    Effect.gen(function*() {
      const subjects = yield* Effect.forEach(contenders, ({ take }) => take(scenario.tokens, scenario.areGood))
      const timings = yield* interleave(subjects, { rounds: 9, batch: 60, warmUp: 800 })
      return { algorithm, scenario: scenario.name, timings } satisfies Measured
    }))
}, Effect.scoped)

const tableOf = (measured: ReadonlyArray<Measured>, algorithm: Algorithm): Table => {
  const own = measured.filter((one) => one.algorithm === algorithm)
  const at = ({ timings }: Measured, name: string) => timings.find((timing) => timing.name === name)
  return {
    title: `Verification, ${algorithm}`,
    columns: ["", ...own.flatMap(({ scenario }) => [scenario, "µs"])],
    rows: [unit, ...verifiers.map(({ name }) => name)].map((name) => [
      name,
      ...own.flatMap((one) => {
        const timing = at(one, name)
        return timing === undefined ? ["–", "–"] : [ratio(timing.ratio), micros(timing.nanos)]
      })
    ])
  }
}

const aims: ReadonlyArray<readonly [Algorithm, Scenario["name"], limit: number]> = [
  ["RS256", "same", 0.09],
  ["RS256", "distinct", 1.3],
  ["ES256", "distinct", 1.2],
  ["EdDSA", "distinct", 1.2]
]

const targetsOf = (measured: ReadonlyArray<Measured>): ReadonlyArray<Target> =>
  aims.map(([algorithm, scenario, limit]) => ({
    aim: `${algorithm}, ${
      scenario === "same" ? "the same token" : "distinct tokens"
    }, ours on Node to its bare signature`,
    limit,
    measured: measured.find((one) => one.algorithm === algorithm && one.scenario === scenario)?.timings
      .find(({ name }) => name === "ours, on Node")?.ratio ?? Number.NaN,
    unit: "×"
  }))

export const verification: Effect.Effect<GroupResult, ChildFailed> = Effect.gen(function*() {
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const measured = (yield* Effect.forEach(algorithms, (algorithm) => measure(algorithm, now))).flat()
  return { tables: algorithms.map((algorithm) => tableOf(measured, algorithm)), targets: targetsOf(measured) }
})
