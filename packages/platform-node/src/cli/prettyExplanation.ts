import * as DateTime from "effect/DateTime"
import type { ExplainReport, Trace } from "../ExplainReport.ts"
import { harmless, type Paint, painter, type Style } from "./paint.ts"

const outcomes: { readonly [O in Trace["outcome"]]: readonly [sign: string, style: Style] } = {
  yes: ["✓", "green"],
  no: ["✗", "red"],
  unknown: ["?", "yellow"]
}

const verdicts: { readonly [V in ExplainReport["verdict"]]: readonly [text: string, style: Style] } = {
  permitted: ["permitted", "green"],
  refused: ["refused", "red"],
  unavailable: ["undetermined", "red"]
}

const traced = ({ missing, outcome, parts, policy }: Trace, paint: Paint, depth = 1): ReadonlyArray<string> => {
  const [sign, style] = outcomes[outcome]
  const lack = missing.length === 0
    ? ""
    : paint("dim", ` missing ${missing.map((scope) => JSON.stringify(scope)).join(", ")}`)
  return [
    `${"  ".repeat(depth)}${paint(style, sign)} ${harmless(policy)}${lack}`,
    ...parts.flatMap((part) => traced(part, paint, depth + 1))
  ]
}

/** The latest time that a `Date` can represent, in seconds. */
const lastSecond = 8_640_000_000_000

const instant = (seconds: number): string =>
  Math.abs(seconds) <= lastSecond ? DateTime.formatIso(DateTime.makeUnsafe(seconds * 1000)) : String(seconds)

const caller = (
  { audience, clientId, expiresAt, issuer, scopes, subject }: NonNullable<ExplainReport["caller"]>,
  paint: Paint
): ReadonlyArray<string> => {
  const rows: ReadonlyArray<readonly [string, string | undefined]> = [
    ["issuer", issuer],
    ["subject", subject],
    ["client", clientId],
    ["scopes", scopes.join(" ")],
    ["audience", audience.join(" ")],
    ["expires", expiresAt === undefined ? undefined : instant(expiresAt)]
  ]
  return [
    paint("bold", "Caller"),
    ...rows.flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [`  ${paint("dim", name.padEnd(9))} ${harmless(value)}`]
    ),
    ""
  ]
}

const answer = (
  { challenge, reason, status }: NonNullable<ExplainReport["answer"]>,
  paint: Paint
): ReadonlyArray<string> => [
  "",
  paint("bold", "Answer"),
  `  ${status} ${paint("dim", reason.split("\n").map(harmless).join("\n      "))}`,
  ...(challenge === undefined ? [] : [`  WWW-Authenticate: ${harmless(challenge)}`])
]

/** The explanation as text for a terminal. */
export const prettyExplanation = (report: ExplainReport, options: { readonly color: boolean }): string => {
  const paint = painter(options.color)
  const [text, style] = verdicts[report.verdict]
  return [
    ...(report.caller === undefined ? [] : caller(report.caller, paint)),
    paint("bold", "Policy"),
    ...(report.trace === undefined ? [`  ${harmless(report.policy)}`] : traced(report.trace, paint)),
    ...(report.answer === undefined ? [] : answer(report.answer, paint)),
    "",
    paint(["bold", style], text)
  ].join("\n")
}
