/**
 * The metadata of real providers, as records, and the discovery options that each of them needs.
 *
 * The records are written from the providers' public documentation, with placeholders for tenants. No requests are
 * made. A record lists the documents of a provider with their URLs and defects, and the issuer policy and repairs that
 * discovery needs. `layer` serves a record's documents in memory, at their real URLs, to the production discovery.
 *
 * **Example** (The repairs of Amazon Cognito)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 * import * as Providers from "@effect-mcp-auth/test-utils/Providers"
 * import * as Effect from "effect/Effect"
 *
 * const { cognito } = Providers
 * const discovered = Discovery.fetchServerConfig(cognito.issuer, Providers.fetchOptions(cognito))
 * const config = await Effect.runPromise(Effect.provide(discovered, Providers.layer(cognito)))
 *
 * config.repairs.map(({ name }) => name) // => ["pkce"]
 * cognito.documents.map(({ errors }) => errors) // => [["pkce_not_supported"]]
 * ```
 *
 * @since 0.1.0
 */
import * as Discovery from "@effect-mcp-auth/core/Discovery"
import * as IssuerPolicy from "@effect-mcp-auth/core/IssuerPolicy"
import * as Repairs from "@effect-mcp-auth/core/Repairs"
import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Auth0 from "./internal/providers/auth0.ts"
import * as Authentik from "./internal/providers/authentik.ts"
import * as Box from "./internal/providers/box.ts"
import * as Clerk from "./internal/providers/clerk.ts"
import * as Cognito from "./internal/providers/cognito.ts"
import * as Descope from "./internal/providers/descope.ts"
import * as Entra from "./internal/providers/entra.ts"
import * as Facebook from "./internal/providers/facebook.ts"
import * as GitHub from "./internal/providers/github.ts"
import * as GitLab from "./internal/providers/gitlab.ts"
import * as Google from "./internal/providers/google.ts"
import * as Intuit from "./internal/providers/intuit.ts"
import * as Keycloak from "./internal/providers/keycloak.ts"
import * as Logto from "./internal/providers/logto.ts"
import * as Microsoft from "./internal/providers/microsoft.ts"
import { recordedClient } from "./internal/providers/network.ts"
import * as Okta from "./internal/providers/okta.ts"
import * as Ory from "./internal/providers/ory.ts"
import * as PingOne from "./internal/providers/pingOne.ts"
import * as Salesforce from "./internal/providers/salesforce.ts"
import * as Slack from "./internal/providers/slack.ts"
import * as Supabase from "./internal/providers/supabase.ts"
import * as WorkOS from "./internal/providers/workos.ts"

import type { FetchOptions, Policy, Provider } from "./internal/providers/model.ts"

export type { Document, FetchOptions, Policy, Provider, RepairName } from "./internal/providers/model.ts"
/**
 * Google. Conforms, except that its own MCP servers write the issuer with a slash at its end.
 *
 * @category providers
 * @since 0.1.0
 */
export const google: Provider = Google.google

/**
 * Firebase Authentication (Identity Platform). For verification only: it has no authorization endpoint.
 *
 * @category providers
 * @since 0.1.0
 */
export const firebase: Provider = Google.firebase

/**
 * Microsoft Entra ID, the v1.0 endpoints of a tenant: the issuer is on another host.
 *
 * @category providers
 * @since 0.1.0
 */
export const entraV1: Provider = Entra.entraV1

/**
 * Microsoft Entra ID, the v2.0 endpoints of a tenant: does not advertise PKCE.
 *
 * @category providers
 * @since 0.1.0
 */
export const entraV2: Provider = Entra.entraV2

/**
 * Microsoft Entra ID for any tenant: the issuer is a template.
 *
 * @category providers
 * @since 0.1.0
 */
export const entraCommon: Provider = Entra.entraCommon

/**
 * Azure AD B2C: one issuer for all user flows, each with a document of its own.
 *
 * @category providers
 * @since 0.1.0
 */
export const azureB2C: Provider = Microsoft.azureB2C

/**
 * Active Directory Federation Services: an issuer with an upper-case host. Does not advertise PKCE.
 *
 * @category providers
 * @since 0.1.0
 */
export const adfs: Provider = Microsoft.adfs

/**
 * Auth0. Conforms; the issuer ends in a slash.
 *
 * @category providers
 * @since 0.1.0
 */
export const auth0: Provider = Auth0.auth0

/**
 * Okta, the org authorization server. Conforms.
 *
 * @category providers
 * @since 0.1.0
 */
export const oktaOrg: Provider = Okta.oktaOrg

/**
 * Okta, a custom authorization server. Conforms, at three URLs.
 *
 * @category providers
 * @since 0.1.0
 */
export const oktaCustom: Provider = Okta.oktaCustom

/**
 * Keycloak. Conforms, at three URLs.
 *
 * @category providers
 * @since 0.1.0
 */
export const keycloak: Provider = Keycloak.keycloak

/**
 * Amazon Cognito: does not advertise PKCE.
 *
 * @category providers
 * @since 0.1.0
 */
export const cognito: Provider = Cognito.cognito

/**
 * Logto. Conforms, at the last of the three URLs.
 *
 * @category providers
 * @since 0.1.0
 */
export const logto: Provider = Logto.logto

/**
 * GitHub: PKCE in one document, the key set in the other.
 *
 * @category providers
 * @since 0.1.0
 */
export const github: Provider = GitHub.github

/**
 * GitLab. Conforms, with an unregistered grant type.
 *
 * @category providers
 * @since 0.1.0
 */
export const gitlab: Provider = GitLab.gitlab

/**
 * Salesforce. Conforms, only as an OpenID provider.
 *
 * @category providers
 * @since 0.1.0
 */
export const salesforce: Provider = Salesforce.salesforce

/**
 * PingOne. Conforms, with a proprietary response mode.
 *
 * @category providers
 * @since 0.1.0
 */
export const pingOne: Provider = PingOne.pingOne

/**
 * WorkOS AuthKit: PKCE and client registration in one document, OpenID Connect in the other.
 *
 * @category providers
 * @since 0.1.0
 */
export const workos: Provider = WorkOS.workos

/**
 * Clerk. Conforms.
 *
 * @category providers
 * @since 0.1.0
 */
export const clerk: Provider = Clerk.clerk

/**
 * Supabase Auth with its OAuth 2.1 server. Conforms.
 *
 * @category providers
 * @since 0.1.0
 */
export const supabase: Provider = Supabase.supabase

/**
 * Sign in with Slack: does not advertise PKCE.
 *
 * @category providers
 * @since 0.1.0
 */
export const slack: Provider = Slack.slack

/**
 * Box: no key set, and its own MCP server writes the issuer with a slash at its end.
 *
 * @category providers
 * @since 0.1.0
 */
export const box: Provider = Box.box

/**
 * authentik. Conforms; the issuer has a path that ends in a slash.
 *
 * @category providers
 * @since 0.1.0
 */
export const authentik: Provider = Authentik.authentik

/**
 * Facebook Login: no token endpoint, no PKCE, and its metadata omits the response type `code`, which works.
 *
 * @category providers
 * @since 0.1.0
 */
export const facebook: Provider = Facebook.facebook

/**
 * Ory Network. Conforms, with members from draft specifications.
 *
 * @category providers
 * @since 0.1.0
 */
export const ory: Provider = Ory.ory

/**
 * Descope, the issuer of one MCP server. Conforms, at the last of the three URLs.
 *
 * @category providers
 * @since 0.1.0
 */
export const descope: Provider = Descope.descope

/**
 * Intuit: a document at a URL that does not follow from the issuer, and no documented PKCE.
 *
 * @category providers
 * @since 0.1.0
 */
export const intuit: Provider = Intuit.intuit

/**
 * All providers.
 *
 * @category providers
 * @since 0.1.0
 */
export const all: ReadonlyArray<Provider> = [
  google,
  firebase,
  entraV1,
  entraV2,
  entraCommon,
  azureB2C,
  adfs,
  auth0,
  oktaOrg,
  oktaCustom,
  keycloak,
  cognito,
  logto,
  github,
  gitlab,
  salesforce,
  pingOne,
  workos,
  clerk,
  supabase,
  slack,
  box,
  authentik,
  facebook,
  ory,
  descope,
  intuit
]

const policyOf = (policy: Policy): IssuerPolicy.IssuerPolicy => {
  switch (policy._tag) {
    case "exact":
      return IssuerPolicy.exact
    case "rootSlash":
      return IssuerPolicy.rootSlash
    case "expected":
      return IssuerPolicy.expected(policy.issuer)
    case "template":
      return IssuerPolicy.template(policy.template)
  }
}

/**
 * The issuer policy and the repairs of a provider, as `Discovery` takes them.
 *
 * @category discovering
 * @since 0.1.0
 */
export const fetchOptions = ({ endpoints, issuerPolicy, repairs }: Provider): FetchOptions => ({
  issuerPolicy: policyOf(issuerPolicy),
  transpileData: Transpiler.all(
    ...repairs.map((name) => Repairs.byName.get(name) ?? Transpiler.identity),
    endpoints === undefined ? Transpiler.identity : Repairs.endpoints(endpoints)
  )
})

/**
 * The strategy for a provider: the URLs in the order of MCP, then its other URLs, with its issuer policy and repairs.
 *
 * @category discovering
 * @since 0.1.0
 */
export const strategy = (provider: Provider): Discovery.Strategy => {
  const { issuerPolicy, transpileData } = fetchOptions(provider)
  const elsewhere = provider.documents.filter(({ form }) => form === "other")
  return Discovery.firstOf(Discovery.mcp, ...elsewhere.map(({ url }) => Discovery.wellKnownUrl(url))).pipe(
    Discovery.transpile(transpileData),
    Discovery.withIssuerPolicy(issuerPolicy)
  )
}

/**
 * A network on which a provider serves its documents at their URLs. Other URLs on its hosts respond with 404, and other
 * hosts fail with `ENOTFOUND`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (provider: Provider): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(HttpClient.HttpClient, recordedClient(provider))
