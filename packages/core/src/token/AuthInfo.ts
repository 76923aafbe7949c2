/**
 * Who speaks, and with which rights: what a verified token says about the caller of the current request.
 *
 * A tool, resource or prompt that declares `AuthInfo` as a dependency gets it for each request. A server with such a tool
 * does not compile until somebody provides it, which is the work of `McpAuth`.
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
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * Service that says who makes the current request. One value per request.
 *
 * @category services
 * @since 0.1.0
 */
export class AuthInfo extends Context.Service<AuthInfo, {
  /** The access token. Prints as `<redacted>`. Never pass it on to another service: it was issued for this one. */
  readonly token: Redacted.Redacted
  /** The issuer, exactly as the token or the provider names it. Empty for who has no token. */
  readonly issuer: string
  /**
   * `sub` (RFC 7519, section 4.1.2), or the claim that the verifier's option `subjectClaim` names instead. Absent in tokens
   * that some providers issue to clients for themselves.
   */
  readonly subject: string | undefined
  /** `client_id` (RFC 9068, section 2.2), `azp`, `cid` or `appid`, the first that is there. */
  readonly clientId: string | undefined
  /**
   * The granted scopes: `scope` (RFC 9068, section 2.2.3), `scopes` and `scp` together, or the claims that the verifier's
   * option `scopeClaims` names instead. `permissions` is not among them: it lists what the user may do, whatever the client
   * was granted.
   */
  readonly scopes: ReadonlySet<string>
  /** `aud` (RFC 7519, section 4.1.3). */
  readonly audience: ReadonlyArray<string>
  /** `exp`, in seconds since 1970. Absent only where a verifier was told to do without. */
  readonly expiresAt: number | undefined
  /** Every claim, as it came. */
  readonly claims: Schema.JsonObject
  /**
   * The SHA-256 digest of the token, in base64url. Verifiers add it if the claims do not name the caller. It then tells
   * principals apart, so that two such tokens share nothing.
   */
  readonly tokenDigest?: string | undefined
}>()("@effect-mcp-auth/core/token/AuthInfo") {}

/**
 * Who has no token. Handlers meet it only where a policy lets in whoever comes.
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
 * Whether this is somebody without a token. Nobody has fewer rights.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isAnonymous = ({ issuer }: AuthInfo["Service"]): boolean => issuer === ""

/**
 * The caller in one string: issuer, subject and client. Two tokens of the same principal have the same string, whatever
 * their bytes. Sessions, request states and whatever else belongs to a caller are kept under it.
 *
 * **Details**
 *
 * A token that does not name its caller is a principal of its own (`tokenDigest`). What belongs to it ends with it: a
 * refreshed token is another principal. A subject names the caller. Without a subject, the client does where the token is its
 * own: a claim says so (`gty`, `grant_type`, `idtyp`, `aut`), or no claim may name a user. An introspection response without
 * a subject says neither (RFC 7662, section 2.2).
 *
 * @category accessors
 * @since 0.1.0
 */
export const principal = ({ clientId, issuer, subject, tokenDigest }: AuthInfo["Service"]): string =>
  // No two lists have the same JSON. Percent-encoding would throw at half a surrogate pair, which a claim may hold.
  JSON.stringify([issuer, subject ?? null, clientId ?? null, ...(tokenDigest === undefined ? [] : [tokenDigest])])

/**
 * The claims of the current request, decoded by a schema.
 *
 * @category accessors
 * @since 0.1.0
 */
export const claims = <A, RD>(
  schema: Schema.ConstraintDecoder<A, RD>
): Effect.Effect<A, Schema.SchemaError, AuthInfo | RD> =>
  Effect.flatMap(AuthInfo, ({ claims }) => Schema.decodeUnknownEffect(schema)(claims))
