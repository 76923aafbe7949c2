import { serveJson } from "@effect-mcp-auth/examples/loopback"
import { ExplainReport } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose"
import { start } from "./mcpAuth.ts"

const resource = "https://api.example.com/mcp"

/** The command as a user runs it, with the token on standard input. */
const explain = (token: string, ...args: ReadonlyArray<string>) =>
  start({ stdin: `${token}\n` }, "explain", "--resource", resource, "--allow-insecure-loopback", ...args)

/** A provider with one key, and a function that signs with it. */
const provider = Effect.gen(function*() {
  const { privateKey, publicKey } = yield* Effect.promise(() => generateKeyPair("ES256"))
  const key = { ...(yield* Effect.promise(() => exportJWK(publicKey))), kid: "1", alg: "ES256", use: "sig" }
  const { origin } = yield* serveJson((origin) => ({
    "/.well-known/oauth-authorization-server": {
      issuer: origin,
      response_types_supported: ["code"],
      jwks_uri: `${origin}/keys`
    },
    "/keys": { keys: [key] }
  }))
  const sign = (claims: JWTPayload = {}) => {
    const all = {
      iss: origin,
      sub: "ada",
      client_id: "client",
      aud: resource,
      scope: "notes:read",
      exp: 4_000_000_000,
      ...claims
    }
    const jwt = new SignJWT(all).setProtectedHeader({ alg: "ES256", kid: "1", typ: "at+jwt" })
    return Effect.promise(() => jwt.setIssuedAt().setJti("1").sign(privateKey))
  }
  return { issuer: origin, sign }
})

const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(ExplainReport.ExplainReport))

const policy = JSON.stringify({ allOf: [{ scopes: ["notes:write"] }, { not: { role: "guest" } }] })

describe("mcp-auth explain", () => {
  it.live("exits with 0 for a token that satisfies the policy, and prints its caller", () =>
    Effect.gen(function*() {
      const { issuer, sign } = yield* provider
      const token = yield* sign({ scope: "notes:read notes:write" })
      const { code, stderr, stdout } = yield* explain(token, "--issuer", issuer, "--policy", policy)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.include(stdout, "subject   ada")
      assert.include(stdout, "✓ scopes(\"notes:write\")")
      assert.include(stdout, "permitted")
    }))

  it.live("exits with 1 for a token that does not, and prints the response that a client would get", () =>
    Effect.gen(function*() {
      const { issuer, sign } = yield* provider
      const token = yield* sign()
      const { code, stdout } = yield* explain(token, "--issuer", issuer, "--policy", policy, "--format", "json")
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([code, report.verdict, report.answer?.status], [1, "refused", 403])
      assert.match(report.answer?.challenge ?? "", /^Bearer scope="notes:write", error="insufficient_scope"/)
      assert.deepStrictEqual(report.trace?.parts.map(({ outcome }) => outcome), ["no", "yes"])
      assert.deepStrictEqual(report.trace?.parts[0]?.missing, ["notes:write"])
    }))

  it.live("without --policy permits every valid token, and names that policy", () =>
    Effect.gen(function*() {
      const { issuer, sign } = yield* provider
      const { code, stdout } = yield* explain(yield* sign(), "--issuer", issuer, "--format", "json")
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([code, report.verdict, report.policy], [0, "permitted", "authenticated"])
      const other = yield* explain(yield* sign({ aud: "https://other.example" }), "--issuer", issuer)
      assert.strictEqual(other.code, 1)
    }))

  it.live("applies the scope hierarchy", () =>
    Effect.gen(function*() {
      const { issuer, sign } = yield* provider
      const rules = JSON.stringify({ "*:admin": ["*:write"] })
      const token = yield* sign({ scope: "notes:admin" })
      assert.strictEqual((yield* explain(token, "--issuer", issuer, "--policy", policy)).code, 1)
      assert.strictEqual((yield* explain(token, "--issuer", issuer, "--policy", policy, "--hierarchy", rules)).code, 0)
    }))

  it.live("prints why a token is not valid", () =>
    Effect.gen(function*() {
      const { issuer, sign } = yield* provider
      const token = yield* sign({ aud: "https://other.example" })
      const { code, stdout } = yield* explain(token, "--issuer", issuer, "--policy", policy, "--format", "json")
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([code, report.caller, report.answer?.status], [1, undefined, 401])
      assert.include(report.answer?.reason, "issued for another resource")
    }))

  it.live("prints that an encrypted token is encrypted, why, and what to do", () =>
    Effect.gen(function*() {
      const { issuer } = yield* provider
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
      const token = `${encode({ alg: "dir", enc: "A256GCM" })}..MTIzNDU2Nzg5MDEy.YWJj.MTIzNDU2Nzg5MDEyMzQ1Ng`
      const { code, stdout } = yield* explain(token, "--issuer", issuer, "--policy", policy, "--format", "json")
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([code, report.answer?.status], [1, 401])
      const reason = "the token is encrypted: the client requested no audience, or the provider encrypts access tokens"
      assert.include(report.answer?.reason, reason)
      assert.include(report.answer?.reason, "TokenVerifier.introspection")
    }))

  it.live("exits with 2 when the provider does not respond", () =>
    Effect.gen(function*() {
      const { sign } = yield* provider
      const issuer = "http://127.0.0.1:1"
      const { code, stdout } = yield* explain(yield* sign({ iss: issuer }), "--issuer", issuer, "--policy", policy)
      assert.strictEqual(code, 2)
      assert.include(stdout, "undetermined")
    }))

  it.live("never prints the token, whatever the result is", () =>
    Effect.gen(function*() {
      const { issuer, sign } = yield* provider
      const tokens = [yield* sign(), yield* sign({ exp: 1 }), `${yield* sign()}x`, "opaque-token"]
      for (const token of tokens) {
        for (const format of ["pretty", "json"]) {
          const { stderr, stdout } = yield* explain(token, "--issuer", issuer, "--policy", policy, "--format", format)
          for (const part of token.split(".")) assert.notInclude(stdout + stderr, part)
        }
      }
    }))

  it.live.each<[string, ReadonlyArray<string>]>([
    ["no issuer", ["--policy", policy]],
    ["an invalid policy", ["--issuer", "https://as.example.com", "--policy", "{\"scope\":[\"a\"]}"]],
    ["a policy with an unknown member", [
      "--issuer",
      "https://as.example.com",
      "--policy",
      "{\"scopes\":[\"a\"],\"scop\":[\"b\"]}"
    ]],
    ["an invalid issuer", ["--issuer", "https://as.example.com/../x", "--policy", policy]],
    ["an invalid hierarchy", [
      "--issuer",
      "https://as.example.com",
      "--policy",
      policy,
      "--hierarchy",
      "{\"a\":[\"b\"],\"b\":[\"a\"]}"
    ]]
  ])("exits with 64 for %s", ([, args]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* explain("token", ...args)
      assert.strictEqual(code, 64)
      assert.notStrictEqual(stderr, "")
    }))
})
