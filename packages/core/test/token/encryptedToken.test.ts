/**
 * Encrypted tokens (JWE, RFC 7516): Auth0 issues them to a client that requests no audience, and OpenIddict by
 * default.
 */
import { AuthorizationServer, ClientAuthentication, FetchAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { elapse } from "../time.ts"
import { claims, compact, encode, hmac, issuer, outcome, printed, resource, verifier } from "./harness.ts"

const direct = { alg: "dir", enc: "A256GCM", iss: "https://tenant.example.com/" }
const wrapped = { alg: "RSA-OAEP", enc: "A256CBC-HS512", cty: "JWT", kid: "1", typ: "at+jwt" }

/** A JWE in the compact form (RFC 7516, section 7.1). With `alg: "dir"` it has no encrypted key. */
const jwe = (header: unknown, encryptedKey = ""): string =>
  [encode(header), encryptedKey, encode("twelve bytes"), encode("ciphertext"), encode("a tag of sixteen")].join(".")

const auth0 = jwe(direct)
const openIddict = jwe(wrapped, encode("encrypted key"))
const description = "the token is encrypted: the client requested no audience, or the provider encrypts access tokens"

const rows: Readonly<Record<string, readonly [token: string, outcome: string]>> = {
  "with a shared key is encrypted": [auth0, "encrypted"],
  "with a wrapped key is encrypted": [openIddict, "encrypted"],
  "with an empty ciphertext is encrypted": [auth0.split(".").with(3, "").join("."), "encrypted"],
  "with a header that is not base64url is malformed": [auth0.replace(/^[^.]*/, "e"), "malformed"],
  "with a header that is not JSON is malformed": [jwe("{"), "malformed"],
  "with a header that is a list is malformed": [jwe([direct]), "malformed"],
  "with an empty header is malformed": [auth0.replace(/^[^.]*/, ""), "malformed"],
  "without enc is malformed": [jwe({ alg: "dir" }), "malformed"],
  "with an enc that is not a string is malformed": [jwe({ alg: "dir", enc: 1 }), "malformed"],
  "without alg is malformed": [jwe({ enc: "A256GCM" }), "malformed"],
  "with six parts is malformed": [`${auth0}.x`, "malformed"],
  "with four parts is malformed": [auth0.split(".").slice(0, 4).join("."), "malformed"],
  "with other characters is malformed": [`${auth0}=`, "malformed"],
  "in the JSON form is malformed": [JSON.stringify({ protected: encode(direct), ciphertext: "x" }), "malformed"],
  "with three parts is judged by its algorithm": [
    compact(direct, claims, hmac("x")),
    "unsupported-algorithm alg"
  ]
}

const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))

describe("an encrypted token, with signature verification alone", () => {
  for (const [rule, [token, expected]] of Object.entries(rows)) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const verify = yield* verifier(TokenVerifier.jwt())
        assert.strictEqual(yield* outcome(verify(token)), expected)
        assert.strictEqual(yield* provider.count(), 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("is refused with the reason and a remedy, and without the token", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.jwt())
      const error = yield* Effect.flip(verify(openIddict))
      assert.include(error.message, description)
      assert.include(error.message, "TokenVerifier.introspection")
      for (const part of openIddict.split(".")) assert.notInclude(printed(error), part)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is answered with 401, and the challenge has the reason if error details are shown", () =>
    Effect.gen(function*() {
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
      const auth = yield* FetchAuth.make({ resource, authorizationServers: [server], showErrorDetails: true })
      const request = (token: string) => new Request(resource, { headers: { authorization: `Bearer ${token}` } })
      const answered = Effect.fnUntraced(function*(token: string) {
        const decision = yield* auth.authenticate(request(token))
        return decision._tag === "Answered" ? decision.response : undefined
      })
      const answer = yield* answered(auth0)
      assert.strictEqual(answer?.status, 401)
      assert.include(
        answer?.headers.get("www-authenticate"),
        `error="invalid_token", error_description="${description}"`
      )
      // A bearer token cannot contain the characters of JSON (RFC 6750, section 2.1).
      assert.strictEqual((yield* answered(JSON.stringify({ ciphertext: "x" })))?.status, 400)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("an encrypted token, with introspection of opaque tokens", () => {
  const introspected = (method: TokenVerifier.Method) =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(method)
      assert.strictEqual(yield* elapse(outcome(verify(auth0))), "inactive")
      yield* provider.fault("introspection", Fault.document(() => ({ ...claims, active: true })))
      assert.strictEqual(yield* elapse(outcome(verify(openIddict))), "accepted")
      assert.strictEqual(yield* provider.count("introspection"), 2)
    }).pipe(Effect.provide(TestProvider.layer()))

  it.effect("is opaque, and is introspected", () => introspected(TokenVerifier.introspection({ authentication })))

  it.effect("is not handled by the signature verifier before the introspection", () =>
    introspected(TokenVerifier.firstOf(TokenVerifier.jwt(), TokenVerifier.introspection({ authentication }))))

  it.effect("is refused with its own reason if no method handles it", () =>
    Effect.gen(function*() {
      const apiKeys = TokenVerifier.custom(() => Effect.succeed(claims), {
        handles: (token) => token.startsWith("key_")
      })
      const verify = yield* verifier(TokenVerifier.firstOf(TokenVerifier.jwt(), apiKeys))
      assert.strictEqual(yield* outcome(verify(auth0)), "encrypted")
      assert.strictEqual(yield* outcome(verify("opaque")), "malformed")
    }).pipe(Effect.provide(TestProvider.layer())))
})
