import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"

const root = new URL("../../../", import.meta.url)

/** The tests that the document names: their names and files. */
const proofs = [...readFileSync(new URL("SECURITY.md", root), "utf8").matchAll(/\[([^\]]+)\]\((packages\/[^)]+)\)/g)]

describe("SECURITY.md", () => {
  it("names tests", () => {
    assert.isAbove(proofs.length, 30)
  })

  for (const [, name = "", path = ""] of proofs) {
    it(`names a test that exists: "${name}" in ${path}`, () => {
      const file = fileURLToPath(new URL(path, root))
      assert.isTrue(existsSync(file))
      if (basename(file) !== `${name}.test.ts`) assert.include(readFileSync(file, "utf8"), name)
    })
  }
})
