import * as Metadata from "../../../metadata/AuthorizationServerMetadata.ts"
import { mcp, rfc, type Rule } from "./rule.ts"

/** Rules for the authorization code flow with PKCE. */
export const flowRules: ReadonlyArray<Rule> = [
  {
    code: "code_response_type_not_supported",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(6749, "4.1.1"),
    holds: "the response type code is supported",
    advice: "enable the authorization code flow at the provider",
    check: ({ metadata: { responseTypesSupported } }) => {
      if (responseTypesSupported === undefined) return "not-applicable"
      return responseTypesSupported.includes("code") ? "holds" : "response_types_supported has no \"code\""
    }
  },
  {
    code: "authorization_code_grant_not_supported",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(6749, "4.1"),
    holds: "the authorization code grant is supported",
    advice: "enable the authorization code grant at the provider",
    check: ({ metadata }) => {
      // The default of the grant types says nothing about a server without an authorization endpoint.
      if (metadata.grantTypesSupported === undefined && metadata.authorizationEndpoint === undefined) {
        return "not-applicable"
      }
      return Metadata.grantTypes(metadata).includes("authorization_code")
        ? "holds"
        : "grant_types_supported has no \"authorization_code\""
    }
  },
  {
    code: "pkce_not_supported",
    severity: "error",
    since: "2025-03-26",
    reference: mcp("authorization-code-protection"),
    holds: "PKCE is advertised",
    advice: "clients reject such a server; if the provider is known to enforce PKCE, add the repair \"pkce\" " +
      "(Repairs.pkce; command line: --repair pkce)",
    check: ({ metadata }) =>
      metadata.codeChallengeMethodsSupported === undefined
        ? "code_challenge_methods_supported is absent, which means that PKCE is not supported"
        : "holds"
  },
  {
    code: "s256_code_challenge_method_not_supported",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(7636, "4.2"),
    holds: "PKCE with S256 is advertised",
    advice: "enable S256 at the provider",
    check: ({ metadata }) => {
      if (metadata.codeChallengeMethodsSupported === undefined) return "not-applicable"
      return Metadata.advertisesS256(metadata) ? "holds" : "code_challenge_methods_supported has no \"S256\""
    }
  },
  {
    code: "authorization_response_iss_not_supported",
    severity: "warning",
    since: "2026-07-28",
    reference: rfc(9207, "3"),
    holds: "the document says that authorization responses name their issuer",
    advice: "enable it at the provider, so that clients can detect mix-up attacks",
    check: ({ metadata }) => {
      if (Metadata.authorizationResponseIss(metadata)) return "holds"
      // A server without an authorization endpoint sends no authorization responses.
      return metadata.authorizationEndpoint === undefined
        ? "not-applicable"
        : "authorization_response_iss_parameter_supported is not true"
    }
  },
  {
    code: "offline_access_not_supported",
    severity: "warning",
    since: "2025-11-25",
    reference: "https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess",
    holds: "the scope offline_access, for refresh tokens, is advertised",
    advice: "enable the scope at the provider, or make sure that it issues refresh tokens without it",
    check: ({ metadata: { scopesSupported } }) => {
      if (scopesSupported === undefined) return "not-applicable"
      return scopesSupported.includes("offline_access") ? "holds" : "scopes_supported has no \"offline_access\""
    }
  },
  {
    code: "resource_indicators_unknown",
    severity: "warning",
    since: "2025-06-18",
    reference: rfc(8707, "2"),
    holds: "the document says whether tokens can be bound to a resource",
    advice: "request a token with the resource parameter, and check that its audience is that resource",
    check: ({ metadata }) =>
      metadata.protectedResources !== undefined ||
        metadata.additionalParameters?.["resource_indicators_supported"] === true
        ? "holds"
        : "no member says whether the resource parameter is supported"
  }
]
