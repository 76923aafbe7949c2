/** What it costs to have a library: time and heap of its import, and its size in a bundle. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { build } from "esbuild"
import { gzipSync } from "node:zlib"
import { type ChildFailed, spawn } from "../harness/Child.ts"
import { median } from "../harness/stats.ts"
import { digits, kilobytes, megabytes } from "../report/format.ts"
import type { GroupResult } from "../report/model.ts"
import { type Subject, subjects } from "./subjects.ts"

const repetitions = 9

const Cost = Schema.Struct({ took: Schema.Finite, heap: Schema.Finite })

const importing = ({ before, modules }: Subject): Effect.Effect<typeof Cost.Type, ChildFailed> =>
  Effect.scoped(Effect.map(
    spawn("imports/importProcess.ts", {
      options: { before, measured: modules },
      ready: Cost,
      nodeOptions: ["--expose-gc"]
    }),
    ({ ready }) => ready
  ))

/** A package is not part of the bundle of another that is built on it. */
const externals = (
  { before }: Subject
): Array<string> => [
  ...new Set(before.map((module) => module.split("/").slice(0, module.startsWith("@") ? 2 : 1).join("/")))
]

const bundled = (subject: Subject) =>
  Effect.map(
    Effect.promise(() =>
      build({
        stdin: { contents: subject.uses, resolveDir: import.meta.dirname },
        bundle: true,
        minify: true,
        write: false,
        format: "esm",
        platform: "node",
        logLevel: "error",
        external: externals(subject)
      })
    ),
    ({ outputFiles: [file] }) => {
      const bytes = file?.contents ?? new Uint8Array()
      return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length }
    }
  )

export const imports: Effect.Effect<GroupResult, ChildFailed> = Effect.gen(function*() {
  const costs = new Map<Subject, Array<typeof Cost.Type>>(subjects.map((subject) => [subject, []]))
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const subject of subjects) costs.get(subject)?.push(yield* importing(subject))
  }
  const rows = yield* Effect.forEach(subjects, (subject) =>
    Effect.map(bundled(subject), ({ gzipped, minified }) => {
      const own = costs.get(subject) ?? []
      return [
        subject.name,
        digits(median(own.map(({ took }) => took)), 1),
        megabytes(median(own.map(({ heap }) => heap))),
        kilobytes(minified),
        kilobytes(gzipped)
      ]
    }))
  return {
    tables: [{
      title: "Imports and bundles",
      note:
        "Medians of fresh processes. Each is measured on top of what a server imports anyhow, and without it in its " +
        "bundle: ours on effect and its HTTP server, the others on Express and the official SDK. Bundles are those of esbuild, " +
        "of what a protected server uses, in KiB.",
      columns: ["", "import, ms", "heap, MiB", "minified", "gzipped"],
      rows
    }],
    targets: []
  }
})
