/** Figures as people read them, and tables as Markdown. */
import type { Table, Target } from "./model.ts"

export const ratio = (value: number): string => value.toFixed(2)

export const digits = (value: number, places: number): string =>
  value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places })

export const micros = (nanos: number): string => digits(nanos / 1000, nanos < 10_000 ? 2 : 1)

export const megabytes = (bytes: number): string => digits(bytes / 2 ** 20, 1)

export const kilobytes = (bytes: number): string => digits(bytes / 1024, 1)

/** A table whose columns line up, so that it can also be read where it is not rendered. */
const markdown = ({ columns, rows }: Pick<Table, "columns" | "rows">): string => {
  const widths = columns.map((column, index) =>
    Math.max(3, column.length, ...rows.map((row) => row[index]?.length ?? 0))
  )
  const line = (cells: ReadonlyArray<string>, fill = " ") =>
    `| ${
      widths.map((width, index) => {
        const cell = cells[index] ?? ""
        return index === 0 ? cell.padEnd(width, fill) : cell.padStart(width, fill)
      }).join(" | ")
    } |`
  const rule = `| ${
    widths.map((width, index) => index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`
  return [line(columns), rule, ...rows.map((row) => line(row))].join("\n")
}

export const section = ({ note, title, ...table }: Table, level = "###"): string =>
  [`${level} ${title}`, ...note === undefined ? [] : [note], markdown(table)].join("\n\n")

const isMet = ({ limit, measured }: Target): boolean => measured <= limit

export const targetTable = (targets: ReadonlyArray<Target>): string =>
  markdown({
    columns: ["Target", "At most", "Measured", "Met"],
    rows: targets.map((target) => [
      target.aim,
      `${target.limit} ${target.unit}`.trim(),
      `${digits(target.measured, target.measured < 10 && !Number.isInteger(target.measured) ? 3 : 0)} ${target.unit}`
        .trim(),
      isMet(target) ? "yes" : "no"
    ])
  })
