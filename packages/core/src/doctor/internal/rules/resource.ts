import { quoted } from "../../../metadata/internal/printable.ts"
import type { Fetched, McpServerSeen } from "../../Evidence.ts"
import { falling, prefix, rust, withoutOriginProvider } from "../groups.ts"
import {
  answerOf,
  collected,
  isMissing,
  lastOf,
  onServer,
  originOf,
  protectCode,
  type Rule,
  seen,
  setResource,
  statusOf
} from "../model.ts"
import { failureOf } from "./reach.ts"

const common = { isHint: false, actor: "server", step: "resource", confidence: "code", date: collected } as const

const statusText = (fetched: Fetched): string => {
  const last = lastOf(fetched)
  return last.result._tag === "Answer" ? `${last.url}: ${last.result.status}` : failureOf(last)
}

/** Whether the server demands a token, or describes itself as a resource. */
const isProtected = ({ challenge, metadata }: McpServerSeen): boolean =>
  challenge !== undefined || metadata.some(({ document }) => document !== undefined)

const serve = {
  uses: "McpAuth.protect",
  code: "// Serves the metadata at both well-known URLs.\nMcp.pipe(McpAuth.protect(options))"
}

/** Rules about the URLs of the metadata of the resource (RFC 9728). */
export const resourceRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R23",
    title: "There is no metadata of the resource",
    severity: "error",
    confidence: "documented",
    source: "MCP 2025-06-18, basic/authorization; RFC 9728, section 3",
    breaks: [{ clients: ["chatgpt", "zed", "spring"] }, { clients: falling, when: withoutOriginProvider }],
    check: onServer((server) => {
      const { metadata, used } = server
      if (!isProtected(server)) return "not-applicable"
      if (used !== undefined) return "holds"
      if (!metadata.every(isMissing)) return "not-applicable"
      return seen(metadata.map(statusText).join("; "), ...metadata.map(lastOf))
    }),
    fix: {
      words:
        "serve the document of RFC 9728 at /.well-known/oauth-protected-resource and the path of the MCP URL, and name " +
        "it in the challenge",
      library: serve
    }
  },
  {
    ...common,
    id: "D10",
    title: "The challenge names a metadata URL that does not work",
    severity: "error",
    source: "RFC 9728, section 5.1; code of TypeScript SDK",
    breaks: [
      { clients: ["csharp", "go", "rmcp", "codex", "codex-0.146", "goose", "vscode"] },
      { clients: ["ts-1.12", ...prefix], when: withoutOriginProvider }
    ],
    check: onServer(({ metadata, used }) => {
      const hint = metadata.find(({ place }) => place === "hint")
      if (hint === undefined || used === undefined) return "not-applicable"
      if (hint.document !== undefined) return "holds"
      return isMissing(hint) ? seen(statusText(hint), ...hint.exchanges) : "not-applicable"
    }),
    fix: {
      words:
        "name the URL in resource_metadata at which the document is served, with the public host. Most clients do not " +
        "try another one",
      library: serve
    }
  },
  {
    ...common,
    id: "R24",
    title: "The metadata is only at the root, and the challenge does not name it",
    severity: "warning",
    isHint: true,
    source: "code of TypeScript SDK 1.12; RFC 9728, section 3.1",
    breaks: [{ clients: ["ts-1.12"] }],
    check: onServer(({ metadata, used }) => {
      if (used?.place !== "root") return used === undefined ? "not-applicable" : "holds"
      // A hint that does not work, and a path with a server error, have findings of their own.
      return metadata.length === 2 && metadata.every((one) => one.place === "root" || isMissing(one))
        ? seen(metadata.map(statusText).join("; "), ...metadata.map(lastOf))
        : "not-applicable"
    }),
    fix: { words: "serve it at the path of the MCP URL as well, and name it in the challenge", library: serve }
  },
  {
    ...common,
    id: "R25",
    title: "The challenge names metadata on another origin",
    severity: "error",
    source: "codex#42427; code of Gemini CLI, AI SDK, rmcp, Zed",
    breaks: [
      { clients: ["gemini", "gemini-0.59", "ai-sdk"] },
      {
        clients: [...rust, "zed"],
        when: ({ server }) =>
          server?.metadata.every(({ document, place }) => place === "hint" || document === undefined) === true
      }
    ],
    check: onServer(({ metadata }, { target }) => {
      const hint = metadata.find(({ place }) => place === "hint")
      if (hint === undefined) return "not-applicable"
      return originOf(hint.url) === originOf(target)
        ? "holds"
        : seen(`resource_metadata is ${quoted(hint.url)}, and the URL is ${quoted(target)}`, ...hint.exchanges)
    }),
    fix: setResource
  },
  {
    ...common,
    id: "R31",
    title: "The metadata is not sent as application/json",
    severity: "warning",
    isHint: true,
    source: "code of Go SDK 1.7; RFC 9728, section 3.2",
    breaks: [{ clients: ["go"] }],
    check: onServer(({ used }) => {
      if (used === undefined) return "not-applicable"
      const last = lastOf(used)
      const type = answerOf(last)?.headers["content-type"] ?? ""
      return /^application\/json\s*(?:;|$)/i.test(type) ? "holds" : seen(`the Content-Type is ${quoted(type)}`, last)
    }),
    fix: { words: "send Content-Type: application/json", library: serve }
  },
  {
    ...common,
    id: "D11",
    title: "A metadata URL of the resource answers 200 without a JSON object",
    severity: "error",
    source: "RFC 9728, section 3.2; code of TypeScript SDK",
    breaks: [
      { clients: falling, when: withoutOriginProvider },
      { clients: ["chatgpt", "zed", "spring"], when: ({ server }) => server?.used === undefined }
    ],
    check: onServer(({ metadata }) => {
      const wrong = metadata.filter((one) =>
        one.place !== "root" && one.document === undefined && statusOf(lastOf(one)) === 200
      )
      const [first] = wrong
      if (first === undefined) return metadata.length === 0 ? "not-applicable" : "holds"
      const body = answerOf(lastOf(first))?.body.kind
      return seen(
        `${first.url} is answered with 200 and ${body === "html" ? "an HTML page" : "no JSON object"}`,
        ...wrong.map(lastOf)
      )
    }),
    fix: {
      words:
        "route the well-known path to the document before the pages of the application: an HTML page with status 200 ends " +
        "the login of most clients",
      library: serve
    }
  },
  {
    ...common,
    id: "D12",
    title: "The metadata names no authorization server",
    severity: "error",
    source: "MCP 2025-11-25, basic/authorization; RFC 9728, section 2",
    breaks: [{ clients: falling, when: withoutOriginProvider }, { clients: ["chatgpt", "zed", "spring"] }],
    check: onServer(({ used }) => {
      if (used === undefined) return "not-applicable"
      const servers = used.document["authorization_servers"]
      if (Array.isArray(servers) && servers.some((one) => typeof one === "string" && URL.canParse(one))) return "holds"
      return seen(
        `authorization_servers is ${servers === undefined ? "missing" : "empty, or has no URL"}`,
        lastOf(used)
      )
    }),
    fix: {
      words: "list the issuer of the authorization server in authorization_servers",
      library: {
        uses: "McpAuth.Options.authorizationServers",
        code: protectCode("authorizationServers: [AuthorizationServer.discover(\"https://as.example.com\")]")
      }
    }
  },
  {
    ...common,
    id: "D13",
    title: "The metadata repeats the Host header of the request",
    severity: "error",
    source: "RFC 9728, section 7.3; CWE-644",
    breaks: [],
    check: onServer(({ otherHost, otherHostName }) => {
      const answer = otherHost === undefined ? undefined : answerOf(otherHost)
      if (otherHost === undefined || answer?.body.kind !== "json") return "not-applicable"
      return JSON.stringify(answer.body.value).includes(otherHostName)
        ? seen(`a request with the host ${otherHostName} gets metadata with that host`, otherHost)
        : "holds"
    }),
    fix: (evidence) => ({
      ...setResource(evidence),
      words:
        "take resource from the configuration, never from Host or X-Forwarded-Host: a cache would give the metadata of an " +
        "attacker to clients"
    })
  },
  {
    ...common,
    id: "R32",
    title: "Unknown well-known URLs are answered with 200",
    severity: "warning",
    source: "fast-note-sync#469; RFC 8615",
    breaks: [{ clients: ["chatgpt", "cursor"], effect: "limited" }],
    check: onServer(({ unknown }) => {
      const found = unknown.filter((exchange) => statusOf(exchange) === 200)
      if (found.length === 0) return unknown.length === 0 ? "not-applicable" : "holds"
      return seen(found.map(({ url }) => `${url} is answered with 200`).join("; "), ...found)
    }),
    fix: {
      words: "answer 404 for unknown paths below /.well-known/, and not with the page of a single-page application"
    }
  }
]
