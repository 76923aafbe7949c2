import {
  by,
  may,
  must,
  mustNot,
  notApplicable,
  notImplemented,
  should,
  shouldNot,
  type Specification
} from "./requirement.ts"

const grammar = [
  "core/server/Challenge",
  "for a resource that can be protected is read alike by three parsers"
] as const
const answers = ["core/server/Challenge", "exist for every error"] as const

/** Bearer tokens, for the resource server. */
export const rfc6750: Specification = {
  name: "RFC 6750, Bearer Token Usage",
  url: "https://www.rfc-editor.org/rfc/rfc6750",
  scope: "The requirements for resource servers, and those for clients whose violation the server has to refuse.",
  requirements: [
    mustNot(
      "2",
      "A client sends its token by one method only: more than one is refused.",
      by("BearerToken", [
        "core/server/McpAuth.bearer",
        "in the query beside a valid header is refused"
      ], ["core/server/McpAuth.bearer", "two of them are refused, even if both tokens are valid"])
    ),
    must(
      "2.1",
      "The `Authorization` header with the scheme `Bearer` is supported.",
      by("BearerToken", [
        "core/token/BearerToken",
        "every character of a b64token is read"
      ], ["core/token/BearerToken", "the scheme may be in lower case"])
    ),
    may(
      "2.2",
      "A token in a form is supported.",
      notImplemented("MCP allows only the header; the body is not read before authentication")
    ),
    may(
      "2.3",
      "A token in the query is supported.",
      notImplemented("MCP forbids it, and it is refused with `invalid_request`")
    ),
    shouldNot(
      "2.3",
      "The query is not used for tokens.",
      by("BearerToken", ["core/token/BearerToken", "a token in the query is refused"])
    ),
    should(
      "2.3",
      "Responses to tokens in the query are private.",
      notApplicable("such requests are refused; all refusals are `no-store`")
    ),
    must(
      "3",
      "A request without sufficient credentials is answered with `WWW-Authenticate`.",
      by("Challenge", answers, [
        "core/server/Challenge",
        "a 401 without credentials has no error code, but the metadata URL and the scopes to request"
      ])
    ),
    may("3", "Other responses may have the header as well.", by("Challenge", answers)),
    must("3", "The scheme of the challenge is `Bearer`.", by("Challenge", grammar)),
    must("3", "The scheme is followed by at least one parameter.", by("Challenge", grammar)),
    may(
      "3",
      "`realm` names the scope of protection.",
      notImplemented("MCP clients do not use it; `resource_metadata` names the resource")
    ),
    mustNot(
      "3",
      "`realm`, `scope`, `error`, `error_description` and `error_uri` occur at most once.",
      by("Challenge", grammar)
    ),
    must(
      "3",
      "`scope` is a list of scope tokens, separated by spaces, of the allowed characters.",
      by("Challenge McpAuthOptions", [
        "core/server/McpAuth.options",
        "a scope with a quote"
      ], [
        "core/policy/advertise",
        "no granted word that is not a valid scope"
      ])
    ),
    may(
      "3",
      "`scope` is given.",
      by("Challenge", ["core/server/Challenge", "have no scope parameter if no scope would help"])
    ),
    should("3", "A request whose token failed has `error`.", by("Challenge", answers)),
    may(
      "3",
      "`error_description` explains the error to developers.",
      by("Challenge McpAuthOptions", [
        "core/server/Challenge",
        "details are shown only with showErrorDetails"
      ])
    ),
    may(
      "3",
      "`error_uri` names a page about the error.",
      notImplemented("there is no such page; the operator's log has the reason")
    ),
    mustNot(
      "3",
      "`error` and `error_description` have only the allowed characters.",
      by("Challenge TokenError", [
        "core/token/TokenError",
        "`\"${reason}\" has a fixed description that fits into a header`"
      ])
    ),
    must(
      "3",
      "The parameters are quoted so that parsers agree.",
      by("Challenge", [
        "core/server/Challenge",
        "with quotes, backslashes and commas is read back character by character"
      ])
    ),
    should(
      "3.1",
      "`invalid_request` is answered with 400.",
      by("Challenge", ["core/server/McpAuth.bearer", "two tokens are malformed"])
    ),
    should(
      "3.1",
      "`invalid_token` is answered with 401.",
      by("Challenge", [
        "core/server/McpAuth.bearer",
        "refuse an invalid token with 401 even if no scope is required"
      ])
    ),
    should(
      "3.1",
      "`insufficient_scope` is answered with 403.",
      by("Challenge", [
        "core/server/Challenge",
        "a 401 requests only the required scopes, and a 403 names all of them at once"
      ])
    ),
    may(
      "3.1",
      "`insufficient_scope` names the scopes that are needed.",
      by("Challenge Policy", [
        "core/policy/stepUp",
        "`${what} names scopes that suffice by themselves`"
      ])
    ),
    shouldNot(
      "3.1",
      "Without any authentication there is no error code and nothing else about an error.",
      by("Challenge BearerToken", [
        "core/server/McpAuth.bearer",
        "the scheme alone is no credentials"
      ], [
        "core/server/Challenge",
        "a 401 without credentials has no error code, but the metadata URL and the scopes to request"
      ])
    ),
    must(
      "5.2",
      "TLS protects tokens in transit.",
      by("ResourceIdentifier McpAuthOptions", [
        "core/server/McpAuth.options",
        "`a resource with ${rule}: InvalidResourceIdentifier`"
      ])
    ),
    must(
      "5.2",
      "TLS certificates are validated.",
      by("NodeMcpAuth", [
        "node/standing/network",
        "`${rule}, cold: 503, and 200 within a cooldown after it is over`"
      ])
    ),
    must(
      "5.2",
      "The audience of a token is validated (token redirect).",
      by("AudiencePolicy", ["core/token/TokenVerifier.jwt", "a token for another resource is refused"])
    ),
    must(
      "5.2",
      "A token is protected against forgery and modification.",
      by("Jws TokenVerifier", [
        "core/token/TokenVerifier.laws",
        "no token verifies with another header or other claims"
      ])
    ),
    mustNot(
      "5.2, 5.3",
      "Tokens are not in cookies.",
      by("BearerToken", ["core/server/McpAuth.bearer", "in a cookie is not read"])
    ),
    must(
      "5.3",
      "Bearer tokens are safeguarded.",
      by("TokenDigest AuthInfo", [
        "node/integration/secrets",
        "contains no token, no part of one, no code and no secret after a full run"
      ])
    ),
    should(
      "5.3",
      "Tokens are short-lived and scoped.",
      notApplicable("it concerns the authorization server; `exp` is required")
    ),
    shouldNot(
      "5.3",
      "Tokens are not in URLs of pages, logs and histories.",
      by("McpAuth", [
        "core/server/FetchAuth",
        "writes no token into a span, not even one from a query"
      ])
    )
  ]
}
