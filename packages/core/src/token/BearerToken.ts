/**
 * The bearer token of a request (RFC 6750, section 2.1). It is read from the Authorization header, and from headers of your
 * own only if the option `tokenHeaders` names them.
 *
 * **Example** (Reading a request)
 *
 * ```ts import.meta.vitest
 * import * as BearerToken from "@effect-mcp-auth/core/BearerToken"
 * import * as Result from "effect/Result"
 *
 * const read = BearerToken.read({ authorization: ["bearer abc"], url: "/mcp" })
 * Result.isSuccess(read) // => true
 *
 * const twice = BearerToken.read({ authorization: ["Bearer abc", "Bearer def"], url: "/mcp" })
 * Result.isFailure(twice) && twice.failure.message // => "The request is refused: it has more than one Authorization header"
 * ```
 * @since 0.1.0
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { InvalidRequest, MissingCredentials } from "./TokenError.ts"

/**
 * The parts of a request that can carry a token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Carrier {
  /** Every Authorization header, in order. */
  readonly authorization: ReadonlyArray<string>
  /** The URL, or its path and query. */
  readonly url: string
  /** The values of further headers that hold a token alone. Several headers of one name are one value with commas. */
  readonly tokenHeaders?: ReadonlyArray<string> | undefined
}

/** In characters, each of which is one byte here. Tokens of providers that include groups stay below half of it. */
const maxLength = 16 * 1024

// RFC 9110, section 11.1: an authentication scheme is a token and is case-insensitive.
const credentials = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +(.*))?$/
// RFC 6750, section 2.1.
const b64token = /^[A-Za-z0-9._~+/-]+=*$/
const bearer = /^[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)$/

/**
 * RFC 6750, section 2.3 allows tokens in URLs. They leak into logs and browser histories, and RFC 9700, section 4.3.2
 * forbids them.
 */
const hasTokenInQuery = (url: string): boolean => {
  const query = url.indexOf("?")
  return query !== -1 && new URLSearchParams(url.slice(query)).has("access_token")
}

const fail = (reason: InvalidRequest["reason"]) => Result.fail(new InvalidRequest({ reason }))

const accessToken = (token: string) => Result.succeed(Redacted.make(token, { label: "access token" }))

/** Reads a header that holds a token without a scheme. */
const readTokenHeader = (value: string): Result.Result<Redacted.Redacted, InvalidRequest> => {
  if (value.length > maxLength) return fail("too-long")
  return b64token.test(value) ? accessToken(value) : fail("malformed-token-header")
}

/**
 * Reads the token. Without credentials, or with those of another scheme, the result is `MissingCredentials`, so the client
 * is asked to log in. An empty header and the scheme alone are no credentials (RFC 6750, section 3.1).
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (
  { tokenHeaders = [], ...carrier }: Carrier
): Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest> => {
  const read = readAuthorization(carrier)
  // An empty header is no credentials, and neither are those of another scheme.
  const [value, ...others] = tokenHeaders.filter((value) => value !== "")
  if (value === undefined || Result.isFailure(read) && read.failure._tag === "InvalidRequest") return read
  return Result.isSuccess(read) || others.length > 0 ? fail("several-tokens") : readTokenHeader(value)
}

const readAuthorization = (
  { authorization: [header, ...others], url }: Carrier
): Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest> => {
  if (hasTokenInQuery(url)) return fail("token-in-query")
  if (header === undefined) return Result.fail(new MissingCredentials())
  if (others.length > 0) return fail("several-headers")
  // This one match reads nearly all requests. The lines below find out what is wrong with the others.
  const valid = header.length <= maxLength ? bearer.exec(header)?.[1] : undefined
  if (valid !== undefined) return accessToken(valid)
  if (isEmptyCredentials(header)) return Result.fail(new MissingCredentials())
  const [, scheme, token = ""] = credentials.exec(header) ?? []
  if (scheme === undefined) return fail("malformed")
  if (scheme.toLowerCase() !== "bearer") return Result.fail(new MissingCredentials())
  if (token.length > maxLength) return fail("too-long")
  return b64token.test(token) ? accessToken(token) : fail("malformed")
}

/** For several Authorization headers, Node keeps the first value. `rawHeaders` has all headers: each name, then its value. */
const sentHeaders = (source: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(source, "rawHeaders") && Array.isArray(source.rawHeaders) ? source.rawHeaders : []

const authorizationOf = ({ headers, source }: HttpServerRequest.HttpServerRequest): ReadonlyArray<string> => {
  const header = headers["authorization"]
  if (header === undefined) return []
  const sent = sentHeaders(source).filter((name, index) =>
    index % 2 === 0 && typeof name === "string" && name.toLowerCase() === "authorization"
  )
  return [header, ...sent.slice(1).map(() => "")]
}

/**
 * Reads the token of an HTTP request: from the Authorization header, or from one of the given headers, whose names are in
 * lower case.
 *
 * @category reading
 * @since 0.1.0
 */
export const fromRequest = (
  request: HttpServerRequest.HttpServerRequest,
  tokenHeaders: ReadonlyArray<string> = []
): Result.Result<Redacted.Redacted, MissingCredentials | InvalidRequest> =>
  read({
    authorization: authorizationOf(request),
    url: request.originalUrl,
    tokenHeaders: tokenHeaders.flatMap((name) => request.headers[name] ?? [])
  })

const emptyCredentials = /^(?:bearer *)?$/i

/**
 * Whether an Authorization header holds no credentials: it is absent or empty, or has the scheme alone. A client whose
 * token variable is not set sends that, and has not tried to authenticate (RFC 6750, section 3.1).
 *
 * @category guards
 * @since 0.1.0
 */
export const isEmptyCredentials = (header: string | undefined): boolean =>
  header === undefined || emptyCredentials.test(header)
