/**
 * For whom a token must have been issued (RFC 8707, section 2; RFC 9068, section 4).
 *
 * A token that another service got from its user is good for that service only: whoever accepts it here lets that service
 * act as the user. So an audience is always demanded, by default the resource itself, and every way to demand less has a
 * name that says so.
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
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import { withoutRootSlash, withRootSlash } from "../metadata/internal/httpUri.ts"

/**
 * What is judged.
 *
 * @category models
 * @since 0.1.0
 */
export interface AudienceCheck {
  /** The resource identifier, as configured. */
  readonly resource: string
  /** `aud`, as a list. */
  readonly audience: ReadonlyArray<string>
  /** Every claim of the token. */
  readonly claims: Schema.JsonObject
}

/**
 * A rule about the audience of a token.
 *
 * @category models
 * @since 0.1.0
 */
export interface AudiencePolicy {
  /** The name, as logs print it. */
  readonly name: string
  /** Says in words which audience is accepted. */
  readonly expects: (resource: string) => string
  /** Whether it is accepted. Asked once for a token that is remembered, so the answer must not depend on anything else. */
  readonly accepts: (check: AudienceCheck) => boolean
}

/**
 * A policy of your own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (policy: AudiencePolicy): AudiencePolicy => policy

/** Whether an audience is the resource. */
const isResource = (audience: string, resource: string): boolean =>
  audience === resource || withoutRootSlash(audience) === withoutRootSlash(resource)

/** The audiences that are the resource, in words. */
const formsOf = (resource: string): string => {
  const forms = new Set([withoutRootSlash(resource), withRootSlash(resource)])
  return [...forms].map((form) => JSON.stringify(form)).join(" or ")
}

/**
 * The resource must be among the audiences. The default.
 *
 * **Details**
 *
 * If the resource has no path, it is accepted with and without the slash after the host, also before a query: both are the same URI (RFC 3986,
 * section 6.2.3), and clients that parse the resource as a URL ask for the form with the slash. All else must be identical,
 * character by character.
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
 * The resource must be the only audience: a token that is good for another resource as well is refused. A resource without a
 * path is accepted in both forms, as by `resource`, also side by side.
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
 * One of these must be among the audiences, instead of the resource: for providers whose audiences are names of their own
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
 * The token has no audience, and was issued to one of these clients: for providers that issue access tokens without `aud`
 * (Amazon Cognito). Use it only if these clients talk to nobody but this resource.
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
 * Accepts any audience, and none.
 *
 * **Gotchas**
 *
 * Every token of the provider is then good here, also those that other services got from their users: each of these
 * services can act as its users (the confused deputy of RFC 9700, section 4.9).
 *
 * @category policies
 * @since 0.1.0
 */
export const acceptAnyUnsafe: AudiencePolicy = {
  name: "acceptAnyUnsafe",
  expects: () => "any audience",
  accepts: () => true
}
