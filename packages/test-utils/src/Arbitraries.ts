/**
 * Generators for property tests: valid and invalid issuers, resource identifiers, and metadata documents.
 *
 * They cover the grammar of RFC 3986 that `Issuer` and `ResourceIdentifier` accept, including edge cases: empty
 * segments, percent-escapes of both cases, default ports, upper-case hosts, IPv6. Use them with `it.effect.prop`.
 *
 * **Example** (A property of issuers)
 *
 * ```ts import.meta.vitest
 * import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
 * import * as Arbitraries from "@effect-mcp-auth/test-utils/Arbitraries"
 * import * as Arbitrary from "effect/Arbitrary"
 * import * as Effect from "effect/Effect"
 *
 * const sameOrigin = Arbitrary.checkEffect(
 *   Arbitraries.issuer,
 *   (issuer) =>
 *     Effect.succeed(WellKnown.candidates(issuer).every((url) => new URL(url).origin === new URL(issuer).origin)),
 *   { runs: 100 }
 * )
 *
 * const { _tag } = await Effect.runPromise(sameOrigin)
 * _tag // => "Passed"
 * ```
 *
 * @since 0.1.0
 */
import { AuthorizationServerMetadata } from "@effect-mcp-auth/core/AuthorizationServerMetadata"
import * as Issuer from "@effect-mcp-auth/core/Issuer"
import { ProtectedResourceMetadata } from "@effect-mcp-auth/core/ProtectedResourceMetadata"
import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import * as Str from "effect/String"
import * as Struct from "effect/Struct"

const oneOf = <const Values extends ReadonlyArray<string>>(...values: Values): Arbitrary.Arbitrary<Values[number]> =>
  Arbitrary.schema(Schema.Literals(values))

const joined = (parts: Arbitrary.Arbitrary<string>, maxLength: number, separator = ""): Arbitrary.Arbitrary<string> =>
  Arbitrary.map(Arbitrary.array(parts, { maxLength }), (all) => all.join(separator))

const character = oneOf(..."abz09AZ-._~!$&'()*+,;=:@", "%2F", "%2f", "%7E", "%e4", "%41", "%00")

const isDots = (segment: string): boolean => /^(?:\.|%2e){1,2}$/i.test(segment)

/** A path segment, possibly empty. */
const segment = Arbitrary.filter(joined(character, 6), (segment) => !isDots(segment))

const path = joined(Arbitrary.map(segment, (segment) => `/${segment}`), 4)

const label = oneOf("as", "login", "a-b", "as_under", "xn--bcher-kva", "x1", "0", "AUTH", "Tenant")

const name = Arbitrary.map(
  Arbitrary.all([joined(label, 3, "."), oneOf("example", "test", "COM", "example.")]),
  ([labels, last]) => labels === "" ? last : `${labels}.${last}`
)

const host = Arbitrary.flatMap(
  oneOf("name", "address"),
  (kind) => kind === "name" ? name : oneOf("192.0.2.1", "[2001:db8::1]", "[2001:DB8::A]", "[::1]", "localhost")
)

const port = oneOf("", "", ":", ":443", ":8443", ":1", ":65535")

const scheme = oneOf("https", "https", "HTTPS", "Https")

const loopbackHost = oneOf("localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "[::1]")

const url = (
  scheme: Arbitrary.Arbitrary<string>,
  host: Arbitrary.Arbitrary<string>
): Arbitrary.Arbitrary<string> =>
  Arbitrary.map(
    Arbitrary.all([scheme, host, port, path]),
    ([scheme, host, port, path]) => `${scheme}://${host}${port}${path}`
  )

const issuerOf = (
  urls: Arbitrary.Arbitrary<string>,
  options?: Issuer.Options
): Arbitrary.Arbitrary<Issuer.Issuer> => Arbitrary.filterMap(urls, (url) => Issuer.makeResult(url, options))

/**
 * Valid issuers.
 *
 * @category identifiers
 * @since 0.1.0
 */
export const issuer: Arbitrary.Arbitrary<Issuer.Issuer> = issuerOf(url(scheme, host))

/**
 * Issuers that are http URLs of loopback hosts, valid only if that is allowed.
 *
 * @category identifiers
 * @since 0.1.0
 */
export const insecureLoopbackIssuer: Arbitrary.Arbitrary<Issuer.Issuer> = issuerOf(
  url(oneOf("http", "HTTP"), loopbackHost),
  { allowInsecureLoopback: true }
)

const query = Arbitrary.filter(
  Arbitrary.flatMap(
    oneOf("none", "some"),
    (kind) => kind === "none" ? Arbitrary.Constant("") : Arbitrary.map(joined(character, 6), (query) => `?${query}`)
  ),
  // `new URL` escapes the apostrophe in a query, so such a URL is not a valid resource identifier.
  (query) => !query.includes("'")
)

/**
 * Valid resource identifiers, some with a query.
 *
 * @category identifiers
 * @since 0.1.0
 */
export const resourceIdentifier: Arbitrary.Arbitrary<ResourceIdentifier.ResourceIdentifier> = Arbitrary.filterMap(
  Arbitrary.map(Arbitrary.all([url(scheme, host), query]), ([url, query]) => `${url}${query}`),
  (resource) => ResourceIdentifier.makeResult(resource)
)

/**
 * An invalid issuer, with its defect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mutant {
  readonly issuer: string
  readonly mutation: keyof typeof mutations
}

const mutations = {
  query: (issuer: string) => `${issuer}?a=1`,
  emptyQuery: (issuer: string) => `${issuer}?`,
  fragment: (issuer: string) => `${issuer}#a`,
  emptyFragment: (issuer: string) => `${issuer}#`,
  userInfo: (issuer: string) => issuer.replace("://", "://user:pw@"),
  emptyUserInfo: (issuer: string) => issuer.replace("://", "://@"),
  backslash: (issuer: string) => `${issuer}\\a`,
  backslashes: (issuer: string) => issuer.replace("://", ":\\\\"),
  tab: (issuer: string) => `${issuer}/\ta`,
  newline: (issuer: string) => `${issuer}/\na`,
  leadingSpace: (issuer: string) => ` ${issuer}`,
  trailingSpace: (issuer: string) => `${issuer} `,
  zeroWidthSpace: (issuer: string) => `${issuer}/\u200b`,
  dot: (issuer: string) => `${issuer}/./a`,
  dots: (issuer: string) => `${issuer}/..`,
  encodedDots: (issuer: string) => `${issuer}/%2E%2e/a`,
  nonAscii: (issuer: string) => `${issuer}/ü`,
  fullWidth: (issuer: string) => `${issuer}/\uff41`,
  template: (issuer: string) => `${issuer}/{tenantid}`,
  brokenEscape: (issuer: string) => `${issuer}/%zz`,
  halfEscape: (issuer: string) => `${issuer}/%4`,
  bar: (issuer: string) => `${issuer}/a|b`,
  brackets: (issuer: string) => `${issuer}/a[b]`,
  quote: (issuer: string) => `${issuer}/"`,
  percentHost: (issuer: string) => issuer.replace("://", "://%61"),
  threeSlashes: (issuer: string) => issuer.replace("://", ":///"),
  oneSlash: (issuer: string) => issuer.replace("://", ":/"),
  noScheme: (issuer: string) => issuer.replace(/^[a-z]+:/i, ""),
  otherScheme: (issuer: string) => issuer.replace(/^[a-z]+:/i, "ftp:"),
  hexHost: (issuer: string) => issuer.replace(/:\/\/[^/]*/, "://0x7f.1"),
  decimalHost: (issuer: string) => issuer.replace(/:\/\/[^/]*/, "://2130706433"),
  longIpv6: (issuer: string) => issuer.replace(/:\/\/[^/]*/, "://[2001:db8:0:0:0:0:0:1]"),
  port: (issuer: string) => issuer.replace(/:\/\/[^/]*/, "://as.example:65536"),
  zeroPort: (issuer: string) => issuer.replace(/:\/\/[^/]*/, "://as.example:0443"),
  wordPort: (issuer: string) => issuer.replace(/:\/\/[^/]*/, "://as.example:4a")
} as const

/**
 * Invalid issuers: a valid one with one defect. Each must be rejected.
 *
 * @category identifiers
 * @since 0.1.0
 */
export const invalidIssuer: Arbitrary.Arbitrary<Mutant> = Arbitrary.map(
  Arbitrary.all([issuer, Arbitrary.schema(Schema.Literals(Struct.keys(mutations)))]),
  ([issuer, mutation]) => ({ issuer: mutations[mutation](issuer), mutation })
)

const jsonValue: Arbitrary.Arbitrary<Schema.Json> = Arbitrary.schema(Schema.Json)

/** One value of each type that a metadata member can have. */
const values: ReadonlyArray<Schema.Json> = [
  "https://as.example/x",
  true,
  ["a", "b"],
  "text",
  { token_endpoint: "https://mtls.example" }
]

/** Documents with any members of a schema, so that new members of the schema are covered automatically. */
const documentOf = <Fields extends Schema.Struct.Fields>(
  fields: Fields,
  required: Schema.JsonObject
): Arbitrary.Arbitrary<Schema.JsonObject> => {
  const members = Object.entries(fields).flatMap(([member, field]) => {
    const value = values.find(Schema.is(field))
    return value === undefined || member in required || member === "additionalParameters"
      ? []
      : [[member, value] as const]
  })
  const extension = Arbitrary.map(
    Arbitrary.all([
      oneOf("x_vendor", "__proto__", "constructor", "jwksUri", "resource_name#de", "additional_parameters"),
      jsonValue
    ]),
    ([name, value]) => [name, value] as const
  )
  return Arbitrary.map(
    Arbitrary.all([
      Arbitrary.array(oneOf(...members.map(([member]) => member)), { maxLength: 12 }),
      Arbitrary.array(extension, { maxLength: 3 })
    ]),
    ([chosen, extensions]) => {
      const known = members.filter(([member]) => chosen.includes(member)).map(([member, value]) =>
        [Str.camelToSnake(member), value] as const
      )
      return Object.fromEntries([...extensions, ...known, ...Object.entries(required)])
    }
  )
}

/**
 * JSON documents of authorization servers: valid by the schema, with unknown members.
 *
 * @category documents
 * @since 0.1.0
 */
export const authorizationServerDocument: Arbitrary.Arbitrary<Schema.JsonObject> = Arbitrary.flatMap(
  issuer,
  (issuer) => documentOf(AuthorizationServerMetadata.to.fields, { issuer })
)

/**
 * JSON documents of protected resources.
 *
 * @category documents
 * @since 0.1.0
 */
export const protectedResourceDocument: Arbitrary.Arbitrary<Schema.JsonObject> = Arbitrary.flatMap(
  resourceIdentifier,
  (resource) => documentOf(ProtectedResourceMetadata.to.fields, { resource })
)
