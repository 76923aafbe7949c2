/** `RESULTS.md`: where, with what and when, which targets were met, and all tables. */
import { section, targetTable } from "./format.ts"
import type { GroupResult } from "./model.ts"

const heading = `# Results

Written by \`pnpm bench\`; what is measured, and how to read it, is in [README.md](README.md). Compare figures of one run
only: ratios are what lasts, and microseconds are those of one machine on one day.`

export const document = (
  { date, groups, machine }: {
    readonly date: string
    readonly machine: ReadonlyArray<string>
    readonly groups: ReadonlyArray<GroupResult>
  }
): string =>
  [
    heading,
    [`- ${date}`, ...machine.map((line) => `- ${line}`)].join("\n"),
    "## Targets",
    targetTable(groups.flatMap(({ targets }) => targets)),
    "## Tables",
    ...groups.flatMap(({ tables }) => tables.map((table) => section(table)))
  ].join("\n\n") + "\n"
