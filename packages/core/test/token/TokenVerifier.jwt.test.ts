import { AudiencePolicy, type Jws, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Schema } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import {
  claims,
  compact,
  encode,
  hmac,
  issuer,
  type Key,
  makeEc,
  makeEd25519,
  makeRsa,
  now,
  outcome,
  resource,
  type Signer,
  signer,
  verifier
} from "./harness.ts"

const rsa = makeRsa()
const bare = makeRsa()
const pss = makeRsa()
const p256 = makeEc("P-256")
const p384 = makeEc("P-384")
const p521 = makeEc("P-521")
const ed = makeEd25519()
const ed2 = makeEd25519()
const unpublishedKey = makeRsa()

const published = (key: Key, kid: string, members: Schema.JsonObject): Schema.JsonObject => ({
  ...key.jwk,
  kid,
  use: "sig",
  ...members
})

const keys: ReadonlyArray<Schema.JsonObject> = [
  published(rsa, "rsa", { alg: "RS256" }),
  { ...bare.jwk, kid: "bare" },
  published(pss, "pss", { alg: "PS256" }),
  published(p256, "p256", { alg: "ES256" }),
  published(p384, "p384", {}),
  published(p521, "p521", { alg: "ES512" }),
  published(ed, "ed", { alg: "EdDSA" }),
  published(ed2, "ed2", { alg: "Ed25519" }),
  published(p256, "dup", { alg: "ES256" }),
  published(ed, "dup", { alg: "EdDSA" })
]

const signature = signer(rsa, "RS256")

type Members = Readonly<Record<string, unknown>>

/** A token that is valid except for these claims (`undefined` removes one). */
const claiming = (changes: Members, header: Members = {}, sign: Signer = signature): string =>
  compact({ alg: "RS256", typ: "at+jwt", kid: "rsa", ...header }, { ...claims, ...changes }, sign)

/** A token that is valid except for its header. */
const headed = (header: Members, sign: Signer = signature): string => claiming({}, header, sign)

/** A token that is valid except for these characters of its payload. */
const written = (find: string, replacement: string): string =>
  compact({ alg: "RS256", typ: "at+jwt", kid: "rsa" }, JSON.stringify(claims).replace(find, replacement), signature)

/** A token with this payload. */
const holding = (payload: unknown): string => compact({ alg: "RS256", typ: "at+jwt", kid: "rsa" }, payload, signature)

/** Another encoding of the same bytes: it differs in the unused bits of the last character. */
const stray = (text: string, bit = 1): string => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  const last = letters.indexOf(text.at(-1) ?? "")
  const other = `${text.slice(0, -1)}${letters[last ^ bit]}`
  assert.deepStrictEqual(Buffer.from(other, "base64url"), Buffer.from(text, "base64url"))
  return other
}

/** A part with unused bits whose JSON is still valid. */
const spare = (part: Members): string => {
  const padded = [0, 1, 2].map((length) => encode({ ...part, x: "x".repeat(length) }))
  return padded.find((text) => text.length % 4 === 2) ?? assert.fail("no part with unused bits")
}

/** A token made of these parts, signed as they stand. */
const signedAsIs = (header: string, payload: string, sign: Signer = signature): string => {
  const input = `${header}.${payload}`
  return `${input}.${encode(sign(input))}`
}

const header = { alg: "RS256", typ: "at+jwt", kid: "rsa" }

/** A single part that is a header, claims and, with one more letter, a signature. */
const dotless = `${spare({ ...header, ...claims })}A`

const good = claiming({})
const [goodHeader = "", goodPayload = "", goodSignature = ""] = good.split(".")

const spki = (format: "pem" | "der"): string | Buffer =>
  format === "pem"
    ? rsa.publicKey.export({ format, type: "spki" })
    : rsa.publicKey.export({ format, type: "spki" })

interface Row {
  readonly token: string
  readonly outcome: string
  readonly options?: TokenVerifier.JwtOptions
}

type Table = Readonly<Record<string, Row>>

const row = (token: string, outcome: string, options?: TokenVerifier.JwtOptions): Row =>
  options === undefined ? { token, outcome } : { token, outcome, options }

const signatures: Table = {
  "a valid token is accepted": row(good, "accepted"),
  "a signature of another key is refused": row(headed({}, signer(unpublishedKey, "RS256")), "bad-signature"),
  "a signature over other claims is refused": row(
    `${goodHeader}.${claiming({ sub: "user-2" }).split(".")[1]}.${goodSignature}`,
    "bad-signature"
  ),
  "a signature that is too short is refused": row(`${goodHeader}.${goodPayload}.${encode("short")}`, "bad-signature"),
  "ES256 is accepted": row(headed({ alg: "ES256", kid: "p256" }, signer(p256, "ES256")), "accepted"),
  "ES384 is accepted with a key that does not name it": row(
    headed({ alg: "ES384", kid: "p384" }, signer(p384, "ES384")),
    "accepted"
  ),
  "ES512 is accepted": row(headed({ alg: "ES512", kid: "p521" }, signer(p521, "ES512")), "accepted"),
  "EdDSA is accepted": row(headed({ alg: "EdDSA", kid: "ed" }, signer(ed, "EdDSA")), "accepted"),
  "Ed25519 in the token is accepted as EdDSA": row(
    headed({ alg: "Ed25519", kid: "ed" }, signer(ed, "Ed25519")),
    "accepted"
  ),
  "EdDSA in the token is accepted as Ed25519": row(
    headed({ alg: "EdDSA", kid: "ed2" }, signer(ed2, "EdDSA")),
    "accepted"
  ),
  "PS256 is accepted with a key that names it": row(
    headed({ alg: "PS256", kid: "pss" }, signer(pss, "PS256")),
    "accepted"
  ),
  "a DER signature is refused for ES256": row(
    headed({ alg: "ES256", kid: "p256" }, signer(p256, "RS256")),
    "bad-signature"
  ),
  "an empty ES256 signature of zeros (CVE-2022-21449) is refused": row(
    headed({ alg: "ES256", kid: "p256" }, () => new Uint8Array(64)),
    "bad-signature"
  )
}

const algorithms: Table = {
  "alg none without a signature is refused": row(headed({ alg: "none" }, () => new Uint8Array()), "malformed"),
  "alg none with a signature is refused": row(headed({ alg: "none" }), "unsupported-algorithm alg"),
  "alg none in another case is refused": row(headed({ alg: "nOnE" }), "unsupported-algorithm alg"),
  "HS256 with the PEM of the public key is refused": row(
    headed({ alg: "HS256" }, hmac(spki("pem"))),
    "unsupported-algorithm alg"
  ),
  "HS256 with the DER of the public key is refused": row(
    headed({ alg: "HS256" }, hmac(spki("der"))),
    "unsupported-algorithm alg"
  ),
  "HS256 with the JWK of the public key is refused": row(
    headed({ alg: "HS256" }, hmac(JSON.stringify(keys[0]))),
    "unsupported-algorithm alg"
  ),
  "HS256 with the modulus of the public key is refused": row(
    headed({ alg: "HS256" }, hmac(Buffer.from(String(rsa.jwk["n"]), "base64url"))),
    "unsupported-algorithm alg"
  ),
  "HS512 with an empty secret is refused": row(
    headed({ alg: "HS512" }, hmac("", "HS512")),
    "unsupported-algorithm alg"
  ),
  "an HMAC with the header alg RS256 is refused": row(headed({}, hmac(spki("pem"))), "bad-signature"),
  "an RSA key with alg RS256 is not used for RS384": row(
    headed({ alg: "RS384" }, signer(rsa, "RS384")),
    "unknown-key kid"
  ),
  "an RSA key with alg RS256 is not used for PS256": row(
    headed({ alg: "PS256" }, signer(rsa, "PS256")),
    "unknown-key kid"
  ),
  "an RSA key with alg RS256 is not used for PS256, even if PS256 is allowed": row(
    headed({ alg: "PS256" }, signer(rsa, "PS256")),
    "unknown-key kid",
    { algorithms: ["RS256", "PS256"] }
  ),
  "an RSA key with alg PS256 is not used for RS256": row(
    headed({ kid: "pss" }, signer(pss, "RS256")),
    "unknown-key kid"
  ),
  "an RSA key without alg is used for RS384": row(
    headed({ alg: "RS384", kid: "bare" }, signer(bare, "RS384")),
    "accepted"
  ),
  ...Object.fromEntries(
    (["PS256", "PS384", "PS512"] as const).map((alg) => [
      `an RSA key without alg is used for ${alg} if the options name it`,
      row(headed({ alg, kid: "bare" }, signer(bare, alg)), "accepted", { algorithms: [alg] })
    ])
  ),
  ...Object.fromEntries(
    ["PS384", "PS512"].map((alg) => [
      `an RSA key without alg is not used for ${alg}`,
      row(headed({ alg, kid: "bare" }, signer(bare, alg)), "unknown-key kid")
    ])
  ),
  "an RSA key without alg is used for RS512": row(
    headed({ alg: "RS512", kid: "bare" }, signer(bare, "RS512")),
    "accepted"
  ),
  "an RSA key without alg is not used for PS256 by default": row(
    headed({ alg: "PS256", kid: "bare" }, signer(bare, "PS256")),
    "unknown-key kid"
  ),
  "an RSA key without alg is used for PS256 if PS256 is allowed": row(
    headed({ alg: "PS256", kid: "bare" }, signer(bare, "PS256")),
    "accepted",
    { algorithms: ["PS256"] }
  ),
  "ES256 with a P-384 key is refused": row(
    headed({ alg: "ES256", kid: "p384" }, signer(p384, "ES256")),
    "unknown-key kid"
  ),
  "ES256 with an RSA key is refused": row(headed({ alg: "ES256" }, signer(rsa, "RS256")), "unknown-key kid"),
  "an algorithm that is not on the allow-list is refused": row(
    good,
    "unsupported-algorithm alg",
    { algorithms: ["ES256", "EdDSA"] }
  ),
  "an unknown algorithm is refused": row(headed({ alg: "XS256" }), "unsupported-algorithm alg"),
  "ES256K is refused": row(
    headed({ alg: "ES256K" }, signer(makeEc("secp256k1"), "ES256")),
    "unsupported-algorithm alg"
  ),
  "an algorithm in another case is refused": row(headed({ alg: "rs256" }), "unsupported-algorithm alg"),
  "a missing algorithm is refused": row(headed({ alg: undefined }), "unsupported-algorithm alg"),
  "an algorithm that is a number is refused": row(headed({ alg: 256 }), "unsupported-algorithm alg"),
  "an algorithm that is a list is refused": row(headed({ alg: ["RS256"] }), "unsupported-algorithm alg"),
  "an algorithm that is null is refused": row(headed({ alg: null }), "unsupported-algorithm alg"),
  "an algorithm that is an object without toString is refused": row(
    headed({ alg: { toString: null, valueOf: null } }),
    "unsupported-algorithm alg"
  ),
  "an algorithm that is a nested list is refused": row(
    headed({ alg: [[[{ toString: 1 }]]] }),
    "unsupported-algorithm alg"
  ),
  "an inherited property name is refused as an algorithm": row(
    headed({ alg: "__proto__" }),
    "unsupported-algorithm alg"
  )
}

const parameters: Table = {
  "a critical extension is refused": row(headed({ crit: ["exp"], exp: 1 }), "malformed crit"),
  "an empty list of critical extensions is refused": row(headed({ crit: [] }), "malformed crit"),
  "an unencoded payload (b64: false) is refused": row(headed({ crit: ["b64"], b64: false }), "malformed crit"),
  "a key in the header (jwk) is not used": row(
    headed({ kid: "evil", jwk: { ...unpublishedKey.jwk, kid: "evil" } }, signer(unpublishedKey, "RS256")),
    "unknown-key kid"
  ),
  "a key in the header (jwk) is not used under a known kid": row(
    headed({ jwk: unpublishedKey.jwk }, signer(unpublishedKey, "RS256")),
    "bad-signature"
  ),
  "a key set URL in the header (jku) is not used": row(
    headed({ kid: "evil", jku: "https://evil.test/jwks" }, signer(unpublishedKey, "RS256")),
    "unknown-key kid"
  ),
  "a certificate URL in the header (x5u) is not used": row(
    headed({ kid: "evil", x5u: "https://evil.test/x5u" }, signer(unpublishedKey, "RS256")),
    "unknown-key kid"
  ),
  "certificates in the header (x5c) are not used": row(
    headed({ kid: "evil", x5c: [String(spki("pem"))] }, signer(unpublishedKey, "RS256")),
    "unknown-key kid"
  ),
  "a valid token may carry all of these header parameters": row(
    headed({ jku: "https://evil.test/jwks", x5u: "https://evil.test/x5u", jwk: unpublishedKey.jwk, x5t: "x" }),
    "accepted"
  ),
  "every fitting key is tried for a token without a kid": row(headed({ kid: undefined }), "accepted"),
  "a token without a kid and with an unknown signature is refused": row(
    headed({ kid: undefined }, signer(unpublishedKey, "RS256")),
    "bad-signature"
  ),
  "an unpublished kid is refused": row(headed({ kid: "other" }), "unknown-key kid"),
  "a kid in another case is another kid": row(headed({ kid: "RSA" }), "unknown-key kid"),
  "an empty kid is refused as unpublished": row(headed({ kid: "" }), "unknown-key kid"),
  "an inherited property name is refused as a kid": row(headed({ kid: "__proto__" }), "unknown-key kid"),
  "another inherited property name is refused as a kid": row(headed({ kid: "constructor" }), "unknown-key kid"),
  "a kid that is a path is only compared as a name": row(headed({ kid: "../../dev/null" }), "unknown-key kid"),
  "a kid that is not a string is refused": row(headed({ kid: 1 }), "malformed kid"),
  "a kid that is an object is refused": row(headed({ kid: { toString: 1 } }), "malformed kid"),
  "a kid that is a list is refused": row(headed({ kid: ["rsa"] }), "malformed kid"),
  "two keys with the same kid are distinguished by algorithm": row(
    headed({ alg: "ES256", kid: "dup" }, signer(p256, "ES256")),
    "accepted"
  ),
  "the second of two keys with the same kid is found by its algorithm": row(
    headed({ alg: "EdDSA", kid: "dup" }, signer(ed, "EdDSA")),
    "accepted"
  ),
  "a signature of another key under a known kid is refused": row(headed({ kid: "dup" }), "unknown-key kid")
}

const times: Table = {
  "a token without exp is refused": row(claiming({ exp: undefined }), "missing-claim exp"),
  "a token without exp is accepted if exp is optional": row(
    claiming({ exp: undefined }),
    "accepted",
    { acceptWithoutExpiry: true }
  ),
  "an expired token is refused even if exp is optional": row(
    claiming({ exp: now - 60 }),
    "expired exp",
    { acceptWithoutExpiry: true }
  ),
  "an exp of a wrong type is refused even if exp is optional": row(
    claiming({ exp: "never" }),
    "invalid-claim exp",
    { acceptWithoutExpiry: true }
  ),
  "exp as a string is refused": row(claiming({ exp: String(now + 60) }), "invalid-claim exp"),
  "exp as null is refused": row(claiming({ exp: null }), "invalid-claim exp"),
  "exp as a list is refused": row(claiming({ exp: [now + 60] }), "invalid-claim exp"),
  "exp as true is refused": row(claiming({ exp: true }), "invalid-claim exp"),
  "exp of 1e400 is refused": row(written(`"exp":${now + 3600}`, "\"exp\":1e400"), "invalid-claim exp"),
  "exp of -1e400 is refused": row(written(`"exp":${now + 3600}`, "\"exp\":-1e400"), "invalid-claim exp"),
  "exp of 1e300 is refused": row(claiming({ exp: 1e300 }), "invalid-claim exp"),
  "exp in milliseconds is refused": row(claiming({ exp: (now + 60) * 1000 }), "invalid-claim exp"),
  "exp in the year 9999 is accepted": row(claiming({ exp: 253_402_300_799 }), "accepted"),
  "an exp below zero has expired": row(claiming({ exp: -1 }), "expired exp"),
  "an exp of zero has expired": row(claiming({ exp: 0 }), "expired exp"),
  "exp with a fraction of a second is accepted": row(claiming({ exp: now + 0.5 }), "accepted"),
  "a token that expired a minute ago is refused": row(claiming({ exp: now - 60 }), "expired exp"),
  "a token that expired 29 seconds ago is within the tolerance": row(claiming({ exp: now - 29 }), "accepted"),
  "a token that expired 30 seconds ago is beyond the tolerance": row(claiming({ exp: now - 30 }), "expired exp"),
  "without a tolerance a token ends at exp": row(
    claiming({ exp: now }),
    "expired exp",
    { clockTolerance: 0 }
  ),
  "without a tolerance a token is valid until exp": row(claiming({ exp: now + 1 }), "accepted", { clockTolerance: 0 }),
  "a configured tolerance is used": row(
    claiming({ exp: now - 59 }),
    "accepted",
    { clockTolerance: "1 minute" }
  ),
  "nbf within the tolerance is accepted": row(claiming({ nbf: now + 30 }), "accepted"),
  "nbf beyond the tolerance is refused": row(claiming({ nbf: now + 31 }), "not-yet-valid nbf"),
  "nbf as a string is refused": row(claiming({ nbf: "0" }), "invalid-claim nbf"),
  "nbf of -1e400 is refused": row(written("\"jti\"", "\"nbf\":-1e400,\"jti\""), "invalid-claim nbf"),
  "iat within the tolerance is accepted": row(claiming({ iat: now + 30 }), "accepted"),
  "iat far in the future is refused": row(claiming({ iat: now + 600 }), "issued-in-future iat"),
  "iat beyond the tolerance is refused": row(claiming({ iat: now + 31 }), "issued-in-future iat"),
  "iat as a string is refused": row(claiming({ iat: "now" }), "invalid-claim iat"),
  "a token without iat is accepted": row(claiming({ iat: undefined }), "accepted")
}

const foreign = "https://other.test/mcp"
const { anyOf, exclusive, noneButClients } = AudiencePolicy

const audiences: Table = {
  "a token without aud is refused": row(claiming({ aud: undefined }), "wrong-audience aud"),
  "a token for another resource is refused": row(claiming({ aud: foreign }), "wrong-audience aud"),
  "a token for other resources is refused": row(claiming({ aud: [foreign, issuer] }), "wrong-audience aud"),
  "a token with an empty aud is refused": row(claiming({ aud: "" }), "wrong-audience aud"),
  "a token with an empty list as aud is refused": row(claiming({ aud: [] }), "wrong-audience aud"),
  "an aud with an additional slash is another resource": row(claiming({ aud: `${resource}/` }), "wrong-audience aud"),
  "the client ID is not an accepted audience": row(claiming({ aud: "client-1" }), "wrong-audience aud"),
  "a list with the resource is accepted": row(claiming({ aud: [foreign, resource] }), "accepted"),
  "exclusive: a list with the resource and another audience is refused": row(
    claiming({ aud: [resource, foreign] }),
    "wrong-audience aud",
    { audience: exclusive }
  ),
  "exclusive: the resource alone is accepted": row(claiming({ aud: [resource] }), "accepted", { audience: exclusive }),
  "anyOf: one of the configured audiences is accepted": row(claiming({ aud: "api://notes" }), "accepted", {
    audience: anyOf("api://notes")
  }),
  "anyOf: the resource is refused if it is not configured": row(good, "wrong-audience aud", {
    audience: anyOf("api://notes")
  }),
  "noneButClients: an absent aud with the configured client is accepted": row(
    claiming({ aud: undefined }),
    "accepted",
    {
      audience: noneButClients("client-1")
    }
  ),
  "noneButClients: another client is refused": row(
    claiming({ aud: undefined, client_id: "client-2" }),
    "wrong-audience aud",
    { audience: noneButClients("client-1") }
  ),
  "acceptAnyUnsafe: another aud is accepted": row(claiming({ aud: foreign }), "accepted", {
    audience: AudiencePolicy.acceptAnyUnsafe
  }),
  "acceptAnyUnsafe: an aud of a wrong type is refused": row(claiming({ aud: [1] }), "invalid-claim aud", {
    audience: AudiencePolicy.acceptAnyUnsafe
  }),
  "aud as a number is refused": row(claiming({ aud: 1 }), "invalid-claim aud"),
  "aud as null is refused": row(claiming({ aud: null }), "invalid-claim aud"),
  "aud as an object is refused": row(claiming({ aud: { [resource]: true } }), "invalid-claim aud"),
  "an aud list with the resource and a number is refused": row(claiming({ aud: [resource, 1] }), "invalid-claim aud"),
  "an aud list within a list is refused": row(claiming({ aud: [[resource]] }), "invalid-claim aud")
}

const issuers: Table = {
  "a token without iss is refused": row(claiming({ iss: undefined }), "missing-claim iss"),
  "iss as a list is refused": row(claiming({ iss: [issuer] }), "missing-claim iss"),
  "iss as an object is refused": row(claiming({ iss: { toString: 1 } }), "missing-claim iss"),
  "an untrusted issuer is refused": row(claiming({ iss: "https://evil.test" }), "unknown-issuer iss"),
  "an issuer with an additional slash is another issuer": row(claiming({ iss: `${issuer}/` }), "unknown-issuer iss"),
  "an issuer in another case is another issuer": row(claiming({ iss: "https://AS.test" }), "unknown-issuer iss"),
  "an issuer with its default port is another issuer": row(claiming({ iss: `${issuer}:443` }), "unknown-issuer iss"),
  "an issuer with http is another issuer": row(claiming({ iss: "http://as.test" }), "unknown-issuer iss"),
  "a longer issuer that begins with the trusted one is another issuer": row(
    claiming({ iss: `${issuer}.evil.test` }),
    "unknown-issuer iss"
  ),
  "an empty issuer is refused": row(claiming({ iss: "" }), "unknown-issuer iss"),
  "__proto__ is refused as an issuer": row(written(`"${issuer}"`, "\"__proto__\""), "unknown-issuer iss"),
  "constructor is refused as an issuer": row(claiming({ iss: "constructor" }), "unknown-issuer iss"),
  "toString is refused as an issuer": row(claiming({ iss: "toString" }), "unknown-issuer iss"),
  "claims inside __proto__ are ignored": row(holding(`{"__proto__":${JSON.stringify(claims)}}`), "missing-claim iss")
}

/** Less strictly typed tokens, as most providers issue them. */
const jwt = { typ: "JWT" }

const idTokens: Table = {
  "a JWT without a type is accepted": row(headed({ typ: undefined }), "accepted"),
  "at+jwt with a nonce is an access token": row(claiming({ nonce: "n" }), "accepted"),
  "Keycloak: typ Bearer with a nonce is an access token": row(
    claiming({ typ: "Bearer", nonce: "n", azp: "client-1", client_id: undefined }, jwt),
    "accepted"
  ),
  "Keycloak: typ ID is an ID token": row(claiming({ typ: "ID" }, jwt), "not-an-access-token typ"),
  "Keycloak: typ Refresh is a refresh token": row(claiming({ typ: "Refresh" }, jwt), "not-an-access-token typ"),
  "Cognito: token_use access is an access token": row(claiming({ token_use: "access" }, jwt), "accepted"),
  "Cognito: token_use id is an ID token": row(claiming({ token_use: "id" }, jwt), "not-an-access-token token_use"),
  ...Object.fromEntries(
    ["nonce", "at_hash", "c_hash", "s_hash"].flatMap((mark) => [
      [`${mark} marks an ID token`, row(claiming({ [mark]: "x" }, jwt), `not-an-access-token ${mark}`)],
      [
        `${mark} marks an ID token even without a type`,
        row(claiming({ [mark]: "x" }, { typ: undefined }), `not-an-access-token ${mark}`)
      ]
    ])
  )
}

const rfc9068 = { typ: "rfc9068" } as const

const types: Table = {
  ...Object.fromEntries(
    ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", "application/jwt"].map((typ) => [
      `loose: ${typ} is accepted`,
      row(headed({ typ }), "accepted")
    ])
  ),
  ...Object.fromEntries(
    ["", "id_token", "dpop+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "JOSE", "at+jwt "].map((
      typ
    ) => [`loose: ${JSON.stringify(typ)} is refused`, row(headed({ typ }), "not-an-access-token typ")])
  ),
  "loose: a list with a type is refused": row(headed({ typ: ["at+jwt"] }), "not-an-access-token typ"),
  "loose: a list with an untyped JWT's type is refused": row(headed({ typ: ["JWT"] }), "not-an-access-token typ"),
  "loose: a type that is a number is refused": row(headed({ typ: 1 }), "not-an-access-token typ"),
  "loose: a type that is null is refused": row(headed({ typ: null }), "not-an-access-token typ"),
  "loose: a type that is an object is refused": row(headed({ typ: { toString: 1 } }), "not-an-access-token typ"),
  "rfc9068: at+jwt is accepted": row(good, "accepted", rfc9068),
  "rfc9068: application/at+jwt is accepted": row(headed({ typ: "application/at+jwt" }), "accepted", rfc9068),
  "rfc9068: JWT is refused": row(headed(jwt), "not-an-access-token typ", rfc9068),
  "rfc9068: no type is refused": row(headed({ typ: undefined }), "not-an-access-token typ", rfc9068),
  "rfc9068: a type that is an object is refused": row(
    headed({ typ: { toString: null } }),
    "not-an-access-token typ",
    rfc9068
  ),
  "rfc9068: the claim typ of Keycloak does not replace the header type": row(
    claiming({ typ: "Bearer" }, jwt),
    "not-an-access-token typ",
    rfc9068
  )
}

const bindings: Table = {
  "a token bound to a key is refused": row(
    claiming({ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
    "sender-constrained cnf"
  ),
  "a token bound to a certificate is refused": row(claiming({ cnf: { "x5t#S256": "x" } }), "sender-constrained cnf"),
  "a token bound by an unknown confirmation method is refused": row(claiming({ cnf: {} }), "sender-constrained cnf"),
  "a token with an invalid confirmation is refused": row(claiming({ cnf: null }), "sender-constrained cnf")
}

const forms: Table = {
  "a token without dots is malformed": row(encode("abc"), "malformed"),
  "a token of two parts is malformed": row(`${goodHeader}.${goodPayload}`, "malformed"),
  "a token of four parts is malformed": row(`${good}.${goodSignature}`, "malformed"),
  "a token of five parts without the header of an encrypted token is malformed": row(`${good}.x.y`, "malformed"),
  "a token with a dot at its end is malformed": row(`${good}.`, "malformed"),
  "an empty signature is malformed": row(`${goodHeader}.${goodPayload}.`, "malformed"),
  "an empty payload is malformed": row(signedAsIs(goodHeader, ""), "malformed"),
  "an empty header is malformed": row(signedAsIs("", goodPayload), "malformed"),
  "other unused bits in the header are malformed": row(signedAsIs(stray(spare(header), 8), goodPayload), "malformed"),
  "unused bits set in the header are malformed": row(signedAsIs(stray(spare(header)), goodPayload), "malformed"),
  "unused bits set in the payload are malformed": row(signedAsIs(goodHeader, stray(spare(claims))), "malformed"),
  "unused bits set in the signature are malformed": row(
    `${goodHeader}.${goodPayload}.${stray(goodSignature)}`,
    "malformed"
  ),
  "parts with unused bits are valid if these are zero": row(signedAsIs(spare(header), spare(claims)), "accepted"),
  "padding in the header is malformed": row(signedAsIs(`${spare(header)}==`, goodPayload), "malformed"),
  "padding in the payload is malformed": row(signedAsIs(goodHeader, `${spare(claims)}==`), "malformed"),
  "padding in the signature is malformed": row(`${good}==`, "malformed"),
  "a line feed in the signature is malformed": row(`${good}\n`, "malformed"),
  "a space in the payload is malformed": row(signedAsIs(goodHeader, ` ${goodPayload}`), "malformed"),
  "the standard base64 alphabet is malformed": row(
    signedAsIs(
      goodHeader,
      Buffer.from(JSON.stringify({ ...claims, x: "???>>>" })).toString("base64").replace(/=/g, "")
    ),
    "malformed"
  ),
  "an impossible base64url length is malformed": row(signedAsIs(goodHeader, "abcde"), "malformed"),
  "a payload with a byte order mark is malformed": row(
    holding(`\ufeff${JSON.stringify({ ...claims, name: "Jos\u00e9" })}`),
    "malformed"
  ),
  "a header with a byte order mark is malformed": row(
    compact(`\ufeff${JSON.stringify(header)}`, claims, signature),
    "malformed"
  ),
  "claims without dots are malformed": row(dotless, "malformed"),
  "a payload that is not UTF-8 is malformed": row(
    holding(Buffer.from(JSON.stringify({ ...claims, name: "Jos\u00e9" }), "latin1")),
    "malformed"
  ),
  "a header that is not UTF-8 is malformed": row(
    compact(Buffer.from(JSON.stringify({ ...header, x: "\u00e9" }), "latin1"), claims, signature),
    "malformed"
  ),
  "a payload that is a list is malformed": row(holding([claims]), "malformed"),
  "a payload that is a string is malformed": row(holding("\"text\""), "malformed"),
  "a payload that is null is malformed": row(holding("null"), "malformed"),
  "a payload that is a number is malformed": row(holding("1"), "malformed"),
  "a payload that is not JSON is malformed": row(holding("{"), "malformed"),
  "a payload with trailing text is malformed": row(holding(`${JSON.stringify(claims)}{}`), "malformed"),
  "a header that is a list is malformed": row(compact([header], claims, signature), "malformed"),
  "a header that is null is malformed": row(compact("null", claims, signature), "malformed"),
  "an endlessly nested payload is refused without a crash": row(
    written("{", `{"a":${"[".repeat(5000)}${"]".repeat(5000)},`),
    "accepted"
  ),
  "an endlessly nested algorithm is refused without a crash": row(
    compact(`{"alg":${"[".repeat(5000)}${"]".repeat(5000)}}`, claims, signature),
    "unsupported-algorithm alg"
  )
}

/** If a token is invalid in two ways, the reported reason is the one that requires the least trust in the token. */
const order: Table = {
  "an expired token with an invalid signature is reported as expired": row(
    claiming({ exp: 0 }, {}, signer(unpublishedKey, "RS256")),
    "expired exp"
  ),
  "a wrong audience with an invalid signature is reported as the audience": row(
    claiming({ aud: foreign }, {}, signer(unpublishedKey, "RS256")),
    "wrong-audience aud"
  ),
  "an unknown issuer of an expired token is reported as the issuer": row(
    claiming({ iss: "https://evil.test", exp: 0 }),
    "unknown-issuer iss"
  ),
  "an expired token with a wrong audience is reported as expired": row(
    claiming({ exp: 0, aud: foreign }),
    "expired exp"
  ),
  "an unsupported algorithm is reported before everything else": row(
    claiming({ iss: "https://evil.test", exp: 0 }, { alg: "none" }),
    "unsupported-algorithm alg"
  )
}

const tables: Readonly<Record<string, Table>> = {
  signatures,
  algorithms,
  "header parameters": parameters,
  times,
  audiences,
  issuers,
  "ID tokens": idTokens,
  types,
  "sender-constrained tokens": bindings,
  forms,
  "the order of validation": order
}

for (const [title, table] of Object.entries(tables)) {
  describe(`jwt: ${title}`, () => {
    for (const [rule, { options, outcome: expected, token }] of Object.entries(table)) {
      it.effect(rule, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          yield* provider.fault("jwks", Fault.document(() => ({ keys })))
          const verify = yield* verifier(TokenVerifier.jwt(options))
          assert.strictEqual(yield* outcome(verify(token)), expected)
        }).pipe(Effect.provide(TestProvider.layer())))
    }
  })
}

/** The caller that a valid token names. */
const read = Effect.fnUntraced(function*(token: string) {
  const provider = yield* TestProvider.TestProvider
  yield* provider.fault("jwks", Fault.document(() => ({ keys })))
  const verify = yield* verifier(TokenVerifier.jwt())
  return yield* verify(token)
})

const scopes: ReadonlyArray<readonly [rule: string, claims: Members, scopes: ReadonlyArray<string>]> = [
  ["scope is a space-separated list", { scope: "a b" }, ["a", "b"]],
  ["scope may be a list", { scope: ["a", "b"] }, ["a", "b"]],
  ["scopes is read", { scope: undefined, scopes: "a b" }, ["a", "b"]],
  ["scopes may be a list", { scope: undefined, scopes: ["a", "b"] }, ["a", "b"]],
  ["scp is read (Entra ID)", { scope: undefined, scp: "a b" }, ["a", "b"]],
  ["scp may be a list (Okta)", { scope: undefined, scp: ["a", "b"] }, ["a", "b"]],
  ["permissions are not scopes (Auth0)", { scope: undefined, permissions: ["a", "b"] }, []],
  ["permissions are not scopes, even as a string", { scope: undefined, permissions: "a b" }, []],
  ["all three claims count together", { scope: "a", scopes: ["b"], scp: "c", permissions: ["d", "a"] }, [
    "a",
    "b",
    "c"
  ]],
  ["an absent claim grants no scope", { scope: undefined }, []],
  ["an empty string grants no scope", { scope: "" }, []],
  ["spaces grant no scope", { scope: "  a  b " }, ["a", "b"]],
  ["a number grants no scope", { scope: 1 }, []],
  ["null grants no scope", { scope: null }, []],
  ["true grants no scope", { scope: true }, []],
  ["an object grants no scope", { scope: { a: true } }, []],
  ["a list with another type in it grants no scope", { scope: ["a", 1] }, []],
  ["an invalid claim does not affect the other claims", { scope: { a: 1 }, scp: "a" }, ["a"]],
  ["a list within a list grants no scope", { scope: [["a"]] }, []],
  ["roles and groups are not scopes", { scope: undefined, roles: ["a"], groups: ["b"], authorities: ["c"] }, []]
]

const clients: ReadonlyArray<readonly [rule: string, claims: Members, clientId: string | undefined]> = [
  ["client_id names the client", { client_id: "c" }, "c"],
  ["azp names the client (Keycloak)", { client_id: undefined, azp: "c" }, "c"],
  ["cid names the client (Okta)", { client_id: undefined, cid: "c" }, "c"],
  ["appid names the client (Entra ID)", { client_id: undefined, appid: "c" }, "c"],
  ["client_id takes precedence over the others", { client_id: "c", azp: "d", cid: "e", appid: "f" }, "c"],
  ["no claim means no client", { client_id: undefined }, undefined]
]

describe("jwt: the authenticated caller", () => {
  for (const [rule, changes, expected] of scopes) {
    it.effect(`scopes: ${rule}`, () =>
      Effect.gen(function*() {
        const { scopes } = yield* read(claiming(changes))
        assert.deepStrictEqual([...scopes].toSorted(), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const [rule, changes, expected] of clients) {
    it.effect(`client: ${rule}`, () =>
      Effect.gen(function*() {
        const { clientId } = yield* read(claiming(changes))
        assert.strictEqual(clientId, expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a token names its caller", () =>
    Effect.gen(function*() {
      const token = claiming({ aud: [foreign, resource], email: "ada@example.com" })
      const info = yield* read(token)
      assert.strictEqual(Redacted.value(info.token), token)
      assert.strictEqual(info.issuer, issuer)
      assert.strictEqual(info.subject, "user-1")
      assert.deepStrictEqual(info.audience, [foreign, resource])
      assert.strictEqual(info.expiresAt, now + 3600)
      assert.strictEqual(info.claims["email"], "ada@example.com")
      assert.notInclude(JSON.stringify(info), token)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a client credentials token has no subject", () =>
    Effect.gen(function*() {
      const info = yield* read(claiming({ sub: undefined }))
      assert.isUndefined(info.subject)
      assert.strictEqual(info.clientId, "client-1")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("jwt: requests to the provider", () => {
  const unasked: ReadonlyArray<readonly [rule: string, token: string]> = [
    ["a token of an unknown issuer", claiming({ iss: "https://evil.test" })],
    ["a token whose issuer is the metadata URL of another provider", claiming({ iss: "https://evil.test/x?y#z" })],
    ["a token without issuer", claiming({ iss: undefined })],
    ["an expired token", claiming({ exp: now - 3600 })],
    ["a token for another resource", claiming({ aud: foreign })],
    ["a token with an algorithm that is not accepted", headed({ alg: "none" })],
    ["an ID token", claiming({ nonce: "n" }, jwt)],
    ["a sender-constrained token", claiming({ cnf: { jkt: "x" } })],
    ["a malformed token", "a.b.c"],
    ["a token without dots", dotless]
  ]
  for (const [rule, token] of unasked) {
    it.effect(`${rule} causes no request`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const verify = yield* verifier(TokenVerifier.jwt())
        assert.notStrictEqual(yield* outcome(verify(token)), "accepted")
        assert.strictEqual(yield* provider.count(), 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("URLs in a header are never fetched", () =>
    Effect.gen(function*() {
      const { client, providers: [ours, evil] } = yield* TestProvider.makeNetwork({}, { issuer: "https://evil.test" })
      const verify = yield* Effect.provideService(verifier(TokenVerifier.jwt()), HttpClient.HttpClient, client)
      const urls = { jku: "https://evil.test/jwks", x5u: "https://evil.test/jwks", kid: "https://evil.test/jwks" }
      assert.strictEqual(yield* outcome(verify(headed(urls, signer(unpublishedKey, "RS256")))), "unknown-key kid")
      assert.strictEqual(yield* evil?.count() ?? Effect.succeed(-1), 0)
      assert.strictEqual(yield* ours?.count("jwks") ?? Effect.succeed(-1), 2)
    }).pipe(Effect.scoped))
})

describe("jwt: invalid configurations", () => {
  // Configurations that only plain JavaScript can write: the types forbid them.
  const forbidden = (...names: ReadonlyArray<string>) => names as unknown as ReadonlyArray<Jws.Algorithm>
  const rows: ReadonlyArray<readonly [rule: string, algorithms: ReadonlyArray<Jws.Algorithm>]> = [
    ["none", forbidden("none")],
    ["HS256", forbidden("HS256")],
    ["HS256 beside RS256", forbidden("RS256", "HS256")],
    ["an empty list of algorithms", []],
    ["an inherited property name as an algorithm", forbidden("constructor")]
  ]
  for (const [rule, algorithms] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(verifier(TokenVerifier.jwt({ algorithms })))
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.include(error.message, "choose among RS256")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const remember of [-1, 0.5, NaN, Infinity]) {
    it.effect(`a number of remembered tokens that is ${remember}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(verifier(TokenVerifier.jwt({ remember })))
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.include(error.message, "remember")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  type Invalid = ConstructorParameters<typeof TokenVerifier.InvalidVerifier>[0]
  const messageOf = (error: Invalid): string => new TokenVerifier.InvalidVerifier(error).message
  const messages: ReadonlyArray<readonly [what: string, error: Invalid, suffix: string]> = [
    ["names the algorithm", { reason: "unsupported-algorithm", algorithm: "none" }, " (\"none\")"],
    ["names the issuer", { reason: "incomplete-metadata", issuer }, ` ("${issuer}")`],
    ["repeats no cause without a text", { reason: "incomplete-metadata", cause: { message: 1 } }, ""],
    ["repeats no cause that is a string", { reason: "incomplete-metadata", cause: "down" }, ""]
  ]
  for (const [what, error, suffix] of messages) {
    it(`the message about an invalid configuration ${what}`, () => {
      const { reason } = error
      assert.strictEqual(messageOf(error), messageOf({ reason }) + suffix)
    })
  }

  it("the message about an invalid configuration repeats an error that is its cause", () => {
    assert.match(messageOf({ reason: "incomplete-metadata", cause: new Error("no jwks_uri") }), /: no jwks_uri$/)
  })

  it("the message about an invalid configuration names no algorithm and no issuer without one", () => {
    assert.notMatch(messageOf({ reason: "invalid-remember" }), /undefined|\)$/)
  })

  it.effect("the message about an algorithm names the accepted algorithms and the one of the token", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.jwt({ algorithms: ["ES256", "EdDSA"] }))
      assert.include((yield* Effect.flip(verify(good))).message, "(alg), expected ES256 or EdDSA, got \"RS256\"")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("without a trusted server every token has an unknown issuer", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.jwt(), [])
      assert.strictEqual(yield* outcome(verify(good)), "unknown-issuer iss")
    }).pipe(Effect.provide(TestProvider.layer())))
})
