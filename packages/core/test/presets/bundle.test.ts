import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { build } from "esbuild"
import { fileURLToPath } from "node:url"

const core = fileURLToPath(new URL("../../src", import.meta.url))

/** The modules of presets in the bundle of a program, as size-limit bundles it: dead code is removed. */
const presetsIn = (program: string) =>
  Effect.map(
    Effect.promise(() =>
      build({
        stdin: { contents: program, resolveDir: core, loader: "ts" },
        bundle: true,
        format: "esm",
        splitting: true,
        outdir: "bundle",
        write: false,
        metafile: true,
        treeShaking: true,
        external: ["effect/*", "jose"]
      })
    ),
    ({ metafile, outputFiles }) => {
      const entry = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === "<stdin>")
      const used = Object.entries(entry?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      return {
        modules: used.flatMap(([path]) => /\/src\/presets\/([A-Z]\w*)\.ts$/.exec(path)?.[1] ?? []).toSorted(),
        text: outputFiles.map(({ text }) => text).join("\n")
      }
    }
  )

describe("the bundle of a program", () => {
  it.effect("that imports one preset contains this preset and no other", () =>
    Effect.gen(function*() {
      const { modules } = yield* presetsIn(`
        import * as McpAuth from "./index.ts"
        import * as Keycloak from "./presets/Keycloak.ts"
        console.log(McpAuth, Keycloak.preset)
      `)
      assert.deepStrictEqual(modules, ["Keycloak", "Preset"])
    }))

  it.effect("that imports all of core, but no preset, contains no preset", () =>
    Effect.gen(function*() {
      const { modules } = yield* presetsIn("import * as McpAuth from \"./index.ts\"\nconsole.log(McpAuth)")
      assert.deepStrictEqual(modules, [])
    }))

  it.effect("that may load presets by name imports each of them only when it is asked for", () =>
    Effect.gen(function*() {
      const { modules, text } = yield* presetsIn(
        "import * as Presets from \"./presets/Presets.ts\"\nconsole.log(Presets.layer)"
      )
      assert.deepStrictEqual(modules, ["Presets"])
      assert.include(text, "import(\"./Keycloak-")
    }))
})
