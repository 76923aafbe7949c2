/** Where and with what was measured. Nothing here names a place of the machine's. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readFile } from "node:fs/promises"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"

const Manifest = Schema.fromJsonString(
  Schema.Struct({ dependencies: Schema.Record(Schema.String, Schema.String) })
)

/** The versions are pinned, so the manifest has those that run. Links are to what is in this repository. */
const versions = Effect.promise(() => readFile(join(import.meta.dirname, "../../package.json"), "utf8")).pipe(
  Effect.flatMap(Schema.decodeEffect(Manifest)),
  Effect.orDie,
  Effect.map(({ dependencies }) =>
    Object.entries(dependencies)
      .filter(([, version]) => !version.startsWith("link:"))
      .map(([name, version]) => `${name} ${version}`)
  )
)

export const machine = Effect.map(versions, (versions): ReadonlyArray<string> => {
  const processors = cpus()
  return [
    `${processors[0]?.model ?? "an unknown processor"}, ${processors.length} cores, ${
      Math.round(totalmem() / 2 ** 30)
    } GiB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    versions.join(", ")
  ]
})
