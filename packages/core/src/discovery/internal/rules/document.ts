import * as Str from "effect/String"
import { isLoopback } from "../../../metadata/internal/httpUri.ts"
import { printable } from "../../../metadata/internal/printable.ts"
import { endpoints, type Member, rfc, type Rule, type Subject, urlOf } from "./rule.ts"

/** What both specifications require of a server that users log in to (RFC 8414, section 2). */
const required: ReadonlyArray<Member> = ["authorizationEndpoint", "tokenEndpoint", "responseTypesSupported"]

/** What OpenID Connect Discovery 1.0, section 3 requires besides. */
const requiredOfOpenid: ReadonlyArray<Member> = [
  "jwksUri",
  "subjectTypesSupported",
  "idTokenSigningAlgValuesSupported"
]

const algorithms: ReadonlyArray<Member> = [
  "idTokenSigningAlgValuesSupported",
  "userinfoSigningAlgValuesSupported",
  "requestObjectSigningAlgValuesSupported",
  "tokenEndpointAuthSigningAlgValuesSupported",
  "revocationEndpointAuthSigningAlgValuesSupported",
  "introspectionEndpointAuthSigningAlgValuesSupported",
  "dpopSigningAlgValuesSupported"
]

const list = (members: ReadonlyArray<Member>): string => members.map(Str.camelToSnake).join(", ")

/** The endpoints that are http, on loopback hosts or on others, by their names on the wire. */
const insecure = (subject: Subject, loopback: boolean): ReadonlyArray<string> => {
  const named = endpoints.map((member) => [Str.camelToSnake(member), urlOf(subject, member)] as const)
  const aliases = Object.entries(subject.metadata.mtlsEndpointAliases ?? {}).map(([name, url]) =>
    [printable(`mtls_endpoint_aliases.${name}`), URL.canParse(url) ? new URL(url) : undefined] as const
  )
  return [...named, ...aliases].flatMap(([name, url]) =>
    url !== undefined && url.protocol !== "https:" && isLoopback(url.hostname) === loopback ? [name] : []
  )
}

const isWeak = (algorithm: string): boolean => algorithm === "none" || algorithm.startsWith("HS")

/** What a document must say, whoever reads it. */
export const documentRules: ReadonlyArray<Rule> = [
  {
    code: "invalid_server_metadata",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(8414, "2"),
    holds: "the document has every member that its specification requires",
    advice: "complete the document at the provider, or add what you know to be true with a repair",
    check: ({ metadata }) => {
      const missing = required.filter((member) => metadata[member] === undefined)
      return missing.length === 0 ? "holds" : `the document has no ${list(missing)}`
    }
  },
  {
    code: "openid_member_missing",
    severity: "warning",
    since: "2025-03-26",
    reference: "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata",
    holds: "the document has every member that OpenID Connect requires",
    advice: "complete the document at the provider; clients that take it for an OpenID document may refuse it",
    check: ({ metadata, type }) => {
      if (type !== "oidc") return "not-applicable"
      const missing = requiredOfOpenid.filter((member) => metadata[member] === undefined)
      return missing.length === 0 ? "holds" : `the document has no ${list(missing)}`
    }
  },
  {
    code: "insecure_endpoint",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(6749, "3.1"),
    holds: "every endpoint is https",
    advice: "serve the endpoints over https",
    check: (subject) => {
      const found = insecure(subject, false)
      return found.length === 0 ? "holds" : `not https: ${found.join(", ")}`
    }
  },
  {
    code: "insecure_loopback_endpoint",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(8252, "8.3"),
    holds: "no endpoint is plain http on a loopback host",
    advice: "keep this to development",
    check: (subject) => {
      const found = insecure(subject, true)
      return found.length === 0 ? "holds" : `plain http on a loopback host: ${found.join(", ")}`
    }
  },
  {
    code: "jwks_uri_missing",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(8414, "2"),
    holds: "tokens can be verified with the provider's published keys",
    advice: "verify tokens by introspection, name the key set by hand, or look for the provider's other document",
    check: ({ metadata }) => metadata.jwksUri === undefined ? "there is no jwks_uri" : "holds"
  },
  {
    code: "weak_algorithm_advertised",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(8725, "3.1"),
    holds: "no unsigned or shared-secret algorithm is advertised",
    advice: "disable them at the provider; this library never accepts them from a key set",
    check: ({ metadata }) => {
      const found = algorithms.filter((member) => {
        const values = metadata[member]
        return Array.isArray(values) && values.some(isWeak)
      })
      return found.length === 0 ? "holds" : `none or HS* is listed in ${list(found)}`
    }
  }
]
