import * as Core from "@effect-mcp-auth/core"
import * as PlatformNode from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { specifications } from "../../../scripts/conformance/all.ts"
import { missingProofs } from "../../../scripts/conformance/proofs.ts"
import type { Requirement } from "../../../scripts/conformance/requirement.ts"

const modules = new Set(["effect", ...Object.keys(Core), ...Object.keys(PlatformNode)])

const implemented = ({ outcome }: Requirement) => outcome._tag === "Implemented" ? [outcome] : []

describe("docs/conformance.md", () => {
  for (const { name, requirements } of specifications) {
    const outcomes = requirements.flatMap(implemented)

    it(`names modules that exist, for ${name}`, () => {
      assert.isAbove(outcomes.length, 0)
      for (const { modules: named } of outcomes) assert.includeMembers([...modules], [...named])
    })

    it(`names tests that exist, for ${name}`, () => {
      assert.deepStrictEqual(missingProofs(requirements), [])
    })

    it(`states each requirement once, for ${name}`, () => {
      const rules = requirements.map(({ level, rule, section }) => `${section} ${level} ${rule}`)
      assert.lengthOf(new Set(rules), rules.length)
    })
  }
})
