/**
 * The well-known URLs of metadata: pure URL construction for RFC 8414, OpenID Connect Discovery and RFC 9728.
 *
 * URLs are built from the characters of the identifier, never by resolving a relative reference. Every URL keeps the
 * scheme, host and port of its identifier, and the exact path. `new URL(path, base)` keeps neither: an issuer such as
 * `https://as.example.com//t1` would become a URL of the host `t1`.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Result from "effect/Result"
import { type HttpUri, parse } from "./internal/httpUri.ts"
import * as Issuer from "./Issuer.ts"
import type * as ResourceIdentifier from "./ResourceIdentifier.ts"

/**
 * The four forms of an authorization server's metadata URL.
 *
 * **Details**
 *
 * - `oauth-authorization-server`: RFC 8414, section 3.1, inserted between host and path.
 * - `openid-configuration`: OpenID Connect Discovery 1.0, section 4.1, appended to the path.
 * - `openid-configuration-inserted`: RFC 8414, section 5, inserted between host and path.
 * - `oauth-authorization-server-appended`: not in any RFC, but served by Keycloak, Okta and others.
 *
 * @category models
 * @since 0.1.0
 */
export type Form =
  | "oauth-authorization-server"
  | "openid-configuration"
  | "openid-configuration-inserted"
  | "oauth-authorization-server-appended"

const oauthSuffix = "/.well-known/oauth-authorization-server"
const openidSuffix = "/.well-known/openid-configuration"
const resourceSuffix = "/.well-known/oauth-protected-resource"

/** The brand guarantees that the string parses. Loopback is allowed here because the issuer was checked before. */
const componentsOf = (identifier: string): HttpUri =>
  Result.getOrElse(
    parse(identifier, { query: "allowed", insecureLoopback: true }),
    () => ({ origin: identifier, path: "", query: "" })
  )

/** RFC 8414, section 3.1 and OpenID Connect Discovery, section 4.1: a terminating slash is removed, and only one. */
const withoutTerminatingSlash = (path: string): string => path.endsWith("/") ? path.slice(0, -1) : path

const inserted = (suffix: string) => (issuer: Issuer.Issuer): string => {
  const { origin, path } = componentsOf(issuer)
  return `${origin}${suffix}${withoutTerminatingSlash(path)}`
}

const appended = (suffix: string) => (issuer: Issuer.Issuer): string => {
  const { origin, path } = componentsOf(issuer)
  return `${origin}${withoutTerminatingSlash(path)}${suffix}`
}

/**
 * The metadata URL of RFC 8414, section 3.1: inserted between host and path.
 *
 * **Example** (An issuer with a path)
 *
 * ```ts import.meta.vitest
 * import * as Issuer from "@effect-mcp-auth/core/Issuer"
 * import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = Effect.runSync(Issuer.make("https://as.example.com/t1"))
 * WellKnown.oauthAuthorizationServer(issuer) // => "https://as.example.com/.well-known/oauth-authorization-server/t1"
 * ```
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const oauthAuthorizationServer: (issuer: Issuer.Issuer) => string = inserted(oauthSuffix)

/**
 * The metadata URL of OpenID Connect Discovery 1.0, section 4.1: appended to the issuer.
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const openidConfiguration: (issuer: Issuer.Issuer) => string = appended(openidSuffix)

/**
 * The metadata URL of RFC 8414, section 5: the OpenID suffix, inserted between host and path.
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const openidConfigurationInserted: (issuer: Issuer.Issuer) => string = inserted(openidSuffix)

/**
 * The OAuth suffix, appended to the issuer. Not in any RFC; Keycloak, Okta, Descope and Atlassian serve it.
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const oauthAuthorizationServerAppended: (issuer: Issuer.Issuer) => string = appended(oauthSuffix)

/**
 * The URLs to try for an issuer, in the order that MCP 2026-07-28 requires: RFC 8414, OpenID inserted, OpenID appended.
 * An issuer without a path has two URLs, because its OpenID forms are equal.
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const candidates = (issuer: Issuer.Issuer): ReadonlyArray<string> =>
  Arr.dedupe([oauthAuthorizationServer(issuer), openidConfigurationInserted(issuer), openidConfiguration(issuer)])

const forms: { readonly [F in Form]: (issuer: Issuer.Issuer) => string } = {
  "oauth-authorization-server": oauthAuthorizationServer,
  "openid-configuration": openidConfiguration,
  "openid-configuration-inserted": openidConfigurationInserted,
  "oauth-authorization-server-appended": oauthAuthorizationServerAppended
}

/**
 * The metadata URL of one form.
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const ofForm = (issuer: Issuer.Issuer, form: Form): string => forms[form](issuer)

/**
 * Whether one of the four forms of an issuer is this metadata URL.
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const leadsTo = (issuer: Issuer.Issuer, url: string): boolean =>
  Object.values(forms).some((form) => form(issuer) === url)

/** The path in front of an appended suffix, or around an inserted one. */
const around = (path: string, suffix: string): { readonly appended?: string; readonly inserted?: string } => ({
  ...(path.endsWith(suffix) ? { appended: path.slice(0, -suffix.length) } : {}),
  ...(path === suffix || path.startsWith(`${suffix}/`) ? { inserted: path.slice(suffix.length) } : {})
})

/**
 * The inverse: all issuers, with their forms, that have this metadata URL. Issuers are returned without the terminating
 * slash that the construction removes. A URL that is not a metadata URL has no issuers.
 *
 * **Example** (From a discovery URL to its issuer)
 *
 * ```ts import.meta.vitest
 * import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
 *
 * const url = "https://as.example.com/t1/.well-known/openid-configuration"
 * WellKnown.issuersOf(url) // => [{ form: "openid-configuration", issuer: "https://as.example.com/t1" }]
 * ```
 *
 * @category authorization servers
 * @since 0.1.0
 */
export const issuersOf = (url: string): ReadonlyArray<{ readonly form: Form; readonly issuer: Issuer.Issuer }> => {
  const parsed = parse(url, { query: "forbidden", insecureLoopback: true })
  if (Result.isFailure(parsed)) return []
  const { origin, path } = parsed.success
  const oauth = around(path, oauthSuffix)
  const openid = around(path, openidSuffix)
  const found: ReadonlyArray<readonly [Form, string | undefined]> = [
    ["oauth-authorization-server", oauth.inserted],
    ["openid-configuration", openid.appended],
    ["openid-configuration-inserted", openid.inserted],
    ["oauth-authorization-server-appended", oauth.appended]
  ]
  return found.flatMap(([form, path]) => {
    if (path === undefined) return []
    // The construction removed one slash. A path that still ends in a slash had another one.
    const issuer = Issuer.makeResult(`${origin}${path}${path.endsWith("/") ? "/" : ""}`, {
      allowInsecureLoopback: true
    })
    return Result.isSuccess(issuer) ? [{ form, issuer: issuer.success }] : []
  })
}

/**
 * The metadata URL of a protected resource (RFC 9728, section 3.1): inserted between the host and the path and query.
 * Only a slash that directly follows the host is removed.
 *
 * **Example** (A resource with a query)
 *
 * ```ts import.meta.vitest
 * import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier"
 * import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
 * import * as Effect from "effect/Effect"
 *
 * const resource = Effect.runSync(ResourceIdentifier.make("https://api.example.com/mcp?tenant=1"))
 * WellKnown.protectedResource(resource) // => "https://api.example.com/.well-known/oauth-protected-resource/mcp?tenant=1"
 * ```
 *
 * @category protected resources
 * @since 0.1.0
 */
export const protectedResource = (resource: ResourceIdentifier.ResourceIdentifier): string => {
  const { origin, path, query } = componentsOf(resource)
  return `${origin}${resourceSuffix}${path === "/" ? "" : path}${query}`
}

/**
 * The metadata URL at the root of a protected resource's host, which MCP clients try second.
 *
 * @category protected resources
 * @since 0.1.0
 */
export const protectedResourceRoot = (resource: ResourceIdentifier.ResourceIdentifier): string =>
  `${componentsOf(resource).origin}${resourceSuffix}`

/**
 * The URLs at which MCP clients look for a protected resource's metadata, in order.
 *
 * @category protected resources
 * @since 0.1.0
 */
export const protectedResourceCandidates = (
  resource: ResourceIdentifier.ResourceIdentifier
): ReadonlyArray<string> => Arr.dedupe([protectedResource(resource), protectedResourceRoot(resource)])
