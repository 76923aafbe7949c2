import * as Core from "@effect-mcp-auth/core"
import * as PlatformNode from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { specifications } from "../../../scripts/conformance/all.ts"
import { pathOf, type Requirement } from "../../../scripts/conformance/requirement.ts"

const root = new URL("../../../", import.meta.url)

const modules = new Set(["effect", ...Object.keys(Core), ...Object.keys(PlatformNode)])

/** A title as it is written in its file: as a string, or as a template with what it is made of. */
const written = (title: string): string => title.startsWith("`") ? title : JSON.stringify(title)

const implemented = ({ outcome }: Requirement) => outcome._tag === "Implemented" ? [outcome] : []

describe("docs/conformance.md", () => {
  for (const { name, requirements } of specifications) {
    const outcomes = requirements.flatMap(implemented)

    it(`names modules that exist, for ${name}`, () => {
      assert.isAbove(outcomes.length, 0)
      for (const { modules: named } of outcomes) assert.includeMembers([...modules], [...named])
    })

    it(`names tests that exist, for ${name}`, () => {
      const missing = outcomes.flatMap(({ proofs }) => proofs).filter(([file, title]) =>
        !readFileSync(new URL(pathOf(file), root), "utf8").includes(written(title))
      )
      assert.deepStrictEqual(missing, [])
    })

    it(`states each requirement once, for ${name}`, () => {
      const rules = requirements.map(({ level, rule, section }) => `${section} ${level} ${rule}`)
      assert.lengthOf(new Set(rules), rules.length)
    })
  }
})
