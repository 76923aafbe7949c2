import type { Finding, Report } from "@effect-mcp-auth/core/doctor/Report"
import { harmless, type Paint, painter, type Style } from "./paint.ts"

/** How a report is shown. */
export interface TextOptions {
  readonly color: boolean
  /** In characters. */
  readonly width: number
  /** Also show hints, notes, all clients, the requests, and what was not judged. */
  readonly all: boolean
}

type Actor = Finding["actor"]

/** The parties, in the order of the report, and what a heading says about each. */
export const actors: ReadonlyArray<readonly [actor: Actor, heading: string]> = [
  ["operator", "Network and certificates"],
  ["server", "The operator of the MCP server must act"],
  ["provider", "The operator of the authorization server must act"],
  ["client", "Users of clients must act"]
]

/** The name of a client in texts. */
export const clientName = ({ name, versions }: Report["clients"][number]): string => `${name} ${versions}`

/** A count with its noun. */
const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`

/** The first line of every format. */
export const summaryOf = ({ clients, findings, requests, verdict }: Report): string => {
  const errors = findings.filter(({ isHint, severity }) => severity === "error" && !isHint).length
  const warnings = findings.filter(({ isHint, severity }) => severity === "warning" && !isHint).length
  const known = clients.filter((client) => client.verdict !== "unknown")
  const failing = known.filter((client) => client.verdict === "fails").length
  return `${verdict}: ${count(errors, "error")}, ${count(warnings, "warning")}; ` +
    `${known.length - failing} of ${count(known.length, "client")} connect; ${count(requests.length, "request")}`
}

const signs: { readonly [S in Finding["severity"]]: readonly [sign: string, style: Style] } = {
  error: ["✗", "red"],
  warning: ["!", "yellow"],
  note: ["·", "dim"]
}

/** Breaks a text into lines of at most `width` characters, indented. */
const wrapped = (text: string, width: number, indent: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = indent
  for (const word of harmless(text).split(" ")) {
    if (line !== indent && line.length + word.length + 1 > width) {
      lines.push(line)
      line = indent
    }
    line = line === indent ? `${indent}${word}` : `${line} ${word}`
  }
  return [...lines, line]
}

const affected = ({ clients }: Finding, report: Report): string => {
  const all = report.clients.filter(({ id }) => clients.includes(id))
  if (all.length === 0) return ""
  if (all.length === report.clients.length) return "All clients are affected."
  const names = [...new Set(all.map(({ name }) => name))]
  const [shown, rest] = [names.slice(0, 6), names.length - 6]
  return `Affects ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}.`
}

const findingText = (
  finding: Finding,
  report: Report,
  paint: Paint,
  { all, width }: TextOptions
): ReadonlyArray<string> => {
  const { confidence, date, fix, id, isHint, severity, source, title } = finding
  const [sign, style] = signs[severity]
  return [
    `  ${paint(style, `${sign} ${id}`)} ${paint("bold", harmless(title))}${isHint ? paint("dim", " (hint)") : ""}`,
    ...wrapped(finding.seen, width, "        "),
    ...[affected(finding, report)].flatMap((text) => text === "" ? [] : wrapped(text, width, "        ")),
    ...wrapped(`→ ${fix.words}`, width, "      ").map((line) => paint("cyan", line)),
    ...(all
      ? wrapped(`${source} (${confidence}, ${date})`, width, "        ").map((line) => paint("dim", line))
      : [])
  ]
}

const group = (
  [actor, heading]: (typeof actors)[number],
  report: Report,
  options: TextOptions,
  paint: Paint
): ReadonlyArray<string> => {
  const findings = report.findings.filter((one) =>
    one.actor === actor && (options.all || (one.severity !== "note" && !one.isHint))
  )
  return findings.length === 0 ? [] : [
    "",
    paint("bold", heading),
    ...findings.flatMap((one) => findingText(one, report, paint, options))
  ]
}

const clientSigns: { readonly [V in Report["clients"][number]["verdict"]]: readonly [string, Style] } = {
  works: ["✓", "green"],
  limited: ["!", "yellow"],
  fails: ["✗", "red"],
  unknown: ["?", "dim"]
}

const clientLine = (client: Report["clients"][number], paint: Paint): string => {
  const [sign, style] = clientSigns[client.verdict]
  const where = client.step === undefined
    ? ""
    : ` at step ${client.step.number} (${client.step.title}): ${client.finding}`
  return `  ${paint(style, sign)} ${clientName(client).padEnd(56)} ${client.verdict}${where} ${
    paint("dim", `(${client.confidence})`)
  }`
}

/** All clients, or the names of those that do not work. */
const matrix = (report: Report, { all, width }: TextOptions, paint: Paint): ReadonlyArray<string> => {
  if (all) return ["", paint("bold", "Clients"), ...report.clients.map((client) => clientLine(client, paint))]
  const named = (verdict: "fails" | "limited") =>
    report.clients.filter((client) => client.verdict === verdict).map((client) =>
      `${clientName(client)} (${client.finding})`
    )
  const rows = [["✗ fail: ", named("fails")], ["! limited: ", named("limited")]] as const
  const shown = rows.flatMap(([label, names]) => {
    if (names.length === 0) return []
    const [some, rest] = [names.slice(0, 8), names.length - 8]
    return wrapped(`${label}${some.join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`, width, "  ")
  })
  return shown.length === 0 ? [] : ["", paint("bold", "Clients"), ...shown]
}

const details = (report: Report, paint: Paint): ReadonlyArray<string> => [
  "",
  paint("bold", "Requests"),
  ...report.requests.map(({ answer, duration, id, method, purpose, url }) =>
    `  ${String(id).padStart(2)} ${method.padEnd(7)} ${harmless(url)} ${
      paint("dim", `${purpose}: ${harmless(answer)}, ${Math.round(duration)} ms`)
    }`
  ),
  "",
  paint("bold", "Not judged"),
  ...report.unjudged.map(({ id, needs, title }) => `  ${id} ${harmless(title)} ${paint("dim", `(needs: ${needs})`)}`)
]

const more = (report: Report): string => {
  const hidden = report.findings.filter(({ isHint, severity }) => severity === "note" || isHint).length
  const hints = hidden === 0 ? "" : `${hidden} more (hints and notes), `
  return `--all shows ${hints}every client, request and rule; --fix prints code`
}

/** The report as text for a terminal: what must be done first, by the party that must act. */
export const doctorText = (report: Report, options: TextOptions): string => {
  const paint = painter(options.color)
  const style = ({ healthy: "green", faulty: "red", unreachable: "red" } as const)[report.verdict]
  return [
    `${paint("bold", harmless(report.target))} ${paint(["bold", style], summaryOf(report))}`,
    ...report.providers.map(({ issuer, product }) =>
      `  authorization server ${harmless(issuer)}${
        product === undefined ? "" : ` (${product.title}, ${product.confidence})`
      }`
    ),
    ...actors.flatMap((actor) => group(actor, report, options, paint)),
    ...matrix(report, options, paint),
    ...(options.all ? details(report, paint) : ["", paint("dim", more(report))])
  ].join("\n")
}

/** The code of all fixes for a server on this library, with comments for what code cannot repair. */
export const doctorFixes = (report: Report): string => {
  const presets = report.providers.flatMap(({ issuer, product }) =>
    product === undefined
      ? []
      : [`// ${harmless(issuer)} is ${product.title} (${product.confidence}):\n${product.code}`]
  )
  const fixes = report.findings.filter(({ severity }) => severity !== "note").map(({ fix, id, title }) =>
    [
      `// ${id}: ${harmless(title)}`,
      ...wrapped(fix.words, 116, "// "),
      ...(fix.library === undefined ? [] : [`// ${fix.library.uses}`, ...fix.library.code.split("\n").map(harmless)])
    ].join("\n")
  )
  const all = [...presets, ...fixes]
  return all.length === 0 ? "// Nothing to repair." : all.join("\n\n")
}
