/** The retained heap by the number of tokens. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawn } from "../harness/Child.ts"
import { digits, megabytes } from "../report/format.ts"

const samples = 20

const Trace = Schema.Struct({ trace: Schema.Array(Schema.Struct({ tokens: Schema.Int, heap: Schema.Finite })) })

export const memory = Effect.fnUntraced(function*(tokens: number) {
  const { ready: { trace } } = yield* spawn("flat/memoryProcess.ts", {
    options: { tokens, samples },
    ready: Trace,
    nodeOptions: ["--expose-gc"]
  })
  // The first sample after the start has all the tokens that are remembered at once, and everything that was compiled.
  const [, full] = trace
  const last = trace.at(-1)
  return {
    table: {
      title: `The heap over ${digits(tokens, 0)} distinct tokens`,
      note: "After a forced collection, with as many tokens remembered as may be (10,000).",
      columns: ["tokens so far", "heap, MiB"],
      rows: trace.map(({ heap, tokens }) => [digits(tokens, 0), megabytes(heap)])
    },
    target: {
      aim: `The heap after ${digits(tokens, 0)} distinct tokens, to that after ${digits(full?.tokens ?? 0, 0)}`,
      limit: 1.1,
      measured: (last?.heap ?? Number.NaN) / (full?.heap ?? Number.NaN),
      unit: "×"
    }
  }
}, Effect.scoped)
