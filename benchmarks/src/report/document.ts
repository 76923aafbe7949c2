/** `RESULTS.md`: where, with what and when, which targets were met, and all tables. */
import { section, targetTable } from "./format.ts"
import type { GroupResult, Run } from "./model.ts"

const heading = `# Results

Written by \`pnpm bench\`; what is measured, and how to read it, is in [README.md](README.md). Compare figures of one run
only: ratios are what lasts, and microseconds are those of one machine on one day.`

/** The groups that were measured on one day with one machine, in their order. */
const runsOf = (groups: ReadonlyArray<readonly [name: string, run: Run]>): string => {
  const runs = new Map<string, ReadonlyArray<string>>()
  for (const [name, { date, machine }] of groups) {
    const key = [`- ${date}: NAMES`, ...machine.map((line) => `  - ${line}`)].join("\n")
    runs.set(key, [...runs.get(key) ?? [], `\`${name}\``])
  }
  return [...runs].map(([key, names]) => key.replace("NAMES", names.join(", "))).join("\n")
}

/** Each group as it was measured the last time. */
export const document = (groups: ReadonlyArray<readonly [name: string, run: Run]>): string => {
  const results: ReadonlyArray<GroupResult> = groups.map(([, { result }]) => result)
  return [
    heading,
    runsOf(groups),
    "## Targets",
    targetTable(results.flatMap(({ targets }) => targets)),
    "## Tables",
    ...results.flatMap(({ tables }) => tables.map((table) => section(table)))
  ].join("\n\n") + "\n"
}
