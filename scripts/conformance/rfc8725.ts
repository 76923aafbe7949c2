import { by, must, mustNot, notApplicable, should, shouldNot, type Specification } from "./requirement.ts"

const jwt = (title: string) => ["core/token/TokenVerifier.jwt", title] as const

/** Best practices for JWTs, for their validation. */
export const rfc8725: Specification = {
  name: "RFC 8725, JSON Web Token Best Current Practices",
  url: "https://www.rfc-editor.org/rfc/rfc8725",
  scope: "The validation of JWTs. The library issues only the assertions of `private_key_jwt`.",
  requirements: [
    must(
      "3.1",
      "The caller chooses the algorithms.",
      by("TokenVerifier Jws", jwt("an algorithm that is not on the allow-list is refused"))
    ),
    mustNot(
      "3.1",
      "No other algorithm is used, whatever the token says.",
      by("TokenVerifier Jws", jwt("HS256 with the PEM of the public key is refused"), [
        "core/token/Jws",
        "`${algorithm}: ignores another algorithm in the header`"
      ])
    ),
    must(
      "3.1",
      "A key is used with one algorithm, and that is checked when it is used.",
      by(
        "JwkSet Jws",
        jwt("an RSA key with alg RS256 is not used for PS256"),
        jwt("ES256 with a P-384 key is refused")
      )
    ),
    must(
      "3.2",
      "Only current algorithms are allowed.",
      by("Jws", ["core/token/JwkSet", "an RSA key of 1024 bits is too weak"], jwt("ES256K is refused"))
    ),
    shouldNot(
      "3.2",
      "`none` is neither issued nor accepted.",
      by("Jws TokenVerifier", jwt("alg none with a signature is refused"), [
        "core/server/McpAuth.options",
        "the algorithm none"
      ])
    ),
    should("3.2", "RSA encryption of PKCS #1 v1.5 is avoided.", notApplicable("encrypted tokens are not accepted")),
    should(
      "3.2",
      "ECDSA is deterministic (RFC 6979).",
      notApplicable("it concerns signers; assertions are signed by WebCrypto or node:crypto")
    ),
    must(
      "3.3",
      "Every cryptographic operation is validated; a failed one refuses the whole token.",
      by("TokenVerifier", jwt("a signature that is too short is refused"), [
        "core/token/TokenVerifier.laws",
        "`no token verifies with characters ${what}`"
      ])
    ),
    must(
      "3.4",
      "Cryptographic inputs are validated: points, exponents, zeros.",
      by("JwkSet Jws NodeJws", jwt("an empty ES256 signature of zeros (CVE-2022-21449) is refused"), [
        "core/token/JwkSet",
        "a point that is not on its curve is not used"
      ], ["node/NodeJws", "points of small order, with each guessable signature"])
    ),
    must(
      "3.5",
      "Keys have sufficient entropy.",
      by("JwkSet McpAuthOptions", ["core/token/JwkSet", "an RSA key of 2040 bits is too weak"], [
        "core/server/McpAuth.options",
        "a guessable secret"
      ])
    ),
    mustNot(
      "3.5",
      "Passwords are not used as HMAC keys.",
      by(
        "Jws",
        ["core/token/JwkSet", "a published symmetric key is not used"],
        jwt("HS512 with an empty secret is refused")
      )
    ),
    shouldNot(
      "3.6",
      "Data is not compressed before it is encrypted.",
      notApplicable("encrypted tokens are not accepted")
    ),
    must(
      "3.7",
      "JSON is encoded in UTF-8 only.",
      by(
        "TokenVerifier",
        jwt("a payload that is not UTF-8 is malformed"),
        jwt("a header that is not UTF-8 is malformed")
      )
    ),
    must(
      "3.8",
      "The keys belong to the issuer that the token names; otherwise it is refused.",
      by("TokenVerifier IssuerPolicy JwkSet", [
        "core/server/McpAuth.attacks",
        "cannot sign for each other: a token signed by one that names the other as issuer is answered with 401"
      ], [
        "core/token/keyIssuer",
        "a token is verified only by a key of its own tenant, whatever keys are published beside it"
      ])
    ),
    must(
      "3.8",
      "The subject is valid, together with its issuer.",
      by("TokenVerifier AuthInfo", [
        "core/token/callerNames",
        "`JWT, introspection and custom claims: refuses ${claim} of ${JSON.stringify(value)}`"
      ], ["core/token/AuthInfo", "two principals have the same string only if they are equal"])
    ),
    must(
      "3.9",
      "If an issuer has several recipients, a token names its audience.",
      by("AudiencePolicy", jwt("a token without aud is refused"))
    ),
    must(
      "3.9",
      "The audience is validated; another audience, or no audience, is refused.",
      by(
        "AudiencePolicy",
        jwt("a token with an empty list as aud is refused"),
        jwt("an aud list with the resource and a number is refused")
      )
    ),
    should(
      "3.10",
      "`kid` is only compared: it is never part of a query or a path.",
      by(
        "JwkSet",
        jwt("a kid that is a path is only compared as a name"),
        jwt("an inherited property name is refused as a kid")
      )
    ),
    should(
      "3.10",
      "`jku`, `x5u` and keys in the header are not used.",
      by(
        "TokenVerifier",
        jwt("a key set URL in the header (jku) is not used"),
        jwt("a key in the header (jwk) is not used")
      )
    ),
    should(
      "3.10",
      "No URL of a token is fetched.",
      by("TokenVerifier", ["core/token/TokenVerifier.jwt", "URLs in a header are never fetched"])
    ),
    should(
      "3.11",
      "`typ` names the kind of a JWT, and is validated.",
      by("TokenVerifier", jwt("rfc9068: JWT is refused"), [
        "core/token/accessToken",
        "refuses a logout token"
      ])
    ),
    must(
      "3.12",
      "Different kinds of JWTs have mutually exclusive validation rules.",
      by("TokenVerifier", [
        "core/token/accessToken",
        "refuses an ID token without nonce"
      ], ["core/token/accessToken", "refuses an authorization response (JARM)"])
    ),
    must(
      "RFC 7515, 4.1.11",
      "A token with an unknown critical extension is refused.",
      by("TokenVerifier", jwt("a critical extension is refused"))
    )
  ]
}
