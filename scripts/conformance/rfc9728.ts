import { by, may, must, mustNot, notApplicable, notImplemented, should, type Specification } from "./requirement.ts"

const metadata = (title: string) => ["core/server/McpAuth.metadata", title] as const
const members = (title: string) => ["core/metadata/members", title] as const

/** Protected resource metadata. */
export const rfc9728: Specification = {
  name: "RFC 9728, Protected Resource Metadata",
  url: "https://www.rfc-editor.org/rfc/rfc9728",
  scope: "The requirements for protected resources.",
  requirements: [
    must(
      "2",
      "`resource` is present: an https URL without a fragment.",
      by(
        "ProtectedResourceMetadata ResourceIdentifier",
        metadata("`names ${resource} exactly as configured, at the URL that the challenge names`"),
        members("a resource with a fragment")
      )
    ),
    may(
      "2",
      "`authorization_servers` lists issuers.",
      by("McpAuth", metadata("lists several authorization servers in the configured order"))
    ),
    may(
      "2",
      "`jwks_uri` leads to keys of the resource, over https.",
      by("ProtectedResourceMetadata McpAuthOptions", metadata("has every member of RFC 9728, and extensions"))
    ),
    should(
      "2",
      "`scopes_supported` lists scopes; some may be omitted.",
      by(
        "McpAuth",
        metadata("lists required scopes among the supported ones, each once"),
        metadata("has no scopes_supported if no scopes are known")
      )
    ),
    may(
      "2",
      "`bearer_methods_supported` names how tokens are sent: in the header.",
      by(
        "McpAuth ProtectedResourceMetadata",
        metadata("has every member of RFC 9728, and extensions"),
        members("accepts tokens in the header by default")
      )
    ),
    mustNot(
      "2",
      "`none` is not among `resource_signing_alg_values_supported`.",
      notApplicable("the resource signs nothing; what is configured is published as it is")
    ),
    should(
      "2",
      "`resource_name` is present as a display name.",
      by("McpAuthOptions", metadata("has every member of RFC 9728, and extensions"))
    ),
    may(
      "2",
      "`resource_documentation`, `resource_policy_uri` and `resource_tos_uri` lead to pages.",
      by("McpAuthOptions", metadata("has every member of RFC 9728, and extensions"))
    ),
    may(
      "2",
      "Members about certificates, authorization details and DPoP are there.",
      by("ProtectedResourceMetadata", ["core/metadata/laws", "protected resource metadata survives a round trip"])
    ),
    may(
      "2.1",
      "Members for people are there in several languages.",
      by("ProtectedResourceMetadata", metadata("has every member of RFC 9728, and extensions"))
    ),
    may(
      "2.2",
      "Metadata is signed.",
      notImplemented(
        "`signed_metadata` can be published, but the library signs none: the document is served by the resource itself, over TLS"
      )
    ),
    must(
      "3",
      "The document is at the well-known path, inserted between host and path, without a slash after the host.",
      by("WellKnown McpAuth", metadata("has the URL of its identifier, whatever characters that contains"), [
        "core/metadata/laws",
        "path and query survive byte for byte; only a slash right after the host is dropped"
      ])
    ),
    must(
      "3",
      "The document is served over TLS.",
      by("ResourceIdentifier", ["core/server/McpAuth.options", "`a resource with ${rule}: InvalidResourceIdentifier`"])
    ),
    must(
      "3.1",
      "It is asked for by GET.",
      by(
        "McpAuth",
        metadata("by HEAD has the headers of GET and no body"),
        metadata("`by ${method} is answered with 405 and the allowed methods`")
      )
    ),
    must(
      "3.2",
      "It is answered with 200 and `application/json`.",
      by("McpAuth", metadata("is served at the path-inserted and at the root URL, without a token"))
    ),
    must(
      "3.2",
      "Members with several values are arrays, and empty ones are left out.",
      by(
        "ProtectedResourceMetadata",
        metadata("has no scopes_supported if no scopes are known"),
        members("an empty list of authorization servers")
      )
    ),
    should(
      "3.2",
      "Errors have the status of HTTP for them.",
      by("McpAuth", metadata("at the well-known URL of another path is answered with 404"))
    ),
    must(
      "3.3",
      "`resource` is identical to the identifier from which the URL was made: clients refuse anything else.",
      by(
        "McpAuth",
        metadata("never names another resource"),
        metadata("have their own metadata, and none at the root URL, which could name only one of them")
      )
    ),
    may(
      "4",
      "The authorization server lists its resources in `protected_resources`.",
      notApplicable("it concerns the authorization server")
    ),
    may(
      "5.1",
      "A challenge has `resource_metadata`.",
      by("Challenge", [
        "core/server/Challenge",
        "for a resource that can be protected is read alike by three parsers"
      ])
    ),
    may(
      "5.1",
      "`resource_metadata` is in answers of other statuses as well, with other schemes and parameters.",
      by("Challenge", ["core/server/Challenge", "exist for every error"])
    ),
    may(
      "5.2",
      "The metadata changes, and a new challenge says so.",
      by("McpAuth", metadata("returns an ETag that depends on the document alone"))
    ),
    may(
      "5.4",
      "Challenges of other schemes are sent beside it.",
      notImplemented("the server accepts bearer tokens only")
    ),
    must(
      "7.1",
      "TLS is used, as BCP 195 says.",
      notApplicable("the part of the HTTP server or of the proxy in front of it")
    ),
    should(
      "7.2",
      "Scopes limit what a token may do at the resource.",
      by("Policy", [
        "core/policy/laws",
        "permits exactly the callers that its definition permits, under every hierarchy"
      ])
    ),
    must(
      "7.3",
      "Clients validate certificates and `resource`, so that no other server can pose as the resource.",
      notApplicable("the client's part")
    ),
    should(
      "7.4",
      "Tokens are restricted to an audience, and that is checked.",
      by("AudiencePolicy", ["core/token/TokenVerifier.jwt", "a token for another resource is refused"])
    ),
    should(
      "7.7",
      "Fetches of URLs from other parties are protected against SSRF.",
      by("AddressPolicy FetchLimits", [
        "node/hostile",
        "a hostile server is refused within the limits, and with less than 20 MB of memory"
      ])
    ),
    should(
      "7.10",
      "Caching is controlled by the headers of HTTP.",
      by(
        "McpAuth",
        metadata("returns an ETag that depends on the document alone"),
        metadata("`${rule}, by GET and by HEAD`")
      )
    )
  ]
}
