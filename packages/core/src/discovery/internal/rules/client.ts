import * as Metadata from "../../../metadata/AuthorizationServerMetadata.ts"
import { mcp, rfc, type Rule, type Subject } from "./rule.ts"

const hasDocuments = ({ metadata }: Subject): boolean => metadata.clientIdMetadataDocumentSupported === true

const hasRegistration = ({ metadata }: Subject): boolean => metadata.registrationEndpoint !== undefined

/** Rules for the registration of unknown clients. */
export const clientRules: ReadonlyArray<Rule> = [
  {
    code: "dynamic_registration_not_supported",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(7591, "3"),
    holds: "dynamic client registration is advertised",
    advice: "enable dynamic client registration, or register your clients by hand",
    check: (subject, revision) => {
      if (hasRegistration(subject)) return "holds"
      // Since 2025-11-25 a client ID metadata document does what registration did.
      return revision >= "2025-11-25" && hasDocuments(subject) ? "not-applicable" : "there is no registration_endpoint"
    }
  },
  {
    code: "client_registration_unavailable",
    severity: "warning",
    since: "2025-11-25",
    reference: mcp("client-registration-approaches"),
    holds: "a way for unknown clients to identify themselves is advertised",
    advice: "enable client ID metadata documents at the provider; otherwise every client must be registered by hand",
    check: (subject) =>
      hasDocuments(subject) || hasRegistration(subject)
        ? "holds"
        : "neither client ID metadata documents nor dynamic registration is offered"
  },
  {
    code: "dynamic_registration_only",
    severity: "warning",
    since: "2026-07-28",
    reference: mcp("dynamic-client-registration"),
    holds: "registration does not depend on deprecated dynamic client registration alone",
    advice: "enable client ID metadata documents at the provider",
    check: (subject) => {
      if (!hasRegistration(subject)) return "not-applicable"
      return hasDocuments(subject)
        ? "holds"
        : "only dynamic client registration is offered, which this revision deprecates"
    }
  },
  {
    code: "public_clients_not_supported",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(7591, "2"),
    holds: "public clients are advertised at the token endpoint",
    advice: "allow the authentication method \"none\" at the provider: most MCP clients cannot keep a secret",
    check: ({ metadata }) => {
      if (metadata.tokenEndpoint === undefined && metadata.tokenEndpointAuthMethodsSupported === undefined) {
        return "not-applicable"
      }
      return Metadata.tokenEndpointAuthMethods(metadata).includes("none")
        ? "holds"
        : "token_endpoint_auth_methods_supported has no \"none\""
    }
  }
]
