import { printable } from "../../metadata/internal/printable.ts"
import type { ClientId, Confidence, Step } from "../Clients.ts"
import type { Answer, Evidence, Exchange, Fetched, McpServerSeen, Provider } from "../Evidence.ts"

/**
 * The party that must act. `server`: the operator of the MCP server changes its configuration. `operator`: the network, the
 * certificate or the URL is wrong.
 *
 * @category models
 * @since 0.2.0
 */
export type Actor = "client" | "operator" | "provider" | "server"

/**
 * `error`: some clients cannot connect. `warning`: something is lost for some clients. `note`: nothing is wrong, but an
 * operator must know it to explain a failure.
 *
 * @category models
 * @since 0.2.0
 */
export type Severity = "error" | "note" | "warning"

/**
 * What a rule saw: the sentence for the report, and the numbers of the requests that show it.
 *
 * @category models
 * @since 0.2.0
 */
export interface Seen {
  readonly seen: string
  readonly requests: ReadonlyArray<number>
}

/**
 * What an examination needs to judge a rule: a whole login, a token, a client ID, or permission to register a client.
 *
 * @category models
 * @since 0.2.0
 */
export type Need = "client-id" | "login" | "registration" | "token"

/**
 * The verdict of a rule. `not-applicable`: there was nothing to judge.
 *
 * @category models
 * @since 0.2.0
 */
export type Verdict = "holds" | "not-applicable" | Seen | { readonly needs: Need }

/**
 * The clients that a broken rule affects.
 *
 * @category models
 * @since 0.2.0
 */
export interface Break {
  readonly clients: ReadonlyArray<ClientId | (string & {})> | "all"
  /** The step at which they fail. Default: the step of the rule. */
  readonly step?: Step | undefined
  /** `fails`: the client does not connect. `limited`: it connects, and something does not work. Default: `fails`. */
  readonly effect?: "fails" | "limited" | undefined
  /** Default: the confidence of the rule. */
  readonly confidence?: Confidence | undefined
  /** Whether these clients are affected by this evidence. Default: always. */
  readonly when?: ((evidence: Evidence) => boolean) | undefined
}

/**
 * How to repair a server that runs on this library: the option or function, and code to paste.
 *
 * @category models
 * @since 0.2.0
 */
export interface LibraryFix {
  /** The option, preset, repair or function, such as `McpAuth.Options.resource`. */
  readonly uses: string
  readonly code: string
}

/**
 * How to repair what a rule found.
 *
 * @category models
 * @since 0.2.0
 */
export interface Fix {
  /** For every server, in words. */
  readonly words: string
  readonly library?: LibraryFix | undefined
}

/**
 * A rule.
 *
 * @category models
 * @since 0.2.0
 */
export interface Rule {
  /** Stable: it identifies the rule in reports and in `without`. */
  readonly id: string
  /** What is wrong if the rule is broken, as the title of a finding. */
  readonly title: string
  readonly severity: Severity
  /** A hint is rare or weakly sourced. It never makes a server fail, so its severity is at most `warning`. */
  readonly isHint: boolean
  readonly actor: Actor | ((evidence: Evidence) => Actor)
  /** The step of a connection that the rule is about. */
  readonly step: Step
  readonly confidence: Confidence
  /** Where the fact is from: a specification, code, or an issue. */
  readonly source: string
  /** When the source was read or published: `2026-11` or `2026-11-28`. */
  readonly date: string
  readonly breaks: ReadonlyArray<Break>
  readonly check: (evidence: Evidence) => Verdict
  readonly fix: Fix | ((evidence: Evidence) => Fix)
}

/** The severity of a finding: a hint never makes a server fail. */
export const severityOf = ({ isHint, severity }: Pick<Rule, "isHint" | "severity">): Severity =>
  isHint && severity === "error" ? "warning" : severity

/** The date on which the facts were collected, for rules without a date of their own. */
export const collected = "2026-11-28"

/** The answer of an exchange. */
export const answerOf = ({ result }: Exchange): Answer | undefined => result._tag === "Answer" ? result : undefined

/** The status of an answer. */
export const statusOf = (exchange: Exchange): number | undefined => answerOf(exchange)?.status

/** A finding about exchanges. */
export const seen = (text: string, ...exchanges: ReadonlyArray<Exchange>): Seen => ({
  seen: text,
  requests: exchanges.map(({ id }) => id)
})

/** Judges the MCP server. */
export const onServer =
  (judge: (server: McpServerSeen, evidence: Evidence) => Verdict) => (evidence: Evidence): Verdict =>
    evidence.server === undefined ? "not-applicable" : judge(evidence.server, evidence)

/** Whether a rule is broken. */
export const isSeen = (verdict: Verdict): verdict is Seen => typeof verdict === "object" && "seen" in verdict

/** Judges each provider. The first one that breaks the rule decides, or else the first one with another verdict. */
export const onProviders =
  (judge: (provider: Provider, evidence: Evidence) => Verdict) => (evidence: Evidence): Verdict => {
    const verdicts = evidence.providers.map((provider) => judge(provider, evidence))
    return verdicts.find(isSeen) ?? verdicts.find((verdict) => verdict !== "not-applicable") ?? "not-applicable"
  }

/** A provider with its metadata. */
export interface Described {
  readonly provider: Provider
  readonly document: NonNullable<Provider["used"]>["document"]
  readonly exchange: Exchange
  readonly evidence: Evidence
}

/** The last request for a document. */
export const lastOf = (
  { exchanges }: { readonly exchanges: readonly [Exchange, ...ReadonlyArray<Exchange>] }
): Exchange => exchanges.at(-1) ?? exchanges[0]

/** Whether a document is missing without a problem that has a rule of its own. What was not asked for is not missing. */
export const isMissing = (fetched: Fetched): boolean => {
  const { result } = lastOf(fetched)
  if (result._tag === "Failure") return result.reason !== "limit"
  return result.status >= 300 && result.status < 500 && result.status !== 429
}

/** Judges each provider that has metadata. */
export const onDocuments = (judge: (described: Described) => Verdict): Rule["check"] =>
  onProviders((provider, evidence) =>
    provider.used === undefined
      ? "not-applicable"
      : judge({ provider, document: provider.used.document, exchange: lastOf(provider.used), evidence })
  )

/** A list of strings in a document, or `undefined` if the member is missing or not a list. */
export const listOf = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : undefined

/** A text without its final slash. */
export const withoutSlash = (text: string): string => text.replace(/\/$/, "")

/** Whether a URL has a path other than the root. */
export const hasPath = (url: string): boolean => URL.canParse(url) && new URL(url).pathname !== "/"

/** The path of a URL without a final slash, or an empty text. */
export const pathOf = (url: string): string => URL.canParse(url) ? withoutSlash(new URL(url).pathname) : ""

/** The server if its own documents show the problem, or else the provider. */
export const serverOr = (hasProblem: (server: McpServerSeen) => boolean) => ({ server }: Evidence): Actor =>
  server !== undefined && hasProblem(server) ? "server" : "provider"

/** Code that sets options of `McpAuth.protect`. */
export const protectCode = (lines: string): string => `McpAuth.protect({\n${lines.replaceAll(/^/gm, "  ")}\n})`

/** The origin of a URL. */
export const originOf = (url: string): string | undefined => URL.canParse(url) ? new URL(url).origin : undefined

/** The fix of a resource that is not the URL that people type. */
export const setResource = ({ target }: Evidence) => ({
  words: `set resource to the URL that people type, byte for byte: ${printable(target)}`,
  library: { uses: "McpAuth.Options.resource", code: protectCode(`resource: ${JSON.stringify(printable(target))}`) }
})

/** Serves the document of the provider at the origin of the resource. */
export const ownDocument = {
  uses: "McpAuth.legacyAuthorizationServerMetadata",
  code: "// Serves the document of the provider, with repairs, at the origin of the resource.\n" +
    "Layer.merge(Mcp.pipe(McpAuth.protect()), McpAuth.legacyAuthorizationServerMetadata({ issuer: \"resource\" }))"
}
