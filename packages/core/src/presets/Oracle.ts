/**
 * Preset for Oracle identity domains.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url(
    "The URL of the identity domain, without a port",
    "https://idcs-9dc693e80d9b469480d7afe00e743931.identity.oraclecloud.com"
  ),
  issuer: Preset.text("The member issuer of the metadata document of the domain", "https://identity.oraclecloud.com/"),
  audience: Preset.optional(Preset.text(
    "The primary audience of the resource application, if it is not the URL of the MCP server",
    "https://notes.example.com/"
  )),
  tenant: Preset.optional(
    Preset.name("The claim tenant that tokens must have", "idcs-9dc693e80d9b469480d7afe00e743931")
  )
}

const audienceOf = (audience: string | undefined, tenant: string | undefined): AudiencePolicy.AudiencePolicy => {
  const policy = audience === undefined ? AudiencePolicy.resource : AudiencePolicy.anyOf(audience)
  return tenant === undefined ? policy : AudiencePolicy.make({
    name: "audience and tenant",
    expects: (resource) => `${policy.expects(resource)}, and the tenant ${tenant}`,
    accepts: (check) => policy.accepts(check) && check.claims["tenant"] === tenant
  })
}

/**
 * Identity domains of Oracle Cloud Infrastructure, and Oracle Identity Cloud Service. Many domains share one issuer, so that
 * the metadata is fetched from the URL of the domain, and its keys tell the domains apart.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "oracle",
  title: "Oracle identity domains (OCI IAM, IDCS)",
  parameters,
  settings: ({ audience, issuer, tenant, url }) => ({
    issuer: url,
    metadataUrl: `${url}/.well-known/openid-configuration`,
    documentIssuer: issuer,
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        audience: audienceOf(audience, tenant),
        accessTokenMark: { claim: "tok_type", equals: "AT" }
      }
    }
  }),
  facts: {
    tokens: "Always a JWT. The claim tok_type is AT. The audience is that of the resource application.",
    clientIdMetadataDocuments: "yes",
    dynamicRegistration: "no",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "optional",
    steps: [
      "Switch on Access signing certificate in the settings of the domain. Otherwise its keys need a token.",
      "Add a confidential application as resource server, with the URL of the MCP server as primary audience, and its scopes.",
      "Allow clients these scopes, and clients with a metadata document for this resource.",
      "Read the member issuer at `/.well-known/openid-configuration` of the domain, and set the parameter to it."
    ],
    clients: "Clients use a Client ID Metadata Document since September 2026, or are registered by hand.",
    limits: [
      "Scopes in tokens can be the audience followed by the scope.",
      "Whether each domain has keys of its own is unverified. Set the parameter tenant if tokens have the claim.",
      "The claim tenant is unverified. Look at a token of the domain before you set the parameter."
    ],
    overrides: [{
      requirement: "The issuer of the document is identical to the requested issuer (RFC 8414, section 3.3).",
      reason: "Oracle documents a shared issuer for many domains. The preset pins the URL of the domain.",
      purpose: "verification"
    }],
    sources: [
      {
        fact: "Access tokens have tok_type AT, and the issuer https://identity.oraclecloud.com/ (IDCS).",
        source: "https://docs.oracle.com/en/cloud/paas/identity-cloud/idcsa/AccessToken.html",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Access tokens of newer identity domains have the URL of the domain as issuer.",
        source: "https://docs.oracle.com/en-us/iaas/Content/Identity/api-getstarted/AccessToken.htm",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The keys need a token until access to the signing certificate is switched on.",
        source:
          "https://docs.oracle.com/en-us/iaas/Content/APIGateway/Tasks/apigatewayusingjwttokens-identityprovider.htm",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "Tokens have the claim tenant.",
        source: "no source found",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri }) => {
    if (typeof jwks_uri !== "string" || !jwks_uri.endsWith("/admin/v1/SigningCert/jwk")) return undefined
    return typeof issuer === "string" && issuer.includes("identity.oraclecloud.com") ? "certain" : "likely"
  }
})
