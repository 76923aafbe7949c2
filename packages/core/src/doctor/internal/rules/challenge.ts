import { printable, quoted } from "../../../metadata/internal/printable.ts"
import { scopes } from "../../../token/WwwAuthenticate.ts"
import type { ChallengeSeen, Evidence } from "../../Evidence.ts"
import {
  answerOf,
  collected,
  listOf,
  onServer,
  protectCode,
  type Rule,
  seen,
  statusOf,
  type Verdict
} from "../model.ts"

const onChallenge = (judge: (challenge: ChallengeSeen, evidence: Evidence) => Verdict) =>
  onServer(({ challenge }, evidence) =>
    challenge === undefined || challenge.header === "" ? "not-applicable" : judge(challenge, evidence)
  )

/** The URL of the metadata in a challenge. */
export const hintOf = ({ bearer }: ChallengeSeen): string | undefined => bearer?.parameters.get("resource_metadata")

const common = { isHint: false, actor: "server", step: "challenge", confidence: "code", date: collected } as const

const protect = {
  uses: "McpAuth.protect",
  code: "// Sends: WWW-Authenticate: Bearer scope=\"…\", resource_metadata=\"…\"\nMcp.pipe(McpAuth.protect(options))"
}

/** Node, and most proxies, refuse larger headers. */
const longest = 8 * 1024

/** The scopes of the resource that a login with the scopes of the challenge does not cover. */
const laterScopes = ({ server }: Evidence): ReadonlyArray<string> => {
  const first = server?.challenge?.bearer === undefined ? undefined : scopes(server.challenge.bearer)
  if (first === undefined) return []
  return (listOf(server?.used?.document["scopes_supported"]) ?? []).filter((scope) => !first.includes(scope))
}

/** Rules about the 401 and its challenge (RFC 9110, section 11; RFC 6750, section 3; RFC 9728, section 5.1). */
export const challengeRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R26",
    title: "The 401 has no WWW-Authenticate header",
    severity: "error",
    confidence: "documented",
    source: "RFC 9110, section 15.5.2; https://claude.com/docs/connectors/building",
    breaks: [{ clients: ["claude-web"] }],
    check: onServer(({ challenge }) => {
      if (challenge === undefined) return "not-applicable"
      return challenge.header === "" ? seen("the 401 has no WWW-Authenticate header", challenge.exchange) : "holds"
    }),
    fix: {
      words:
        "add WWW-Authenticate: Bearer resource_metadata=\"<URL of the metadata>\", scope=\"<scopes>\" to every 401. If " +
        "the server sends it, a proxy removes it",
      library: protect
    }
  },
  {
    ...common,
    id: "D07",
    title: "The challenge does not follow the grammar",
    severity: "error",
    source: "RFC 9110, section 11.6.1; RFC 9728, section 5.1",
    breaks: [{ clients: ["go"] }],
    check: onChallenge((challenge) => {
      const { bearer, exchange, header } = challenge
      const hint = hintOf(challenge)
      if (header.length >= longest) return seen(`the challenge has more than ${longest} characters`, exchange)
      if (bearer !== undefined && !bearer.isWellFormed) return seen(`the challenge is ${quoted(header)}`, exchange)
      if (hint !== undefined && !/^https?:\/\//i.test(hint)) {
        return seen(`resource_metadata is ${quoted(hint)}, which is not an absolute URL`, exchange)
      }
      return "holds"
    }),
    fix: {
      words:
        "write each parameter as name=\"value\", separated by commas, each name once, and resource_metadata as an " +
        "absolute URL",
      library: protect
    }
  },
  {
    ...common,
    id: "D08",
    title: "The challenge asks for another scheme than Bearer",
    severity: "error",
    source: "RFC 6750, section 3",
    breaks: [{ clients: ["claude-web", "vscode", "go", "zed"], confidence: "inferred" }],
    check: onChallenge(({ bearer, exchange, header }) =>
      bearer === undefined && header.length < longest
        ? seen(`the challenge is ${quoted(header)}`, exchange)
        : "holds"
    ),
    fix: {
      words: "send a Bearer challenge. Basic authentication of a proxy must not cover the MCP path",
      library: protect
    }
  },
  {
    ...common,
    id: "R27",
    title: "Bearer is not the first word of the challenge, or has no parameters",
    severity: "warning",
    isHint: true,
    source: "code of TypeScript SDK 1.x, Zed and Visual Studio Code",
    breaks: [{ clients: ["ts-1.12", "ts-1.13", "ts-1.20", "ts-1.23", "ts-1.31", "zed", "vscode"], effect: "limited" }],
    check: onChallenge(({ bearer, exchange, header }) => {
      if (bearer === undefined) return "not-applicable"
      return /^Bearer +\S/.test(header.trimStart()) ? "holds" : seen(`the challenge is ${quoted(header)}`, exchange)
    }),
    fix: {
      words: "send Bearer with a capital B and its parameters first; put other schemes behind it",
      library: protect
    }
  },
  {
    ...common,
    id: "R52",
    title: "The challenge without a token has an error code",
    severity: "warning",
    isHint: true,
    confidence: "reported",
    source: "ctxpipe#156; RFC 6750, section 3.1",
    date: "2026-09",
    breaks: [{ clients: ["codex-desktop"] }],
    check: onChallenge(({ bearer, exchange }) => {
      const error = bearer?.parameters.get("error")
      return error === undefined
        ? "holds"
        : seen(`the 401 to a request without a token has error=${quoted(error)}`, exchange)
    }),
    fix: { words: "leave error out if the request had no token (RFC 6750, section 3.1)", library: protect }
  },
  {
    ...common,
    id: "R28",
    title: "GET without a token is answered with 200",
    severity: "error",
    source: "goose#8583; code of rmcp 3.1.4",
    date: "2026-08",
    breaks: [{ clients: ["rmcp", "codex", "codex-0.146", "goose"] }],
    check: onServer(({ get, posts }) => {
      if (statusOf(get) !== 200) return statusOf(get) === undefined ? "not-applicable" : "holds"
      // A server that is open to all requests is another finding.
      if (posts.some(({ exchange }) => statusOf(exchange) === 200)) return "not-applicable"
      const body = answerOf(get)?.body.kind ?? "empty"
      return seen(`GET on the MCP URL is answered with 200 (${body}) without a token`, get)
    }),
    fix: {
      words: "answer GET on the MCP URL with 401, as POST. Serve a page for people at another path",
      library: protect
    }
  },
  {
    ...common,
    id: "R29",
    title: "HEAD without a token gets no challenge",
    severity: "warning",
    isHint: true,
    source: "code of Gemini CLI 0.61.0",
    breaks: [{ clients: ["gemini", "gemini-0.59"], effect: "limited" }],
    check: onServer(({ challenge, head }) => {
      if (challenge === undefined || hintOf(challenge) === undefined) return "not-applicable"
      if (statusOf(head) === 401 && answerOf(head)?.headers["www-authenticate"]?.includes("resource_metadata")) {
        return "holds"
      }
      return statusOf(head) === undefined
        ? "not-applicable"
        : seen(`HEAD on the MCP URL is answered with ${statusOf(head)} and no resource_metadata`, head)
    }),
    fix: { words: "answer HEAD as GET: 401 with the same challenge", library: protect }
  },
  {
    ...common,
    id: "R38",
    title: "Neither the challenge nor the metadata names scopes",
    severity: "warning",
    confidence: "code",
    source: "code of Python SDK and rmcp; copilot-cli#4582",
    step: "authorization",
    breaks: [{
      clients: ["python-1.22", "python-1", "python-1.29", "python-2", "rmcp", "copilot-cli", "claude-web"],
      effect: "limited"
    }],
    check: onServer(({ challenge, used }, { providers }) => {
      if (challenge === undefined || used === undefined) return "not-applicable"
      if (!providers.some(({ used }) => (listOf(used?.document["scopes_supported"]) ?? []).length > 0)) {
        return "not-applicable"
      }
      const inChallenge = challenge.bearer === undefined ? undefined : scopes(challenge.bearer)
      if (inChallenge !== undefined || (listOf(used.document["scopes_supported"]) ?? []).length > 0) return "holds"
      return seen(
        "clients do not learn which scopes to request, so they request all scopes of the provider, or none",
        challenge.exchange
      )
    }),
    fix: {
      words: "name the scopes in the challenge (scope) and in the metadata (scopes_supported)",
      library: {
        uses: "McpAuth.Options.scopesSupported",
        code: protectCode("scopesSupported: [\"notes:read\"],\nloginScopes: [\"notes:read\"]")
      }
    }
  },
  {
    ...common,
    id: "R39",
    title: "The first login does not cover all scopes",
    severity: "note",
    confidence: "code",
    source: "typescript-sdk#2255; claude-code#44652; code of Gemini CLI and AI SDK",
    step: "call",
    breaks: [{
      clients: ["ts-1.23", "ts-1.31", "inspector", "claude-code", "ai-sdk", "gemini", "gemini-0.59"],
      effect: "limited"
    }],
    check: (evidence) => {
      const challenge = evidence.server?.challenge
      if (challenge?.bearer === undefined || scopes(challenge.bearer) === undefined) return "not-applicable"
      const later = laterScopes(evidence)
      return later.length === 0
        ? "holds"
        : seen(
          `the challenge does not name ${later.slice(0, 5).map((scope) => quoted(scope)).join(", ")}`,
          challenge.exchange
        )
    },
    fix: (evidence) => ({
      words:
        "some clients cannot request more scopes after a 403: request all scopes at the first login, if that is acceptable",
      library: {
        uses: "McpAuth.Options.loginScopes",
        code: protectCode(
          `loginScopes: [${
            (listOf(evidence.server?.used?.document["scopes_supported"]) ?? [])
              .map((scope) => JSON.stringify(printable(scope))).join(", ")
          }]`
        )
      }
    })
  }
]
