/**
 * The built-in strategies: where the specifications put metadata, and where providers really put it.
 *
 * `Discovery` exports everything here under its own name.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Metadata from "../metadata/AuthorizationServerMetadata.ts"
import * as WellKnown from "../metadata/WellKnown.ts"
import { fromLoad, fromUrl, isInsecure, typeOfUrl } from "./internal/candidate.ts"
import { invalidMetadata } from "./internal/invalidMetadata.ts"
import { fromCandidates } from "./internal/strategy.ts"
import * as IssuerPolicy from "./IssuerPolicy.ts"
import type { ServerType } from "./ServerConfig.ts"
import { firstOf, type Strategy, type UrlOptions } from "./Strategy.ts"

const wellKnown = (form: WellKnown.Form, type: ServerType): Strategy =>
  fromCandidates((issuer) => [fromUrl(form, type, WellKnown.ofForm(issuer, form), isInsecure(issuer))])

/**
 * RFC 8414, section 3.1: `/.well-known/oauth-authorization-server`, inserted between host and path.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oauth: Strategy = wellKnown("oauth-authorization-server", "oauth")

/**
 * OpenID Connect Discovery 1.0, section 4.1: `/.well-known/openid-configuration`, appended to the issuer.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oidc: Strategy = wellKnown("openid-configuration", "oidc")

/**
 * RFC 8414, section 5: `/.well-known/openid-configuration`, inserted between host and path.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oidcInserted: Strategy = wellKnown("openid-configuration-inserted", "oidc")

/**
 * `/.well-known/oauth-authorization-server`, appended to the issuer. In no RFC and part of no other strategy, yet served
 * by Keycloak, Okta, Descope and Atlassian.
 *
 * @category strategies
 * @since 0.1.0
 */
export const oauthAppended: Strategy = wellKnown("oauth-authorization-server-appended", "oauth")

/**
 * The order of MCP 2026-07-28: RFC 8414, OpenID inserted, OpenID appended. For an issuer without a path two of them are
 * the same URL, which is asked once.
 *
 * @category strategies
 * @since 0.1.0
 */
export const mcp: Strategy = firstOf(oauth, oidcInserted, oidc)

/**
 * A document at a URL that no rule leads to (Azure AD B2C, Entra ID v1, proxies). Its issuer must be `expectedIssuer`,
 * or the issuer asked for when that is left out.
 *
 * @category strategies
 * @since 0.1.0
 */
export const wellKnownUrl = (url: string, expectedIssuer?: string, options?: UrlOptions): Strategy =>
  fromCandidates(() => [{
    ...fromUrl("well-known-url", options?.type ?? typeOfUrl(url), url, options?.allowInsecureLoopback === true),
    policy: expectedIssuer === undefined ? IssuerPolicy.exact : IssuerPolicy.expected(expectedIssuer)
  }])

/**
 * Metadata that is known by hand, for a provider that publishes none. It must name the issuer asked for.
 *
 * @category strategies
 * @since 0.1.0
 */
export const manual = (
  metadata: Metadata.AuthorizationServerMetadata,
  options?: { readonly type?: ServerType | undefined }
): Strategy<never, never> =>
  fromCandidates(() => [
    fromLoad<never, never>("manual", options?.type ?? "oauth", metadata, () =>
      Schema.encodeEffect(Metadata.AuthorizationServerMetadata)(metadata, { errors: "all" }).pipe(
        Effect.mapError((error) =>
          invalidMetadata("manual", error)
        )
      ))
  ])
