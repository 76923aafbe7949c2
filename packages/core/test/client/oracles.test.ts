/** oauth4webapi, a certified implementation, judges what this one computes. */
import { ClientAuthentication } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import * as Jose from "jose"
import * as oauth from "oauth4webapi"
import { judgeResponse } from "../../src/client/internal/authorizationResponse.ts"
import { makeDpop } from "../../src/client/internal/dpop.ts"
import { codeChallenge, randomText } from "../../src/client/internal/random.ts"

const text = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals([..."aZ0-._~ +/:%&=?#@\"\\é漢😀"])), { maxLength: 12 }),
  (parts) => parts.join("")
)

describe("PKCE", () => {
  it.effect("has the challenge of RFC 7636, appendix B", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* codeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
      )
    }))

  it.effect.prop(
    "has the challenge that oauth4webapi computes, for every verifier",
    [text],
    ([verifier]) =>
      Effect.gen(function*() {
        if (verifier === "") return
        const expected = yield* Effect.promise(() => oauth.calculatePKCECodeChallenge(verifier))
        assert.strictEqual(yield* codeChallenge(verifier), expected)
      })
  )

  it.effect("has verifiers and states of 43 characters that are never the same", () =>
    Effect.gen(function*() {
      const all = yield* Effect.all(Array.from({ length: 100 }, () => randomText(32)))
      assert.isTrue(all.every((one) => /^[A-Za-z0-9_-]{43}$/.test(one)))
      assert.strictEqual(new Set(all).size, 100)
    }))
})

describe("client authentication", () => {
  /** The request that oauth4webapi sends. */
  const requestOf = (client: oauth.Client, authentication: oauth.ClientAuth) =>
    Effect.promise(async () => {
      let sent: { headers: Record<string, string>; body: string } | undefined
      await oauth.clientCredentialsGrantRequest(
        { issuer: "https://as.test", token_endpoint: "https://as.test/token" },
        client,
        authentication,
        {},
        {
          [oauth.customFetch]: (_url, { body, headers }) => {
            sent = { headers, body: String(body) }
            return Promise.resolve(new Response())
          }
        }
      )
      return sent
    })

  it.effect.prop(
    "encodes Basic credentials, forms and public clients as oauth4webapi does",
    [text, text],
    ([id, secret]) =>
      Effect.gen(function*() {
        if (id === "" || secret === "") return
        const client = { client_id: id }
        const basic = yield* requestOf(client, oauth.ClientSecretBasic(secret))
        const { headers } = yield* ClientAuthentication.clientSecretBasic(id, Redacted.make(secret)).prove(
          "https://as.test"
        )
        // Both encode what RFC 6749 wants. oauth4webapi also encodes `-`, `.`, `_` and `~`, which decode to the same.
        const decoded = (header: string | undefined) =>
          atob((header ?? "").slice("Basic ".length)).split(":").map((one) =>
            decodeURIComponent(one.replaceAll("+", " "))
          )
        assert.deepStrictEqual(decoded(headers["authorization"]), decoded(basic?.headers["authorization"]))
        assert.deepStrictEqual(decoded(headers["authorization"]), [id, secret])
        const post = yield* requestOf(client, oauth.ClientSecretPost(secret))
        const { form } = yield* ClientAuthentication.clientSecretPost(id, Redacted.make(secret)).prove(
          "https://as.test"
        )
        const expected = Object.fromEntries(new URLSearchParams(post?.body))
        assert.deepStrictEqual({ ...form, grant_type: "client_credentials" }, expected)
        const none = yield* requestOf(client, oauth.None())
        const proof = yield* ClientAuthentication.none(id).prove("https://as.test")
        assert.deepStrictEqual(proof.headers, {})
        assert.deepStrictEqual(
          { ...proof.form, grant_type: "client_credentials" },
          Object.fromEntries(new URLSearchParams(none?.body))
        )
      })
  )
})

const issuers = ["https://as.test", "https://as.test/", "https://AS.test", "https://evil.test"]
const maybe = (...values: ReadonlyArray<string>) => Arbitrary.schema(Schema.Literals(["absent", ...values]))

describe("authorization responses", () => {
  const parts = Arbitrary.all([
    maybe("s1", "s2", ""),
    maybe(...issuers),
    maybe("c1"),
    maybe("access_denied"),
    Arbitrary.schema(Schema.Boolean),
    maybe("state", "iss", "code", "error")
  ])

  it.effect.prop("are accepted exactly where oauth4webapi accepts them", [parts], ([parts]) =>
    Effect.gen(function*() {
      const [state, iss, code, error, namesIssuer, twice] = parts
      const response = new URLSearchParams()
      for (const [name, value] of Object.entries({ state, iss, code, error })) {
        if (value !== "absent") response.append(name, value)
      }
      const repeated = response.get(twice)
      if (repeated !== null) response.append(twice, repeated)
      const [issuer = ""] = issuers
      const judged = judgeResponse({ issuer, namesIssuer, state: "s1" }, response)
      const server = { issuer, authorization_response_iss_parameter_supported: namesIssuer }
      const expected = yield* Effect.exit(
        Effect.try(() => oauth.validateAuthResponse(server, { client_id: "c" }, response, "s1").get("code"))
      )
      // Without a code there is nothing to accept; oauth4webapi says so one step later. It takes the first of two codes,
      // and this client refuses both (RFC 6749, section 3.1).
      const isRepeated = twice === "code" && repeated !== null
      const accepted = expected._tag === "Success" && !isRepeated ? expected.value ?? undefined : undefined
      assert.strictEqual(Result.isSuccess(judged) ? judged.success : undefined, accepted)
    }), { arbitrary: { runs: 500 } })
})

describe("DPoP", () => {
  it.effect("makes proofs that oauth4webapi accepts, each of them once, with the nonce of the server", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_800_000_000_000)
      const dpop = yield* makeDpop
      const url = "https://api.test/mcp"
      const proofs = new Set<string>()
      for (const nonce of [undefined, "n1", "n2"]) {
        dpop.keepNonce(url, nonce)
        const proof = yield* dpop.proof("POST", `${url}?x=1#y`, { token: "at", body: new TextEncoder().encode("{}") })
        proofs.add(proof)
        const header = Jose.decodeProtectedHeader(proof)
        assert.deepStrictEqual([header.typ, header.alg, "d" in (header.jwk ?? {})], ["dpop+jwt", "ES256", false])
        const { payload } = yield* Effect.promise(() => Jose.jwtVerify(proof, Jose.EmbeddedJWK))
        assert.deepStrictEqual(
          [payload["htm"], payload["htu"], payload.iat, payload["nonce"]],
          ["POST", url, 1_800_000_000, nonce]
        )
        assert.strictEqual(payload["ath"], yield* codeChallenge("at"))
        assert.strictEqual(payload["content_digest"], `sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:`)
      }
      assert.strictEqual(proofs.size, 3)
    }))

  it.effect("keeps the nonces of each origin apart, and no endless number of them", () =>
    Effect.gen(function*() {
      const dpop = yield* makeDpop
      const nonceAt = (url: string) => Effect.map(dpop.proof("GET", url), (proof) => Jose.decodeJwt(proof)["nonce"])
      dpop.keepNonce("https://a.test/x", "a")
      dpop.keepNonce("https://b.test/x", "x".repeat(10_000))
      assert.deepStrictEqual([yield* nonceAt("https://a.test/y"), yield* nonceAt("https://b.test/")], ["a", undefined])
      for (let n = 0; n < 100; n++) dpop.keepNonce(`https://n${n}.test/`, "n")
      assert.strictEqual(yield* nonceAt("https://n99.test/"), undefined)
      assert.strictEqual(yield* nonceAt("https://a.test/y"), "a")
    }))
})
