import { by, must, mustNot, notApplicable, should, type Specification } from "./requirement.ts"

/** Resource indicators, as far as a resource server meets them. */
export const rfc8707: Specification = {
  name: "RFC 8707, Resource Indicators",
  url: "https://www.rfc-editor.org/rfc/rfc8707",
  scope:
    "Clients request resources and authorization servers decide; a resource server has an identifier and validates the audience.",
  requirements: [
    must(
      "2",
      "A resource is named by an absolute URI.",
      by("ResourceIdentifier", ["core/server/McpAuth.options", "`a resource with ${rule}: InvalidResourceIdentifier`"])
    ),
    mustNot("2", "The URI has no fragment.", by("ResourceIdentifier", ["core/server/McpAuth.options", "a fragment"])),
    should(
      "2",
      "The URI has no query, unless it is needed.",
      by("ResourceIdentifier McpAuth", [
        "core/server/McpAuth.metadata",
        "of a resource with a query differs from that of the resource without one"
      ])
    ),
    should(
      "2",
      "The URI is as specific as it can be.",
      by("McpAuth", ["core/server/McpAuth.options", "a resource at another path than the server"])
    ),
    must(
      "2",
      "Several `resource` parameters are supported, and a wrong one is `invalid_target`.",
      notApplicable("it concerns the authorization server")
    ),
    should(
      "2.2",
      "Tokens are restricted to the resources that were asked for.",
      by("AudiencePolicy", [
        "core/token/AudiencePolicy",
        "resource: accepts a list that contains the configured resource"
      ], ["core/server/McpAuth.attacks", "both accept a token that was issued for both"])
    ),
    should(
      "3",
      "A resource that receives a token cannot use it at another resource: audiences are validated.",
      by("AudiencePolicy", [
        "core/server/McpAuth.attacks",
        "refuse each other's tokens, with 401 and never 500"
      ])
    ),
    should(
      "3",
      "A token with a single audience can be required.",
      by("AudiencePolicy", [
        "core/token/AudiencePolicy",
        "exclusive: refuses a second audience after the resource"
      ])
    ),
    should(
      "3",
      "The URI of a tenant names the tenant, in its path for example.",
      by("McpAuth ResourceIdentifier", [
        "core/server/McpAuth.metadata",
        "refuse each other's tokens, with their own challenge"
      ])
    )
  ]
}
