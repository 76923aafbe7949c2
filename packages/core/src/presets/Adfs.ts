/**
 * Preset for Active Directory Federation Services (AD FS).
 *
 * @since 0.1.0
 */
import * as Repairs from "../discovery/Repairs.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { pkceOverride } from "./internal/entra.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  host: Preset.name("The host of AD FS, spelled as in the member issuer of its metadata", "ADFS.EXAMPLE.COM"),
  identifier: Preset.text("The identifier of the web API", "https://notes.example.com/mcp"),
  accessTokenIssuer: Preset.optional(
    Preset.text(
      "The member access_token_issuer of the metadata. Default: http://{host}/adfs/services/trust",
      "http://ADFS.EXAMPLE.COM/adfs/services/trust"
    )
  ),
  subjectClaim: Preset.optional(
    Preset.text("The claim that names the user, if no rule issues sub. Its values must never be reassigned", "sid")
  )
}

/** The scopes of AD FS itself. They belong to no web API. */
const ownScopes: ReadonlySet<string> = new Set(["openid", "profile", "email", "allatclaims", "offline_access"])

/**
 * AD FS 2016 and later. Its access tokens have another issuer than its metadata and its ID tokens: `access_token_issuer`. Only
 * this issuer is accepted, so ID tokens are refused.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "adfs",
  title: "AD FS",
  parameters,
  settings: ({ accessTokenIssuer, host, identifier, subjectClaim }) => ({
    issuer: `https://${host}/adfs`,
    type: "oidc",
    tokenIssuers: [accessTokenIssuer ?? `http://${host}/adfs/services/trust`],
    loginRepairs: Repairs.pkce,
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        // AD FS adds the prefix to an identifier that is the ID of a client.
        audience: AudiencePolicy.anyOf(identifier, `microsoft:identityserver:${identifier}`),
        scopeClaims: ["scp"],
        subjectClaim
      }
    },
    roles: [["role"], ["roles"], ["groups"], ["group"]],
    scopeRequestForm: (scope) =>
      ownScopes.has(scope) || scope.startsWith(`${identifier}/`) ? scope : `${identifier}/${scope}`
  }),
  facts: {
    tokens: "Always a JWT, signed with RS256. Its issuer is the member access_token_issuer of the metadata.",
    clientIdMetadataDocuments: "no",
    dynamicRegistration: "no",
    resourceIndicators: "no",
    dpop: "no",
    idJag: "no",
    tokenExchange: "no",
    steps: [
      "Create an application group with a web API. Its identifier is the URL of the MCP server.",
      "Add an issuance rule that issues an identifier of the user that never changes, as claim sub. Add roles, if you use them.",
      "Add a scope for each permission, and permit it for each client.",
      "Add each client to the group by hand, as a native or server application."
    ],
    clients:
      "Each client is registered by hand. Scopes are requested with the identifier of the web API before the name.",
    limits: [
      "Without an issuance rule, access tokens do not name the user. Such tokens are accepted, but share no session.",
      "The URL of RFC 8414 answers 503. Clients that stop there cannot log in.",
      "The parameter resource means the identifier of the web API. Clients that send another value are refused by AD FS.",
      "The prefix microsoft:identityserver: of audiences is reported, not documented."
    ],
    overrides: [
      {
        requirement: "The issuer of an access token must be that of the metadata (RFC 9068, section 4).",
        reason: "[MS-OIDCE] requires that access tokens have the issuer access_token_issuer. Only it is accepted.",
        purpose: "verification"
      },
      {
        requirement: "The audience of an access token must be the resource (MCP, Token Audience Binding).",
        reason: "Only if the identifier is not the URL of the MCP server: AD FS names a web API by its identifier.",
        purpose: "verification"
      },
      pkceOverride
    ],
    sources: [
      {
        fact: "The member access_token_issuer is the issuer of access tokens.",
        source: "[MS-OIDCE], section 2.2.3.2 and section 3.2.5.3.1.3",
        date: "2024-04",
        confidence: "documented"
      },
      {
        fact: "The metadata is at the appended OpenID URL, without PKCE. The host may have capital letters.",
        source: "https://github.com/redpanda-data/redpanda/blob/dev/src/v/security/tests/jwt_test.cc",
        date: "2024-12",
        confidence: "captured"
      },
      {
        fact:
          "Access tokens have aud (an identifier, possibly with prefix), appid, apptype, ver 1.0 and scp. Other claims come from rules.",
        source: "Access tokens in the documentation and the tests of several public projects",
        date: "2024-08",
        confidence: "reported"
      }
    ]
  },
  fingerprint: ({ access_token_issuer, issuer }) => {
    if (typeof access_token_issuer === "string" && access_token_issuer.endsWith("/adfs/services/trust")) {
      return "certain"
    }
    return typeof issuer === "string" && issuer.endsWith("/adfs") ? "likely" : undefined
  }
})
