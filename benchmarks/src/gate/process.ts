/** The process with all subjects, from the side of the measuring process. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawn } from "../harness/Child.ts"
import { subjectNames } from "./subjects.ts"

const Name = Schema.Literals(subjectNames)

export const GateOptions = Schema.Struct({
  /** The order in which the subjects are built: the compiler treats the first one differently. */
  order: Schema.Array(Name),
  /** How many distinct tokens take turns. */
  distinct: Schema.Int,
  rounds: Schema.Int,
  block: Schema.Int,
  warmUp: Schema.Int
})

export const GateSample = Schema.Struct({
  name: Name,
  /** Microseconds of the main thread's CPU for a request. */
  cpu: Schema.Finite,
  /** How much more than the bare server in the same round. */
  extra: Schema.Finite,
  /** What a request allocates. */
  kilobytes: Schema.Finite
})

export type GateSample = typeof GateSample.Type

export const measureGate = Effect.fnUntraced(function*(options: typeof GateOptions.Type) {
  const { ready } = yield* spawn("gate/gateProcess.ts", {
    options,
    ready: Schema.Struct({ samples: Schema.Array(GateSample) })
  })
  return ready.samples
}, Effect.scoped)
