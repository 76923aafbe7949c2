import { ClientAuthentication, type Jws } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import * as Jose from "jose"
import { issuer, type Key, makeEc, makeEd25519, makeRsa, now, today } from "./harness.ts"

/** How a server decodes the header (RFC 6749, section 2.3.1 and appendix B). */
const readBasic = (header: string | undefined): readonly [id: string, secret: string] => {
  const [, encoded = ""] = /^Basic ([A-Za-z0-9+/]+=*)$/.exec(header ?? "") ?? []
  const [id = "", secret = "", ...others] = Buffer.from(encoded, "base64").toString("latin1").split(":")
  assert.lengthOf(others, 0)
  const decode = (text: string) => decodeURIComponent(text.replaceAll("+", " "))
  return [decode(id), decode(secret)]
}

const basics: ReadonlyArray<readonly [rule: string, id: string, secret: string, credentials: string]> = [
  ["plain words are not encoded", "notes", "s3cret-A_b.c*", "notes:s3cret-A_b.c*"],
  ["a colon is encoded in the identifier and in the secret", "a:b", "c:d", "a%3Ab:c%3Ad"],
  ["a percent sign is encoded", "a", "50%", "a:50%25"],
  ["a percent escape is encoded again", "a", "%3A", "a:%253A"],
  ["a plus is encoded, and a space becomes a plus", "a", "b+c d", "a:b%2Bc+d"],
  ["non-ASCII text is encoded as UTF-8", "ä", "pässwörd€", "%C3%A4:p%C3%A4ssw%C3%B6rd%E2%82%AC"],
  ["an astral character is encoded as UTF-8", "a", "🔑", "a:%F0%9F%94%91"],
  ["line feeds and quotes are encoded", "a", "\r\n\"", "a:%0D%0A%22"],
  ["a URL is a valid client identifier", "https://a.test/c?x=1&y", "s", "https%3A%2F%2Fa.test%2Fc%3Fx%3D1%26y:s"]
]

describe("client_secret_basic", () => {
  for (const [rule, id, secret, credentials] of basics) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const method = ClientAuthentication.clientSecretBasic(id, Redacted.make(secret))
        const { form, headers } = yield* method.prove(issuer)
        assert.strictEqual(headers["authorization"], `Basic ${Buffer.from(credentials).toString("base64")}`)
        assert.deepStrictEqual(readBasic(headers["authorization"]), [id, secret])
        assert.deepStrictEqual(form, {})
        assert.strictEqual(method.method, "client_secret_basic")
      }))
  }

  const wellFormed = Arbitrary.filter(Arbitrary.schema(Schema.String), (text) => text.isWellFormed())

  it.effect.prop(
    "every identifier and secret decodes to its original value",
    [wellFormed, wellFormed],
    ([id, secret]) =>
      Effect.gen(function*() {
        const { headers } = yield* ClientAuthentication.clientSecretBasic(id, Redacted.make(secret)).prove(issuer)
        assert.deepStrictEqual(readBasic(headers["authorization"]), [id, secret])
      }),
    { arbitrary: { runs: 1000 } }
  )
})

describe("client_secret_post", () => {
  it.effect("puts both into the form, without further encoding", () =>
    Effect.gen(function*() {
      const method = ClientAuthentication.clientSecretPost("a:b", Redacted.make("%+ ä"))
      const { form, headers } = yield* method.prove(issuer)
      assert.deepStrictEqual(form, { client_id: "a:b", client_secret: "%+ ä" })
      assert.deepStrictEqual(headers, {})
      assert.strictEqual(method.method, "client_secret_post")
    }))
})

describe("Bearer", () => {
  it.effect("puts the access token into the Authorization header, and nothing into the form", () =>
    Effect.gen(function*() {
      const method = ClientAuthentication.bearerToken(Redacted.make("ory_pat_1"))
      assert.deepStrictEqual(yield* method.prove(issuer), { headers: { authorization: "Bearer ory_pat_1" }, form: {} })
      assert.strictEqual(method.method, "Bearer")
    }))
})

/** The private key as a JWK, as it stands in a configuration. */
const privateJwk = (key: Key, kid?: string): Redacted.Redacted<Jws.PublicKey & { readonly d: string }> => {
  const jwk = key.privateKey.export({ format: "jwk" })
  return Redacted.make({
    ...jwk,
    kty: jwk.kty ?? "",
    d: jwk.d ?? "",
    ...(kid === undefined ? {} : { kid })
  })
}

const signers: ReadonlyArray<readonly [algorithm: Jws.Algorithm, key: Key]> = [
  ["RS256", makeRsa()],
  ["PS256", makeRsa()],
  ["ES256", makeEc("P-256")],
  ["ES384", makeEc("P-384")],
  ["EdDSA", makeEd25519()],
  ["Ed25519", makeEd25519()]
]

/** Verifies an assertion as an authorization server does (RFC 7523, section 3), with an independent library. */
const verifyAssertion = (assertion: string | undefined, key: Key, algorithm: string) =>
  Effect.promise(() =>
    Jose.jwtVerify(assertion ?? "", key.publicKey, {
      algorithms: [algorithm],
      issuer: "client-1",
      subject: "client-1",
      audience: issuer,
      currentDate: today,
      requiredClaims: ["exp", "iat", "jti"]
    })
  )

describe("private_key_jwt", () => {
  for (const [algorithm, key] of signers) {
    it.effect(`${algorithm}: the assertion names the client and this server, and is valid for a minute`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(now * 1000)
        const method = ClientAuthentication.privateKeyJwt("client-1", privateJwk(key, "k1"), algorithm)
        const { form, headers } = yield* method.prove(issuer)
        assert.deepStrictEqual(headers, {})
        assert.strictEqual(form["client_id"], "client-1")
        assert.strictEqual(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        assert.notProperty(form, "client_secret")
        const { payload, protectedHeader } = yield* verifyAssertion(form["client_assertion"], key, algorithm)
        assert.strictEqual(payload.aud, issuer)
        assert.strictEqual(payload.iat, now)
        assert.strictEqual(payload.exp, now + 60)
        assert.deepStrictEqual(protectedHeader, { alg: algorithm, kid: "k1" })
      }))
  }

  it.effect("no two assertions have the same jti", () =>
    Effect.gen(function*() {
      const method = ClientAuthentication.privateKeyJwt("client-1", privateJwk(makeEd25519()), "EdDSA")
      const proofs = yield* Effect.forEach(Array.from({ length: 100 }), () => method.prove(issuer))
      const names = proofs.map(({ form }) => Jose.decodeJwt(form["client_assertion"] ?? "").jti)
      assert.strictEqual(new Set(names).size, 100)
    }))

  it.effect("a key without a key ID gives a header without kid", () =>
    Effect.gen(function*() {
      const method = ClientAuthentication.privateKeyJwt("client-1", privateJwk(makeEd25519()), "EdDSA")
      const { form } = yield* method.prove(issuer)
      assert.deepStrictEqual(Jose.decodeProtectedHeader(form["client_assertion"] ?? ""), { alg: "EdDSA" })
    }))

  it.effect("the private key does not appear in the assertion", () =>
    Effect.gen(function*() {
      const key = privateJwk(makeEc("P-256"))
      const proof = yield* ClientAuthentication.privateKeyJwt("client-1", key, "ES256").prove(issuer)
      assert.notInclude(JSON.stringify(proof), Redacted.value(key).d)
    }))

  it.effect("a key that cannot sign with the algorithm is a defect, and the defect does not print the key", () =>
    Effect.gen(function*() {
      const key = privateJwk(makeEc("P-256"))
      const exit = yield* Effect.exit(ClientAuthentication.privateKeyJwt("client-1", key, "RS256").prove(issuer))
      assert.isTrue(Exit.hasDies(exit))
      assert.notInclude(JSON.stringify(exit), Redacted.value(key).d)
    }))
})
