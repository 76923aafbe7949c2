/**
 * The authenticated caller of the current request and its grants, as the verified token describes them.
 *
 * A tool, resource or prompt that declares `AuthInfo` as a dependency receives it for each request. A server with such a
 * tool does not compile until `McpAuth`, or another layer, provides it.
 *
 * **Example** (Reading claims with a schema)
 *
 * ```ts import.meta.vitest
 * import * as AuthInfo from "@effect-mcp-auth/core/AuthInfo"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import * as Schema from "effect/Schema"
 *
 * const whoAmI = Effect.map(AuthInfo.claims(Schema.Struct({ email: Schema.String })), ({ email }) => email)
 *
 * const request = AuthInfo.AuthInfo.of({
 *   token: Redacted.make("eyJ…"),
 *   issuer: "https://auth.example.com",
 *   subject: "user-1",
 *   clientId: "client-1",
 *   scopes: new Set(["notes:read"]),
 *   audience: ["https://api.example.com/mcp"],
 *   expiresAt: 1_900_000_000,
 *   claims: { sub: "user-1", email: "ada@example.com" }
 * })
 *
 * Effect.runSync(Effect.provideService(whoAmI, AuthInfo.AuthInfo, request)) // => "ada@example.com"
 * ```
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * The service that describes the caller of the current request. Each request has its own value.
 *
 * @category services
 * @since 0.1.0
 */
export class AuthInfo extends Context.Service<AuthInfo, {
  /** The access token. Prints as `<redacted>`. Never pass it on to another service: it was issued for this one. */
  readonly token: Redacted.Redacted
  /** The issuer identifier, exactly as the token or the provider spells it. Empty for a caller without a token. */
  readonly issuer: string
  /**
   * `sub` (RFC 7519, section 4.1.2), or the claim that the verifier's option `subjectClaim` names. Absent in tokens that
   * some providers issue to clients for themselves.
   */
  readonly subject: string | undefined
  /** The first of `client_id` (RFC 9068, section 2.2), `azp`, `cid` and `appid` that is present. */
  readonly clientId: string | undefined
  /**
   * The granted scopes: those of `scope` (RFC 9068, section 2.2.3), `scopes` and `scp` together, or of the claims that the
   * verifier's option `scopeClaims` names. `permissions` is not included: it lists what the user may do, not what the
   * client was granted.
   */
  readonly scopes: ReadonlySet<string>
  /**
   * The roles in the claims that the verifier's option `roleClaims` names. Absent if it names none: `Policy.role` then reads
   * its default claims.
   */
  readonly roles?: ReadonlySet<string> | undefined
  /** The claim `aud` (RFC 7519, section 4.1.3), as a list. */
  readonly audience: ReadonlyArray<string>
  /** The claim `exp`, in seconds since 1970. Absent only if the verifier accepts tokens without it (`acceptWithoutExpiry`). */
  readonly expiresAt: number | undefined
  /** All claims, unchanged. */
  readonly claims: Schema.JsonObject
  /**
   * The SHA-256 digest of the token, in base64url. Verifiers add it if the claims do not name the caller. Two such tokens
   * are then two principals.
   */
  readonly tokenDigest?: string | undefined
}>()("@effect-mcp-auth/core/token/AuthInfo") {}

/**
 * The caller of a request without a token. Handlers receive it only where a policy admits anonymous callers.
 *
 * @category constructors
 * @since 0.1.0
 */
export const anonymous: AuthInfo["Service"] = {
  token: Redacted.make("", { label: "no access token" }),
  issuer: "",
  subject: undefined,
  clientId: undefined,
  scopes: new Set(),
  audience: [],
  expiresAt: undefined,
  claims: {}
}

/**
 * Whether the caller has no token. No caller has fewer rights.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isAnonymous = ({ issuer }: AuthInfo["Service"]): boolean => issuer === ""

/**
 * The principal: issuer, subject and client in one string. Two tokens of the same principal give the same string, even if
 * their bytes differ. Sessions, request states and other data of a caller are stored under it.
 *
 * **Details**
 *
 * A token that does not name its caller is a principal of its own (`tokenDigest`), so a refreshed token is another
 * principal. A subject names the caller. Without a subject, the client names the caller if the token belongs to the client
 * itself: a claim says so (`gty`, `grant_type`, `idtyp`, `aut`), or no claim can name a user. An introspection response
 * without a subject proves neither (RFC 7662, section 2.2).
 *
 * @category accessors
 * @since 0.1.0
 */
export const principal = ({ clientId, issuer, subject, tokenDigest }: AuthInfo["Service"]): string =>
  // Different lists have different JSON. Percent-encoding would throw at half a surrogate pair, which a claim may contain.
  JSON.stringify([issuer, subject ?? null, clientId ?? null, ...(tokenDigest === undefined ? [] : [tokenDigest])])

/**
 * Decodes the claims of the current request with a schema.
 *
 * @category accessors
 * @since 0.1.0
 */
export const claims = <A, RD>(
  schema: Schema.ConstraintDecoder<A, RD>
): Effect.Effect<A, Schema.SchemaError, AuthInfo | RD> =>
  Effect.flatMap(AuthInfo, ({ claims }) => Schema.decodeUnknownEffect(schema)(claims))
