import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as AudiencePolicy from "../AudiencePolicy.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import type { Shape } from "../TokenDigest.ts"
import { InvalidToken } from "../TokenError.ts"
import { checkKind, type KindRules, mayBeIdToken, possibleIdToken, type TokenContent } from "./accessToken.ts"
import { type ClaimForm, type ClaimPath, pathOf, type RoleClaim, roleForm, valueAt, wordsAt } from "./claimWords.ts"

/** The rules for claims, which are the same for every method. */
export interface ClaimRules extends KindRules {
  readonly resource: string
  readonly audience: AudiencePolicy.AudiencePolicy
  /** In seconds. */
  readonly clockTolerance: number
  /** Whether a token may lack an expiry. */
  readonly acceptWithoutExpiry: boolean
  /** The claims that grant scopes. */
  readonly scopeClaims: ReadonlyArray<ClaimForm>
  /** The claims with roles. `undefined`: policies name them. */
  readonly roleClaims: ReadonlyArray<RoleClaim> | undefined
  /** The claim that names the subject. */
  readonly subjectClaim: ClaimPath
  /** The claims that can name the client. */
  readonly clientClaims: ReadonlyArray<ClaimPath>
}

/**
 * A claim that grants scopes: a name, or a path with its form.
 *
 * @category models
 * @since 0.1.0
 */
export type ScopeClaim = string | ClaimForm

type Claims = Schema.JsonObject
type Checked<A> = Result.Result<A, InvalidToken>

/** The last second of the year 9999. Later values are no valid dates (RFC 7519, section 2). */
const latestDate = 253_402_300_799

const numericDate = (claims: Claims, claim: string): Checked<number | undefined> => {
  const value = claims[claim]
  if (value === undefined) return Result.succeed(undefined)
  // JSON can contain 1e400, which is parsed as Infinity.
  return typeof value === "number" && Number.isFinite(value) && value <= latestDate
    ? Result.succeed(value)
    : Result.fail(new InvalidToken({ reason: "invalid-claim", claim }))
}

/** Checks `exp`, `nbf` and `iat`. Returns the expiry. */
const checkLifetime = (claims: Claims, rules: ClaimRules, now: number): Checked<number | undefined> => {
  const { acceptWithoutExpiry, clockTolerance } = rules
  const exp = numericDate(claims, "exp")
  const nbf = numericDate(claims, "nbf")
  const iat = numericDate(claims, "iat")
  if (Result.isFailure(exp)) return exp
  const expiresAt = exp.success
  if (expiresAt === undefined && !acceptWithoutExpiry) {
    return Result.fail(new InvalidToken({ reason: "missing-claim", claim: "exp" }))
  }
  if (expiresAt !== undefined && now >= expiresAt + clockTolerance) {
    return Result.fail(new InvalidToken({ reason: "expired", claim: "exp", actual: String(expiresAt) }))
  }
  if (Result.isFailure(nbf)) return nbf
  if (nbf.success !== undefined && now < nbf.success - clockTolerance) {
    return Result.fail(new InvalidToken({ reason: "not-yet-valid", claim: "nbf", actual: String(nbf.success) }))
  }
  if (Result.isFailure(iat)) return iat
  if (iat.success !== undefined && iat.success > now + clockTolerance) {
    return Result.fail(new InvalidToken({ reason: "issued-in-future", claim: "iat", actual: String(iat.success) }))
  }
  return exp
}

const isStrings = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((item) => typeof item === "string")

const checkAudience = (claims: Claims, { audience: policy, resource }: ClaimRules): Checked<ReadonlyArray<string>> => {
  const { aud } = claims
  const audience = aud === undefined ? [] : typeof aud === "string" ? [aud] : aud
  if (!isStrings(audience)) return Result.fail(new InvalidToken({ reason: "invalid-claim", claim: "aud" }))
  if (policy.accepts({ resource, audience, claims })) return Result.succeed(audience)
  return Result.fail(
    new InvalidToken({
      reason: "wrong-audience",
      claim: "aud",
      expected: policy.expects(resource),
      actual: audience.join(" ")
    })
  )
}

/** RFC 9449 and RFC 8705: a token that is bound to a key requires a proof of possession. */
const checkBinding = ({ cnf }: Claims): Checked<void> =>
  cnf === undefined
    ? Result.succeed(undefined)
    : Result.fail(new InvalidToken({ reason: "sender-constrained", claim: "cnf" }))

/** RFC 6749, section 3.3: a scope has no spaces, quotation marks and backslashes. */
export const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** `scope` (RFC 9068, section 2.2.3), and the names that providers use. Not `permissions`: they are no grant to the client. */
export const standardScopeClaims = ["scope", "scopes", "scp"] as const

/** The form of a claim with scopes, which are separated by spaces unless it says otherwise. */
export const scopeForm = (claim: ScopeClaim): ClaimForm =>
  typeof claim === "string" ? { path: [claim], separator: " " } : { ...claim, separator: claim.separator ?? " " }

/** Whether a value is a list with items that have no word. It grants no scope at all. */
const isMixedList = (claims: Claims, { path }: ClaimForm, words: ReadonlyArray<string>): boolean => {
  const value = valueAt(claims, path)
  return Array.isArray(value) && words.length < value.length
}

const grantedScopes = (claims: Claims, { scopeClaims }: ClaimRules): ReadonlySet<string> => {
  const scopes = new Set<string>()
  for (const form of scopeClaims) {
    const words = wordsAt(claims, form)
    if (words.length === 0 || isMixedList(claims, form, words)) continue
    for (const word of words) if (word !== "") scopes.add(word)
  }
  return scopes
}

/** The roles in the claims that the rules name. */
const heldRoles = (claims: Claims, roleClaims: ReadonlyArray<RoleClaim>): ReadonlySet<string> =>
  new Set(roleClaims.flatMap((claim) => wordsAt(claims, roleForm(claim))))

// `client_id`: RFC 9068. `azp`: OpenID Connect. `cid`: Okta. `appid`: Entra ID, version 1.
export const standardClientClaims: ReadonlyArray<ClaimPath> = [["client_id"], ["azp"], ["cid"], ["appid"]]

/** The default of `subjectClaim`. */
export const standardSubjectClaim = pathOf("sub")

/** The name in a claim. Absent is valid; an empty or other value is not. */
const nameIn = (claims: Claims, path: ClaimPath): Checked<string | undefined> => {
  const value = valueAt(claims, path)
  return value === undefined || typeof value === "string" && value !== ""
    ? Result.succeed(value)
    : Result.fail(new InvalidToken({ reason: "invalid-claim", claim: path.join(".") }))
}

const isSub = ([first, ...below]: ClaimPath): boolean => first === "sub" && below.length === 0

type Names = Pick<AuthInfo["Service"], "subject" | "clientId">

/**
 * Reads the subject (RFC 7519, section 4.1.2: a string) and the client (RFC 9068, section 2.2). Each of these claims must
 * be a name or absent: an ignored value would merge several callers into one principal.
 */
const checkNames = (claims: Claims, { clientClaims, subjectClaim }: ClaimRules): Checked<Names> => {
  const subject = nameIn(claims, subjectClaim)
  if (Result.isFailure(subject)) return Result.fail(subject.failure)
  let clientId: string | undefined
  for (const claim of clientClaims) {
    const name = nameIn(claims, claim)
    if (Result.isFailure(name)) return Result.fail(name.failure)
    clientId ??= name.success
  }
  // The standard claims must be valid, too, if the options name others.
  const others = isSub(subjectClaim) && clientClaims === standardClientClaims
    ? []
    : [standardSubjectClaim, ...standardClientClaims]
  for (const claim of others) {
    const name = nameIn(claims, claim)
    if (Result.isFailure(name)) return Result.fail(name.failure)
  }
  return Result.succeed({ subject: subject.success, clientId })
}

/** The caller that the claims of a token describe, without the token. */
export type TokenInfo = Omit<AuthInfo["Service"], "token">

/** Claims about a token, its client and its grants. None of them names a user. */
const claimsWithoutUser: ReadonlySet<string> = new Set(
  ("iss aud exp nbf iat jti typ ver cnf nonce token_use token_type tokenType TokenType tokenName grant_type gty idtyp aut " +
    "client_id azp cid appid azpacr appidacr scope scopes scp permissions roles entitlements groups tid tenant_id org_id " +
    "resource").split(" ")
)

/**
 * Claims that say that a client got the token for itself: Auth0 and Kinde `gty`, Cloud Foundry UAA `grant_type`, Entra ID
 * `idtyp`, WSO2 `aut`.
 */
const clientGrantClaims: ReadonlyArray<readonly [claim: string, values: ReadonlyArray<string>]> = [
  ["gty", ["client-credentials", "client_credentials"]],
  ["grant_type", ["client_credentials"]],
  ["idtyp", ["app"]],
  ["aut", ["APPLICATION"]]
]

/**
 * Whether a token without a subject belongs to the client itself. A claim must say so, or no claim may name a user.
 * `active` occurs in introspection responses, which may omit the subject of any token (RFC 7662, section 2.2).
 */
const isClientOwnToken = (claims: Claims): boolean => {
  if (clientGrantClaims.some(([claim, values]) => values.some((value) => claims[claim] === value))) return true
  return Object.keys(claims).every((claim) => claimsWithoutUser.has(claim))
}

/**
 * Whether subject and client identify the caller. A client alone does only if the token belongs to the client itself. A
 * token of a user without a name is a principal of its own.
 */
export const namesCaller = (
  { claims, clientId, subject }: Pick<TokenInfo, "claims" | "clientId" | "subject">,
  { subjectClaim }: Pick<ClaimRules, "subjectClaim"> = { subjectClaim: standardSubjectClaim }
): boolean => subject !== undefined || clientId !== undefined && isSub(subjectClaim) && isClientOwnToken(claims)

/** Claims, the issuer that the verifier established, and the header of a JWT. */
interface IssuedClaims extends TokenContent {
  readonly issuer: string
}

/** Checks that the claims are those of an access token and satisfy the rules. Returns the caller. `now` is in seconds. */
export const checkClaims = (
  { issuer, ...content }: IssuedClaims,
  rules: ClaimRules,
  now: number
): Checked<TokenInfo> => {
  const { claims } = content
  const kind = checkKind(content, rules)
  if (Result.isFailure(kind)) return Result.fail(kind.failure)
  const expiresAt = checkLifetime(claims, rules, now)
  if (Result.isFailure(expiresAt)) return Result.fail(expiresAt.failure)
  const audience = checkAudience(claims, rules)
  if (Result.isFailure(audience)) return Result.fail(audience.failure)
  const { resource } = rules
  const isForResource = AudiencePolicy.resource.accepts({ resource, audience: audience.success, claims })
  if (mayBeIdToken(kind.success, claims, isForResource)) return Result.fail(possibleIdToken)
  const binding = checkBinding(claims)
  if (Result.isFailure(binding)) return Result.fail(binding.failure)
  const names = checkNames(claims, rules)
  if (Result.isFailure(names)) return Result.fail(names.failure)
  const info = {
    issuer,
    ...names.success,
    scopes: grantedScopes(claims, rules),
    audience: audience.success,
    expiresAt: expiresAt.success,
    claims
  }
  return Result.succeed(
    rules.roleClaims === undefined ? info : { ...info, roles: heldRoles(claims, rules.roleClaims) }
  )
}

/** Adds the token's digest for a caller without a name, so that two such tokens are two principals. */
export const withTokenDigest = <Info extends TokenInfo>(
  info: Info,
  hasName: boolean,
  { digestOf, token }: { readonly digestOf: Shape; readonly token: Redacted.Redacted }
): Effect.Effect<Info> => {
  if (hasName) return Effect.succeed(info)
  const digest = digestOf(Redacted.value(token))
  return Effect.isEffect(digest)
    ? Effect.map(digest, (tokenDigest) => ({ ...info, tokenDigest }))
    : Effect.succeed({ ...info, tokenDigest: digest })
}
