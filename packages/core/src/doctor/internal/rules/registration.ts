import { quoted } from "../../../metadata/internal/printable.ts"
import {
  answerOf,
  collected,
  type Described,
  listOf,
  onDocuments,
  onProviders,
  type Rule,
  seen,
  statusOf
} from "../model.ts"
import { failureOf } from "./reach.ts"

const common = { isHint: false, actor: "provider", step: "registration", confidence: "code", date: collected } as const

/** Clients that take a client ID metadata document only if the application gives them one. */
const withCimdUrl = ["ts-1.23", "ts-1.31", "ts-2", "mcp-remote", "inspector"] as const
const withoutCimd = [
  "ts-1.12",
  "ts-1.13",
  "ts-1.20",
  "python-1.22",
  "gemini",
  "gemini-0.59",
  "ai-sdk",
  "spring",
  "librechat",
  "browser"
] as const

const dynamic = ({ document }: Described): boolean => typeof document["registration_endpoint"] === "string"
const cimd = ({ document }: Described): boolean => document["client_id_metadata_document_supported"] === true

/** RFC 8414, section 2: without the list, `client_secret_basic` is the only method. */
const methodsOf = ({ document }: Described): ReadonlyArray<string> =>
  listOf(document["token_endpoint_auth_methods_supported"]) ?? ["client_secret_basic"]

const errorOf = (value: unknown): string => {
  const error = typeof value === "object" && value !== null && "error" in value ? value.error : undefined
  return typeof error === "string" ? error : ""
}

const advertised: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R01",
    title: "Clients cannot get a client ID",
    severity: "error",
    source: "MCP 2025-11-25, client registration approaches; render#25",
    breaks: [{ clients: "all" }],
    check: onDocuments((described) =>
      dynamic(described) || cimd(described)
        ? "holds"
        : seen(
          "the document has no registration_endpoint, and client_id_metadata_document_supported is not true",
          described.exchange
        )
    ),
    fix: {
      words:
        "enable client ID metadata documents or dynamic registration at the provider, or put a server in front that has " +
        "them; or register a client by hand, and give its ID to each user"
    }
  },
  {
    ...common,
    id: "R02",
    title: "Public clients with a metadata document are not accepted",
    severity: "error",
    confidence: "documented",
    source: "https://claude.com/docs/connectors/building",
    date: "2026-09",
    breaks: [{ clients: ["claude-web"] }],
    check: onDocuments((described) => {
      if (dynamic(described) || !cimd(described)) return "not-applicable"
      return methodsOf(described).includes("none")
        ? "holds"
        : seen("token_endpoint_auth_methods_supported has no \"none\"", described.exchange)
    }),
    fix: { words: "add \"none\" to token_endpoint_auth_methods_supported, and accept public clients with PKCE" }
  },
  {
    ...common,
    id: "R03",
    title: "Client ID metadata documents are not supported",
    severity: "warning",
    isHint: true,
    source: "code of Mastra 2.0.0",
    breaks: [{ clients: ["mastra"] }],
    check: onDocuments((described) => {
      if (!dynamic(described)) return "not-applicable"
      return cimd(described) ? "holds" : seen("client_id_metadata_document_supported is not true", described.exchange)
    }),
    fix: { words: "enable client ID metadata documents at the provider, or register a client by hand" }
  },
  {
    ...common,
    id: "R04",
    title: "Clients cannot register dynamically",
    severity: "error",
    source: "code of Gemini CLI, AI SDK, TypeScript SDK, mcp-remote; zuplo.com/learn/mcp/compatibility/clients",
    breaks: [{ clients: withoutCimd }, { clients: withCimdUrl }],
    check: onDocuments((described) => {
      if (dynamic(described)) return "holds"
      return cimd(described) ? seen("the document has no registration_endpoint", described.exchange) : "not-applicable"
    }),
    fix: {
      words:
        "enable dynamic registration at the provider as well: many clients have no client ID metadata document, or only " +
        "one that the application must configure"
    }
  },
  {
    ...common,
    id: "R43",
    title: "Only HTTP Basic authenticates clients",
    severity: "warning",
    confidence: "reported",
    source: "claude-ai-mcp#667",
    date: "2026-07",
    step: "token",
    breaks: [{ clients: ["claude-web"], effect: "limited" }],
    check: onDocuments((described) => {
      const methods = methodsOf(described)
      return methods.includes("client_secret_post") || methods.includes("none")
        ? "holds"
        : seen(
          `token_endpoint_auth_methods_supported is ${methods.map((one) => quoted(one)).join(", ")}`,
          described.exchange
        )
    }),
    fix: { words: "accept client_secret_post as well: some clients send a secret in the form in any case" }
  }
]

const tried: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D17",
    title: "The registration endpoint does not answer",
    severity: "error",
    source: "RFC 7591, section 3",
    breaks: [{ clients: "all" }],
    check: onProviders(({ preflight }) => {
      if (preflight === undefined) return "not-applicable"
      const status = statusOf(preflight)
      if (preflight.result._tag === "Failure" && preflight.result.reason === "limit") return "not-applicable"
      return status === undefined || status >= 500 ? seen(failureOf(preflight), preflight) : "holds"
    }),
    fix: { words: "correct registration_endpoint in the document, or repair the endpoint" }
  },
  {
    ...common,
    id: "D18",
    title: "The provider refuses to register a client",
    severity: "error",
    source: "RFC 7591, section 3.2.2",
    breaks: [{ clients: "all" }],
    check: onProviders(({ registration, used }) => {
      if (registration === undefined) {
        return typeof used?.document["registration_endpoint"] === "string"
          ? { needs: "registration" }
          : "not-applicable"
      }
      const answer = answerOf(registration)
      if (answer?.status === 201 || answer?.status === 200) return "holds"
      const error = answer?.body.kind === "json" ? errorOf(answer.body.value) : ""
      if (error === "invalid_redirect_uri") return "not-applicable"
      return seen(`${failureOf(registration)} ${error === "" ? "" : quoted(error)}`.trim(), registration)
    }),
    fix: {
      words:
        "allow anonymous registration at the provider, or the hosts of your users; see its client registration policies"
    }
  },
  {
    ...common,
    id: "R36",
    title: "The provider refuses redirect URIs of clients",
    severity: "error",
    confidence: "reported",
    source: "bytebase#20510; agent-connector-for-wp#111; worldmonitor#8305",
    date: "2026-09",
    breaks: [{ clients: ["cursor", "vscode"] }],
    check: onProviders(({ registration }) => {
      if (registration === undefined) return { needs: "registration" }
      const answer = answerOf(registration)
      const error = answer?.body.kind === "json" ? errorOf(answer.body.value) : ""
      return error === "invalid_redirect_uri"
        ? seen(
          "a registration with a loopback, an https and a cursor: redirect URI is refused with invalid_redirect_uri",
          registration
        )
        : "holds"
    }),
    fix: {
      words:
        "accept http redirects to localhost and 127.0.0.1 with any port, redirects with a scheme of the application, and " +
        "at least four redirect URIs in one registration"
    }
  }
]

const login = { check: onProviders(() => ({ needs: "login" })) }

/** Rules that only a whole login shows. They explain failures, and no examination judges them. */
const afterLogin: ReadonlyArray<Rule> = [
  {
    ...common,
    ...login,
    id: "R35",
    title: "The provider compares the port of loopback redirects",
    severity: "error",
    confidence: "reported",
    source: "RFC 8252, section 7.3; claude-code#37747; copilot-cli#4793",
    step: "authorization",
    breaks: [{ clients: ["claude-code", "copilot-cli", "vscode", "codex", "goose", "zed", "gemini"] }],
    fix: { words: "ignore the port of redirects to loopback addresses" }
  },
  {
    ...common,
    ...login,
    id: "R44",
    title: "The provider reads only the old member of a client ID metadata document",
    severity: "error",
    confidence: "reported",
    source: "gamedevpl#641; kody#1905",
    date: "2026-08",
    step: "token",
    breaks: [{ clients: ["chatgpt"] }],
    fix: { words: "read token_endpoint_auth_methods_supported of the document before token_endpoint_auth_method" }
  },
  {
    ...common,
    ...login,
    id: "R45",
    title: "The provider cannot fetch client ID metadata documents",
    severity: "error",
    confidence: "reported",
    source: "two projects; claude.ai answered data centers with 403",
    date: "2026-09-02",
    step: "authorization",
    breaks: [{ clients: ["claude-web", "claude-code"] }],
    fix: { words: "keep dynamic registration as a second way" }
  },
  {
    ...common,
    ...login,
    id: "R53",
    title: "The provider limits the number of redirect URIs of a registration",
    severity: "warning",
    isHint: true,
    confidence: "reported",
    source: "worldmonitor#8305",
    date: "2026-09-17",
    breaks: [{ clients: ["vscode", "cursor"] }],
    fix: { words: "accept at least four redirect URIs" }
  }
]

/** Rules about how clients get a client ID and use it (RFC 7591, client ID metadata documents). */
export const registrationRules: ReadonlyArray<Rule> = [...advertised, ...tried, ...afterLogin]
