import { steps, stepTitles } from "@effect-mcp-auth/core/doctor/Clients"
import { type Finding, isFailure, type Report } from "@effect-mcp-auth/core/doctor/Report"
import { actors, clientName, summaryOf } from "./doctorText.ts"
import { harmless } from "./paint.ts"

/** Text in HTML, in elements and in attributes. */
const text = (value: string): string =>
  harmless(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Code keeps its line ends. */
const code = (value: string): string => value.split("\n").map(text).join("\n")

const style = `
:root { color-scheme: light dark; --back: #ffffff; --fore: #1b1f24; --soft: #57606a; --line: #d0d7de; --card: #f6f8fa;
  --error: #b3261e; --warning: #7a5200; --good: #116329; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --fore: #e6edf3; --soft: #9ea7b1; --line: #3d444d;
  --card: #161b22; --error: #ff8a80; --warning: #e3b341; --good: #56d364; --link: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--fore);
  background: var(--back); }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; }
.error { color: var(--error); } .warning, .limited { color: var(--warning); } .note, .unknown, small { color: var(--soft); }
.works, .healthy { color: var(--good); } .fails, .faulty, .unreachable { color: var(--error); }
article { border: 1px solid var(--line); border-left-width: 4px; border-radius: 6px; background: var(--card);
  padding: .25rem 1rem; margin: .75rem 0; overflow-wrap: anywhere; }
article.error { border-left-color: var(--error); color: var(--fore); }
article.warning { border-left-color: var(--warning); color: var(--fore); }
article.note { color: var(--fore); }
pre { overflow-x: auto; background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem;
  border-bottom: 1px solid var(--line); vertical-align: top; }
td.answer { overflow-wrap: anywhere; }
svg { width: 100%; min-width: 40rem; height: auto; } svg text { fill: var(--fore); font: 13px system-ui, sans-serif; }
svg .life { stroke: var(--line); } svg .arrow { stroke: var(--soft); fill: none; stroke-width: 1.5; }
svg .head { fill: var(--soft); }
svg .bad .arrow { stroke: var(--error); stroke-width: 2.5; } svg .bad .head { fill: var(--error); }
svg .bad text { fill: var(--error); font-weight: 600; } svg .after { opacity: .75; }
svg .party { fill: var(--card); stroke: var(--line); } svg .names { font-weight: 600; text-anchor: middle; }
`

const x = { client: 110, server: 450, provider: 790 } as const
const rowHeight = 58

/** One step: the request of the client, and the findings at it. */
const stepOf = (report: Report, index: number, failing: number): string => {
  const step = steps[index] ?? "reach"
  const { party, title } = stepTitles[step]
  const y = 90 + index * rowHeight
  const found = report.findings.filter((one) => one.step === step && one.severity !== "note")
  const isBad = index === failing
  const mark = found.length === 0
    ? ""
    : `<text x="${x.client + 10}" y="${y + 18}">${isBad ? "✗" : "!"} ${
      text(found.map(({ id }) => id).join(", "))
    }</text>`
  const to = x[party]
  return `<g class="${isBad ? "bad" : failing !== -1 && index > failing ? "after" : "ok"}">
<text x="${x.client + 10}" y="${y - 8}">${index + 1}. ${text(title)}</text>
${mark}
<line class="arrow" x1="${x.client}" y1="${y}" x2="${to - 8}" y2="${y}"/>
<path class="head" d="M ${to} ${y} l -10 -5 v 10 z"/>
</g>`
}

/** The flow as a sequence diagram. The first step at which a client fails is marked. */
const diagram = (report: Report): string => {
  const failing = steps.findIndex((step) => report.findings.some((one) => one.step === step && isFailure(one)))
  const height = 90 + steps.length * rowHeight
  const title = failing === -1
    ? "The steps of a connection. No step fails."
    : `The steps of a connection. Step ${failing + 1} fails: ${stepTitles[steps[failing] ?? "reach"].title}.`
  const parties = [["client", "Client"], ["server", "MCP server"], ["provider", "Authorization server"]] as const
  return `<div class="scroll" tabindex="0" role="region" aria-label="Sequence diagram">
<svg viewBox="0 0 900 ${height}" role="img" aria-label="${text(title)}">
${
    parties.map(([party, name]) =>
      `<line class="life" x1="${x[party]}" y1="44" x2="${x[party]}" y2="${height - 10}"/>
<rect class="party" x="${x[party] - 90}" y="10" width="180" height="34" rx="6"/>
<text class="names" x="${x[party]}" y="32">${name}</text>`
    ).join("\n")
  }
${steps.map((_, index) => stepOf(report, index, failing)).join("\n")}
</svg></div>
<p>${text(title)}</p>`
}

const findingHtml = (finding: Finding): string => {
  const { confidence, date, fix, id, isHint, requests, seen, severity, source, title } = finding
  return `<article class="${severity}" id="${text(id)}">
<h3><span class="${severity}">${text(id)}</span> ${text(title)} <small>${isHint ? "hint" : severity}</small></h3>
<p>${text(seen)}${requests.length === 0 ? "" : ` <small>(request ${requests.join(", ")})</small>`}</p>
<p><strong>Fix:</strong> ${text(fix.words)}</p>
${
    fix.library === undefined
      ? ""
      : `<p><small>With this library: ${text(fix.library.uses)}</small></p>\n<pre tabindex="0"><code>${
        code(fix.library.code)
      }</code></pre>`
  }
<p><small>${text(source)} (${confidence}, ${text(date)})</small></p>
</article>`
}

const table = (caption: string, head: ReadonlyArray<string>, rows: ReadonlyArray<string>): string =>
  `<div class="scroll" tabindex="0" role="region" aria-label="${text(caption)}"><table><thead><tr>${
    head.map((cell) => `<th scope="col">${text(cell)}</th>`).join("")
  }</tr></thead><tbody>
${rows.join("\n")}
</tbody></table></div>`

const clientRow = (client: Report["clients"][number]): string => {
  const { confidence, finding, step, verdict } = client
  return `<tr><th scope="row">${text(clientName(client))}</th><td class="${verdict}">${verdict}</td><td>${
    step === undefined ? "" : `${step.number}. ${text(step.title)}`
  }</td><td>${finding === undefined ? "" : text(finding)}</td><td>${confidence}</td></tr>`
}

const requestRow = ({ answer, duration, id, method, purpose, url }: Report["requests"][number]): string =>
  `<tr><td>${id}</td><td class="answer">${text(purpose)}<br><code>${text(`${method} ${url}`)}</code></td>` +
  `<td class="answer">${text(answer)}</td><td>${Math.round(duration)} ms</td></tr>`

const groups = (report: Report): string =>
  actors.map(([actor, heading]) => {
    const findings = report.findings.filter((one) => one.actor === actor)
    return findings.length === 0 ? "" : `<h2>${heading}</h2>\n${findings.map(findingHtml).join("\n")}`
  }).join("\n")

/** The report as one HTML page, without scripts and without files from elsewhere. */
export const doctorHtml = (report: Report): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>mcp-auth doctor: ${text(report.target)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${text(report.target)}</h1>
<p class="${report.verdict}"><strong>${text(summaryOf(report))}</strong></p>
<h2>Flow</h2>
${diagram(report)}
${groups(report)}
<h2>Clients</h2>
${table("Clients", ["Client", "Prediction", "Step", "Finding", "Confidence"], report.clients.map(clientRow))}
<h2>Requests</h2>
${table("Requests", ["Number", "Request", "Answer", "Time"], report.requests.map(requestRow))}
${
    report.unjudged.length === 0 ?
      "" :
      `<h2>Not judged</h2>\n<ul>${
        report.unjudged.map(({ id, needs, title }) =>
          `<li>${text(id)} ${text(title)} <small>needs: ${needs}</small></li>`
        ).join("")
      }</ul>`
  }
</main>
</body>
</html>`
