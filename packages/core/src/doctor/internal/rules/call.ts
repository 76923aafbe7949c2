import { quoted } from "../../../metadata/internal/printable.ts"
import { answerOf, collected, onServer, protectCode, type Rule, seen, statusOf } from "../model.ts"

const common = { isHint: false, actor: "server", step: "call", confidence: "code", date: collected } as const

/** Rules about calls with a token. */
export const callRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D33",
    title: "The server refuses the token",
    severity: "error",
    source: "RFC 6750, section 3.1",
    breaks: [],
    check: onServer(({ token }) => {
      if (token === undefined) return { needs: "token" }
      const status = statusOf(token.exchange)
      if (status === undefined || status < 400 || status === 404 || status === 405 || status === 400) return "holds"
      const header = answerOf(token.exchange)?.headers["www-authenticate"]
      return seen(
        `the token is answered with ${status}${header === undefined ? "" : ` and ${quoted(header)}`}; our rules say: ${
          token.problem ?? "it is valid"
        }`,
        token.exchange
      )
    }),
    fix: {
      words:
        "get a new token for this resource. If our rules accept it, the server expects another audience or issuer: " +
        "`mcp-auth explain` shows each check"
    }
  },
  {
    ...common,
    id: "D34",
    title: "The server accepts a token that our rules refuse",
    severity: "warning",
    source: "MCP 2025-11-25, token audience binding and validation; RFC 9068, section 4",
    breaks: [],
    check: onServer(({ token }) => {
      if (token === undefined) return { needs: "token" }
      const status = statusOf(token.exchange)
      if (token.problem === undefined || status === undefined || status >= 400) return "holds"
      return seen(`the token is answered with ${status}; our rules say: ${token.problem}`, token.exchange)
    }),
    fix: {
      words: "check issuer, audience and expiry of each token",
      library: { uses: "McpAuth.protect", code: "Mcp.pipe(McpAuth.protect(options))" }
    }
  },
  {
    ...common,
    id: "R46",
    title: "A protected tool asks for a login by HTTP 401 alone",
    severity: "warning",
    confidence: "reported",
    source: "mcp-use#2611; bitrise-mcp#69",
    date: "2026-03",
    breaks: [{ clients: ["chatgpt", "claude-code"], effect: "limited" }],
    check: onServer(() => ({ needs: "login" })),
    fix: {
      words: "protect the whole server, or send _meta[\"mcp/www_authenticate\"] with the refusal as well",
      library: { uses: "McpAuth.Options.openAiTools", code: protectCode("openAiTools: true") }
    }
  },
  {
    ...common,
    id: "R47",
    title: "A protected tool asks for a login in its result alone",
    severity: "warning",
    confidence: "documented",
    source: "https://developers.openai.com/plugins/build/auth",
    breaks: [{ clients: ["ts-1.31", "ts-2", "claude-web", "claude-code", "vscode"], effect: "limited" }],
    check: onServer(() => ({ needs: "login" })),
    fix: { words: "answer with HTTP 401 as well: only ChatGPT reads the result" }
  }
]
