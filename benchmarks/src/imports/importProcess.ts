/** Imports modules, and says what that took. */
import * as Schema from "effect/Schema"
import { optionsOf, tell } from "../harness/parent.ts"

const { before, measured } = optionsOf(Schema.Struct({
  before: Schema.Array(Schema.String),
  measured: Schema.Array(Schema.String)
}))

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

// One after the other, as a program's own imports are evaluated.
// eslint-disable-next-line no-await-in-loop
for (const name of before) await import(name)
const [memory, start] = [heap(), performance.now()]
// eslint-disable-next-line no-await-in-loop
for (const name of measured) await import(name)
const took = performance.now() - start
tell({ took, heap: heap() - memory })
