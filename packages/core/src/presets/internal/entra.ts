import type * as Schema from "effect/Schema"
import * as AudiencePolicy from "../../token/AudiencePolicy.ts"
import type { JwtOptions } from "../../token/TokenVerifier.ts"
import type { Facts, Override, Settings, Source, Verification } from "../Preset.ts"
import { demanding, hasName } from "./audience.ts"
import { flag, guid, optional, text } from "./parameter.ts"

/** The parameters that name the API in every kind of tenant. */
export const apiParameters = {
  clientId: guid(
    "The application (client) ID of the registration of the API",
    "22222222-3333-4444-5555-666666666666"
  ),
  appIdUri: optional(
    text("The Application ID URI of the API. Default: `api://` and the client ID", "https://notes.example.com/mcp")
  ),
  applicationRolesAsScopes: flag(
    "Whether the roles of a client that acts for itself are its scopes, too. Default: `false`"
  )
}

/** The API, as the parameters name it. */
export interface Api {
  readonly clientId: string
  readonly appIdUri?: string | undefined
  readonly applicationRolesAsScopes?: boolean | undefined
}

const appIdUriOf = ({ appIdUri, clientId }: Api): string => appIdUri ?? `api://${clientId}`

const hasRoles = ({ roles }: Schema.JsonObject): boolean => Array.isArray(roles) && roles.length > 0

/**
 * The audience is the API, and the token grants something: scopes to a client of a user, or roles to a client that acts for
 * itself. An ID token of an application that is client and API has the same audience, and may have the roles of its user. Only
 * access tokens name the client in `azp` (version 2) or `appid` (version 1).
 */
const audienceOf = (api: Api, clientClaim: "azp" | "appid"): AudiencePolicy.AudiencePolicy =>
  demanding(AudiencePolicy.anyOf(api.clientId, appIdUriOf(api)), {
    expected: `the claim scp, or the claims roles and ${clientClaim}`,
    holds: (claims) => hasName(claims, "scp") || hasRoles(claims) && hasName(claims, clientClaim)
  })

/** The options for the access tokens of one version. */
const optionsOf = (api: Api, clientClaim: "azp" | "appid"): JwtOptions => ({
  audience: audienceOf(api, clientClaim),
  algorithms: ["RS256"],
  // The roles of a user are no grant to a client. Tokens of users have the claim scp.
  scopeClaims: api.applicationRolesAsScopes === true ? ["scp", { path: ["roles"], unless: "scp" }] : ["scp"]
})

/** How access tokens of version 1 are verified. */
export const version1 = (api: Api): Verification => ({ method: "jwt", options: optionsOf(api, "appid") })

/** How access tokens of version 2 are verified. */
export const version2 = (api: Api): Verification => ({ method: "jwt", options: optionsOf(api, "azp") })

/** The claims with roles: application roles, group IDs, IDs of directory roles. */
export const roles: NonNullable<Settings["roles"]> = [["roles"], ["groups"], ["wids"]]

/** The scopes of OpenID Connect belong to no API. */
const openIdScopes: ReadonlySet<string> = new Set(["openid", "profile", "email", "offline_access"])

/** Clients request the scope of an API with its Application ID URI. Tokens have the short name. */
export const scopeRequestForm = (api: Api) => (scope: string): string => {
  const prefix = `${appIdUriOf(api)}/`
  return openIdScopes.has(scope) || scope.startsWith(prefix) ? scope : `${prefix}${scope}`
}

/** Why `loginRepairs` add PKCE. */
export const pkceOverride: Override = {
  requirement: "A client must refuse a server that does not advertise PKCE (MCP, Authorization Code Protection).",
  reason: "Microsoft documents PKCE for its authorization endpoint, but its metadata does not have the member.",
  purpose: "login"
}

/** Why the audience need not be the resource. */
export const audienceOverride: Override = {
  requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
  reason: "Entra ID names an API by its client ID or its Application ID URI. Both are names of this API alone.",
  purpose: "verification"
}

/** Facts that are the same for all kinds of tenants. */
export const facts = {
  dynamicRegistration: "no",
  dpop: "unknown",
  idJag: "unknown",
  // On behalf of: a grant of its own, with the assertion of RFC 7523, not RFC 8693.
  tokenExchange: "no"
} as const satisfies Partial<Facts>

/** The limits of all kinds of tenants. */
export const limits: ReadonlyArray<string> = [
  "A client that acts for itself has roles and no scopes. Let it in with Policy.role, or set the parameter " +
  "applicationRolesAsScopes for required scopes. Without a role, its token is refused.",
  "The claim groups has the IDs of groups. A user with more than 200 groups has the claim _claim_names instead: no group is then read, and a policy that excludes a group refuses the user.",
  "Exchange of tokens for another API is the on-behalf-of flow of Microsoft, not RFC 8693."
]

/** The sources of facts about access tokens. */
export const tokenSources: ReadonlyArray<Source> = [
  {
    fact:
      "The audience is the client ID of the API in version 2, and the client ID or the requested URI in version 1. " +
      "The API's setting requestedAccessTokenVersion selects the version. Keys are RS256.",
    source: "https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens",
    date: "2023-08",
    confidence: "documented"
  },
  {
    fact: "The claim scp is a string with spaces, in tokens of users only. Tokens of applications have roles. " +
      "The client is azp in version 2, and appid in version 1.",
    source: "https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference",
    date: "2023-05",
    confidence: "documented"
  },
  {
    fact:
      "An ID token has the client ID as audience, and may have roles. The reference lists none of the claims scp, azp and appid.",
    source: "https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference",
    date: "2023-05",
    confidence: "documented"
  }
]

/** The source of the fact that metadata lacks PKCE. */
export const pkceSource: Source = {
  fact: "The metadata has no member code_challenge_methods_supported.",
  source: "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
  date: "2026-10",
  confidence: "captured"
}

/** Whether a document is that of Microsoft's login service, by members that only it publishes. */
export const isMicrosoft = (document: Schema.JsonObject): boolean =>
  typeof document["cloud_instance_name"] === "string" && typeof document["msgraph_host"] === "string"
