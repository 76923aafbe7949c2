/**
 * Preset for Microsoft Entra External ID (CIAM).
 *
 * @since 0.1.0
 */
import * as Repairs from "../discovery/Repairs.ts"
import * as Entra from "./internal/entra.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  tenant: Preset.guid("The directory (tenant) ID of the external tenant", "11111111-2222-3333-4444-555555555555"),
  ...Entra.apiParameters
}

/**
 * Microsoft Entra External ID: access tokens of version 2 from an external tenant. Its issuer has the tenant ID as the name of
 * the host.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "entra-external",
  title: "Microsoft Entra External ID",
  parameters,
  settings: ({ tenant, ...api }) => ({
    issuer: `https://${tenant}.ciamlogin.com/${tenant}/v2.0`,
    type: "oidc",
    loginRepairs: Repairs.pkce,
    verification: Entra.version2(api),
    roles: Entra.roles,
    scopeRequestForm: Entra.scopeRequestForm(api)
  }),
  facts: {
    ...Entra.facts,
    tokens: "Always a JWT for an API of your own, signed with RS256.",
    clientIdMetadataDocuments: "unknown",
    resourceIndicators: "unknown",
    steps: [
      "Register an application for the API in the external tenant. Its client ID is the parameter clientId.",
      "Set requestedAccessTokenVersion to 2 in the manifest.",
      "Expose a scope for each permission of users.",
      "Register each client separately, grant it the scopes, and add it to a user flow."
    ],
    clients: "Each client is registered by hand, and needs a user flow.",
    limits: [
      ...Entra.limits,
      "An API with its own signing keys (claims mapping) has another key set, at the metadata URL with ?appid=. It is not supported.",
      "A custom domain changes the host of the endpoints, but its issuer is not verified."
    ],
    overrides: [Entra.audienceOverride, Entra.pkceOverride],
    sources: [
      ...Entra.tokenSources,
      Entra.pkceSource,
      {
        fact:
          "The issuer is https://{tenant ID}.ciamlogin.com/{tenant ID}/v2.0, also if the metadata was requested by name.",
        source: "Reports of applications that validate tokens of External ID",
        date: "2026-08",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ issuer }) =>
    typeof issuer === "string" && /^https:\/\/([0-9a-f-]{36})\.ciamlogin\.com\/\1\/v2\.0$/.test(issuer)
      ? "certain"
      : undefined
})
