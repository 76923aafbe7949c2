/** `pnpm bench [group …]`: runs what was asked for, prints it, and writes `RESULTS.md` when that was everything. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { join } from "node:path"
import { GroupName, type GroupOptions } from "./groups.ts"
import { spawn } from "./harness/Child.ts"
import { document } from "./report/document.ts"
import { section, targetTable } from "./report/format.ts"
import { machine } from "./report/machine.ts"
import { GroupResult } from "./report/model.ts"

const measure = Effect.fnUntraced(function*(options: typeof GroupOptions.Type) {
  yield* Console.log(`\n## ${options.name}\n`)
  const { ready: { tables, targets } } = yield* spawn("group.ts", { options, ready: GroupResult })
  yield* Effect.forEach(tables, (table) => Console.log(`${section(table)}\n`), { discard: true })
  if (targets.length > 0) yield* Console.log(targetTable(targets))
  return { tables, targets }
}, Effect.scoped)

const write = Effect.fnUntraced(function*(groups: ReadonlyArray<GroupResult>) {
  const files = yield* FileSystem.FileSystem
  const date = DateTime.formatIsoDateUtc(yield* DateTime.now)
  const text = document({ date, groups, machine: yield* machine })
  yield* files.writeFileString(join(import.meta.dirname, "../RESULTS.md"), text)
})

const command = Command.make("bench", {
  names: Argument.Literals("group", GroupName.literals).pipe(
    Argument.withDescription("What to measure. Default: everything, which also writes RESULTS.md"),
    Argument.variadic()
  ),
  tokens: Flag.Int("tokens").pipe(
    Flag.withDescription("How many distinct tokens the memory has to survive (flat)"),
    Flag.withDefault(1_000_000)
  )
}, ({ names, tokens }) =>
  Effect.gen(function*() {
    const chosen = names.length === 0 ? GroupName.literals : names
    const results = yield* Effect.forEach(chosen, (name) => measure({ name, tokens }))
    if (names.length === 0) yield* write(results)
  })).pipe(Command.withDescription("Measures this library side by side with its peers"))

Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
