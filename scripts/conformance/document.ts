/** Writes the requirements as a document of tables. */
import { specifications } from "./all.ts"
import { type Outcome, pathOf, type Proof, type Requirement, type Specification } from "./requirement.ts"

const header = ["Section", "Level", "Requirement", "Implemented by", "Test, or the reason"]

/** A title that is made for each row of a table is shown with what is in common. */
const titleOf = (title: string): string =>
  title.startsWith("`") ? title.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, "…") : title

const linkTo = ([file, title]: Proof): string => `[${titleOf(title)}](../${pathOf(file)})`

const moduleOf = (name: string): string => name === "effect" ? "Effect's MCP server" : `\`${name}\``

const cellsOf = (outcome: Outcome): readonly [string, string] => {
  switch (outcome._tag) {
    case "Implemented":
      return [outcome.modules.map(moduleOf).join(", "), outcome.proofs.map(linkTo).join("; ")]
    case "NotImplemented":
      return ["**not implemented**", outcome.reason]
    case "NotApplicable":
      return ["not applicable", outcome.reason]
  }
}

const escaped = (cell: string): string => cell.replaceAll("|", "\\|")

const rowOf = ({ level, outcome, rule, section }: Requirement): ReadonlyArray<string> =>
  [section, level, rule, ...cellsOf(outcome)].map(escaped)

/** A table as the formatter writes it: every column as wide as its widest cell. */
const tableOf = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => [...row[column] ?? ""].length)))
  const line = (row: ReadonlyArray<string>) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`
  const [first = [], ...others] = all
  return [line(first), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...others.map(line)].join("\n")
}

const sectionOf = ({ name, requirements, scope, url }: Specification): string =>
  [`## ${name}`, `<${url}>`, scope, tableOf(requirements.map(rowOf))].join("\n\n")

const count = (tag: Outcome["_tag"]): number =>
  specifications.flatMap(({ requirements }) => requirements).filter(({ outcome }) => outcome._tag === tag).length

export const document = (): string =>
  [
    "# Conformance",
    "<!-- Written by `pnpm codegen` from scripts/conformance. -->",
    "Every MUST, SHOULD and MAY that concerns a protected MCP server, in our own words, with the modules that implement it " +
    "and the tests that prove it. Each test exists: a test of this project reads the names.",
    `${count("Implemented")} are implemented, ${count("NotImplemented")} are not, and ${
      count("NotApplicable")
    } concern other parties. Beyond that, the released [conformance suite of MCP](https://github.com/modelcontextprotocol/conformance) ` +
    "runs against a protected server, and must have the same results as for the same server without protection.",
    ...specifications.map(sectionOf)
  ].join("\n\n") + "\n"
