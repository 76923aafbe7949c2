/**
 * Preset for Microsoft Entra ID, with access tokens of version 1 from one tenant.
 *
 * @since 0.1.0
 */
import * as IssuerPolicy from "../discovery/IssuerPolicy.ts"
import * as Repairs from "../discovery/Repairs.ts"
import * as Entra from "./internal/entra.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  tenant: Preset.guid("The directory (tenant) ID", "11111111-2222-3333-4444-555555555555"),
  ...Entra.apiParameters
}

/**
 * Microsoft Entra ID, access tokens of version 1 from one tenant: those of an API whose manifest does not set
 * `requestedAccessTokenVersion` to 2. They have an issuer on another host than the metadata. Prefer the preset `entra`.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "entra-v1",
  title: "Microsoft Entra ID, version 1",
  parameters,
  settings: ({ tenant, ...api }) => ({
    issuer: `https://login.microsoftonline.com/${tenant}`,
    type: "oidc",
    issuerPolicy: IssuerPolicy.expected(`https://sts.windows.net/${tenant}/`),
    loginRepairs: Repairs.pkce,
    verification: Entra.version1(api),
    roles: Entra.roles,
    scopeRequestForm: Entra.scopeRequestForm(api)
  }),
  facts: {
    ...Entra.facts,
    tokens: "Always a JWT for an API of your own, signed with RS256. Version 1, if the manifest has no version or 1.",
    clientIdMetadataDocuments: "unknown",
    resourceIndicators: "no",
    steps: [
      "If you can, set requestedAccessTokenVersion to 2 in the manifest of the API, and use the preset entra instead.",
      "Register an application for the API. Its client ID is the parameter clientId.",
      "Expose a scope for each permission of users. Add application roles for clients that act for themselves.",
      "Register each client separately, and grant it the scopes, or preauthorize it."
    ],
    clients:
      "Each client is registered by hand. A client that compares the issuer of the metadata with the one of the " +
      "MCP server refuses the metadata, because they differ.",
    limits: [...Entra.limits, "National clouds are not supported: their issuers of version 1 are not verified."],
    overrides: [
      {
        requirement: "The issuer of metadata must be identical to the requested issuer (RFC 8414, section 3.3).",
        reason:
          "Microsoft documents https://sts.windows.net/ and the tenant as the issuer of version 1. Only it is accepted.",
        purpose: "verification"
      },
      Entra.audienceOverride,
      Entra.pkceOverride
    ],
    sources: [
      ...Entra.tokenSources,
      Entra.pkceSource,
      {
        fact:
          "Tokens of version 1 must be validated with the metadata of version 1, whose issuer is on sts.windows.net.",
        source: "https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens",
        date: "2023-08",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer }) =>
    typeof issuer === "string" && /^https:\/\/sts\.windows\.net\/[0-9a-f-]{36}\/$/.test(issuer) ? "certain" : undefined
})
