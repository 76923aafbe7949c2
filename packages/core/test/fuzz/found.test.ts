/** What fuzzing has found stays found. */
import { describe, it } from "@effect/vitest"
import * as Found from "./found.ts"
import * as Properties from "./properties.ts"

describe("what fuzzing has found", () => {
  for (const { input, rule } of Found.keySets) it.effect(`in key sets: ${rule}`, () => Properties.keySetHolds(input))

  for (const { input, rule } of Found.introspections) {
    it.effect(`in what a provider says of a token: ${rule}`, () => Properties.introspectionHolds(input))
  }
})
