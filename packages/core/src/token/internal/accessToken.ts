import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { wordOf } from "../../metadata/internal/printable.ts"
import { InvalidToken } from "../TokenError.ts"

/** How strictly the header parameter `typ` is checked. */
export type TypPolicy = "loose" | "rfc9068"

/**
 * A claim that the access tokens of a provider have, and its other tokens lack.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccessTokenMark {
  /** The name of the claim. */
  readonly claim: string
  /** The value that the claim must have. Default: any value but `null`, `false` and the empty string. */
  readonly equals?: string | undefined
}

/** The parts of a token that show its kind. */
export interface TokenContent {
  readonly claims: Schema.JsonObject
  /** The header of a JWT. Absent for introspection responses and custom claims. */
  readonly header?: Schema.JsonObject | undefined
}

export interface KindRules {
  readonly typ: TypPolicy
  readonly mark: AccessTokenMark | undefined
}

type Checked<A> = Result.Result<A, InvalidToken>

const isAccessTokenType = (typ: unknown): boolean => typeof typ === "string" && /^(?:application\/)?at\+jwt$/i.test(typ)

const isUntyped = (typ: unknown): boolean =>
  typ === undefined || typeof typ === "string" && /^(?:application\/)?jwt$/i.test(typ)

/**
 * Claims in which providers state the kind of a token: Keycloak `typ`, Amazon Cognito and Ory `token_use`, introspection
 * `token_type` (RFC 7662, section 2.2), Casdoor `tokenType` and `TokenType`, PingAM `tokenName`.
 */
const typeClaims = ["typ", "token_use", "token_type", "tokenType", "TokenType", "tokenName"]

/** Values of these claims for access tokens. RFC 6749, section 5.1: token types are case-insensitive. */
const accessTokenTypes: ReadonlySet<string> = new Set([
  "access",
  "access_token",
  "access-token",
  "at+jwt",
  "application/at+jwt",
  "bearer",
  "urn:ietf:params:oauth:token-type:access_token"
])

/** Token types that require a proof of possession (RFC 9449, section 5). */
const senderConstrainedTypes: ReadonlySet<string> = new Set(["dpop", "pop"])

/**
 * Claims with other meanings as well: Frontegg and Cloudflare Access state the kind of the caller in `type`. So they never
 * mark an access token, and refuse a token only if they name another kind. Descope: `drn` is `DS` in a session token.
 */
const ambiguousTypeClaims = ["type", "use", "usage", "kind", "purpose", "token_kind", "drn"]

/** Names of other kinds of tokens, in lower case and without punctuation. `DSR` is Descope's name of a refresh token. */
const otherKinds = /^(?:(?:refresh|id|identity|logout|authorizationcode)(?:token|jwt)?|dsr)$/

const isOtherKind = (value: unknown): boolean =>
  typeof value === "string" && otherKinds.test(value.toLowerCase().replace(/[^a-z0-9]/g, ""))

/**
 * Claims that access tokens never have. All claims of a row must be present.
 *
 * - ID tokens: OpenID Connect Core 1.0, section 3.3.2.11; CIBA Core 1.0, section 10.3.1
 * - security event tokens and logout tokens: RFC 8417, section 2.2; OpenID Connect Back-Channel Logout 1.0, section 2.4
 * - introspection responses: RFC 9701, section 5
 * - authorization responses (JARM, section 2.1), and token responses
 * - request objects: RFC 9101, section 4
 * - verifiable credentials and presentations: VC Data Model 1.1, section 6.3.1; RFC 9901, section 4.2
 * - self-issued ID tokens: SIOPv2, section 11
 */
const otherTokenClaims: ReadonlyArray<readonly [string, ...ReadonlyArray<string>]> = [
  ["at_hash"],
  ["c_hash"],
  ["s_hash"],
  ["rt_hash"],
  ["urn:openid:params:jwt:claim:rt_hash"],
  ["urn:openid:params:jwt:claim:auth_req_id"],
  ["events"],
  ["token_introspection"],
  ["access_token"],
  ["refresh_token"],
  ["id_token"],
  ["code", "state"],
  ["error", "state"],
  ["response_type"],
  ["redirect_uri", "code_challenge"],
  ["vp"],
  ["vc"],
  ["_sd"],
  ["_sd_alg"],
  ["sub_jwk"]
]

/** Claims that ID tokens lack: scopes, and the client as RFC 9068 (section 2.2), Okta and Entra ID name it. */
const scopeClaimNames = ["scope", "scopes", "scp"]
const clientClaimNames = ["client_id", "cid", "appid", "azpacr"]

const notAnAccessToken = (claim: string, actual?: unknown) =>
  Result.fail(
    new InvalidToken({
      reason: "not-an-access-token",
      claim,
      ...(actual === undefined ? {} : { actual: wordOf(actual) })
    })
  )

const checkTypeClaim = (claims: Schema.JsonObject, claim: string): Checked<void> => {
  const value = claims[claim]
  if (value === undefined) return Result.succeed(undefined)
  const type = typeof value === "string" ? value.toLowerCase() : ""
  if (senderConstrainedTypes.has(type)) return Result.fail(new InvalidToken({ reason: "sender-constrained", claim }))
  return accessTokenTypes.has(type) ? Result.succeed(undefined) : notAnAccessToken(claim, value)
}

const isNonEmptyString = (value: unknown): value is string => typeof value === "string" && value !== ""

const audiences = ({ aud }: Schema.JsonObject): ReadonlyArray<unknown> => Array.isArray(aud) ? aud : [aud]

const matchesMark = (claims: Schema.JsonObject, { claim, equals }: AccessTokenMark): boolean => {
  // The claim name comes from options, and every object inherits members such as `constructor`.
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (equals !== undefined) return value === equals
  return value !== undefined && value !== null && value !== false && value !== ""
}

/** Whether the token has a mark that ID tokens lack. */
const hasAccessTokenMark = ({ claims, header }: TokenContent): boolean =>
  isAccessTokenType(header?.["typ"]) ||
  typeClaims.some((claim) => claims[claim] !== undefined) ||
  scopeClaimNames.some((claim) => typeof claims[claim] === "string" || Array.isArray(claims[claim])) ||
  clientClaimNames.some((claim) => isNonEmptyString(claims[claim]))

/**
 * Whether a `nonce` is accepted. Keycloak before 25 puts it into access tokens. Only the header, `typ` and `token_use`
 * count, because the other type claims also occur in responses about ID tokens.
 */
const mayHaveNonce = ({ claims, header }: TokenContent, { mark }: KindRules): boolean =>
  mark !== undefined || isAccessTokenType(header?.["typ"]) || claims["typ"] !== undefined ||
  claims["token_use"] !== undefined

/** `marked`: a claim or header says that it is an access token. `unmarked`: nothing says that it is of another kind. */
export type Kind = "marked" | "unmarked"

/**
 * Decides whether a token is an access token, by the header of a JWT and by claims. The rules are the same for JWTs,
 * introspection responses and custom claims. RFC 9068, section 2.1 requires the type `at+jwt`, but most providers write
 * `JWT` or omit it. So a token is accepted unless it has a mark of another kind (RFC 8725, sections 3.11 and 3.12). One
 * such mark is enough to refuse it.
 */
export const checkKind = (content: TokenContent, rules: KindRules): Checked<Kind> => {
  const { claims, header } = content
  const typ = header?.["typ"]
  if (!isAccessTokenType(typ) && (rules.typ === "rfc9068" || !isUntyped(typ))) {
    return notAnAccessToken("typ", wordOf(typ))
  }
  for (const claim of typeClaims) {
    const checked = checkTypeClaim(claims, claim)
    if (Result.isFailure(checked)) return Result.fail(checked.failure)
  }
  const ambiguous = ambiguousTypeClaims.find((claim) => isOtherKind(claims[claim]))
  if (ambiguous !== undefined) return notAnAccessToken(ambiguous, claims[ambiguous])
  const other = otherTokenClaims.find((names) => names.every((name) => claims[name] !== undefined))
  if (other !== undefined) return notAnAccessToken(other[0])
  // RFC 7523, section 3 and SIOPv2, section 11: client assertions and self-issued ID tokens.
  if (claims["sub"] !== undefined && claims["sub"] === claims["iss"]) return notAnAccessToken("sub")
  if (claims["nonce"] !== undefined && !mayHaveNonce(content, rules)) return notAnAccessToken("nonce")
  const { mark } = rules
  if (mark === undefined) return Result.succeed(hasAccessTokenMark(content) ? "marked" : "unmarked")
  if (matchesMark(claims, mark)) return Result.succeed("marked")
  const expected = mark.equals === undefined ? "the claim of accessTokenMark" : JSON.stringify(mark.equals)
  return Result.fail(new InvalidToken({ reason: "not-an-access-token", claim: mark.claim, expected }))
}

/**
 * Whether an unmarked token may be an ID token. It may, unless its audience is the resource and its `azp` is another
 * client. If the audience is not the resource, `azp` proves nothing: the audience of Google's ID tokens for apps is the
 * client of the app's server, and `azp` is the client of the app.
 */
export const mayBeIdToken = (kind: Kind, claims: Schema.JsonObject, isForResource: boolean): boolean =>
  kind === "unmarked" && !(isForResource && !audiences(claims).includes(claims["azp"] ?? ""))

/** The error for a token that may be an ID token. */
export const possibleIdToken = new InvalidToken({
  reason: "not-an-access-token",
  expected: "a claim that ID tokens lack, such as scope or client_id, because the audience may be a client " +
    "(name another claim with accessTokenMark)"
})
