/**
 * Preset for Frontegg.
 *
 * @since 0.1.0
 */
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { demanding } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  url: Preset.url("The Frontegg domain, or the custom domain", "https://app-example.frontegg.com"),
  applicationIds: Preset.list(
    Preset.text(
      "The audiences of your tokens: the IDs of applications, or the client ID",
      "11111111-2222-3333-4444-5555"
    )
  )
}

/** The kinds of tokens that Frontegg issues to users and to machines. */
const callers = /^(?:user|tenant)(?:Api|Access)?Token$/

/**
 * Frontegg. Access tokens are JWTs whose audience is the application or the client ID. The claim `type` says for whom a token
 * was issued. Users have permissions, and tokens have no scopes of their own.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "frontegg",
  title: "Frontegg",
  parameters,
  settings: ({ applicationIds, url }) => ({
    issuer: url,
    metadataUrl: `${url}/oauth/.well-known/openid-configuration`,
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        // An ID token may have the same audience. The nonce of a login marks it, and a token without a type is refused.
        audience: demanding(AudiencePolicy.anyOf(...applicationIds), {
          expected: "a type of Frontegg and no nonce",
          holds: ({ nonce, type }) => typeof type === "string" && callers.test(type) && nonce === undefined
        }),
        accessTokenMark: { claim: "type" },
        scopeClaims: ["scope"]
      }
    },
    roles: [["roles"], ["permissions"]]
  }),
  facts: {
    tokens: "Always a JWT, signed with RS256. The claim type is userToken, or names a token of a machine.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "unknown",
    resourceIndicators: "unknown",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "no",
    steps: [
      "Create an application for the MCP server in the Frontegg portal, and note its ID.",
      "Keep the claims type, roles and permissions in the JWT claims of the application.",
      "Set applicationIds to the ID of the application. Decode a token first: aud may be the client ID instead.",
      "Compare the issuer in the portal with the URL of the preset."
    ],
    clients: "Users enter the client ID of an application. It is unknown whether clients can register.",
    limits: [
      "It is unverified that ID tokens of Frontegg differ from access tokens. Tokens with at_hash or a nonce are refused, but " +
      "an ID token of a login without a nonce could pass. Let only trusted clients use the application.",
      "The issuer and the URL of the metadata are unverified for custom domains.",
      "Tokens have no scopes, unless a claim scope is configured: use Policy.permission and Policy.role."
    ],
    overrides: [
      {
        requirement: "MCP 2025-11-25, Token Handling: a token must have been issued for this server as its audience.",
        reason: "Frontegg names the application or the client ID, which must belong to the MCP server alone.",
        purpose: "verification"
      }
    ],
    sources: [
      {
        fact:
          "Tokens must have iss, sub, aud, exp, iat, type and tenantId. The audience is the client ID or application ID.",
        source: "https://developers.frontegg.com/ciam/guides/security-center/token-management/claims",
        date: "2026-11",
        confidence: "documented"
      },
      {
        fact: "The types are userToken, userApiToken and tenantApiToken. Tokens have roles and permissions.",
        source: "https://dev.materialize.com/api/rust-private/mz_frontegg_auth/auth/struct.Claims.html",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "The metadata is at /oauth/.well-known/openid-configuration, and the keys are at /.well-known/jwks.json.",
        source: "https://www.masterthemesh.com/solo/token-exchange-idp-setup/",
        date: "2026-11",
        confidence: "reported"
      },
      {
        fact: "The issuer in the metadata is the Frontegg domain.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      },
      {
        fact: "ID tokens have a nonce or at_hash.",
        source: "No source was found.",
        date: "2026-11",
        confidence: "unverified"
      }
    ]
  },
  fingerprint: ({ issuer, jwks_uri, token_endpoint }) => {
    if (typeof issuer !== "string") return undefined
    if (/^https:\/\/[\w.-]+\.frontegg\.com$/.test(issuer)) return "certain"
    return jwks_uri === `${issuer}/.well-known/jwks.json` && token_endpoint === `${issuer}/oauth/token`
      ? "likely"
      : undefined
  }
})
