import { quoted } from "../../../metadata/internal/printable.ts"
import type { Evidence, Exchange } from "../../Evidence.ts"
import { exact, prefix, python, rust, withoutOriginProvider } from "../groups.ts"
import {
  collected,
  hasPath,
  lastOf,
  onServer,
  originOf,
  pathOf,
  type Rule,
  seen,
  setResource,
  type Verdict,
  withoutSlash
} from "../model.ts"

const common = { isHint: false, actor: "server", step: "resource", confidence: "code", date: collected } as const

/** Judges the metadata that clients use, with its `resource`. */
const onResource = (judge: (resource: string, exchange: Exchange, evidence: Evidence) => Verdict) =>
  onServer(({ used }, evidence) => {
    const resource = used?.document["resource"]
    return used === undefined || typeof resource !== "string"
      ? "not-applicable"
      : judge(resource, lastOf(used), evidence)
  })

/** How `resource` relates to the URL that was typed. */
const relationOf = (resource: string, target: string): "origin" | "other-origin" | "other-path" | "same" | "slash" => {
  if (resource === target) return "same"
  if (originOf(resource) !== originOf(target)) return "other-origin"
  if (withoutSlash(resource) === withoutSlash(target)) return "slash"
  if (hasPath(target) && !hasPath(resource)) return "origin"
  return pathOf(resource) === pathOf(target) ? "same" : "other-path"
}

/** The same URL in the only spelling that differs. */
const isLonger = ({ server, target }: Evidence): boolean => {
  const resource = server?.used?.document["resource"]
  return typeof resource === "string" && resource.length > target.length
}

const relation = (
  wanted: ReturnType<typeof relationOf>,
  text: (resource: string, target: string) => string
): Rule["check"] =>
  onResource((resource, exchange, { target }) =>
    relationOf(resource, target) === wanted
      ? seen(text(quoted(resource), quoted(target)), exchange)
      : "holds"
  )

/** Rules about `resource` and the URL that people type. */
export const comparisonRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R19",
    title: "The metadata names the origin as the resource, not the MCP URL",
    severity: "error",
    source: "gemini-cli#25508; vscode#255255; https://claude.com/docs/connectors/building",
    breaks: [
      { clients: exact },
      { clients: ["spring", "go"], when: ({ server }) => server?.used?.place !== "root" }
    ],
    check: relation("origin", (resource, target) => `resource is ${resource}, and the URL is ${target}`),
    fix: setResource
  },
  {
    ...common,
    id: "R20",
    title: "The resource differs from the MCP URL by a final slash",
    severity: "error",
    source: "vscode#259251; code of Go SDK, Spring, Gemini CLI, TypeScript SDK",
    breaks: [
      { clients: ["go", "spring", "claude-web"] },
      { clients: ["vscode", "gemini", "gemini-0.59"], when: ({ target }) => hasPath(target) },
      {
        clients: [...prefix, ...python],
        when: (evidence) => isLonger(evidence) && hasPath(evidence.target)
      }
    ],
    check: relation("slash", (resource, target) => `resource is ${resource}, and the URL is ${target}`),
    fix: (evidence) => {
      const { library, words } = setResource(evidence)
      return { words: `${words}; or tell people to type the form of the metadata`, library }
    }
  },
  {
    ...common,
    id: "R21",
    title: "The metadata names a resource on another origin",
    severity: "error",
    source: "RFC 9728, section 3.3; code of all SDKs that compare it",
    breaks: [{ clients: [...prefix, ...python, ...rust, "csharp", "go", "spring", ...exact] }],
    check: relation("other-origin", (resource, target) => `resource is ${resource}, and the URL is ${target}`),
    fix: (evidence) => {
      const { library, words } = setResource(evidence)
      return { words: `${words}, with the public scheme, host and port, and not those behind the proxy`, library }
    }
  },
  {
    ...common,
    id: "D09",
    title: "The metadata names another path as the resource",
    severity: "error",
    source: "RFC 9728, section 3.3; code of all SDKs that compare it",
    breaks: [
      { clients: ["go", "spring", ...exact] },
      {
        clients: [...prefix, ...python, ...rust],
        when: ({ server, target }) => {
          const resource = server?.used?.document["resource"]
          return typeof resource === "string" && !`${pathOf(target)}/`.startsWith(`${pathOf(resource)}/`)
        }
      }
    ],
    check: relation("other-path", (resource, target) => `resource is ${resource}, and the URL is ${target}`),
    fix: setResource
  },
  {
    ...common,
    id: "R22",
    title: "The metadata has no resource",
    severity: "error",
    source: "RFC 9728, section 2; copilot-cli#4439",
    breaks: [
      { clients: [...python, ...rust, "csharp", "spring", "go", "vscode", "copilot-cli", "claude-web"] },
      { clients: ["ts-1.12", ...prefix], when: withoutOriginProvider }
    ],
    check: onServer(({ used }) => {
      if (used === undefined) return "not-applicable"
      const resource = used.document["resource"]
      if (typeof resource === "string") return "holds"
      return seen(`resource is ${resource === undefined ? "missing" : "not a string"}`, lastOf(used))
    }),
    fix: setResource
  }
]
