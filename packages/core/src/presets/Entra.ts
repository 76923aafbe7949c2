/**
 * Preset for Microsoft Entra ID, with access tokens of version 2 from one tenant.
 *
 * @since 0.1.0
 */
import * as Repairs from "../discovery/Repairs.ts"
import * as Entra from "./internal/entra.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  tenant: Preset.guid("The directory (tenant) ID", "11111111-2222-3333-4444-555555555555"),
  ...Entra.apiParameters,
  authority: Preset.optional(
    Preset.host(
      "The host of a national cloud, such as login.microsoftonline.us. Default: login.microsoftonline.com",
      "login.microsoftonline.com"
    )
  )
}

/**
 * Microsoft Entra ID, access tokens of version 2 from one tenant. The audience is the client ID of the API, or its Application
 * ID URI. The token must grant scopes, or roles to a client that acts for itself: so an ID token of a registration that is
 * client and API is refused.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "entra",
  title: "Microsoft Entra ID",
  parameters,
  settings: ({ authority = "login.microsoftonline.com", tenant, ...api }) => ({
    issuer: `https://${authority}/${tenant}/v2.0`,
    type: "oidc",
    loginRepairs: Repairs.pkce,
    verification: Entra.version2(api),
    roles: Entra.roles,
    scopeRequestForm: Entra.scopeRequestForm(api)
  }),
  facts: {
    ...Entra.facts,
    tokens: "Always a JWT for an API of your own, signed with RS256. The version is that of the API's manifest.",
    clientIdMetadataDocuments: "optional",
    resourceIndicators: "optional",
    steps: [
      "Register an application for the API. Its client ID is the parameter clientId.",
      "Set the Application ID URI to the URL of the MCP server: with a path, without a slash at the end, on a verified domain.",
      "Set requestedAccessTokenVersion to 2 in the manifest. Without it, tokens have version 1, and need the preset entra-v1.",
      "Expose a scope for each permission of users. Add application roles for clients that act for themselves.",
      "Register each client separately, and grant it the scopes, or preauthorize it."
    ],
    clients:
      "Each client is registered by hand, or is added as an agent by its metadata document (preview). Scopes are requested " +
      "with the Application ID URI before the name. Tokens have the short name.",
    limits: [
      ...Entra.limits,
      "Entra ID refuses the parameter resource (AADSTS9010010) if it is not the Application ID URI of the API whose scopes are requested.",
      "The issuers of national clouds are not verified."
    ],
    overrides: [Entra.audienceOverride, Entra.pkceOverride],
    sources: [
      ...Entra.tokenSources,
      Entra.pkceSource,
      {
        fact: "The parameter resource must be the Application ID URI of the API that has the scopes.",
        source: "Reports of nine projects about AADSTS9010010",
        date: "2026-03",
        confidence: "reported"
      },
      {
        fact: "Client ID metadata documents are a public preview. The Application ID URI of an MCP server has a path.",
        source: "https://learn.microsoft.com/en-us/entra/agent-id/",
        date: "2026-10",
        confidence: "documented"
      }
    ]
  },
  fingerprint: (document) => {
    const { issuer } = document
    if (typeof issuer !== "string" || !/^https:\/\/[^/]+\/[0-9a-f-]{36}\/v2\.0$/.test(issuer)) return undefined
    if (issuer.includes(".ciamlogin.com/")) return undefined
    return Entra.isMicrosoft(document) ? "certain" : undefined
  }
})
