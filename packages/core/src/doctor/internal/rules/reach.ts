import { isLoopback } from "../../../metadata/internal/httpUri.ts"
import { quoted } from "../../../metadata/internal/printable.ts"
import type { Evidence, Exchange } from "../../Evidence.ts"
import { answerOf, collected, onServer, type Rule, seen, statusOf, type Verdict } from "../model.ts"

/** Networks that the public internet does not reach (RFC 1918, RFC 3927, RFC 4193, RFC 6762). */
const privateHost =
  /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|\[(?:f[cd]|fe[89ab]|::1\]))|\.(?:internal|intranet|local|localhost|lan|home\.arpa)$/i

/** Whether a host is reachable only from its own machine or network, as far as its name says. */
export const isPrivate = (url: string): boolean => {
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return isLoopback(hostname) || privateHost.test(hostname)
}

const failures = {
  address: "the address is not allowed from here",
  connection: "the connection failed",
  dns: "the host name has no address",
  limit: "the limits of the examination were reached",
  timeout: "there was no complete answer in time",
  tls: "the certificate is not trusted",
  url: "the URL may not be requested"
} as const

/** A failed exchange in words. */
export const failureOf = (exchange: Exchange): string => {
  const { result } = exchange
  if (result._tag === "Answer") return `${exchange.method} ${exchange.url} was answered with ${result.status}`
  return `${exchange.method} ${exchange.url} has no answer: ${failures[result.reason]} (${result.detail})`
}

const firstFailure = ({ exchanges: [first] }: Evidence, isTls: boolean): Verdict => {
  if (first === undefined) return "not-applicable"
  const { result } = first
  if (result._tag === "Answer") return "holds"
  return (result.reason === "tls") === isTls ? seen(failureOf(first), first) : "not-applicable"
}

/** Clients that call servers from the data center of their vendor. */
const hosted = ["claude-web", "chatgpt"] as const

/** The requests without a token, by status. */
const postsWith = (statuses: (status: number) => boolean) =>
  onServer(({ posts }) => {
    const found = posts.filter(({ exchange }) => {
      const status = statusOf(exchange)
      return status !== undefined && statuses(status)
    })
    const [first] = found
    if (first === undefined) return "holds"
    const location = answerOf(first.exchange)?.headers["location"]
    const all = found.length === posts.length ? "every revision" : found.map(({ revision }) => revision).join(", ")
    return seen(
      `a request without a token (${all}) is answered with ${statusOf(first.exchange)}${
        location === undefined ? "" : ` to ${quoted(location)}`
      }, not with 401`,
      ...found.map(({ exchange }) => exchange)
    )
  })

const unauthorized = {
  isHint: false,
  actor: "server",
  step: "challenge",
  confidence: "code",
  source: "MCP 2025-11-25, basic/authorization; RFC 6750, section 3",
  date: collected
} as const

/** Rules about the first contact. */
export const reachRules: ReadonlyArray<Rule> = [
  {
    id: "D01",
    title: "The server cannot be reached",
    severity: "error",
    isHint: false,
    actor: "operator",
    step: "reach",
    confidence: "code",
    source: "RFC 9110, section 3.5",
    date: collected,
    breaks: [{ clients: "all" }],
    check: (evidence) => firstFailure(evidence, false),
    fix: { words: "check the URL, the name server entry, the port and the firewall; clients use the same URL" }
  },
  {
    id: "D02",
    title: "The TLS certificate is not trusted",
    severity: "error",
    isHint: false,
    actor: "operator",
    step: "reach",
    confidence: "code",
    source: "RFC 9110, section 4.3.4",
    date: collected,
    breaks: [{ clients: "all" }],
    check: (evidence) => firstFailure(evidence, true),
    fix: {
      words:
        "renew the certificate, and send the whole chain; a private certification authority must be installed in each " +
        "client (here: --ca-file)"
    }
  },
  {
    ...unauthorized,
    id: "D03",
    title: "Requests without a token are redirected",
    severity: "error",
    breaks: [{ clients: "all" }],
    check: postsWith((status) => status >= 300 && status < 400),
    fix: {
      words:
        "answer 401 with a challenge: clients do not follow redirects to a login page. Exclude the MCP path from the " +
        "session login of the proxy or framework",
      library: { uses: "McpAuth.protect", code: "Mcp.pipe(McpAuth.protect(options))" }
    }
  },
  {
    ...unauthorized,
    id: "D04",
    title: "Requests without a token are accepted",
    severity: "warning",
    breaks: [],
    check: postsWith((status) => status >= 200 && status < 300),
    fix: {
      words:
        "answer 401 with a challenge, unless the server is meant to be public: clients start a login only after a 401",
      library: { uses: "McpAuth.protect", code: "Mcp.pipe(McpAuth.protect(options))" }
    }
  },
  {
    ...unauthorized,
    id: "D05",
    title: "Requests without a token get an error that is not 401",
    severity: "error",
    breaks: [{ clients: "all" }],
    check: postsWith((status) => status >= 400 && status !== 401 && status !== 403),
    fix: {
      words:
        "check the path of the MCP URL, and authenticate before the body, the session and the protocol version are read"
    }
  },
  {
    ...unauthorized,
    id: "R40",
    title: "Requests without a token get 403",
    severity: "error",
    confidence: "reported",
    source: "vscode#334970; python-sdk#1602; MCP 2025-11-25, basic/authorization",
    breaks: [{
      clients: [
        "ts-1.12",
        "ts-1.13",
        "ts-1.20",
        "ts-1.23",
        "ts-1.31",
        "ts-2",
        "python-1.22",
        "python-1",
        "python-1.29",
        "python-2",
        "rmcp",
        "csharp",
        "go",
        "spring",
        "ai-sdk",
        "mastra",
        "mcp-remote",
        "inspector",
        "claude-web",
        "claude-code",
        "chatgpt",
        "codex",
        "codex-0.146",
        "codex-desktop",
        "copilot-cli",
        "gemini-0.59",
        "gemini",
        "zed",
        "goose"
      ]
    }],
    check: postsWith((status) => status === 403),
    fix: {
      words:
        "answer 401 with a challenge if there is no token, and use 403 only for insufficient_scope. A firewall or an " +
        "origin check in front of the server can also be the cause"
    }
  },
  {
    id: "R48",
    title: "The server has a private address",
    severity: "note",
    isHint: false,
    actor: "operator",
    step: "reach",
    confidence: "documented",
    source: "https://claude.com/docs/connectors/building",
    date: "2026-09",
    breaks: [{ clients: hosted }],
    check: ({ kind, target }) => {
      if (kind === "issuer") return "not-applicable"
      return isPrivate(target)
        ? { seen: `${new URL(target).host} is reachable only from its own machine or network`, requests: [] }
        : "holds"
    },
    fix: { words: "clients that run at their vendor need a public IPv4 address; local clients need no change" }
  },
  {
    id: "D06",
    title: "Answers take more than ten seconds",
    severity: "warning",
    isHint: false,
    actor: "operator",
    step: "reach",
    confidence: "documented",
    source: "https://claude.com/docs/connectors/building",
    date: "2026-09",
    breaks: [{ clients: ["claude-web"] }],
    check: ({ exchanges: [first, ...others] }) => {
      const slow = [...first?.result._tag === "Answer" ? [first] : [], ...others]
        .filter(({ duration, result }) =>
          duration > 10_000 && (result._tag === "Answer" || result.reason === "timeout")
        )
      const [worst] = slow.toSorted((one, other) => other.duration - one.duration)
      if (first === undefined) return "not-applicable"
      return worst === undefined
        ? "holds"
        : seen(`${worst.method} ${worst.url} took ${Math.round(worst.duration / 1000)} seconds`, ...slow)
    },
    fix: { words: "answer within ten seconds: clients give up, and report that the server cannot be reached" }
  }
]
