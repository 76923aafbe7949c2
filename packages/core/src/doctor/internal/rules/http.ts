import type { Evidence, Exchange } from "../../Evidence.ts"
import {
  answerOf,
  collected,
  lastOf,
  onDocuments,
  onProviders,
  onServer,
  type Rule,
  seen,
  serverOr,
  statusOf
} from "../model.ts"

const common = { isHint: false, actor: "server", confidence: "code", date: collected } as const
const browser = ["browser"] as const

const allowsOrigin = (exchange: Exchange): boolean =>
  answerOf(exchange)?.headers["access-control-allow-origin"] !== undefined

const listed = (exchange: Exchange, header: string): string => (answerOf(exchange)?.headers[header] ?? "").toLowerCase()

const cors = {
  uses: "McpAuth.protect",
  code: "// Answers preflights, and exposes WWW-Authenticate.\nMcp.pipe(McpAuth.protect(options))"
}

const corsRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D25",
    title: "The server does not answer preflights",
    severity: "warning",
    step: "challenge",
    source: "Fetch Standard, CORS protocol",
    breaks: [{ clients: browser }],
    check: onServer(({ preflight }) => {
      const status = statusOf(preflight)
      if (status === undefined) return "not-applicable"
      const allowed = listed(preflight, "access-control-allow-headers")
      const isAnswered = status >= 200 && status < 300 && allowsOrigin(preflight) &&
        (allowed.includes("authorization") || allowed === "*")
      return isAnswered
        ? "holds"
        : seen(
          `OPTIONS is answered with ${status}${
            allowsOrigin(preflight) ? " without Access-Control-Allow-Headers: Authorization" : ""
          }`,
          preflight
        )
    }),
    fix: {
      words:
        "answer OPTIONS before authentication with 204, Access-Control-Allow-Origin, -Methods and -Headers (Authorization, " +
        "Content-Type, Mcp-Protocol-Version, Mcp-Session-Id). Only clients in web pages need it",
      library: cors
    }
  },
  {
    ...common,
    id: "D26",
    title: "Web pages cannot read the challenge or the metadata",
    severity: "warning",
    step: "challenge",
    source: "Fetch Standard, CORS protocol; RFC 9728, section 3.1",
    breaks: [{ clients: browser }],
    check: onServer(({ challenge, fromPage, used }) => {
      const problems = [
        ...challenge === undefined || challenge.header === "" || statusOf(fromPage) === undefined ? [] : [
          ...allowsOrigin(fromPage) ? [] : [["the 401 has no Access-Control-Allow-Origin", fromPage] as const],
          ...allowsOrigin(fromPage) && !listed(fromPage, "access-control-expose-headers").includes("www-authenticate")
            ? [["Access-Control-Expose-Headers has no WWW-Authenticate", fromPage] as const]
            : []
        ],
        ...used === undefined || allowsOrigin(lastOf(used))
          ? []
          : [["the metadata has no Access-Control-Allow-Origin", lastOf(used)] as const]
      ]
      if (challenge === undefined && used === undefined) return "not-applicable"
      return problems.length === 0
        ? "holds"
        : seen(problems.map(([text]) => text).join("; "), ...problems.map(([, exchange]) => exchange))
    }),
    fix: {
      words:
        "send Access-Control-Allow-Origin with the 401 and the metadata, and Access-Control-Expose-Headers: WWW-Authenticate. " +
        "Only clients in web pages need it",
      library: cors
    }
  },
  {
    ...common,
    id: "D27",
    title: "Web pages cannot read the metadata of the provider",
    severity: "warning",
    actor: "provider",
    step: "discovery",
    source: "Fetch Standard, CORS protocol",
    breaks: [{ clients: browser }],
    check: onDocuments(({ exchange }) =>
      allowsOrigin(exchange) ? "holds" : seen("the metadata has no Access-Control-Allow-Origin", exchange)
    ),
    fix: {
      words:
        "allow every origin to read the document, or the origins of your web clients. Only clients in web pages need it"
    }
  },
  {
    ...common,
    id: "D28",
    title: "Web pages cannot register",
    severity: "warning",
    actor: "provider",
    step: "registration",
    source: "Fetch Standard, CORS protocol",
    breaks: [{ clients: browser }],
    check: onProviders(({ preflight, used }) => {
      // With a client ID metadata document, web pages need not register.
      if (used?.document["client_id_metadata_document_supported"] === true) return "not-applicable"
      const status = preflight === undefined ? undefined : statusOf(preflight)
      // An endpoint with a server error has another finding.
      if (preflight === undefined || status === undefined || status >= 500) return "not-applicable"
      return status < 300 && allowsOrigin(preflight)
        ? "holds"
        : seen(`the preflight of the registration endpoint is answered with ${status}`, preflight)
    }),
    fix: { words: "answer preflights at the registration and token endpoints. Only clients in web pages need it" }
  }
]

const secondsOf = (exchange: Exchange): number | undefined => {
  const found = /(?:^|[\s,])max-age=(\d{1,10})/i.exec(answerOf(exchange)?.headers["cache-control"] ?? "")?.[1]
  return found === undefined ? undefined : Number(found)
}

const day = 86_400

const cacheRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D29",
    title: "Caches may store the 401",
    severity: "warning",
    step: "challenge",
    source: "RFC 9111, section 3",
    breaks: [],
    check: onServer(({ challenge }) => {
      if (challenge === undefined) return "not-applicable"
      const control = listed(challenge.exchange, "cache-control")
      const isStored = /(?:^|[\s,])public(?:[\s,]|$)/.test(control) || (secondsOf(challenge.exchange) ?? 0) > 0
      return isStored && !control.includes("no-store")
        ? seen(`the 401 has Cache-Control: ${control}`, challenge.exchange)
        : "holds"
    }),
    fix: {
      words: "send Cache-Control: no-store with the 401, or clients with a token get it from a cache",
      library: {
        uses: "McpAuth.protect",
        code: "// Sends Cache-Control: no-store.\nMcp.pipe(McpAuth.protect(options))"
      }
    }
  },
  {
    ...common,
    id: "D30",
    title: "Metadata is cached for more than a day",
    severity: "warning",
    actor: serverOr(({ used }) => used !== undefined && (secondsOf(lastOf(used)) ?? 0) > day),
    step: "discovery",
    source: "RFC 9111, section 4.2",
    breaks: [],
    check: ({ providers, server }) => {
      const documents = [
        ...server?.used === undefined ? [] : [lastOf(server.used)],
        ...providers.flatMap(({ keys, used }) => [
          ...used === undefined ? [] : [lastOf(used)],
          ...keys === undefined ? [] : [keys.exchange]
        ])
      ]
      if (documents.length === 0) return "not-applicable"
      const found = documents.filter((exchange) => (secondsOf(exchange) ?? 0) > day)
      return found.length === 0
        ? "holds"
        : seen(
          found.map((exchange) => `${exchange.url} is fresh for ${secondsOf(exchange)} seconds`).join("; "),
          ...found
        )
    },
    fix: {
      words: "use a max-age of at most a day: after a change of keys or endpoints, clients and servers use the old ones"
    }
  }
]

/** How far clocks may differ, in seconds. Verifiers commonly tolerate a minute or less. */
const tolerated = 60

const clockOf = (kind: "provider" | "server") => ({ exchanges, providers, target }: Evidence) => {
  const origins = new Set(
    kind === "server"
      ? [new URL(target).origin]
      : providers.flatMap(({ used }) => used === undefined ? [] : [new URL(used.url).origin])
  )
  const dated = exchanges.filter(({ clockOffset, url }) =>
    clockOffset !== undefined && origins.has(new URL(url).origin)
  )
  const wrong = dated.find(({ clockOffset = 0 }) => Math.abs(clockOffset) > tolerated)
  if (dated.length === 0) return "not-applicable" as const
  return wrong === undefined
    ? "holds" as const
    : seen(
      `the Date of the answer is ${Math.abs(wrong.clockOffset ?? 0)} seconds ${
        (wrong.clockOffset ?? 0) > 0 ? "ahead" : "behind"
      }`,
      wrong
    )
}

const clock = {
  ...common,
  severity: "warning",
  step: "call",
  source: "RFC 9110, section 6.6.1; RFC 7519, section 4.1.4",
  breaks: []
} as const

const clockFix = {
  words:
    "synchronize the clock (NTP): tokens are refused as expired or not yet valid. If both sides are right, the clock of this " +
    "machine is wrong"
}

/** Rules about HTTP: CORS, caches, clocks. */
export const httpRules: ReadonlyArray<Rule> = [
  ...corsRules,
  ...cacheRules,
  {
    ...clock,
    id: "D31",
    title: "The clock of the server differs",
    actor: "operator",
    check: clockOf("server"),
    fix: clockFix
  },
  {
    ...clock,
    id: "D32",
    title: "The clock of the provider differs",
    actor: "provider",
    check: (evidence) =>
      evidence.kind === "resource" &&
        evidence.providers.some(({ used }) =>
          used !== undefined && new URL(used.url).origin === new URL(evidence.target).origin
        )
        ? "not-applicable"
        : clockOf("provider")(evidence),
    fix: clockFix
  }
]
