import { withoutSecrets } from "../../client/internal/post.ts"
import { displayUrl } from "../../fetch/internal/exchange.ts"
import { printable } from "../../metadata/internal/printable.ts"
import { type Client, type Confidence, type Step, steps, stepTitles } from "../Clients.ts"
import type { Evidence, Exchange, Provider } from "../Evidence.ts"
import type { ClientVerdict, Finding, Report } from "../Report.ts"
import { isFailure } from "../Report.ts"
import type { Break, Fix, Rule, Seen } from "./model.ts"
import { isSeen, severityOf, statusOf } from "./model.ts"

/** A broken rule, with what it saw. */
interface Broken {
  readonly rule: Rule
  readonly seen: Seen
}

/** What a broken rule means for a client. */
interface Effect {
  readonly rule: Rule
  readonly step: Step
  readonly fails: boolean
  readonly confidence: Confidence
}

const concerns = ({ clients, when }: Break, id: string, evidence: Evidence): boolean =>
  (clients === "all" || clients.includes(id)) && (when === undefined || when(evidence))

const effectsOn = (id: string, broken: ReadonlyArray<Broken>, evidence: Evidence): ReadonlyArray<Effect> =>
  broken.flatMap(({ rule }) =>
    rule.breaks.filter((one) => concerns(one, id, evidence)).map((one) => ({
      rule,
      step: one.step ?? rule.step,
      fails: one.effect !== "limited",
      confidence: one.confidence ?? rule.confidence
    }))
  )

const byStep = (one: Effect, other: Effect): number => steps.indexOf(one.step) - steps.indexOf(other.step)

/** A client fails at the first step that fails. What only limits it counts if nothing fails. */
const verdictOf = (client: Client, broken: ReadonlyArray<Broken>, evidence: Evidence): ClientVerdict => {
  const { confidence, id, name, versions } = client
  const base = { id, name, versions }
  const effects = effectsOn(id, broken, evidence).toSorted(byStep)
  const decisive = effects.find(({ fails }) => fails) ?? effects[0]
  if (decisive === undefined || (confidence === "unknown" && !decisive.fails)) {
    return { ...base, verdict: confidence === "unknown" ? "unknown" : "works", confidence }
  }
  const { step } = decisive
  return {
    ...base,
    verdict: decisive.fails ? "fails" : "limited",
    step: { number: steps.indexOf(step) + 1, name: step, title: stepTitles[step].title },
    finding: decisive.rule.id,
    confidence: decisive.confidence
  }
}

/** Texts of a report hold no characters that control a terminal, and no secret. */
type Clean = (text: string) => string

const answerText = (exchange: Exchange): string => {
  const { result } = exchange
  if (result._tag === "Failure") return `${result.reason}: ${result.detail}`
  const { "content-type": type, location, "www-authenticate": challenge } = result.headers
  return [
    String(result.status),
    ...type === undefined ? [] : [type],
    ...location === undefined ? [] : [`Location: ${displayUrl(location)}`],
    ...challenge === undefined ? [] : [`WWW-Authenticate: ${challenge}`]
  ].join("; ")
}

const requestOf = (exchange: Exchange, clean: Clean): Report["requests"][number] => ({
  id: exchange.id,
  purpose: exchange.purpose,
  method: exchange.method,
  url: clean(displayUrl(exchange.url)),
  answer: clean(answerText(exchange)),
  duration: exchange.duration
})

/** Code may have several lines. */
const fixOf = ({ library, words }: Fix, clean: Clean): Finding["fix"] => ({
  words: clean(words),
  ...library === undefined
    ? {}
    : { library: { uses: library.uses, code: library.code.split("\n").map(clean).join("\n") } }
})

const findingOf = (
  { rule, seen }: Broken,
  clientIds: ReadonlyArray<string>,
  evidence: Evidence,
  clean: Clean
): Finding => ({
  id: rule.id,
  title: rule.title,
  severity: severityOf(rule),
  isHint: rule.isHint,
  actor: typeof rule.actor === "function" ? rule.actor(evidence) : rule.actor,
  step: rule.step,
  seen: clean(seen.seen),
  requests: [...seen.requests],
  clients: clientIds.filter((id) => rule.breaks.some((one) => concerns(one, id, evidence))),
  source: rule.source,
  date: rule.date,
  confidence: rule.confidence,
  fix: fixOf(typeof rule.fix === "function" ? rule.fix(evidence) : rule.fix, clean)
})

const moduleOf = (preset: string): string =>
  preset.split("-").map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join("")

const presetCode = (preset: string): string =>
  `import * as ${moduleOf(preset)} from "@effect-mcp-auth/core/presets/${moduleOf(preset)}"\n` +
  `authorizationServers: [${moduleOf(preset)}.preset({ /* see docs/providers/${preset}.md */ })]`

const providerOf = ({ named, product, used }: Provider, clean: Clean): Report["providers"][number] => ({
  issuer: clean(named),
  ...used === undefined ? {} : { location: clean(displayUrl(used.url)) },
  ...product === undefined ? {} : {
    product: {
      preset: product.preset,
      title: product.title,
      confidence: product.confidence,
      code: presetCode(product.preset)
    }
  }
})

const severities: ReadonlyArray<Finding["severity"]> = ["error", "warning", "note"]

const isUnreachable = ({ exchanges: [first], kind, providers, server }: Evidence): boolean =>
  kind === "issuer"
    ? providers.every(({ fetched, used }) =>
      used === undefined && fetched.every(({ exchanges: [one] }) => statusOf(one) === undefined)
    )
    : server === undefined && (first === undefined || first.result._tag === "Failure")

/** Judges the evidence by the rules, and predicts what clients do. Pure. */
export const judge = (
  evidence: Evidence,
  rules: ReadonlyArray<Rule>,
  clients: ReadonlyArray<Client>,
  secrets: ReadonlyArray<string>
): Report => {
  const clean: Clean = (text) => printable(withoutSecrets(text, secrets, 1), 1000)
  const judged = rules.map((rule) => ({ rule, verdict: rule.check(evidence) }))
  const broken = judged
    .flatMap(({ rule, verdict }): ReadonlyArray<Broken> => isSeen(verdict) ? [{ rule, seen: verdict }] : [])
    .toSorted((one, other) => severities.indexOf(one.rule.severity) - severities.indexOf(other.rule.severity))
  const ids = clients.map(({ id }) => id)
  const findings = broken.map((one) => findingOf(one, ids, evidence, clean))
  return {
    version: 1,
    target: clean(displayUrl(evidence.target)),
    kind: evidence.kind,
    verdict: isUnreachable(evidence) ? "unreachable" : findings.some(isFailure) ? "faulty" : "healthy",
    requests: evidence.exchanges.map((exchange) => requestOf(exchange, clean)),
    providers: evidence.providers.map((provider) => providerOf(provider, clean)),
    findings,
    holds: judged.flatMap(({ rule, verdict }) => verdict === "holds" ? [rule.id] : []),
    unjudged: judged.flatMap(({ rule: { id, title }, verdict }) =>
      typeof verdict === "object" && "needs" in verdict ? [{ id, title, needs: verdict.needs }] : []
    ),
    clients: clients.map((client) => verdictOf(client, broken, evidence))
  }
}
