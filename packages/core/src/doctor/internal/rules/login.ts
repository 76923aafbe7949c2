import { quoted } from "../../../metadata/internal/printable.ts"
import { ts1, ts2 } from "../groups.ts"
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

const common = { isHint: false, actor: "provider", step: "authorization", confidence: "code", date: collected } as const

const needsS256 = ["zed", "csharp", "ai-sdk"] as const

const advertisesIss = ({ document }: Described): boolean =>
  document["authorization_response_iss_parameter_supported"] === true

const methodsOf = ({ document }: Described): ReadonlyArray<string> | undefined =>
  listOf(document["code_challenge_methods_supported"])

const needsLogin = onProviders(() => ({ needs: "login" }))

/** Serves a repaired document under the server's own issuer. Only for providers that do not send theirs (RFC 9207). */
const repaired = {
  uses: "Repairs.pkce, McpAuth.legacyAuthorizationServerMetadata",
  code: `// Only if the provider enforces PKCE without saying so.
const issuer = "https://as.example.com"
const Auth = McpAuth.layer({
  resource: "https://api.example.com/mcp",
  authorizationServers: [AuthorizationServer.discover(issuer, { transpileData: Repairs.pkce })],
  metadata: { authorizationServers: ["https://api.example.com"] }
})
Layer.merge(Mcp.pipe(McpAuth.protect()), McpAuth.legacyAuthorizationServerMetadata({ issuer: "resource" })).pipe(
  Layer.provide(Auth)
)`
}

const pkceRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R05",
    title: "The provider does not advertise PKCE",
    severity: "error",
    source: "MCP 2025-11-25, authorization code protection; claude-ai-mcp#786; runpod-mcp#49",
    breaks: [
      { clients: ["ts-1.12", "ts-1.13", "go", ...needsS256] },
      { clients: ["chatgpt"], confidence: "documented" },
      { clients: ["claude-web", "claude-code"], confidence: "reported" }
    ],
    check: onDocuments((described) =>
      methodsOf(described) === undefined
        ? seen("the document has no code_challenge_methods_supported", described.exchange)
        : "holds"
    ),
    fix: { words: "publish code_challenge_methods_supported: [\"S256\"] at the provider", library: repaired }
  },
  {
    ...common,
    id: "R06",
    title: "The provider does not advertise the PKCE method S256",
    severity: "error",
    source: "RFC 7636, section 4.2; code of TypeScript SDK and rmcp",
    breaks: [
      { clients: [...ts1, ...ts2, "rmcp", "codex", "codex-0.146", "goose", ...needsS256] },
      {
        clients: ["go"],
        when: ({ providers }) =>
          providers.some(({ used }) => listOf(used?.document["code_challenge_methods_supported"])?.length === 0)
      },
      { clients: ["chatgpt"], confidence: "documented" },
      { clients: ["claude-web", "claude-code"], confidence: "reported" }
    ],
    check: onDocuments((described) => {
      const methods = methodsOf(described)
      if (methods === undefined) return "not-applicable"
      return methods.includes("S256")
        ? "holds"
        : seen(
          `code_challenge_methods_supported is [${methods.map((one) => quoted(one)).join(", ")}]`,
          described.exchange
        )
    }),
    fix: { words: "enable S256 at the provider, and list it", library: repaired }
  }
]

/** Rules about the issuer in authorization responses (RFC 9207). */
const responseIssuerRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R14",
    title: "The provider does not advertise the issuer in authorization responses",
    severity: "warning",
    source: "gemini-cli#29117; RFC 9207, section 3",
    date: "2026-09-04",
    breaks: [{ clients: ["gemini"], confidence: "inferred" }],
    check: onDocuments((described) =>
      advertisesIss(described)
        ? "holds"
        : seen("authorization_response_iss_parameter_supported is not true", described.exchange)
    ),
    fix: {
      words:
        "send iss in every authorization response, errors too, and advertise it. For Gemini CLI, authorizationUrl and " +
        "tokenUrl in its settings are another way"
    }
  },
  {
    ...common,
    id: "R17",
    title: "Some versions of clients drop the issuer of authorization responses",
    severity: "note",
    actor: "client",
    confidence: "reported",
    source: "codex#31573, #33354; goose#10677; mcp-remote#359",
    date: "2026-09-11",
    breaks: [{ clients: ["codex-0.146"] }],
    check: onDocuments((described) =>
      advertisesIss(described)
        ? seen("authorization_response_iss_parameter_supported is true, as it should be", described.exchange)
        : "not-applicable"
    ),
    fix: {
      words: "update the client: mcp-remote from 0.9.0 until 2026-09-11, Goose before 2026-07-24, Codex 0.142 to 0.146"
    }
  },
  {
    ...common,
    id: "R18",
    title: "ChatGPT uses a callback of its own for each connector",
    severity: "warning",
    confidence: "documented",
    source: "https://developers.openai.com/plugins/build/auth",
    breaks: [{ clients: ["chatgpt"] }],
    check: onDocuments((described) => {
      const { document, exchange } = described
      const isFixed = document["registration_endpoint"] === undefined &&
        document["client_id_metadata_document_supported"] !== true
      if (!isFixed) return "not-applicable"
      return advertisesIss(described)
        ? "holds"
        : seen("clients are registered by hand, and iss is not advertised", exchange)
    }),
    fix: { words: "send and advertise iss, or register https://chatgpt.com/connector/oauth/{id} for each connector" }
  },
  ...([
    ["R13", "The issuer is advertised, and missing in an authorization response", "provider", false],
    ["R15", "The issuer is in authorization responses, and not advertised", "provider", true],
    ["R16", "The issuer of an authorization response differs from that of the document", "provider", false]
  ] as const).map(([id, title, actor, isHint]): Rule => ({
    ...common,
    id,
    title,
    actor,
    isHint,
    severity: isHint ? "warning" : "error",
    source: "RFC 9207, section 2.4; code of SDKs; sentry-mcp#1271",
    breaks: [{
      clients: id === "R15"
        ? ["go", "chatgpt"]
        : ["ts-2", "python-2", "rmcp", "csharp", "go", "gemini", "claude-code", "chatgpt"]
    }],
    check: needsLogin,
    fix: {
      words: "send iss in every authorization response, errors too, equal to issuer of the document, and advertise it"
    }
  }))
]

/** Rules about the answer of the authorization endpoint to a request that cannot succeed. */
const endpointRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D19",
    title: "The authorization endpoint redirects to an unregistered URI",
    severity: "error",
    source: "RFC 6749, section 3.1.2.4; RFC 9700, section 4.11",
    breaks: [],
    check: onProviders(({ authorization }) => {
      if (authorization === undefined) return { needs: "client-id" }
      const location = answerOf(authorization)?.headers["location"] ?? ""
      return location.startsWith("https://doctor.invalid/")
        ? seen("a request with an unregistered redirect URI is redirected there", authorization)
        : "holds"
    }),
    fix: { words: "compare redirect URIs with the registered ones before anything else: this is an open redirector" }
  },
  {
    ...common,
    id: "D20",
    title: "The authorization endpoint does not answer",
    severity: "error",
    source: "RFC 6749, section 3.1",
    breaks: [{ clients: "all" }],
    check: onProviders(({ authorization }) => {
      if (authorization === undefined) return { needs: "client-id" }
      const status = statusOf(authorization)
      return status === undefined || status >= 500 || status === 404 || status === 405
        ? seen(failureOf(authorization), authorization)
        : "holds"
    }),
    fix: { words: "correct authorization_endpoint in the document, or repair the endpoint" }
  }
]

/** Rules about the login: PKCE, RFC 9207, the authorization endpoint. */
export const loginRules: ReadonlyArray<Rule> = [...pkceRules, ...responseIssuerRules, ...endpointRules]
