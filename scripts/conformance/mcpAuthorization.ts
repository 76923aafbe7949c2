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

const since = (page: string, first: string) => `${page} (${first} and later)`
const all = (page: string) => since(page, "2025-03-26")
const june = (page: string) => since(page, "2025-06-18")
const november = (page: string) => since(page, "2025-11-25")
const newest = (page: string) => `${page} (2026-07-28)`
const march = (page: string) => `${page} (2025-03-26 only)`

const role = "it concerns the authorization server; this library is the resource server"

/** The authorization pages, without what concerns clients and authorization servers alone. */
export const mcpAuthorization: Specification = {
  name: "MCP, Authorization",
  url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization",
  scope:
    "Revisions 2025-03-26 to 2026-07-28. Requirements for clients and for authorization servers are left out, except " +
    "where 2025-03-26 lets the MCP server be the authorization server as well.",
  requirements: [
    should(
      all("Protocol Requirements"),
      "A server on an HTTP transport follows the authorization pages.",
      by("McpAuth", [
        "core/server/McpAuth.attacks",
        "fail on every route of the server except its metadata, which requires a token"
      ])
    ),
    shouldNot(
      all("Protocol Requirements"),
      "A server on stdio does not follow them: credentials come from its environment.",
      by("McpAuth", [
        "core/server/McpAuth.stdio",
        "runs the same registrations on standard input and output, with the caller from the environment"
      ])
    ),
    must(
      all("Protocol Requirements"),
      "Other transports follow the security practices of their protocol.",
      notApplicable("the library protects HTTP and stdio; a custom transport needs its own middleware for the caller")
    ),
    must(march("Overview"), "The server implements OAuth 2.1 for clients.", notApplicable(role)),
    should(march("Overview"), "The server supports dynamic client registration.", notApplicable(role)),
    should(
      march("Overview; Server Metadata Discovery"),
      "The server offers authorization server metadata at its own origin.",
      by("McpAuth", [
        "core/server/McpAuth.legacy",
        "is the provider's own, at all URLs that old clients try, without a token"
      ])
    ),
    must(
      march("Fallbacks for Servers without Metadata Discovery"),
      "A server without metadata has its endpoints at /authorize, /token and /register.",
      notApplicable("metadata is served, so no client falls back to these paths")
    ),
    must(
      march("Authorization Base URL"),
      "The metadata is at the origin of the MCP server, whatever the path of the server.",
      by("McpAuth", ["core/server/McpAuth.legacy", "of a resource at the root is served at the root URLs"])
    ),
    should(
      march("OAuth Grant Types"),
      "The server supports the grant types that fit its clients.",
      notApplicable(role)
    ),
    must(
      all("Error Handling"),
      "A request that needs authorization and has none is answered with 401.",
      by("McpAuth Challenge BearerAuth FetchAuth", [
        "core/server/Challenge",
        "a 401 without credentials has no error code, but the metadata URL and the scopes to request"
      ], ["core/server/FetchAuth", "answers a request without a token with the challenge, and does not read its body"])
    ),
    must(
      all("Error Handling"),
      "A token with insufficient scopes or permissions is answered with 403.",
      by("Challenge Policy", [
        "core/server/Challenge",
        "a 401 requests only the required scopes, and a 403 names all of them at once"
      ])
    ),
    must(
      all("Error Handling"),
      "A malformed authorization is answered with 400.",
      by("BearerToken Challenge", ["core/server/McpAuth.bearer", "a list of tokens is malformed"])
    ),
    must(
      june("Overview; Authorization Server Location"),
      "The server implements protected resource metadata (RFC 9728).",
      by("McpAuth ProtectedResourceMetadata", [
        "core/server/McpAuth.metadata",
        "is served at the path-inserted and at the root URL, without a token"
      ])
    ),
    must(
      june("Authorization Server Location"),
      "The metadata has `authorization_servers` with at least one entry.",
      by("McpAuth", ["core/server/McpAuth.options", "no authorization server"], [
        "core/server/McpAuth.metadata",
        "lists several authorization servers in the configured order"
      ])
    ),
    must(
      june("Authorization Server Location"),
      "A 401 has `WWW-Authenticate` with the URL of the metadata.",
      by("Challenge", [
        "core/server/Challenge",
        "for a resource that can be protected is read alike by three parsers"
      ])
    ),
    must(
      november("Protected Resource Metadata Discovery Requirements"),
      "The metadata is found by the challenge or at a well-known URI; the server has both.",
      by("McpAuth WellKnown", [
        "node/integration/oidcProvider",
        "the challenge leads to the metadata, which leads to the provider"
      ])
    ),
    should(
      november("Scope Selection Strategy; Discovery Requirements"),
      "A 401 names the scopes that the resource requires.",
      by("Challenge McpAuth", ["core/policy/advertise", "the metadata and the 401 name"], [
        "core/server/Challenge",
        "a 401 requests only the required scopes, and a 403 names all of them at once"
      ])
    ),
    may(
      november("Scope Selection Strategy; Discovery Requirements"),
      "The scopes of a challenge may differ from `scopes_supported`.",
      by("Challenge", [
        "core/policy/stepUp",
        "names the required scopes and all that the handler requires, and these suffice"
      ])
    ),
    should(
      november("Scope Selection Strategy; Discovery Requirements"),
      "The server builds the sets of scopes consistently.",
      by("Policy", ["core/policy/laws", "are the fewest that are missing: no other set of scopes adds fewer"])
    ),
    should(
      june("Canonical Server URI"),
      "Upper case in scheme and host of the resource is accepted.",
      by("ResourceIdentifier WellKnown", [
        "core/server/McpAuth.metadata",
        "`names ${resource} exactly as configured, at the URL that the challenge names`"
      ])
    ),
    should(
      june("Canonical Server URI"),
      "Both forms of a resource without a path, with and without the slash, are equivalent; the form without it is preferred.",
      by("ResourceIdentifier AudiencePolicy", ["core/token/AudiencePolicy", "matches with an additional slash"], [
        "core/token/AudiencePolicy",
        "with a path differs with an additional slash"
      ])
    ),
    must(
      all("Token Requirements"),
      "The token is in the `Authorization` header of the request.",
      by("BearerToken", ["core/server/McpAuth.bearer", "a bearer token is accepted"], [
        "core/server/McpAuth.bearer",
        "in a form is not read: the request has no credentials"
      ])
    ),
    must(
      all("Token Requirements"),
      "Every request is authorized, even within one session.",
      by("McpAuth", ["core/server/McpAuth.sessions", "cannot be used without a token, even with its id"], [
        "core/policy/attach",
        "`has the rights of each request's token, and remembers none, ${mode.name}`"
      ])
    ),
    mustNot(
      all("Token Requirements"),
      "No token is in the query of a URI.",
      by("BearerToken", ["core/server/McpAuth.bearer", "in the query is refused"], [
        "core/server/McpAuth.bearer",
        "in the query beside a valid header is refused"
      ])
    ),
    must(
      all("Token Handling"),
      "Tokens are validated according to OAuth 2.1, section 5.2: issuer, signature or introspection, time, audience, scope.",
      by("TokenVerifier", ["core/token/TokenVerifier.jwt", "a signature of another key is refused"], [
        "core/token/TokenVerifier.jwt",
        "a token that expired a minute ago is refused"
      ], ["core/token/TokenVerifier.introspection", "a revoked token is not active"])
    ),
    must(
      june("Token Handling; Token Audience Binding and Validation; Access Token Privilege Restriction"),
      "A token must have been issued for this server: its audience is validated.",
      by("AudiencePolicy TokenVerifier", ["core/token/TokenVerifier.jwt", "a token without aud is refused"], [
        "core/token/TokenVerifier.jwt",
        "a token for another resource is refused"
      ], ["node/integration/trust", "two servers of one provider refuse each other's tokens"])
    ),
    must(
      all("Token Handling"),
      "Invalid and expired tokens are answered with 401, other failures as OAuth 2.1, section 5.3, requires.",
      by("Challenge TokenError", [
        "core/server/McpAuth.bearer",
        "refuse an invalid token with 401 even if no scope is required"
      ], ["core/server/Challenge", "exist for every error"])
    ),
    mustNot(
      june("Token Handling"),
      "No other tokens are accepted or passed on.",
      by("TokenVerifier IssuerPolicy", [
        "core/server/McpAuth.attacks",
        "do not make a third provider trusted, and cause no request to it"
      ], [
        "core/token/TokenVerifier.introspection",
        "only the named server is asked, and no other server sees the token"
      ])
    ),
    mustNot(
      november("Access Token Privilege Restriction"),
      "The token of the client is not passed on to upstream APIs.",
      by("AuthInfo", [
        "core/server/McpAuth.authInfo",
        "has everything that the token says, and the token itself redacted"
      ])
    ),
    must(
      june("Access Token Privilege Restriction"),
      "Tokens are validated before the request is processed, and nothing is returned to unauthorized parties.",
      by("McpAuth Policy", ["core/server/McpAuth.bearer", "`${rule} is not read, however long it is`"], [
        "core/policy/decisions",
        "`${by}, ${where}, has the response of an absent one, byte for byte, for every request`"
      ], ["core/server/McpAuth.attacks", "fail before the first request to the provider"])
    ),
    should(
      march("Security Considerations"),
      "The expiry of tokens is enforced.",
      by("TokenVerifier", ["core/token/TokenVerifier.jwt", "a token without exp is refused"], [
        "core/server/McpAuth.streams",
        "of a subscription ends with its token, and not before"
      ])
    ),
    should(
      march("Security Considerations; Implementation Requirements"),
      "Tokens are rotated and short-lived.",
      notApplicable(role)
    ),
    must(
      march("Security Considerations"),
      "Redirect URIs are validated, and are https or loopback.",
      notApplicable(role)
    ),
    may(
      march("Third-Party Authorization Flow"),
      "The server delegates to a third party and issues tokens of its own.",
      notApplicable(role)
    ),
    must(
      march("Session Binding Requirements"),
      "Tokens of the third party and of the server are mapped, and validated together.",
      notApplicable("the server issues no tokens; it accepts those of the authorization server")
    ),
    shouldNot(
      newest("Refresh Tokens"),
      "`offline_access` is neither in a challenge nor in `scopes_supported`.",
      by("McpAuth McpAuthOptions", ["core/server/McpAuth.options", "offline_access among the supported scopes"], [
        "core/server/McpAuth.options",
        "offline_access among the required scopes"
      ])
    ),
    should(
      november("Runtime Insufficient Scope Errors"),
      "A call with insufficient scopes is answered with 403, `insufficient_scope`, `scope` and `resource_metadata`.",
      by("Challenge Policy", [
        "node/conformance",
        "%s: the token without scopes is challenged for all scopes at once, and the full one succeeds"
      ])
    ),
    should(
      november("Runtime Insufficient Scope Errors"),
      "The challenge names the scopes that the current operation needs.",
      by("Policy Challenge", [
        "core/policy/stepUp",
        "`names the required scopes beside those of the policy, for every operation, ${mode.name}`"
      ])
    ),
    should(
      newest("Runtime Insufficient Scope Errors"),
      "All scopes of the operation are in one challenge, including those that depend on its arguments.",
      by("Policy Challenge", ["core/policy/stepUp", "`${what} names scopes that suffice by themselves`"], [
        "core/policy/laws",
        "suffice alone, if the policy has no not: a client may drop its previous scopes"
      ])
    ),
    should(
      november("Runtime Insufficient Scope Errors"),
      "The strategy for scopes is consistent.",
      by("Policy", [
        "core/policy/laws",
        "suffice once they are granted, together with the scopes that were granted before"
      ])
    ),
    should(
      november("Runtime Insufficient Scope Errors"),
      "The scopes of a challenge save the user unnecessary logins.",
      by("Policy", ["core/policy/laws", "are all needed: without any one of them the policy is not satisfied"], [
        "node/integration/publicTools",
        "`${sdk} steps up with one more login, because the challenge names the required scopes as well`"
      ])
    ),
    must(
      newest("Step-Up Authorization Flow"),
      "The server applies scope hierarchies when it decides whether a token is sufficient.",
      by("ScopeHierarchy", [
        "core/policy/ScopeHierarchy",
        "more granted scopes never cover less, and a granted scope is covered"
      ], [
        "core/policy/stepUp",
        "judges the handler's requirements by the scope hierarchy of the resource"
      ])
    ),
    must(
      all("Security Considerations"),
      "The security practices of OAuth 2.1 (section 7) are followed.",
      by("McpAuth", ["core/server/McpAuth.attacks", "refuse each other's tokens, with 401 and never 500"])
    ),
    must(
      june("Token Theft"),
      "Tokens are stored securely.",
      by("TokenDigest AuthInfo", ["node/standing/heap", "contains its digest, and no part of the token itself"], [
        "node/integration/secrets",
        "contains no token, no part of one, no code and no secret after a full run"
      ])
    ),
    must(
      all("Communication Security"),
      "Endpoints of the authorization server are requested only over https.",
      by("Issuer AuthorizationServer", ["core/token/JwkSet", "is not fetched over http for an https issuer"], [
        "core/token/TokenVerifier.introspection",
        "an http endpoint of an https issuer, to which no token is sent"
      ])
    ),
    must(
      june("Communication Security"),
      "The MCP server itself is reached over TLS (OAuth 2.1, section 1.5).",
      by("ResourceIdentifier", ["core/server/McpAuth.options", "`a resource with ${rule}: InvalidResourceIdentifier`"])
    ),
    must(
      june("Confused Deputy Problem"),
      "A proxy with a static client ID has the user's consent for each client that registers.",
      notApplicable("the library is not an OAuth proxy: clients register at the authorization server")
    ),
    must(
      newest("Authorization Server Metadata Discovery"),
      "The issuer in metadata is identical to the issuer that it was requested for (addressed to clients; the server does the same).",
      by("IssuerPolicy Discovery", [
        "core/discovery/Discovery",
        "no document of another issuer is ever returned, whatever the repairs do"
      ])
    ),
    must(
      newest("Authorization Server Location"),
      "Credentials, keys and responses of one authorization server are not used with another.",
      by("AuthorizationServer TokenVerifier", ["core/token/JwkSet", "never mix keys, even with the same kid"], [
        "core/server/McpAuth.attacks",
        "cannot sign for each other: a token signed by one that names the other as issuer is answered with 401"
      ])
    ),
    may(
      newest("MCP Authorization Extensions"),
      "Extensions such as DPoP for resource servers are supported.",
      notImplemented("sender-constrained tokens (RFC 9449, RFC 8705) are refused, and never accepted as bearer tokens")
    )
  ]
}
