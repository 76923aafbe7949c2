/**
 * The resource identifier of a protected resource (RFC 9728, section 1.2; RFC 8707, section 2): the URL of an MCP
 * server, which is the audience of its tokens.
 *
 * The rules are those of an issuer, but a query is allowed. The string is kept exactly as written, because tokens and
 * metadata must contain the identical string (RFC 9728, section 3.3).
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
 * A resource identifier, exactly as written.
 *
 * @category models
 * @since 0.1.0
 */
export type ResourceIdentifier = string & Brand.Brand<"ResourceIdentifier">

/**
 * Options that relax the rules for a resource identifier.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Accept `http` when the host is `localhost`, in `127.0.0.0/8`, or `[::1]`. For development only. Defaults to
   * `false`.
   */
  readonly allowInsecureLoopback?: boolean | undefined
}

/**
 * A string that is not a valid resource identifier.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidResourceIdentifier
  extends Schema.TaggedError<InvalidResourceIdentifier>()("InvalidResourceIdentifier", {
    resource: Schema.String,
    reason: Schema.Literals(violations)
  })
{
  override get message(): string {
    return `${quoted(this.resource)} is not a resource identifier: ${advice[this.reason]}`
  }
}

const parseResource = (
  resource: string,
  options?: Options
): Result.Result<HttpUri, InvalidResourceIdentifier> =>
  parse(resource, { query: "allowed", insecureLoopback: options?.allowInsecureLoopback === true }).pipe(
    Result.mapError((reason) => new InvalidResourceIdentifier({ resource: redacted(resource), reason }))
  )

/**
 * Checks a resource identifier and returns it unchanged.
 *
 * **Example** (Keeping the query)
 *
 * ```ts import.meta.vitest
 * import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier"
 * import * as Result from "effect/Result"
 *
 * const resource = ResourceIdentifier.makeResult("https://api.example.com/mcp?tenant=1")
 * resource // => Result.succeed("https://api.example.com/mcp?tenant=1")
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeResult = (
  resource: string,
  options?: Options
): Result.Result<ResourceIdentifier, InvalidResourceIdentifier> =>
  // The brand records this check. Nothing else may create it.
  Result.map(parseResource(resource, options), () => resource as ResourceIdentifier)

/**
 * Checks a resource identifier and returns it unchanged, as an `Effect`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  resource: string,
  options?: Options
): Effect.Effect<ResourceIdentifier, InvalidResourceIdentifier> =>
  Effect.flatMap(
    AllowInsecureLoopback,
    (allowed) => Effect.fromResult(makeResult(resource, allowed ? { allowInsecureLoopback: true } : options))
  )

const schema = (options?: Options): Schema.brand<Schema.String, "ResourceIdentifier"> =>
  Schema.String.check(
    Schema.makeFilter((resource) =>
      Result.match(parseResource(resource, options), {
        onFailure: (error) => error.message,
        onSuccess: () => undefined
      })
    )
  ).pipe(Schema.brand("ResourceIdentifier"))

/**
 * Schema of a resource identifier: https only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ResourceIdentifier: Schema.brand<Schema.String, "ResourceIdentifier"> = schema()

/**
 * Schema of a resource identifier that may also be an http URL of a loopback host. For development only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InsecureLoopbackResourceIdentifier: Schema.brand<Schema.String, "ResourceIdentifier"> = schema({
  allowInsecureLoopback: true
})
