/**
 * The issuer identifier of an authorization server (RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3).
 *
 * Issuers are compared as strings: documents, tokens and authorization responses must contain the identical string (RFC
 * 8414, section 3.3; RFC 9207, section 2.4). So an issuer is kept exactly as written. A string that `new URL` would
 * silently rewrite is rejected, with a reason and a correction.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AllowInsecureLoopback } from "./InsecureLoopback.ts"
import { advice, type HttpUri, parse, redacted, violations } from "./internal/httpUri.ts"
import { quoted } from "./internal/printable.ts"

/**
 * An issuer identifier, exactly as written.
 *
 * @category models
 * @since 0.1.0
 */
export type Issuer = string & Brand.Brand<"Issuer">

/**
 * Options that relax the rules for an issuer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Accept `http` when the host is `localhost`, in `127.0.0.0/8`, or `[::1]`. For development only: any process that
   * listens on that port can act as the issuer. Defaults to `false`.
   */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * A string that is not a valid issuer. `reason` is a code that says why, and the message says what to write instead.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidIssuer extends Schema.TaggedError<InvalidIssuer>()("InvalidIssuer", {
  issuer: Schema.String,
  reason: Schema.Literals(violations)
}) {
  override get message(): string {
    // Quoted: the string can come from an untrusted document and must not forge log lines.
    const issuer = quoted(this.issuer)
    const hint = discoveryUrl.test(this.issuer)
      ? `. This is a discovery URL; pass the issuer instead: ${discoveryHint}`
      : ""
    return `${issuer} is not an issuer: ${advice[this.reason]}${hint}`
  }
}

const discoveryUrl = /\/\.well-known\/(?:openid-configuration|oauth-authorization-server)/
const discoveryHint = "the value of \"issuer\" in the document at that URL"

const parseIssuer = (issuer: string, options?: Options): Result.Result<HttpUri, InvalidIssuer> =>
  parse(issuer, { query: "forbidden", insecureLoopback: options?.allowInsecureLoopback === true }).pipe(
    Result.mapError((reason) => new InvalidIssuer({ issuer: redacted(issuer), reason }))
  )

/**
 * Checks an issuer and returns it unchanged.
 *
 * **Gotchas**
 *
 * Never compare issuers as `URL`s: `https://as.example.com` and `https://as.example.com/` are two issuers.
 *
 * **Example** (Reading what is wrong)
 *
 * ```ts import.meta.vitest
 * import * as Issuer from "@effect-mcp-auth/core/Issuer"
 * import * as Result from "effect/Result"
 *
 * Issuer.makeResult("https://as.example.com/tenant") // => Result.succeed("https://as.example.com/tenant")
 *
 * const refused = Issuer.makeResult("https://as.example.com/?tenant=1")
 * const reason = Result.isFailure(refused) ? refused.failure.reason : undefined
 * reason // => "query"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeResult = (issuer: string, options?: Options): Result.Result<Issuer, InvalidIssuer> =>
  // The brand records this check. Nothing else may create it.
  Result.map(parseIssuer(issuer, options), () => issuer as Issuer)

/**
 * Checks an issuer and returns it unchanged, as an `Effect`.
 *
 * **Example** (Checking configuration)
 *
 * ```ts import.meta.vitest
 * import * as Issuer from "@effect-mcp-auth/core/Issuer"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = Effect.runSync(Issuer.make("https://auth.example.com/oidc"))
 * issuer // => "https://auth.example.com/oidc"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (issuer: string, options?: Options): Effect.Effect<Issuer, InvalidIssuer> =>
  Effect.flatMap(
    AllowInsecureLoopback,
    (allowed) => Effect.fromResult(makeResult(issuer, allowed ? { allowInsecureLoopback: true } : options))
  )

const schema = (options?: Options): Schema.brand<Schema.String, "Issuer"> =>
  Schema.String.check(
    Schema.makeFilter((issuer) =>
      Result.match(parseIssuer(issuer, options), {
        onFailure: (error) => error.message,
        onSuccess: () => undefined
      })
    )
  ).pipe(Schema.brand("Issuer"))

/**
 * Schema of an issuer: https only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Issuer: Schema.brand<Schema.String, "Issuer"> = schema()

/**
 * Schema of an issuer that may also be an http URL of a loopback host. For development only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InsecureLoopbackIssuer: Schema.brand<Schema.String, "Issuer"> = schema({ allowInsecureLoopback: true })
