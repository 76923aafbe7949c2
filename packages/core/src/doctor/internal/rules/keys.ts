import { quoted } from "../../../metadata/internal/printable.ts"
import { collected, onDocuments, onProviders, type Rule, seen, statusOf } from "../model.ts"
import { failureOf } from "./reach.ts"

const common = {
  isHint: false,
  actor: "provider",
  step: "call",
  confidence: "code",
  source: "RFC 7517, section 5; RFC 7518, sections 3 and 6",
  date: collected
} as const

/** A server cannot verify any token, so every client fails at its first call. */
const everyClient = [{ clients: "all" }] as const

const introspection = {
  uses: "TokenVerifier.introspection",
  code: "verifier: TokenVerifier.introspection({ clientId: \"…\", clientSecret: Redacted.make(\"…\") })"
}

/** Rules about the key set of a provider. */
export const keyRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "D21",
    title: "The key set cannot be fetched",
    severity: "error",
    breaks: everyClient,
    check: onProviders(({ keys }) => {
      if (keys === undefined) return "not-applicable"
      if (keys.set !== undefined) return "holds"
      const { exchange } = keys
      if (exchange.result._tag === "Failure" && exchange.result.reason === "limit") return "not-applicable"
      return statusOf(exchange) === 200
        ? seen(`${exchange.url} is answered with 200 and no JWK Set`, exchange)
        : seen(failureOf(exchange), exchange)
    }),
    fix: { words: "correct jwks_uri in the document, or let servers fetch the key set", library: introspection }
  },
  {
    ...common,
    id: "D22",
    title: "No key of the key set can be used",
    severity: "error",
    breaks: everyClient,
    check: onProviders(({ keys }) => {
      if (keys?.set === undefined) return "not-applicable"
      if (keys.set.usable > 0) return "holds"
      const reasons = keys.set.unusable.slice(0, 5).map(({ kid, reason }) =>
        `${kid === undefined ? "a key without a key ID" : quoted(kid)} ${reason}`
      )
      return seen(reasons.length === 0 ? "the key set is empty" : reasons.join("; "), keys.exchange)
    }),
    fix: {
      words: "publish a signing key: RSA with at least 2048 bits, P-256, P-384, P-521 or Ed25519",
      library: introspection
    }
  },
  {
    ...common,
    id: "D23",
    title: "Some keys cannot be used",
    severity: "warning",
    breaks: [],
    check: onProviders(({ keys }) => {
      if (keys?.set === undefined || keys.set.usable === 0) return "not-applicable"
      const wrong = keys.set.unusable.filter(({ hasOtherUse }) => !hasOtherUse)
      if (wrong.length === 0) return "holds"
      return seen(
        wrong.slice(0, 10).map(({ kid, reason }) =>
          `${kid === undefined ? "a key without a key ID" : quoted(kid)} ${reason}`
        ).join("; "),
        keys.exchange
      )
    }),
    fix: { words: "replace these keys: tokens that they sign are refused" }
  },
  {
    ...common,
    id: "D24",
    title: "The provider publishes no key set",
    severity: "note",
    source: "RFC 8414, section 2",
    breaks: [],
    check: onDocuments(({ document, exchange }) =>
      typeof document["jwks_uri"] === "string" ? "holds" : seen("the document has no jwks_uri", exchange)
    ),
    fix: { words: "verify its tokens by introspection", library: introspection }
  }
]
