/**
 * Preset for Microsoft Entra ID, with access tokens of version 2 from several tenants.
 *
 * @since 0.1.0
 */
import * as IssuerPolicy from "../discovery/IssuerPolicy.ts"
import * as Repairs from "../discovery/Repairs.ts"
import * as Entra from "./internal/entra.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  tenants: Preset.list(
    Preset.guid(
      "The directory (tenant) IDs whose users and applications are accepted",
      "11111111-2222-3333-4444-555555555555"
    )
  ),
  ...Entra.apiParameters
}

const host = "https://login.microsoftonline.com"
const placeholder = "{tenantid}"
const issuerOf = (tenant: string): string => `${host}/${tenant}/v2.0`

/** The template of the document, and the issuers of the listed tenants. The template also compares the claim `tid`. */
const issuersOf = (tenants: ReadonlyArray<string>): IssuerPolicy.IssuerPolicy => {
  const template = IssuerPolicy.template(issuerOf(placeholder))
  const accepted = new Set([issuerOf(placeholder), ...tenants.map(issuerOf)])
  return {
    name: "tenants",
    expects: (asked) => `${template.expects(asked)}, with one of the tenants ${tenants.join(", ")}`,
    accepts: (claim) => accepted.has(claim.answered) && template.accepts(claim)
  }
}

/**
 * Microsoft Entra ID, access tokens of version 2 from a list of tenants. The claim `tid` must be the tenant of the issuer, and
 * the signing key must be one for this issuer: its member `issuer` says so.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "entra-multi-tenant",
  title: "Microsoft Entra ID, several tenants",
  parameters,
  settings: ({ tenants, ...api }) => ({
    issuer: issuerOf("organizations"),
    type: "oidc",
    issuerPolicy: issuersOf(tenants),
    loginRepairs: Repairs.pkce,
    verification: Entra.version2(api),
    roles: Entra.roles,
    scopeRequestForm: Entra.scopeRequestForm(api)
  }),
  facts: {
    ...Entra.facts,
    tokens: "Always a JWT for an API of your own, signed with RS256. The issuer names the tenant of the user.",
    clientIdMetadataDocuments: "optional",
    resourceIndicators: "optional",
    steps: [
      "Register an application for the API, for accounts in any organizational directory.",
      "Set requestedAccessTokenVersion to 2 in the manifest.",
      "Expose a scope for each permission of users. Add application roles for clients that act for themselves.",
      "An administrator of each tenant must consent to the API and to its clients."
    ],
    clients:
      "Each client is registered by hand as a multitenant application. A client that compares issuers refuses the " +
      "metadata, because its issuer is a template.",
    limits: [
      ...Entra.limits,
      "The claim sub is unique in a tenant only. Principals are told apart by issuer and subject, so by tenant.",
      "Personal Microsoft accounts are accepted only if their tenant 9188040d-6c67-4c5b-b112-36a304b66dad is listed."
    ],
    overrides: [
      {
        requirement: "The issuer of metadata must be identical to the requested issuer (RFC 8414, section 3.3).",
        reason: "Microsoft documents the template for several tenants. Tokens must have the issuer of a listed tenant.",
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
          "The claim tid must be a GUID that equals the one in iss. The member issuer of the signing key must equal iss, " +
          "after its placeholder is replaced.",
        source: "https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens",
        date: "2023-08",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer }) => issuer === issuerOf(placeholder) ? "certain" : undefined
})
