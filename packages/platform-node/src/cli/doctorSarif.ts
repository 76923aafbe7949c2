import type { Finding, Report } from "@effect-mcp-auth/core/doctor/Report"
import { version } from "./version.ts"

const levelOf = ({ isHint, severity }: Finding): "error" | "note" | "warning" =>
  isHint && severity === "error" ? "warning" : severity

const ruleOf = (finding: Finding) => ({
  id: finding.id,
  shortDescription: { text: finding.title },
  help: { text: finding.fix.words },
  defaultConfiguration: { level: levelOf(finding) },
  properties: {
    actor: finding.actor,
    step: finding.step,
    source: finding.source,
    date: finding.date,
    confidence: finding.confidence,
    isHint: finding.isHint
  }
})

/** URLs in reports end in an ellipsis where their query was removed, which is no URI. */
const uriOf = (url: string): string => url.replace(/\?…$/, "")

/** The places of a finding: the requests that show it, or else the URL that was examined. */
const locationsOf = ({ requests }: Finding, report: Report) => {
  const urls = new Set(report.requests.filter(({ id }) => requests.includes(id)).map(({ url }) => url))
  return (urls.size === 0 ? [report.target] : [...urls]).map((url) => ({
    physicalLocation: { artifactLocation: { uri: uriOf(url) } },
    logicalLocations: [{ name: url, kind: "resource" }]
  }))
}

/** The report in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS). */
export const doctorSarif = (report: Report): string =>
  JSON.stringify(
    {
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [{
        tool: {
          driver: {
            name: "mcp-auth doctor",
            version,
            semanticVersion: version,
            rules: report.findings.map(ruleOf)
          }
        },
        results: report.findings.map((finding, ruleIndex) => ({
          ruleId: finding.id,
          ruleIndex,
          level: levelOf(finding),
          message: { text: `${finding.title}: ${finding.seen}. ${finding.fix.words}` },
          locations: locationsOf(finding, report),
          properties: { actor: finding.actor, clients: finding.clients }
        }))
      }]
    },
    null,
    2
  )
