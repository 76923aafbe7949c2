import * as Str from "effect/String"
import { isLoopback } from "../../../metadata/internal/httpUri.ts"
import { printable } from "../../../metadata/internal/printable.ts"
import { endpoints, type Member, rfc, type Rule, type Subject, urlOf } from "./rule.ts"

/** Members that both specifications require of a server with user login (RFC 8414, section 2). */
const required: ReadonlyArray<Member> = ["authorizationEndpoint", "tokenEndpoint", "responseTypesSupported"]

/** Members that OpenID Connect Discovery 1.0, section 3 requires in addition. */
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

/** The endpoints on loopback hosts or on other hosts, by their JSON names. */
const endpointsAt = (subject: Subject, loopback: boolean): ReadonlyArray<readonly [name: string, url: URL]> => {
  const named = endpoints.map((member) => [Str.camelToSnake(member), urlOf(subject, member)] as const)
  const aliases = Object.entries(subject.metadata.mtlsEndpointAliases ?? {}).map(([name, url]) =>
    [printable(`mtls_endpoint_aliases.${name}`), URL.canParse(url) ? new URL(url) : undefined] as const
  )
  return [...named, ...aliases].flatMap(([name, url]) =>
    url !== undefined && isLoopback(url.hostname) === loopback ? [[name, url] as const] : []
  )
}

const insecureOf = (found: ReadonlyArray<readonly [name: string, url: URL]>): string =>
  found.flatMap(([name, { protocol }]) => protocol === "https:" ? [] : [name]).join(", ")

const isWeak = (algorithm: string): boolean => algorithm === "none" || algorithm.startsWith("HS")

/** Rules for the document, independent of its use. */
export const documentRules: ReadonlyArray<Rule> = [
  {
    code: "invalid_server_metadata",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(8414, "2"),
    holds: "the document has every member that its specification requires",
    advice: "complete the document at the provider, or add the correct values with a repair (Repairs.endpoints; for " +
      "response_types_supported: Repairs.responseTypes, command line: --repair response-types)",
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
    advice: "complete the document at the provider; clients that read it as an OpenID document may reject it",
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
    holds: "every endpoint on another machine is https",
    advice: "serve the endpoints over https",
    check: (subject) => {
      const found = endpointsAt(subject, false)
      if (found.length === 0) return "not-applicable"
      const insecure = insecureOf(found)
      return insecure === "" ? "holds" : `not https: ${insecure}`
    }
  },
  {
    code: "insecure_loopback_endpoint",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(8252, "8.3"),
    holds: "no endpoint is plain http on a loopback host",
    advice: "use this for development only",
    check: (subject) => {
      const found = endpointsAt(subject, true)
      if (found.length === 0 && endpointsAt(subject, false).length === 0) return "not-applicable"
      const insecure = insecureOf(found)
      return insecure === "" ? "holds" : `plain http on a loopback host: ${insecure}`
    }
  },
  {
    code: "jwks_uri_missing",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(8414, "2"),
    holds: "the document names a key set (jwks_uri)",
    advice: "verify tokens by introspection, configure the URL of the key set, or use the provider's other document",
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
      if (algorithms.every((member) => metadata[member] === undefined)) return "not-applicable"
      const found = algorithms.filter((member) => {
        const values = metadata[member]
        return Array.isArray(values) && values.some(isWeak)
      })
      return found.length === 0 ? "holds" : `none or HS* is listed in ${list(found)}`
    }
  }
]
