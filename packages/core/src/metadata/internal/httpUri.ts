import * as Result from "effect/Result"
import * as Struct from "effect/Struct"

/** How to allow loopback hosts, in messages. */
export const developmentSwitch =
  "provide McpAuth.development, or set MCP_AUTH_DEVELOPMENT=true (command line: --allow-insecure-loopback)"

/**
 * The violations of a string that should be an https URI. Each has a code and a correction.
 */
export const advice = {
  "empty": "it is empty; write an absolute https URL such as https://as.example.com",
  "whitespace": "it contains white space or a control character, which URL parsers drop silently; remove it",
  "backslash": "it contains a backslash, which URL parsers read as a slash; write a slash",
  "non-ascii": "it contains a character outside ASCII; write the host in its xn-- form and percent-encode the path, " +
    "as the provider publishes it",
  "template": "it contains a {placeholder}; replace it with the value, for example your tenant ID",
  "not-absolute": "it is not an absolute URL with a host; write it in full, starting with https://",
  "not-https": "it is not an https URL; start it with https://",
  "insecure-loopback": `http is refused on a loopback host; for local development, ${developmentSwitch}`,
  "empty-host": "it names no host; write one between https:// and the path",
  "user-info": "it contains user information before an @, which must not be part of it; remove it",
  "percent-encoded-host": "its host is percent-encoded; write the host without percent-encoding",
  "ambiguous-host": "its host is an IP address in a form that parsers rewrite; write the four decimal numbers or the " +
    "shortest IPv6 form",
  "invalid-host": "its host is not valid; write a DNS name, an IPv4 address or an IPv6 address in brackets",
  "invalid-port": "its port is invalid; write a number up to 65535 without leading zeros",
  "dot-segment": "its path contains a \".\" or \"..\" segment, which URL parsers resolve silently; write the path it " +
    "leads to",
  "percent-encoding": "it contains a % that is not followed by two hexadecimal digits; write %25 for a plain %",
  "forbidden-character": "it contains a character that is not allowed in a URL; percent-encode it as the provider does",
  "query": "it contains a query; remove it",
  "empty-query": "it ends in an empty query; remove the question mark",
  "fragment": "it contains a fragment; remove it",
  "empty-fragment": "it ends in an empty fragment; remove the #"
}

/** The code of a violation. */
export type Violation = keyof typeof advice

/** All violation codes, for the schemas of errors. */
export const violations: ReadonlyArray<Violation> = Struct.keys(advice)

/** The components of an https URI (or http on loopback), unchanged. */
export interface HttpUri {
  /** Scheme, host and port as HTTP sends them: lower case, without a default port. */
  readonly origin: string
  /** The path, byte for byte. */
  readonly path: string
  /** The query with its question mark, byte for byte; empty when there is none. */
  readonly query: string
}

export interface Grammar {
  /** RFC 8414, section 2 forbids the query of an issuer; RFC 9728, section 1.2 allows the one of a resource. */
  readonly query: "forbidden" | "allowed"
  /** Accept http if the host is a loopback host. */
  readonly insecureLoopback: boolean
  /** Accept http on any host, because the caller checks the scheme. */
  readonly insecure?: boolean
}

// Every pattern below is a single run of one character class, so matching is linear in the length of the input.
const components = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/
const otherScheme = /^(?!https?:)[A-Za-z][A-Za-z0-9+.-]*:/i
const hostAndPort = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=-]*)(?::(0|[1-9][0-9]*)?)?$/
const badEscape = /%(?![0-9A-Fa-f]{2})/
const pathCharacters = /^[A-Za-z0-9._~!$&'()*+,;=:@/%-]*$/
// RFC 3986 allows the apostrophe in a query, but `new URL` escapes it, so the parsers disagree.
const queryCharacters = /^[A-Za-z0-9._~!$&()*+,;=:@/?%-]*$/
const dotSegment = /^(?:\.|%2[Ee]){1,2}$/
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i

/** Whether a host of a URL is a loopback host (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
export const isLoopback = (host: string): boolean => loopbackHost.test(host)

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const blanks = /[\u0000-\u0020\u007f\u0085\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]/
// oxlint-disable-next-line no-control-regex -- the ASCII range starts with control characters
const nonAscii = /[^\u0000-\u007f]/

/** Checks before parsing: characters that some URL parsers drop, replace or encode. */
const charactersOf = (text: string): Violation | undefined => {
  if (text === "") return "empty"
  if (blanks.test(text)) return "whitespace"
  if (nonAscii.test(text)) return "non-ascii"
  if (text.includes("\\")) return "backslash"
  if (text.includes("{") && text.includes("}")) return "template"
  return undefined
}

const schemeOf = (scheme: string, host: string, grammar: Grammar): Violation | undefined => {
  if (/^https$/i.test(scheme)) return undefined
  if (/^http$/i.test(scheme) && grammar.insecure === true) return undefined
  if (!/^http$/i.test(scheme) || !isLoopback(host)) return "not-https"
  return grammar.insecureLoopback ? undefined : "insecure-loopback"
}

const authorityOf = (authority: string): Violation | readonly [host: string, port: string] => {
  if (authority.includes("@")) return "user-info"
  if (authority.includes("%")) return "percent-encoded-host"
  const match = hostAndPort.exec(authority)
  if (match === null) return /^[^:]*:[^:]*$/.test(authority) ? "invalid-port" : "invalid-host"
  const [, host = "", port = ""] = match
  if (host === "") return "empty-host"
  return Number(port) > 65_535 ? "invalid-port" : [host, port]
}

const pathOf = (path: string): Violation | undefined => {
  if (badEscape.test(path)) return "percent-encoding"
  if (!pathCharacters.test(path)) return "forbidden-character"
  return path.split("/").some((segment) => dotSegment.test(segment)) ? "dot-segment" : undefined
}

const queryOf = (query: string | undefined, grammar: Grammar): Violation | undefined => {
  if (query === undefined) return undefined
  if (grammar.query === "forbidden") return query === "?" ? "empty-query" : "query"
  if (badEscape.test(query)) return "percent-encoding"
  return queryCharacters.test(query) ? undefined : "forbidden-character"
}

const fragmentOf = (fragment: string | undefined): Violation | undefined =>
  fragment === undefined ? undefined : fragment === "#" ? "empty-fragment" : "fragment"

/** Removes the query, which can contain a secret. The rest of the URL identifies the document. */
export const withoutQuery = (url: string): string => url.replace(/[?#][^]*$/, "?…")

/**
 * Removes the slash after the authority of a URI without a path, which is equivalent (RFC 3986, section 6.2.3). Other
 * texts are unchanged.
 */
export const withoutRootSlash = (uri: string): string =>
  uri.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]+)\/(\?[^#]*)?$/i, (_, bare: string, query = "") => `${bare}${query}`)

/** The same with the slash. */
export const withRootSlash = (uri: string): string =>
  uri.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]+)(\?[^#]*)?$/i, (_, bare: string, query = "") => `${bare}/${query}`)

/**
 * The form of a rejected string in messages. User information often contains a password, and passwords can contain
 * slashes and question marks. So everything before the last @ is removed, and the query.
 */
export const redacted = (text: string): string => {
  const end = text.lastIndexOf("@")
  if (end === -1) return withoutQuery(text)
  const [scheme] = /^(?:[a-z][a-z0-9+.-]*:[/\\]*)?/i.exec(text.slice(0, end)) ?? [""]
  return withoutQuery(`${scheme}…${text.slice(end)}`)
}

/**
 * Parses the string by the grammar of RFC 3986. Rejects every string that `new URL` would read differently.
 */
export const parse = (text: string, grammar: Grammar): Result.Result<HttpUri, Violation> => {
  const characters = charactersOf(text)
  if (characters !== undefined) return Result.fail(characters)
  const match = components.exec(text)
  if (match === null) return Result.fail(otherScheme.test(text) ? "not-https" : "not-absolute")
  const [, scheme = "", authority = "", path = "", query, fragment] = match
  const hostPort = authorityOf(authority)
  if (typeof hostPort === "string") return Result.fail(hostPort)
  const [host, port] = hostPort
  const violation = schemeOf(scheme, host, grammar) ?? pathOf(path) ?? queryOf(query, grammar) ?? fragmentOf(fragment)
  if (violation !== undefined) return Result.fail(violation)
  const bare = `${scheme}://${host}${port === "" ? "" : `:${port}`}`
  // The parser that the request uses must find the same host as written.
  if (!URL.canParse(bare)) return Result.fail("invalid-host")
  const url = new URL(bare)
  return url.hostname === host.toLowerCase()
    ? Result.succeed({ origin: url.origin, path, query: query ?? "" })
    : Result.fail("ambiguous-host")
}
