/** Inputs that fuzzing has found stay covered. */
import { describe, it } from "@effect/vitest"
import * as Found from "./found.ts"
import * as Properties from "./properties.ts"

describe("an input that fuzzing has found is handled", () => {
  for (const { input, rule } of Found.keySets) it.effect(`in key sets: ${rule}`, () => Properties.keySetHolds(input))

  for (const { input, rule } of Found.introspections) {
    it.effect(`in introspection responses: ${rule}`, () => Properties.introspectionHolds(input))
  }
})
