import { by, must, mustNot, notApplicable, should, type Specification } from "./requirement.ts"

const proxies = "the library is not an OAuth proxy and has no consent page: clients log in at the authorization server"
const fetches = "addressed to clients; the server does it for its own fetches"

/** The security best practices, without those that concern only clients. */
export const mcpSecurity: Specification = {
  name: "MCP, Security Best Practices",
  url: "https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices",
  scope:
    "The pages of 2025-06-18, 2025-11-25 and 2026-07-28. Requirements for clients are listed where the server does the " +
    "same for its own fetches, and left out elsewhere.",
  requirements: [
    must(
      "Confused Deputy Problem",
      "A proxy has the user's consent for each client, on its own page that is protected against framing and forgery.",
      notApplicable(proxies)
    ),
    must(
      "Confused Deputy Problem",
      "Cookies with consent are signed, bound to the client, and have the prefix `__Host-`.",
      notApplicable(proxies)
    ),
    must(
      "Confused Deputy Problem",
      "Redirect URIs are compared exactly, and `state` is random, single-use and set after consent.",
      notApplicable(proxies)
    ),
    mustNot(
      "Token Passthrough",
      "Tokens that were not issued for the server are not accepted.",
      by("AudiencePolicy", [
        "core/token/TokenVerifier.jwt",
        "a token for other resources is refused"
      ], [
        "node/integration/introspection",
        "a token for another server of the provider, and one that was never issued, are refused"
      ])
    ),
    must(
      "Server-Side Request Forgery",
      `Requests to internal addresses are considered (${fetches}).`,
      by("NodeMcpAuth AddressPolicy", [
        "node/NodeMcpAuth",
        "`refuses the name ${host} because of its addresses`"
      ])
    ),
    should(
      "Server-Side Request Forgery",
      "URLs are https, except for loopback on demand.",
      by("Issuer ResourceIdentifier", [
        "core/discovery/Strategy",
        "a URL that is not https is refused without a request"
      ], ["core/token/JwkSet", "is fetched over http for an allowed http issuer on loopback"])
    ),
    should(
      "Server-Side Request Forgery",
      "Private, loopback and link-local addresses are not connected to.",
      by("AddressPolicy", [
        "node/AddressPolicy",
        "`${JSON.stringify(address)} is ${range ?? \"public\"}`"
      ], ["node/NodeMcpAuth", "`refuses ${host}, and never connects`"])
    ),
    should(
      "Server-Side Request Forgery",
      "Redirects follow the same rules.",
      by("FetchLimits", [
        "core/discovery/faults",
        "`${status} to another origin is refused without a request there`"
      ], ["node/NodeMcpAuth", "does not follow redirects"])
    ),
    should(
      "Server-Side Request Forgery",
      "A host name is judged by the address of the connection (DNS rebinding).",
      by("NodeMcpAuth", [
        "node/NodeMcpAuth",
        "judges a name at every connection and connects to the judged address, which prevents DNS rebinding"
      ])
    ),
    should(
      "Server-Side Request Forgery",
      "An egress proxy is used.",
      by("NodeMcpAuth", ["node/forwardProxy", "opens tunnels to https origins that only it can resolve"])
    ),
    must(
      "Session Hijacking (to 2025-11-25); State Handle Hijacking (2026-07-28)",
      "All inbound requests are verified.",
      by("McpAuth", [
        "core/server/McpAuth.attacks",
        "fail on every route of the server except its metadata, which requires a token"
      ])
    ),
    mustNot(
      "Session Hijacking; State Handle Hijacking",
      "A session or a handle does not authenticate its caller.",
      by("McpAuth", [
        "core/server/McpAuth.sessions",
        "cannot be used without a token, even with its id"
      ])
    ),
    should(
      "Session Hijacking; State Handle Hijacking",
      "Identifiers come from a secure random source, and expire.",
      by("effect McpAuth", [
        "core/server/McpAuth.sessions",
        "cannot be chosen by the client: an id that the server did not create begins no session"
      ], ["core/server/McpAuth.requestState", "differently each time, even for the same state"])
    ),
    should(
      "Session Hijacking; State Handle Hijacking",
      "Sessions and handles belong to the user of the verified token.",
      by("McpAuth AuthInfo", [
        "core/server/McpAuth.sessions",
        "`of ${revision} does not exist for ${who}, byte for byte`"
      ], ["core/token/AuthInfo", "two principals have the same string only if they are equal"])
    ),
    should(
      "State Handle Hijacking",
      "Handles that tools create are bound to the user as well.",
      notApplicable(
        "it concerns the tool: `AuthInfo.principal` is the key for storing them"
      )
    ),
    should(
      "Local MCP Server Compromise",
      "Only its own client can use a local server: over stdio, or over HTTP with a token.",
      by("McpAuth", [
        "core/server/McpAuth.stdio",
        "runs the same registrations on standard input and output, with the caller from the environment"
      ])
    ),
    should(
      "Scope Minimization",
      "Challenges name the needed scopes, and not all supported ones.",
      by("Policy Challenge", [
        "core/policy/laws",
        "are all needed: without any one of them the policy is not satisfied"
      ])
    ),
    should(
      "Scope Minimization",
      "A token with fewer scopes is accepted for the operations that they permit.",
      by("Policy", [
        "core/policy/decisions",
        "`${caller}, ${kind}, ${mode.name}: ${outcome}`"
      ])
    ),
    should(
      "Scope Minimization",
      "Elevations are logged with the requested and the granted scopes.",
      by("McpAuth Policy", [
        "core/policy/Policy",
        "says what failed, what was required and what was granted"
      ])
    ),
    should(
      "Scope Minimization",
      "Scopes in a token do not replace authorization in the server.",
      by("Policy", [
        "core/policy/Policy",
        "`of the arguments ${JSON.stringify(args)} for ${subject}: ${is}`"
      ])
    ),
    should(
      "Mix-Up Attacks",
      "Responses and keys of one issuer are never accepted as those of another.",
      by("IssuerPolicy TokenVerifier", [
        "core/discovery/Strategy",
        "documents of another issuer are never merged"
      ], [
        "core/token/keyIssuer",
        "two keys with the same kid verify only the tokens of their own tenant"
      ])
    )
  ]
}
