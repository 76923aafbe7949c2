/**
 * Rules about the audience of a token (RFC 8707, section 2; RFC 9068, section 4).
 *
 * A token that was issued for another service is valid for that service only. A server that accepts such a token lets the
 * other service act as the user. So an audience is always required: by default the resource itself. Every policy that
 * requires less says so in its name.
 *
 * **Example** (A provider that cannot issue tokens for a URL)
 *
 * ```ts import.meta.vitest
 * import * as AudiencePolicy from "@effect-mcp-auth/core/AudiencePolicy"
 *
 * const policy = AudiencePolicy.anyOf("api://notes")
 * const resource = "https://api.example.com/mcp"
 *
 * policy.accepts({ resource, audience: ["api://notes"], claims: {} }) // => true
 * policy.accepts({ resource, audience: [resource], claims: {} }) // => false
 * ```
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import { withoutRootSlash, withRootSlash } from "../metadata/internal/httpUri.ts"

/**
 * The input of an audience policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface AudienceCheck {
  /** The resource identifier, as configured. */
  readonly resource: string
  /** The claim `aud`, as a list. */
  readonly audience: ReadonlyArray<string>
  /** All claims of the token. */
  readonly claims: Schema.JsonObject
}

/**
 * A rule about the audience of a token.
 *
 * @category models
 * @since 0.1.0
 */
export interface AudiencePolicy {
  /** The name that logs print. */
  readonly name: string
  /** Describes the accepted audience for error messages. */
  readonly expects: (resource: string) => string
  /** Whether the audience is accepted. The result for a cached token is reused, so it must depend on the input alone. */
  readonly accepts: (check: AudienceCheck) => boolean
}

/**
 * Creates a custom policy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (policy: AudiencePolicy): AudiencePolicy => policy

/** Whether an audience names the resource. */
const isResource = (audience: string, resource: string): boolean =>
  withoutRootSlash(audience) === withoutRootSlash(resource)

/** The accepted forms of the resource, for error messages. */
const formsOf = (resource: string): string => {
  const forms = new Set([withoutRootSlash(resource), withRootSlash(resource)])
  return [...forms].map((form) => JSON.stringify(form)).join(" or ")
}

/**
 * The audience must contain the resource. The default.
 *
 * **Details**
 *
 * If the resource has no path, it is accepted with and without the slash after the host, also before a query. Both forms
 * are the same URI (RFC 3986, section 6.2.3), and clients that parse the resource as a URL request the form with the slash.
 * Everything else must be identical, character by character.
 *
 * @category policies
 * @since 0.1.0
 */
export const resource: AudiencePolicy = {
  name: "resource",
  expects: formsOf,
  accepts: ({ audience, resource }) => audience.some((item) => isResource(item, resource))
}

/**
 * The resource must be the only audience, so a token for a second resource is refused. If the resource has no path, both
 * forms are accepted, as in `resource`, also together.
 *
 * @category policies
 * @since 0.1.0
 */
export const exclusive: AudiencePolicy = {
  name: "exclusive",
  expects: (resource) => `${formsOf(resource)} alone`,
  accepts: ({ audience, resource }) => audience.length > 0 && audience.every((item) => isResource(item, resource))
}

/**
 * The audience must contain one of these values instead of the resource. Use it for providers whose audiences are not URLs
 * (Entra ID, Auth0).
 *
 * @category policies
 * @since 0.1.0
 */
export const anyOf = (...audiences: readonly [string, ...ReadonlyArray<string>]): AudiencePolicy => ({
  name: "anyOf",
  expects: () => audiences.map((audience) => JSON.stringify(audience)).join(" or "),
  accepts: ({ audience }) => audience.some((item) => audiences.includes(item))
})

/**
 * The token has no audience and was issued to one of these clients. Use it for providers that issue access tokens without
 * `aud` (Amazon Cognito), and only if these clients call no other resource.
 *
 * @category policies
 * @since 0.1.0
 */
export const noneButClients = (...clientIds: readonly [string, ...ReadonlyArray<string>]): AudiencePolicy => ({
  name: "noneButClients",
  expects: () => `no audience, and a client of ${clientIds.map((id) => JSON.stringify(id)).join(" or ")}`,
  accepts: ({ audience, claims }) =>
    audience.length === 0 && clientIds.some((id) => id === (claims["client_id"] ?? claims["azp"]))
})

/**
 * Accepts every audience, and tokens without one.
 *
 * **Gotchas**
 *
 * Every token of the provider is then accepted, also tokens that were issued for other services. Each of these services can
 * then act as its users (the confused deputy of RFC 9700, section 4.9).
 *
 * @category policies
 * @since 0.1.0
 */
export const acceptAnyUnsafe: AudiencePolicy = {
  name: "acceptAnyUnsafe",
  expects: () => "any audience",
  accepts: () => true
}
