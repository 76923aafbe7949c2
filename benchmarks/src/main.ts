/** `pnpm bench [group …]`: measures what was asked for, prints it, and writes it into `results.json` and `RESULTS.md`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { GroupName, type GroupOptions } from "./groups.ts"
import { spawn } from "./harness/Child.ts"
import { document } from "./report/document.ts"
import { section, targetTable } from "./report/format.ts"
import { machine } from "./report/machine.ts"
import { GroupResult, Run } from "./report/model.ts"

const measure = Effect.fnUntraced(function*(options: typeof GroupOptions.Type) {
  yield* Console.log(`\n## ${options.name}\n`)
  const { ready: { tables, targets } } = yield* spawn("group.ts", { options, ready: GroupResult })
  yield* Effect.forEach(tables, (table) => Console.log(`${section(table)}\n`), { discard: true })
  if (targets.length > 0) yield* Console.log(targetTable(targets))
  return { tables, targets }
}, Effect.scoped)

const Runs = Schema.fromJsonString(Schema.Record(Schema.String, Run))
const decode = Schema.decodeEffect(Runs)
const encode = Schema.encodeEffect(Schema.fromJsonString(Schema.Record(Schema.String, Run), { space: 1 }))

const fileOf = (name: string) => join(import.meta.dirname, "..", name)

/** Groups that were not measured now stay as they were measured the last time. */
const write = Effect.fnUntraced(function*(name: GroupName, result: GroupResult) {
  const files = yield* FileSystem.FileSystem
  const known = yield* Effect.flatMap(files.readFileString(fileOf("results.json")), decode)
  const run: Run = { date: DateTime.formatIsoDateUtc(yield* DateTime.now), machine: yield* machine, result }
  const runs = { ...known, [name]: run }
  const inOrder = GroupName.literals.flatMap((name) => {
    const run = runs[name]
    return run === undefined ? [] : [[name, run] as const]
  })
  yield* files.writeFileString(fileOf("results.json"), `${yield* encode(Object.fromEntries(inOrder))}\n`)
  yield* files.writeFileString(fileOf("RESULTS.md"), document(inOrder))
})

const command = Command.make("bench", {
  names: Argument.Literals("group", GroupName.literals).pipe(
    Argument.withDescription("What to measure. Default: everything"),
    Argument.variadic()
  ),
  tokens: Flag.Int("tokens").pipe(
    Flag.withDescription("How many distinct tokens the memory has to survive (flat)"),
    Flag.withDefault(1_000_000)
  )
}, ({ names, tokens }) =>
  Effect.gen(function*() {
    const chosen = names.length === 0 ? GroupName.literals : names
    yield* Effect.forEach(
      chosen,
      (name) => Effect.flatMap(measure({ name, tokens }), (result) => write(name, result)),
      { discard: true }
    )
  })).pipe(Command.withDescription("Measures this library side by side with its peers"))

Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
