/**
 * The input of attackers and broken programs, from generators that know its structure: JSON as text, so that members
 * can occur twice and numbers exceed their range; tokens made of such JSON; key sets, documents and requests.
 */
import { Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { claims, encode, issuer, now, resource } from "../token/harness.ts"

type Arb<A> = Arbitrary.Arbitrary<A>

const oneOf = <const A extends string>(...values: ReadonlyArray<A>): Arb<A> => Arbitrary.schema(Schema.Literals(values))

export const anyInt = (maximum: number): Arb<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))

const anyText: Arb<string> = Arbitrary.schema(Schema.String)

const anyJson: Arb<string> = Arbitrary.map(Arbitrary.schema(Schema.Json), (value) => JSON.stringify(value))

const words = (text: string): ReadonlyArray<string> => text.split(" ")

/** One of several generators. */
export const choose = <A>(...all: ReadonlyArray<Arb<A>>): Arb<A> =>
  Arbitrary.flatMap(anyInt(all.length - 1), (index) => all[index] ?? all[0] ?? Arbitrary.filter(all[0]!, () => true))

// ---------------------------------------------------------------------------------------------------------------------
// JSON as text
// ---------------------------------------------------------------------------------------------------------------------

const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth)

/** Values that have caused failures in other programs. */
const nasty: Arb<string> = oneOf(
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "0.1",
  "1e400",
  "-1e400",
  "1e-400",
  "123456789012345678901234567890",
  "9007199254740993",
  "253402300800",
  "\"\"",
  "\" \"",
  "\"\\u0000\"",
  "\"\\ud800\"",
  "\"\\udc00\\ud800\"",
  "\"\\u2028\\r\\n\\\"\"",
  "\"\\u202e\"",
  "\"constructor\"",
  "\"__proto__\"",
  "[]",
  "{}",
  "[null]",
  "[[]]",
  "[\"\"]",
  "{\"__proto__\":{\"active\":true,\"scope\":\"admin\"}}",
  "{\"toString\":1,\"valueOf\":1,\"then\":1,\"toJSON\":1}",
  "{\"length\":4294967295}",
  nested(70, "[", "]"),
  nested(2_000, "[", "]"),
  nested(300, "{\"a\":[", "]}"),
  `"${"a".repeat(5_000)}"`,
  `[${Array.from({ length: 500 }, () => "\"x\"").join()}]`
)

/** Words with a meaning for the library. */
const meaningful: Arb<string> = Arbitrary.map(
  oneOf(
    issuer,
    resource,
    "https://evil.test",
    "https://as.test/",
    "https://as.test/{tenant}",
    "http://127.0.0.1/",
    "file:///etc/passwd",
    "https://as.test/jwks",
    "https://user:pass@as.test/",
    "notes:read",
    "notes:read notes:write",
    "at+jwt",
    "application/at+jwt",
    "JWT",
    "none",
    "RS256",
    "HS256",
    "ES256",
    "EdDSA",
    "PS256",
    "RSA",
    "EC",
    "OKP",
    "oct",
    "P-256",
    "Ed25519",
    "sig",
    "enc",
    "good",
    "user-1",
    "AQAB",
    "AQ",
    "S256"
  ),
  (word) => JSON.stringify(word)
)

const times: Arb<string> = Arbitrary.map(
  oneOf("-1", "0", "30", "31", "3600", "-29", "-30", "-31", "-3600", "0.5"),
  (shift) => String(now + Number(shift))
)

const value: Arb<string> = choose(
  nasty,
  meaningful,
  times,
  anyJson,
  Arbitrary.map(anyText, (text) => JSON.stringify(text))
)

const odd = ["__proto__", "constructor", "toString", "", "\ud800", "x", "ｋid", "KID", "iss ", "\u0000"] as const

/**
 * Mutations of an object: members are added, duplicated, replaced, moved or lost, and sometimes the text itself is
 * damaged.
 */
interface Change {
  readonly how: "set" | "add before" | "add after" | "remove" | "nest" | "text"
  readonly name: string
  readonly value: string
  readonly at: number
}

const changeOf = (names: ReadonlyArray<string>): Arb<Change> =>
  Arbitrary.all({
    how: oneOf("set", "set", "add before", "add after", "add after", "remove", "nest", "text"),
    name: oneOf(...names, ...odd),
    value,
    at: anyInt(1_000)
  })

type Members = ReadonlyArray<readonly [name: string, value: string]>

const textOf = (members: Members): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`

const spoils: ReadonlyArray<(text: string, at: number) => string> = [
  (text, at) => text.slice(0, at % (text.length + 1)),
  (text) => `${text} `,
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => text.replace(":", ": \n\t"),
  (text) => text.slice(0, -1) + ",}",
  (text) => text.replaceAll("\"", "'"),
  (text) => `[${text}]`,
  (text) => `/* */${text}`,
  (text, at) => text.slice(0, at % text.length) + "\u0000" + text.slice(at % text.length),
  (text) => JSON.stringify(text)
]

const changed = (members: Members, { how, name, value }: Change): Members => {
  const others = members.filter(([other]) => other !== name)
  switch (how) {
    case "add before":
      return [[name, value], ...members]
    case "add after":
      return [...members, [name, value]]
    case "remove":
      return others
    case "nest":
      return [...others, [name, textOf(members.slice(0, 3))]]
    default:
      return [...others, [name, value]]
  }
}

const apply = (members: Members, changes: ReadonlyArray<Change>): string => {
  const text = textOf(changes.filter(({ how }) => how !== "text").reduce(changed, members))
  const spoil = changes.find(({ how }) => how === "text")
  return spoil === undefined ? text : spoils[spoil.at % spoils.length]?.(text, spoil.at) ?? text
}

const membersOf = (object: Schema.JsonObject): Members =>
  Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)] as const)

/** An object that is valid except for some changes, as text. */
const spoiltObject = (object: Schema.JsonObject, names: ReadonlyArray<string>, most = 4): Arb<string> =>
  Arbitrary.map(
    Arbitrary.array(changeOf([...Object.keys(object), ...names]), { maxLength: most }),
    (changes) => apply(membersOf(object), changes)
  )

// ---------------------------------------------------------------------------------------------------------------------
// Tokens
// ---------------------------------------------------------------------------------------------------------------------

export interface FuzzedToken {
  readonly header: string
  readonly payload: string
  /** Whether the right key signs the input. */
  readonly signed: boolean
  readonly spoil: number
  readonly at: number
}

const headerNames = ["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5u", "x5c", "cty", "zip", "enc"]
const claimNames = words(
  "iss sub aud exp nbf iat jti client_id azp scope scp scopes permissions cnf nonce at_hash active " +
    "roles token_use"
)

export const token = (header: Schema.JsonObject): Arb<FuzzedToken> =>
  Arbitrary.all({
    header: spoiltObject(header, headerNames, 2),
    payload: spoiltObject(claims, claimNames),
    signed: Arbitrary.map(anyInt(3), (die) => die !== 0),
    // Most tokens are well-formed.
    spoil: anyInt(30),
    at: anyInt(100_000)
  })

/** Mutations of the compact form. */
const compactSpoils: ReadonlyArray<(token: string, at: number) => string> = [
  (token, at) => token.slice(0, at % token.length),
  (token, at) => token.slice(0, at % token.length) + token.slice((at % token.length) + 1),
  (token, at) => `${token.slice(0, at % token.length)}A${token.slice(at % token.length)}`,
  (token) => `${token}.`,
  (token) => `.${token}`,
  (token) => token.replace(".", ".."),
  (token) => `${token}=`,
  (token) => token.replaceAll("_", "/").replaceAll("-", "+"),
  (token) => token.split(".").toReversed().join("."),
  (token) => token.split(".").slice(0, 2).join("."),
  (token) => `${token}.${token}`,
  (token) => `${token.split(".").slice(0, 2).join(".")}.`,
  (token) => Buffer.from(token).toString("base64url"),
  (token) => token.toLowerCase(),
  (token, at) => token + "A".repeat(at % 20_000)
]

/** The token in its compact form, and whether it is as it was signed. */
export const compactOf = (
  { at, header, payload, signed, spoil }: FuzzedToken,
  sign: (input: string) => Uint8Array
): { readonly text: string; readonly isGenuine: boolean } => {
  const input = `${encode(header)}.${encode(payload)}`
  const text = `${input}.${encode(signed ? sign(input) : Buffer.alloc(64, at % 256))}`
  const spoiling = compactSpoils[spoil]
  const spoilt = spoiling === undefined ? text : spoiling(text, at)
  return { text: spoilt, isGenuine: signed && spoilt === text }
}

// ---------------------------------------------------------------------------------------------------------------------
// Documents
// ---------------------------------------------------------------------------------------------------------------------

const jwkNames = ["kty", "kid", "alg", "use", "key_ops", "crv", "x", "y", "n", "e", "d", "p", "oth", "k", "x5c", "ext"]

/** A key that is almost one of these. */
export const jwk = (keys: ReadonlyArray<Schema.JsonObject>): Arb<string> =>
  choose(...keys.map((key) => spoiltObject(key, jwkNames, 3)), value)

const serverNames = words(
  "issuer jwks_uri authorization_endpoint token_endpoint introspection_endpoint registration_endpoint " +
    "scopes_supported response_types_supported code_challenge_methods_supported grant_types_supported " +
    "token_endpoint_auth_methods_supported"
)

/** Metadata of an authorization server that is almost valid. */
export const serverMetadata = (document: Schema.JsonObject): Arb<string> => spoiltObject(document, serverNames)

/** An introspection response. */
export const introspection: Arb<string> = spoiltObject({ ...claims, active: true }, [...claimNames, "active", "error"])

const resourceNames = words(
  "resource authorization_servers scopes_supported bearer_methods_supported jwks_uri resource_name " +
    "resource_name#de signed_metadata tls_client_certificate_bound_access_tokens"
)

/** Metadata of a resource that is almost valid. */
export const resourceMetadata: Arb<string> = spoiltObject(
  { resource, authorization_servers: [issuer], scopes_supported: ["notes:read"], bearer_methods_supported: ["header"] },
  resourceNames
)

// ---------------------------------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------------------------------

/** The value of a header as `Request` accepts it: Latin-1, and no control characters except tabs. */
const headerText: Arb<string> = Arbitrary.map(
  anyText,
  (text) => [...text].map((letter) => String.fromCharCode(0x20 + (letter.charCodeAt(0) % 0x5e))).join("").trim()
)

/** An Authorization header with a token, or without one. */
const authorizations: ReadonlyArray<(token: string, text: string) => string | undefined> = [
  (token) => `Bearer ${token}`,
  (token) => `bearer ${token}`,
  (token) => `BEARER   ${token}`,
  (token) => `Bearer\t${token}`,
  (token) => `Bearer ${token}, Bearer ${token}`,
  (token) => `Bearer ${token} ${token}`,
  (token) => `Bearer "${token}"`,
  (token) => `Bearer token="${token}"`,
  (token) => `Bearer${token}`,
  (token) => token,
  (token) => `Basic ${token}`,
  (token) => `DPoP ${token}`,
  () => "Bearer",
  () => "Bearer ",
  () => "Bearer =",
  () => "",
  (_, text) => text,
  (_, text) => `Bearer ${text}`,
  () => undefined
]

const methods = [
  "tools/call",
  "tools/list",
  "resources/read",
  "prompts/get",
  "completion/complete",
  "initialize",
  "ping"
]

const message: Arb<string> = Arbitrary.flatMap(
  oneOf(...methods, "server/discover", "logging/setLevel", "no/such"),
  (method) =>
    spoiltObject(
      {
        jsonrpc: "2.0",
        id: 1,
        method,
        params: {
          name: "WhoAmI",
          arguments: {},
          uri: "notes://mine",
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { name: "fuzz", version: "1.0.0" }
          }
        }
      },
      ["jsonrpc", "id", "method", "params", "result", "error"],
      2
    )
)

/** One message, several, or none. */
const body: Arb<string> = choose(
  message,
  message,
  Arbitrary.map(Arbitrary.array(message, { maxLength: 3 }), (messages) => `[${messages.join()}]`),
  value,
  anyText
)

export interface FuzzedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The form of its Authorization header, and its content if that is not a token. */
  readonly form: number
  readonly text: string
  readonly body: string
}

/** The Authorization header of a request that sends this token, if it has one. */
export const authorizationOf = ({ form, text }: FuzzedRequest, token: string): string | undefined =>
  authorizations[form]?.(token, text)

const mcpHeaders = [
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "mcp-session-id",
  "last-event-id",
  "origin",
  "host"
]
const otherHeaders = [
  "x-forwarded-host",
  "x-forwarded-proto",
  "forwarded",
  "accept",
  "content-type",
  "content-length",
  "cookie"
]

const headerValue: Arb<string> = choose(
  headerText,
  oneOf(
    ...methods,
    ...words(
      "2026-07-28 2025-11-25 2025-03-26 1999-01-01 WhoAmI notes://mine null * -1 evil.test https://evil.test " +
        "https://api.test application/json text/event-stream text/plain"
    ),
    "a".repeat(4_000)
  )
)

export const request: Arb<FuzzedRequest> = Arbitrary.map(
  Arbitrary.all({
    method: oneOf("POST", "POST", "POST", "POST", "GET", "DELETE", "PUT", "OPTIONS", "HEAD"),
    path: oneOf("/mcp", "/mcp", "/mcp", "/mcp?x=1", "/mcp?access_token=x", "/mcp/", "/MCP", "/%6dcp", "//mcp", "/"),
    headers: Arbitrary.array(Arbitrary.all([oneOf(...mcpHeaders, ...mcpHeaders, ...otherHeaders), headerValue]), {
      maxLength: 6
    }),
    form: anyInt(authorizations.length - 1),
    text: headerText,
    body
  }),
  ({ headers, ...rest }) => ({ ...rest, headers: Object.fromEntries(headers) })
)
