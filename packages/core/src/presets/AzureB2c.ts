/**
 * Preset for Azure AD B2C.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as IssuerPolicy from "../discovery/IssuerPolicy.ts"
import * as Repairs from "../discovery/Repairs.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { demanding } from "./internal/audience.ts"
import { pkceOverride } from "./internal/entra.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  host: Preset.host("The host of the tenant, or its custom domain", "contoso.b2clogin.com"),
  tenant: Preset.guid("The directory (tenant) ID", "11111111-2222-3333-4444-555555555555"),
  userFlow: Preset.name("The name of the user flow or custom policy", "B2C_1_signin"),
  clientId: Preset.guid(
    "The application (client) ID of the registration of the API",
    "22222222-3333-4444-5555-666666666666"
  ),
  appIdUri: Preset.text("The Application ID URI of the API", "https://contoso.onmicrosoft.com/notes")
}

/** The claim that names the user flow: `tfp`, or `acr` in tenants of the older setting. */
const isOfFlow = (userFlow: string) => ({ acr, tfp }: Schema.JsonObject): boolean => {
  const named = tfp ?? acr
  return typeof named === "string" && named.toLowerCase() === userFlow.toLowerCase()
}

const openIdScopes: ReadonlySet<string> = new Set(["openid", "offline_access"])

/**
 * Azure AD B2C. All user flows of a tenant have the same issuer, so the token must also name the user flow. Access tokens may
 * have the claim `nonce`, so they are recognised by `scp`.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "azure-b2c",
  title: "Azure AD B2C",
  parameters,
  settings: ({ appIdUri, clientId, host, tenant, userFlow }) => ({
    issuer: `https://${host}/${tenant}/${userFlow}/v2.0`,
    type: "oidc",
    issuerPolicy: IssuerPolicy.expected(`https://${host}/${tenant}/v2.0/`),
    loginRepairs: Repairs.pkce,
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        audience: demanding(AudiencePolicy.anyOf(clientId), {
          expected: `the user flow ${userFlow} in the claim tfp or acr`,
          holds: isOfFlow(userFlow)
        }),
        accessTokenMark: { claim: "scp" },
        scopeClaims: ["scp"]
      }
    },
    scopeRequestForm: (scope) =>
      openIdScopes.has(scope) || scope.startsWith(`${appIdUri}/`) ? scope : `${appIdUri}/${scope}`
  }),
  facts: {
    tokens: "Always a JWT, signed with RS256. Access tokens have scp and azp, and may have nonce.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "no",
    steps: [
      "Register an application for the API. Its client ID is the parameter clientId.",
      "Set its Application ID URI, and expose a scope for each permission.",
      "Register each client, and grant it the scopes.",
      "Create a user flow. Its name is the parameter userFlow."
    ],
    clients:
      "Each client is registered by hand. A client that compares the issuer of the metadata with the one of the MCP " +
      "server refuses the metadata, because they differ.",
    limits: [
      "Azure AD B2C is not sold to new customers since May 2025. Use Entra External ID.",
      "One preset accepts the tokens of one user flow. A custom policy must emit the claim tfp or acr.",
      "Clients that act for themselves get tokens of Entra ID, without scp. They are refused."
    ],
    overrides: [
      {
        requirement: "The issuer of metadata must be identical to the requested issuer (RFC 8414, section 3.3).",
        reason: "Microsoft publishes metadata for each user flow, with the issuer of the tenant. Only it is accepted.",
        purpose: "verification"
      },
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason: "Azure AD B2C names an API by its client ID. It is a name of this API alone.",
        purpose: "verification"
      },
      pkceOverride
    ],
    sources: [
      {
        fact: "An access token has iss, aud (the client ID of the API), scp, azp, tfp, ver 1.0, and possibly nonce.",
        source: "https://learn.microsoft.com/en-us/azure/active-directory-b2c/access-tokens",
        date: "2025-05",
        confidence: "documented"
      },
      {
        fact: "The metadata of a user flow has the issuer of the tenant, with a slash at the end, and no PKCE.",
        source: "https://learn.microsoft.com/en-us/azure/active-directory-b2c/openid-connect",
        date: "2026-07",
        confidence: "captured"
      },
      {
        fact: "The user flow is named by tfp, or by acr if the tenant chose so.",
        source: "https://learn.microsoft.com/en-us/azure/active-directory-b2c/tokens-overview",
        date: "2025-05",
        confidence: "documented"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri, token_endpoint }) => {
    if (typeof issuer !== "string" || !/^https:\/\/[^/]+\/[0-9a-f-]{36}\/v2\.0\/$/.test(issuer)) return undefined
    if (/^https:\/\/[^/]+\.b2clogin\.com\//.test(issuer)) return "certain"
    return [jwks_uri, token_endpoint].every((url) => typeof url === "string" && url.includes("/v2.0/"))
      ? "likely"
      : undefined
  }
})
