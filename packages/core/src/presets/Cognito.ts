/**
 * Preset for Amazon Cognito user pools.
 *
 * @since 0.1.0
 */
import * as Repairs from "../discovery/Repairs.ts"
import * as AudiencePolicy from "../token/AudiencePolicy.ts"
import { demanding, either } from "./internal/audience.ts"
import * as Preset from "./Preset.ts"

const parameters = {
  region: Preset.name("The region of the user pool", "us-east-1"),
  userPoolId: Preset.name("The ID of the user pool", "us-east-1_EXAMPLE"),
  machineClients: Preset.optional(
    Preset.list(
      Preset.text(
        "The IDs of app clients that act for themselves, and whose access tokens are accepted without an audience",
        "5example4client6id"
      )
    )
  )
}

/** No audience, in a token that a listed client got for itself. Every token of a user has the claim `username`. */
const ofMachines = (clients: readonly [string, ...ReadonlyArray<string>]): AudiencePolicy.AudiencePolicy =>
  demanding(AudiencePolicy.noneButClients(...clients), {
    expected: "no claim username",
    holds: ({ username }) => username === undefined
  })

/**
 * Amazon Cognito user pools. Access tokens of users have the resource as audience, if the client sends the parameter `resource`
 * to managed login. Access tokens of clients that act for themselves never have an audience: list these clients.
 *
 * @category presets
 * @since 0.1.0
 */
export const preset: Preset.Constructor<typeof parameters> = Preset.define({
  name: "cognito",
  title: "Amazon Cognito",
  parameters,
  settings: ({ machineClients, region, userPoolId }) => ({
    issuer: `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`,
    type: "oidc",
    loginRepairs: Repairs.pkce,
    verification: {
      method: "jwt",
      options: {
        algorithms: ["RS256"],
        audience: machineClients === undefined
          ? AudiencePolicy.resource
          : either(AudiencePolicy.resource, ofMachines(machineClients)),
        accessTokenMark: { claim: "token_use", equals: "access" },
        scopeClaims: ["scope"]
      }
    },
    roles: [["cognito:groups"]]
  }),
  facts: {
    tokens: "Always a JWT, signed with RS256. The claim token_use is access in access tokens, and id in ID tokens.",
    clientIdMetadataDocuments: "unknown",
    dynamicRegistration: "no",
    resourceIndicators: "yes",
    dpop: "unknown",
    idJag: "unknown",
    tokenExchange: "unknown",
    steps: [
      "Add a domain to the user pool. Use managed login: only it supports the parameter resource.",
      "Create a resource server whose identifier is the URL of the MCP server, with its scopes.",
      "Register an app client for each MCP client, and allow it the scopes.",
      "List app clients that use client credentials in the parameter machineClients."
    ],
    clients:
      "Each client is registered by hand. Scopes are requested and issued with the identifier of the resource server " +
      "before the name.",
    limits: [
      "A token of a user that was issued without the parameter resource, or by an SDK, has no audience and is refused.",
      "Every token that a listed client gets for itself is accepted, also one for another API. List clients that call this MCP server only."
    ],
    overrides: [
      {
        requirement: "An access token must have an audience (RFC 9068, section 2.2), which must be the resource (MCP).",
        reason:
          "Only with the parameter machineClients: Cognito does not bind tokens of client credentials to a resource.",
        purpose: "verification"
      },
      {
        requirement: "A client must refuse a server that does not advertise PKCE (MCP, Authorization Code Protection).",
        reason: "AWS documents PKCE for the authorization endpoint, but the metadata does not have the member.",
        purpose: "login"
      }
    ],
    sources: [
      {
        fact: "The parameter resource sets aud. It works with managed login only, and not with client credentials.",
        source:
          "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "Access tokens have token_use, client_id, scope, username and cognito:groups.",
        source:
          "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html",
        date: "2026-08",
        confidence: "documented"
      },
      {
        fact: "The metadata is at the appended OpenID URL, without code_challenge_methods_supported.",
        source: "https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html",
        date: "2026-05",
        confidence: "captured"
      }
    ]
  },
  fingerprint: ({ issuer }) =>
    typeof issuer === "string" && /^https:\/\/cognito-idp\.[\w-]+\.amazonaws\.com(?:\.cn)?\/[\w-]+$/.test(issuer)
      ? "certain"
      : undefined
})
