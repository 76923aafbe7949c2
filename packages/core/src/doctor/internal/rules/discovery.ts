import { quoted } from "../../../metadata/internal/printable.ts"
import type { Evidence, Fetched, Provider } from "../../Evidence.ts"
import { rust, ts1, ts2 } from "../groups.ts"
import {
  answerOf,
  collected,
  isMissing,
  lastOf,
  onDocuments,
  onProviders,
  ownDocument,
  type Rule,
  seen,
  serverOr,
  statusOf
} from "../model.ts"
import { failureOf, isPrivate } from "./reach.ts"

const common = { isHint: false, actor: "provider", step: "discovery", confidence: "code", date: collected } as const

/** Every document that clients look for, of the resource and of its providers. */
const documentsOf = ({ providers, server }: Evidence): ReadonlyArray<Fetched> => [
  ...server?.metadata ?? [],
  ...providers.flatMap(({ fetched }) => fetched)
]

/** The documents that clients try before the one that they use. */
const triedFirst = ({ fetched, used }: Provider): ReadonlyArray<Fetched> => {
  const index = used === undefined ? -1 : fetched.findIndex(({ place }) => place === used.place)
  return index === -1 ? fetched : fetched.slice(0, index)
}

/** Rules about the metadata of authorization servers (RFC 8414, OpenID Connect Discovery 1.0). */
export const discoveryRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D14",
    title: "There is no metadata of the authorization server",
    severity: "error",
    source: "RFC 8414, section 3; MCP 2025-11-25, authorization server metadata discovery",
    breaks: [{ clients: "all" }],
    check: onProviders(({ fetched, named, used }) => {
      if (used !== undefined) return "holds"
      if (fetched.length === 0) return seen(`${quoted(named)} is not an issuer that clients can use`)
      if (!fetched.every(isMissing)) return "not-applicable"
      return seen(fetched.map((one) => failureOf(lastOf(one))).join("; "), ...fetched.map(lastOf))
    }),
    fix: {
      words:
        "check the issuer in authorization_servers. The provider must serve its document at one of the URLs that clients " +
        "try. `mcp-auth check <issuer>` shows each attempt",
      library: {
        uses: "AuthorizationServer.discoverByUrl, McpAuth.legacyAuthorizationServerMetadata",
        code: "// If the document is at another URL:\n" +
          "AuthorizationServer.discoverByUrl(\"https://as.example.com/oauth/metadata.json\", \"https://as.example.com\")"
      }
    }
  },
  {
    ...common,
    id: "D15",
    title: "A metadata URL of the provider answers 200 without metadata",
    severity: "error",
    source: "RFC 8414, section 3.2; code of TypeScript SDK",
    breaks: [{ clients: [...ts1, ...ts2, "go"] }],
    check: onProviders((provider) => {
      const wrong = triedFirst(provider).filter((one) => one.document === undefined && statusOf(lastOf(one)) === 200)
      const [first] = wrong
      if (first === undefined) return "holds"
      const body = answerOf(lastOf(first))?.body.kind
      return seen(
        `${first.url} is answered with 200 and ${body === "html" ? "an HTML page" : "no metadata"}`,
        ...wrong.map(lastOf)
      )
    }),
    fix: { words: "answer 404 where there is no document, so that clients try the next URL", library: ownDocument }
  },
  {
    ...common,
    id: "R30",
    title: "A discovery URL is answered with a server error",
    severity: "error",
    actor: serverOr(({ metadata }) => metadata.some(isServerError)),
    source: "code of rmcp, Python SDK 2, TypeScript SDK, Go SDK, AI SDK",
    breaks: [
      { clients: [...rust, "python-2"] },
      { clients: [...ts1, ...ts2, "go", "ai-sdk"], when: ({ providers }) => providers.some(hasServerError) },
      {
        clients: [...ts1, ...ts2],
        when: ({ server }) =>
          server?.originProvider?.document === undefined &&
          server?.metadata.some((one) => one.place !== "root" && isServerError(one)) === true
      }
    ],
    check: (evidence) => {
      const all = [
        ...evidence.server?.metadata ?? [],
        ...evidence.providers.flatMap((provider) => [...triedFirst(provider), ...provider.fetched.slice(0, 1)])
      ]
      if (documentsOf(evidence).length === 0) return "not-applicable"
      const wrong = all.filter(isServerError)
      return wrong.length === 0
        ? "holds"
        : seen(
          [...new Set(wrong.map((one) => `${one.url} is answered with ${statusOf(lastOf(one))}`))].join("; "),
          ...new Set(wrong.map(lastOf))
        )
    },
    fix: { words: "answer 404 where there is no document, and repair the server error; many clients stop at a 5xx" }
  },
  {
    ...common,
    id: "R34",
    title: "A discovery URL redirects to another origin",
    severity: "warning",
    actor: serverOr(({ metadata }) => metadata.some(leavesOrigin)),
    isHint: true,
    source: "code of TypeScript SDK 1.32.2 and rmcp",
    breaks: [{ clients: rust }, {
      clients: ["ts-1.31"],
      // It tries the next URL.
      when: ({ providers, server }) =>
        providers.some(({ fetched }) => fetched.every((one) => one.document === undefined || leavesOrigin(one))) ||
        (server?.metadata.some(leavesOrigin) === true && server.originProvider?.document === undefined)
    }],
    check: (evidence) => {
      const first = documentsOf(evidence).find(leavesOrigin)
      if (first === undefined) return documentsOf(evidence).length === 0 ? "not-applicable" : "holds"
      return seen(`${first.url} redirects to ${quoted(lastOf(first).url)}`, ...first.exchanges)
    },
    fix: { words: "serve the document itself at the well-known URL, without a redirect" }
  },
  {
    ...common,
    id: "R33",
    title: "The provider's document lacks members that clients require",
    severity: "error",
    source: "RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3; schemas of TypeScript SDK 1 and 2",
    breaks: [{ clients: [...ts1, ...ts2] }, { clients: ["claude-code"], confidence: "inferred" }],
    check: onDocuments(({ document, exchange, provider }) => {
      const required = ["authorization_endpoint", "token_endpoint", "response_types_supported"]
      const openid = ["jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported"]
      const missing = [...required, ...provider.used?.place === "oauth" ? [] : openid]
        .filter((member) => document[member] === undefined || document[member] === null)
      return missing.length === 0 ? "holds" : seen(`the document has no ${missing.join(", ")}`, exchange)
    }),
    fix: {
      words: "complete the document at the provider",
      library: {
        ...ownDocument,
        uses: "Repairs.responseTypes, Repairs.endpoints, McpAuth.legacyAuthorizationServerMetadata"
      }
    }
  },
  {
    ...common,
    id: "R49",
    title: "The provider has a private address, and the server has not",
    severity: "warning",
    isHint: true,
    source: "code of rmcp, Gemini CLI, AI SDK, Zed",
    breaks: [{ clients: [...rust, "gemini", "gemini-0.59", "ai-sdk", "zed"] }],
    check: onProviders(({ named }, { kind, target }) => {
      if (kind === "issuer" || isPrivate(target)) return "not-applicable"
      return isPrivate(named) ? seen(`the provider is ${quoted(named)}`) : "holds"
    }),
    fix: { words: "give the provider a public address, or the server a private one" }
  },
  {
    ...common,
    id: "D16",
    title: "An endpoint of the provider is not https",
    severity: "error",
    source: "RFC 6749, section 3.1; code of TypeScript SDK 2",
    breaks: [{ clients: [...ts2] }],
    check: onDocuments(({ document, exchange }) => {
      const found = ["authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri"].filter(
        (member) => {
          const url = document[member]
          return typeof url === "string" && /^http:/i.test(url) && !isPrivate(url)
        }
      )
      return found.length === 0 ? "holds" : seen(`not https: ${found.join(", ")}`, exchange)
    }),
    fix: { words: "set the public https URL of the provider; behind a proxy, forward the scheme" }
  }
]

/** Whether redirects lead to another origin. */
const leavesOrigin = ({ exchanges }: Fetched): boolean =>
  exchanges.some(({ url }) => new URL(url).origin !== new URL(exchanges[0].url).origin)

/** Whether the last answer is a server error, or asks to retry later. */
const isServerError = (fetched: Fetched): boolean => {
  const status = statusOf(lastOf(fetched))
  return status !== undefined && (status >= 500 || status === 429)
}

/** Whether clients meet a server error before the document that they use. */
const hasServerError = (provider: Provider): boolean =>
  [...triedFirst(provider), ...provider.fetched.slice(0, 1)].some(isServerError)
