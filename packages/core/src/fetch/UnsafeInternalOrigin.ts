/**
 * The origin inside the own network that a request may reach, plain http included.
 *
 * The options `unsafeInternalUrls` of `AuthorizationServer` set it for the requests to these URLs. HTTP clients with an
 * address guard, such as `NodeMcpAuth`, read it for each request.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * The origin inside the own network that requests may reach, such as `http://keycloak:8080`. Default: none.
 *
 * **Example** (Reading it)
 *
 * ```ts import.meta.vitest
 * import * as UnsafeInternalOrigin from "@effect-mcp-auth/core/UnsafeInternalOrigin"
 * import * as Effect from "effect/Effect"
 *
 * const read = Effect.service(UnsafeInternalOrigin.UnsafeInternalOrigin)
 *
 * Effect.runSync(UnsafeInternalOrigin.provide(read, "http://keycloak:8080/realms/notes")) // => "http://keycloak:8080"
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const UnsafeInternalOrigin: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "@effect-mcp-auth/core/fetch/UnsafeInternalOrigin",
  { defaultValue: () => undefined }
)

/**
 * Whether a URL has the origin that is set.
 *
 * @category guards
 * @since 0.1.0
 */
export const isInternal = (origin: string | undefined, url: string): boolean =>
  origin !== undefined && URL.canParse(url) && new URL(url).origin === origin

/**
 * Allows the requests of an effect to reach the origin of a URL inside the own network, and no other.
 *
 * @category combinators
 * @since 0.1.0
 */
export const provide = <A, E, R>(effect: Effect.Effect<A, E, R>, url: string): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, UnsafeInternalOrigin, URL.canParse(url) ? new URL(url).origin : undefined)
