import type { CheckReport } from "../CheckReport.ts"
import { harmless, type Paint, painter, type Style } from "./paint.ts"

const outcomes: { readonly [O in CheckReport["attempts"][number]["outcome"]]: readonly [sign: string, style: Style] } =
  {
    Found: ["✓", "green"],
    Miss: ["·", "dim"],
    Transient: ["~", "yellow"],
    Incomplete: ["!", "yellow"],
    Refused: ["✗", "red"]
  }

const verdicts: { readonly [V in CheckReport["verdict"]]: readonly [text: string, style: Style] } = {
  valid: ["valid", "green"],
  invalid: ["invalid", "red"],
  unavailable: ["could not be fetched", "red"]
}

const attempts = (report: CheckReport, paint: Paint): ReadonlyArray<string> => [
  paint("bold", "Attempts"),
  ...report.attempts.flatMap(({ error, kind, location, outcome }) => {
    const [sign, style] = outcomes[outcome]
    return [
      `  ${paint(style, `${sign} ${outcome.padEnd(10)}`)} ${location} ${paint("dim", `(${kind})`)}`,
      ...(error === undefined ? [] : [`               ${paint("dim", error.message)}`])
    ]
  })
]

/** JSON without characters that control a terminal. `JSON.stringify` does not escape all of them. */
const json = (value: unknown): string => harmless(JSON.stringify(value))

const repairs = ({ repairs }: NonNullable<CheckReport["found"]>, paint: Paint): ReadonlyArray<string> =>
  repairs.length === 0 ? [] : [
    "",
    paint("bold", "Repairs"),
    ...repairs.flatMap(({ name, patch, reason }) => [
      `  ${paint("cyan", name)} ${reason}`,
      ...patch.map((change) => `    ${paint("dim", json(change))}`)
    ])
  ]

type Findings = NonNullable<CheckReport["found"]>["report"]["errors"]

const findings = (findings: Findings, sign: string, style: Style, paint: Paint): ReadonlyArray<string> =>
  findings.flatMap(({ advice, code, message, reference }) => [
    `  ${paint(style, `${sign} ${code}`)} ${message}`,
    `      ${advice}`,
    `      ${paint("dim", reference)}`
  ])

const rules = ({ oddities, report }: NonNullable<CheckReport["found"]>, paint: Paint): ReadonlyArray<string> => [
  "",
  paint("bold", `Rules of MCP ${report.revision}`),
  ...report.successes.map(({ code, message }) => `  ${paint("green", `✓ ${message}`)} ${paint("dim", `(${code})`)}`),
  ...report.notApplicable.map(({ code, message }) => `  ${paint("dim", `· not applicable: ${message} (${code})`)}`),
  ...oddities.map(({ code, message }) => `  ${paint("yellow", `! ${code}`)} ${message}`),
  ...findings(report.warnings, "!", "yellow", paint),
  ...findings(report.errors, "✗", "red", paint)
]

const nameOf = (kid: string | null): string => kid === null ? "a key without a key ID" : harmless(kid)

const keys = ({ keys }: NonNullable<CheckReport["found"]>, paint: Paint): ReadonlyArray<string> =>
  keys === undefined ? [] : [
    "",
    paint("bold", `Keys at ${harmless(keys.url)}`),
    ...(keys.error === undefined ? [] : [`  ${paint("red", "✗")} ${keys.error}`]),
    ...keys.usable.map(({ algorithms, issuer, kid }) =>
      `  ${paint("green", `✓ ${nameOf(kid)}`)} ${algorithms.join(", ")}${
        issuer === undefined ? "" : paint("dim", ` for tokens of ${harmless(issuer)}`)
      }`
    ),
    ...keys.passedOver.map(({ kid, reason }) => `  ${paint("yellow", `! ${nameOf(kid)}`)} ${reason}`)
  ]

const hint = ({ hint }: CheckReport, paint: Paint): ReadonlyArray<string> =>
  hint === undefined ? [] : ["", paint("bold", "Hint"), `  ${harmless(hint.message)}`]

type Suggestions = NonNullable<CheckReport["suggestions"]>

/** The arguments that use a preset. A secret is not an argument. */
const argumentsOf = ({ parameters, preset }: Suggestions[number]): string =>
  [
    `--preset ${preset}`,
    ...parameters.flatMap(({ example, isOptional, isSecret, name }) =>
      isOptional || isSecret ? [] : `--parameter ${name}=${example}`
    )
  ].join(" ")

const suggestions = ({ preset, suggestions = [] }: CheckReport, paint: Paint): ReadonlyArray<string> => {
  const others = suggestions.filter((suggestion) => suggestion.preset !== preset)
  return others.length === 0 ? [] : [
    "",
    paint("bold", "Provider"),
    ...others.flatMap((suggestion) => [
      `  ${paint("cyan", suggestion.title)} (${suggestion.confidence})`,
      `      ${paint("dim", `mcp-auth check ${argumentsOf(suggestion)}`)}`
    ])
  ]
}

const count = (many: ReadonlyArray<unknown>, what: string): string =>
  `${many.length} ${what}${many.length === 1 ? "" : "s"}`

const summary = (report: CheckReport, paint: Paint): string => {
  const [text, style] = verdicts[report.verdict]
  const counts = report.found === undefined
    ? ""
    : `: ${count(report.found.report.errors, "error")}, ${count(report.found.report.warnings, "warning")}${
      report.found.keys?.error === undefined ? "" : ", the key set cannot be used"
    }`
  return paint(["bold", style], `${report.asked} ${text}${counts}`)
}

/** The report as text for a terminal. */
export const pretty = (report: CheckReport, options: { readonly color: boolean }): string => {
  const paint = painter(options.color)
  return [
    ...attempts(report, paint),
    ...(report.found === undefined
      ? []
      : [...repairs(report.found, paint), ...rules(report.found, paint), ...keys(report.found, paint)]),
    ...suggestions(report, paint),
    ...hint(report, paint),
    "",
    summary(report, paint)
  ].join("\n")
}
