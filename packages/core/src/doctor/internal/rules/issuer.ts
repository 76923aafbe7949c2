import { printable, quoted } from "../../../metadata/internal/printable.ts"
import type { Evidence } from "../../Evidence.ts"
import { rust, ts1, ts2 } from "../groups.ts"
import {
  collected,
  type Described,
  onDocuments,
  ownDocument,
  protectCode,
  type Rule,
  seen,
  type Verdict,
  withoutSlash
} from "../model.ts"

const common = { isHint: false, actor: "provider", step: "discovery", confidence: "code", date: collected } as const

const issuerOf = ({ document }: Described): string | undefined =>
  typeof document["issuer"] === "string" ? document["issuer"] : undefined

/** Whether an issuer has a path, and so more than a slash behind its host. */
const hasIssuerPath = (issuer: string): boolean => URL.canParse(issuer) && new URL(issuer).pathname !== "/"

/** Judges the issuer of a document against its name in the metadata of the resource. */
const onIssuer = (judge: (issuer: string, described: Described) => Verdict) =>
  onDocuments((described) => {
    const issuer = issuerOf(described)
    return issuer === undefined ? "not-applicable" : judge(issuer, described)
  })

const compared = (issuer: string, { exchange, provider: { named } }: Described): Verdict =>
  seen(`the provider is named ${quoted(named)}, and its document has the issuer ${quoted(issuer)}`, exchange)

/** The issuer of the first document that does not equal its name. */
const publishedIssuer = ({ providers }: Evidence): string => {
  const issuers = providers.flatMap(({ named, used }) => {
    const issuer = used?.document["issuer"]
    return typeof issuer === "string" && issuer !== named ? [issuer] : []
  })
  return printable(issuers[0] ?? "https://as.example.com")
}

const copyIssuer = (evidence: Evidence) => ({
  words: `write the issuer in authorization_servers byte for byte as the provider publishes it: ${
    publishedIssuer(evidence)
  }`,
  library: {
    uses: "McpAuth.Options.authorizationServers",
    code: protectCode(
      `authorizationServers: [AuthorizationServer.discover(${JSON.stringify(publishedIssuer(evidence))})]`
    )
  }
})

/** Rules about the issuer (RFC 8414, section 3.3). */
export const issuerRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R07",
    title: "The issuer differs from its name in the metadata of the resource",
    severity: "error",
    actor: "server",
    source: "RFC 8414, section 3.3; atlassian-mcp-server#205; copilot-cli#4480",
    breaks: [
      { clients: [...ts2, "python-2", ...rust, "csharp", "go", "zed", "ai-sdk"] },
      { clients: ["spring"], confidence: "inferred" },
      { clients: ["copilot-cli"], confidence: "reported" }
    ],
    check: onIssuer((issuer, described) =>
      withoutSlash(issuer) === withoutSlash(described.provider.named) ? "holds" : compared(issuer, described)
    ),
    fix: copyIssuer
  },
  {
    ...common,
    id: "R08",
    title: "The issuer has a final slash, and its name in the metadata of the resource has none",
    severity: "error",
    actor: "server",
    source: "RFC 8414, section 3.3; code of TypeScript SDK 2, Python SDK 2, C# SDK",
    breaks: [
      { clients: [...ts2, "python-2", "csharp"] },
      {
        clients: ["ai-sdk", ...rust],
        when: ({ providers }) => providers.some(({ named }) => hasIssuerPath(named))
      }
    ],
    check: onIssuer((issuer, described) =>
      issuer === `${described.provider.named}/` ? compared(issuer, described) : "holds"
    ),
    fix: copyIssuer
  },
  {
    ...common,
    id: "R09",
    title: "The issuer has no final slash, and its name in the metadata of the resource has one",
    severity: "error",
    actor: "server",
    source: "RFC 8414, section 3.3; code of Python SDK 2, C# SDK",
    breaks: [{ clients: ["python-2", "csharp", "go"] }],
    check: onIssuer((issuer, described) =>
      described.provider.named === `${issuer}/` ? compared(issuer, described) : "holds"
    ),
    fix: copyIssuer
  },
  {
    ...common,
    id: "R10",
    title: "The issuer is an origin with a final slash",
    severity: "warning",
    source: "code of Go SDK 1.7",
    breaks: [{ clients: ["go"] }],
    check: onIssuer((issuer, { exchange, provider: { named } }) =>
      issuer === named && URL.canParse(issuer) && issuer === `${new URL(issuer).origin}/`
        ? seen(`the issuer is ${quoted(issuer)}`, exchange)
        : "holds"
    ),
    fix: {
      words:
        "if the provider can publish an issuer without the final slash, use that one; the Go SDK requests //.well-known. " +
        "Do not remove the slash in the metadata of the resource alone: other clients would then refuse the issuer"
    }
  },
  {
    ...common,
    id: "R11",
    title: "The issuer has a path with a final slash",
    severity: "warning",
    isHint: true,
    source: "code of AI SDK and Gemini CLI",
    breaks: [{ clients: ["ai-sdk"] }, {
      clients: ["gemini", "gemini-0.59"],
      when: ({ providers }) => providers.some(({ used }) => used !== undefined && used.place !== "oauth")
    }],
    check: onIssuer((issuer, { exchange }) =>
      hasIssuerPath(issuer) && issuer.endsWith("/") ? seen(`the issuer is ${quoted(issuer)}`, exchange) : "holds"
    ),
    fix: { words: "if the provider can publish an issuer without the final slash, use that one" }
  },
  {
    ...common,
    id: "R12",
    title: "The provider's document has no issuer",
    severity: "error",
    source: "RFC 8414, section 2; code of TypeScript, Python, Rust and C# SDKs",
    breaks: [{
      clients: [...ts1, ...ts2, "python-1.22", "python-1", "python-1.29", "python-2", ...rust, "csharp", "vscode"]
    }],
    check: onDocuments((described) =>
      issuerOf(described) === undefined ? seen("the document has no issuer", described.exchange) : "holds"
    ),
    fix: { words: "publish issuer in the document, equal to the URL that clients know", library: ownDocument }
  }
]
