import { by, may, must, notApplicable, notImplemented, should, type Specification } from "./requirement.ts"

const jwt = (title: string) => ["core/token/TokenVerifier.jwt", title] as const

/** The profile for JWT access tokens. */
export const rfc9068: Specification = {
  name: "RFC 9068, JWT Profile for Access Tokens",
  url: "https://www.rfc-editor.org/rfc/rfc9068",
  scope:
    "The requirements for resource servers. Most providers do not issue this profile, so `typ: \"rfc9068\"` requires it; without " +
    "that option other types are accepted by their own rules.",
  requirements: [
    must(
      "2.1",
      "Tokens are signed, and `none` is not used.",
      by("TokenVerifier", jwt("alg none without a signature is refused"))
    ),
    must("2.1", "RS256 is supported.", by("Jws", jwt("a valid token is accepted"))),
    should(
      "2.1",
      "`typ` is `at+jwt`, with or without `application/`.",
      by("TokenVerifier", jwt("rfc9068: at+jwt is accepted"), jwt("rfc9068: application/at+jwt is accepted"))
    ),
    must(
      "2.2",
      "`iss`, `exp` and `aud` are present.",
      by(
        "TokenVerifier",
        jwt("a token without iss is refused"),
        jwt("a token without exp is refused"),
        jwt("a token without aud is refused")
      )
    ),
    must(
      "2.2",
      "`sub` and `client_id` are present, and are strings.",
      by("TokenVerifier", [
        "core/token/callerNames",
        "`JWT, introspection and custom claims: refuses ${claim} of ${JSON.stringify(value)}`"
      ], [
        "core/server/McpAuth.sessions",
        "`of ${revision} belongs to one token if the token names neither a subject nor a client`"
      ])
    ),
    must(
      "2.2",
      "`iat` and `jti` are present.",
      notImplemented(
        "`iat` is validated if it is present, and `jti` is not used: many providers omit them, and no decision depends on them"
      )
    ),
    may(
      "2.2.1",
      "`auth_time`, `acr` and `amr` describe the user's authentication.",
      by("AuthInfo Policy", ["core/token/AuthInfo", "are decoded by a schema"])
    ),
    may(
      "2.2.2",
      "Claims about the user are present.",
      by("AuthInfo", ["core/token/AuthInfo", "that do not match the schema are a typed error"])
    ),
    should(
      "2.2.3",
      "`scope` lists the granted scopes.",
      by("TokenVerifier", jwt("scope is a space-separated list"), jwt("permissions are not scopes (Auth0)"))
    ),
    should(
      "2.2.3.1",
      "Roles and groups are in their own claims, and are not scopes.",
      by("Policy", jwt("roles and groups are not scopes"), [
        "core/policy/decisions",
        "`${who}: ${String(outcome)}`"
      ])
    ),
    must(
      "4",
      "`typ` is validated, and any other value refused.",
      by("TokenVerifier", jwt("rfc9068: JWT is refused"), jwt("rfc9068: no type is refused"))
    ),
    must(
      "4",
      "An encrypted token is decrypted if encryption was negotiated.",
      notImplemented("encrypted tokens are refused: there is no way to negotiate keys")
    ),
    must(
      "4",
      "`iss` is exactly the issuer of the authorization server.",
      by(
        "IssuerPolicy TokenVerifier",
        jwt("an issuer with an additional slash is another issuer"),
        jwt("an issuer in another case is another issuer")
      )
    ),
    must(
      "4",
      "`aud` contains the identifier of this resource; otherwise the token is refused.",
      by("AudiencePolicy", jwt("a list with the resource is accepted"), jwt("a token for another resource is refused"))
    ),
    must(
      "4",
      "The signature is validated, by the algorithm of the header among those that are accepted.",
      by("TokenVerifier Jws", jwt("a signature of another key is refused"))
    ),
    must("4", "`none` is refused.", by("TokenVerifier", jwt("alg none in another case is refused"))),
    must(
      "4",
      "The keys are those of the authorization server.",
      by("JwkSet AuthorizationServer", ["core/token/JwkSet", "cause requests only to the server that the token names"])
    ),
    must("4", "The time is before `exp`.", by("TokenVerifier", jwt("a token that expired a minute ago is refused"))),
    may(
      "4",
      "A tolerance for clock skew is allowed.",
      by(
        "TokenVerifier",
        jwt("a token that expired 29 seconds ago is within the tolerance"),
        jwt("a token that expired 30 seconds ago is beyond the tolerance")
      )
    ),
    must(
      "4",
      "A refused token is answered with `invalid_token`, as RFC 6750 requires.",
      by("Challenge", ["core/server/Challenge", "exist for every error"])
    ),
    should(
      "4",
      "Claims about authorization are used, together with other information.",
      by("Policy", [
        "core/policy/Policy",
        "sees the caller of the request in which the policy is evaluated"
      ])
    ),
    may(
      "4",
      "Keys are found by the metadata of the authorization server (`jwks_uri`).",
      by("AuthorizationServer JwkSet", [
        "core/token/JwkSet",
        "makes one request for metadata and one for keys when 1,000 tokens arrive at once"
      ])
    ),
    must(
      "4",
      "Any published key may have signed the token.",
      by("JwkSet", jwt("every fitting key is tried for a token without a kid"))
    ),
    should(
      "5",
      "Access tokens are distinguished from ID tokens, even if both could have the same audience.",
      by("TokenVerifier", [
        "core/token/accessToken",
        "refuses an ID token whose azp is its audience"
      ])
    ),
    should(
      "5",
      "A `sub` that a client chose is not mistaken for a user.",
      by("TokenVerifier AuthInfo", [
        "core/token/AuthInfo",
        "no part of a principal runs into the next one"
      ], ["core/token/TokenVerifier.jwt", "a client credentials token has no subject"])
    ),
    should(
      "6",
      "The token's claims about the user are not disclosed further.",
      by("AuthInfo McpAuth", [
        "core/server/McpAuth.observability",
        "`with ${name}: contain no token, no part of one, and no secret`"
      ])
    ),
    must(
      "3",
      "The authorization server chooses the audience and the scopes of a token.",
      notApplicable("it concerns the authorization server")
    )
  ]
}
