import type { Finding, Report } from "@effect-mcp-auth/core/doctor/Report"
import { actors, clientName, summaryOf } from "./doctorText.ts"
import { harmless } from "./paint.ts"

/** Text without meaning in Markdown or HTML. */
const plain = (text: string): string =>
  harmless(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(/[\\`*_[\]|#@]/g, String.raw`\$&`)

/** Text in a code span. The fence is longer than every run of backticks in the text (CommonMark 6.1). */
const code = (text: string): string => {
  const longest = Math.max(0, ...(harmless(text).match(/`+/g) ?? []).map(({ length }) => length))
  const fence = "`".repeat(longest + 1)
  return longest === 0 ? `${fence}${harmless(text)}${fence}` : `${fence} ${harmless(text)} ${fence}`
}

const block = (text: string): string => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = "`".repeat(longest + 1)
  return `${fence}ts\n${text.split("\n").map(harmless).join("\n")}\n${fence}`
}

const findingText = ({ confidence, date, fix, id, isHint, seen, severity, source, title }: Finding): string =>
  [
    `#### ${id} ${plain(title)} (${isHint ? "hint" : severity})`,
    `Seen: ${code(seen)}`,
    `Fix: ${plain(fix.words)}`,
    ...(fix.library === undefined ? [] : [block(fix.library.code)]),
    `Source: ${plain(source)} (${confidence}, ${date})`
  ].join("\n\n")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")

/** The report as Markdown, for an issue. */
export const doctorMarkdown = (report: Report): string =>
  [
    `## ${code(report.target)}`,
    summaryOf(report),
    ...actors.flatMap(([actor, heading]) => {
      const findings = report.findings.filter((one) => one.actor === actor)
      return findings.length === 0 ? [] : [`### ${heading}`, ...findings.map(findingText)]
    }),
    "### Clients",
    table(
      ["Client", "Prediction", "Step", "Finding", "Confidence"],
      report.clients.map((client) => [
        plain(clientName(client)),
        client.verdict,
        client.step === undefined ? "" : `${client.step.number}. ${client.step.title}`,
        client.finding ?? "",
        client.confidence
      ])
    ),
    "<details><summary>Requests</summary>",
    table(
      ["", "Request", "Answer"],
      report.requests.map(({ answer, id, method, url }) => [
        String(id),
        code(`${method} ${url}`).replaceAll("|", "%7C"),
        code(answer.replaceAll("|", "/"))
      ])
    ),
    "</details>"
  ].join("\n\n")
