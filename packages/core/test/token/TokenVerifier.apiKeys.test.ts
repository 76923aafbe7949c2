import { ApiKey, AuthInfo, AuthorizationServer, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Logger, Metric, Redacted, References, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as Crypto from "node:crypto"
import { issuer, now, outcome, printed, resource, verifier } from "./harness.ts"

const secret = "mcp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"

const sha256 = (key: string): string => Crypto.createHash("sha256").update(key).digest("hex")

// @effect-diagnostics-next-line globalDate:off
const invalidDate = new Date(NaN)

const at = (seconds: number) => DateTime.makeUnsafe((now + seconds) * 1000)

const stored = (changes: Partial<ApiKey.ApiKey> = {}): ApiKey.ApiKey => ({
  id: "ci-2026",
  hash: sha256(secret),
  subject: "ci",
  scopes: ["notes:read", "notes:write"],
  ...changes
})

/** A verifier with these keys, and no authorization server. */
const verifying = (...keys: ReadonlyArray<ApiKey.ApiKey>) => verifier(TokenVerifier.apiKeys({ keys }), [])

describe("a presented API key", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, presented: string, key: Partial<ApiKey.ApiKey>, outcome: string]
  > = [
    ["that is stored is accepted", secret, {}, "accepted"],
    ["whose hash is stored in upper case is accepted", secret, { hash: sha256(secret).toUpperCase() }, "accepted"],
    ["that is not stored is refused", secret.replace("g", "h"), {}, "unknown-api-key"],
    ["that is the prefix alone is refused", "mcp_", {}, "unknown-api-key"],
    ["that is empty is refused", "", {}, "unknown-api-key"],
    ["that is the hash itself is refused", sha256(secret), {}, "unknown-api-key"],
    ["in another case is refused", secret.toUpperCase(), {}, "unknown-api-key"],
    ["with a character more is refused", `${secret}g`, {}, "unknown-api-key"],
    ["with a character less is refused", secret.slice(0, -1), {}, "unknown-api-key"],
    ["of 16 KiB is refused", `mcp_${"a".repeat(16 * 1024)}`, {}, "unknown-api-key"],
    ["that expires in a second is accepted", secret, { expiresAt: at(1) }, "accepted"],
    ["that expires now is refused", secret, { expiresAt: at(0) }, "expired"],
    ["that has expired is refused", secret, { expiresAt: at(-1) }, "expired"],
    ["whose expiry is a Date is refused from then on", secret, { expiresAt: DateTime.toDateUtc(at(0)) }, "expired"],
    ["that is enabled from now on is accepted", secret, { enabledFrom: at(0) }, "accepted"],
    ["that is enabled in a second is refused", secret, { enabledFrom: at(1) }, "not-yet-valid"],
    [
      "whose start is a Date is refused until then",
      secret,
      { enabledFrom: DateTime.toDateUtc(at(1)) },
      "not-yet-valid"
    ]
  ]
  for (const [rule, presented, key, expected] of rows) {
    it.effect(`${rule}`, () =>
      Effect.gen(function*() {
        const verify = yield* verifying(stored(key), stored({ id: "other", hash: sha256("mcp_other") }))
        assert.strictEqual(yield* outcome(verify(presented)), expected)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("expires while the server runs", () =>
    Effect.gen(function*() {
      const verify = yield* verifying(stored({ expiresAt: at(60) }))
      assert.strictEqual(yield* outcome(verify(secret)), "accepted")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* outcome(verify(secret)), "expired")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("becomes an AuthInfo with its owner, its scopes and its ID", () =>
    Effect.gen(function*() {
      const verify = yield* verifying(stored({ expiresAt: at(60), claims: { roles: ["admin"] } }))
      const { token, ...info } = yield* verify(secret)
      assert.strictEqual(Redacted.value(token), secret)
      assert.deepStrictEqual(info, {
        issuer: "urn:effect-mcp-auth:api-keys",
        subject: "ci",
        clientId: undefined,
        scopes: new Set(["notes:read", "notes:write"]),
        audience: [resource],
        expiresAt: now + 60,
        claims: {
          roles: ["admin"],
          iss: "urn:effect-mcp-auth:api-keys",
          sub: "ci",
          aud: resource,
          scope: "notes:read notes:write",
          api_key_id: "ci-2026",
          exp: now + 60
        }
      })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is never in an error, and the ID of a known key is", () =>
    Effect.gen(function*() {
      const verify = yield* verifying(stored({ expiresAt: at(-1) }))
      const expired = yield* Effect.flip(verify(secret))
      assert.include(expired.message, "the access token has expired, API key \"ci-2026\"")
      assert.notInclude(printed(expired), secret)
      const unknown = yield* Effect.flip(verify("mcp_unknown"))
      assert.strictEqual(unknown.message, "the API key is not known")
      assert.notInclude(printed(unknown), "mcp_unknown")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is logged by its ID, and never itself", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ fiber, message }) => {
        lines.push(JSON.stringify([message, fiber.getRef(References.CurrentLogAnnotations)]))
      })
      const verify = yield* verifying(stored())
      yield* verify(secret).pipe(
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "All")
      )
      assert.deepStrictEqual(lines, [JSON.stringify([["API key accepted"], { api_key_id: "ci-2026" }])])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is counted by its ID and result, and an unknown one has no series", () =>
    Effect.gen(function*() {
      const [old, next] = ["mcp_counted_old", "mcp_counted_next"]
      const verify = yield* verifying(
        stored({ id: "counted-old", hash: sha256(old), expiresAt: at(60) }),
        stored({ id: "counted-next", hash: sha256(next), enabledFrom: at(30) })
      )
      for (const wait of [0, 30, 30]) {
        yield* TestClock.adjust(`${wait} seconds`)
        for (const key of [old, next, "mcp_counted_unknown"]) yield* outcome(verify(key))
      }
      const series = (yield* Metric.snapshot).flatMap((metric) =>
        metric.id === "mcp_auth_api_keys_total" && metric.type === "Counter"
          ? [[metric.attributes?.["api_key_id"], metric.attributes?.["result"], metric.state.count] as const]
          : []
      )
      assert.deepStrictEqual(series.filter(([id]) => id?.startsWith("counted") ?? true).toSorted(), [
        ["counted-next", "accepted", 2],
        ["counted-next", "not-yet-valid", 1],
        ["counted-old", "accepted", 2],
        ["counted-old", "expired", 1]
      ])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("during a rotation is the same principal as the key that replaces it", () =>
    Effect.gen(function*() {
      const next = "mcp_next"
      const verify = yield* verifying(stored(), stored({ id: "ci-2027", hash: sha256(next), enabledFrom: at(0) }))
      assert.strictEqual(AuthInfo.principal(yield* verify(secret)), AuthInfo.principal(yield* verify(next)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of one table is another principal than the same subject of another table", () =>
    Effect.gen(function*() {
      const other = TokenVerifier.apiKeys({ keys: [stored()], issuer: "urn:example:partners" })
      const verify = yield* verifying(stored())
      const verifyOther = yield* verifier(other, [])
      assert.notStrictEqual(AuthInfo.principal(yield* verify(secret)), AuthInfo.principal(yield* verifyOther(secret)))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("an effect that finds API keys", () => {
  class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {}) {}

  const rows: ReadonlyArray<
    readonly [rule: string, found: Effect.Effect<ApiKey.ApiKey | undefined, unknown>, outcome: string]
  > = [
    ["a key is accepted", Effect.succeed(stored()), "accepted"],
    ["no key is an unknown key", Effect.succeed(undefined), "unknown-api-key"],
    [
      "a key with another hash is refused",
      Effect.succeed(stored({ hash: sha256("mcp_other") })),
      "unknown-api-key"
    ],
    ["an expired key is refused", Effect.succeed(stored({ expiresAt: at(0) })), "expired"],
    ["a failure is an outage", Effect.fail(new Unreachable()), "VerificationUnavailable"],
    ["a defect is an outage", Effect.die("bug"), "VerificationUnavailable"],
    ["a key without an ID is an outage", Effect.succeed(stored({ id: "" })), "VerificationUnavailable"],
    [
      "a key with an invalid time is an outage",
      Effect.succeed(stored({ expiresAt: invalidDate })),
      "VerificationUnavailable"
    ]
  ]
  for (const [rule, found, expected] of rows) {
    it.effect(`is called for each request: ${rule}`, () =>
      Effect.gen(function*() {
        const verify = yield* verifier(TokenVerifier.apiKeys({ keys: () => found }), [])
        assert.strictEqual(yield* outcome(verify(secret)), expected)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("gets the hash alone, and its services when the verifier is built", () =>
    Effect.gen(function*() {
      class Table extends Context.Service<Table, ReadonlyMap<string, ApiKey.ApiKey>>()(
        "@effect-mcp-auth/core/test/token/TokenVerifier.apiKeys.test/Table"
      ) {}
      const asked: Array<string> = []
      const method = TokenVerifier.apiKeys({
        keys: (hash) =>
          Effect.map(Table, (table) => {
            asked.push(hash)
            return table.get(hash)
          })
      })
      const table = new Map([[sha256(secret), stored()]])
      const verify = yield* Effect.provideService(verifier(method, []), Table, table)
      assert.strictEqual((yield* verify(secret)).subject, "ci")
      assert.deepStrictEqual(asked, [sha256(secret)])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("options for API keys", () => {
  const rows: ReadonlyArray<readonly [rule: string, options: TokenVerifier.ApiKeyOptions, message: string]> = [
    ["no key", { keys: [] }, "`keys` is empty"],
    ["a key in place of its hash", { keys: [stored({ hash: secret })] }, "keys[0]: `hash` must have 64"],
    ["a short hash", { keys: [stored({ hash: sha256(secret).slice(1) })] }, "keys[0]: `hash` must have 64"],
    ["an empty ID", { keys: [stored({ id: "" })] }, "keys[0]: `id` is empty"],
    ["an empty subject", { keys: [stored({ subject: "" })] }, "keys[0]: `subject` is empty"],
    ["two scopes in one string", { keys: [stored({ scopes: ["a b"] })] }, "keys[0]: `scopes`"],
    ["an empty scope", { keys: [stored({ scopes: [""] })] }, "keys[0]: `scopes`"],
    ["an expiry that is not a time", { keys: [stored({ expiresAt: invalidDate })] }, "is not a time"],
    ["a start that is not a time", { keys: [stored({ enabledFrom: invalidDate })] }, "is not a time"],
    ["a claim of its own", { keys: [stored({ claims: { exp: 1 } })] }, "`claims` must not have `exp`"],
    [
      "two keys with one ID",
      { keys: [stored(), stored({ hash: sha256("mcp_other") })] },
      "keys[1]: another key has the same"
    ],
    [
      "two keys with one hash, in another case",
      { keys: [stored(), stored({ id: "other", hash: sha256(secret).toUpperCase() })] },
      "keys[1]: another key has the same"
    ],
    ["an empty prefix", { keys: [stored()], prefix: "" }, "`prefix` must have 3 to 32"],
    ["a prefix of JWTs", { keys: [stored()], prefix: "eyJ" }, "`prefix` must have 3 to 32"],
    ["a prefix with a space", { keys: [stored()], prefix: "my key" }, "`prefix` must have 3 to 32"],
    ["an issuer that is a URL", { keys: [stored()], issuer }, "`issuer` must begin with"]
  ]
  for (const [rule, options, message] of rows) {
    it.effect(`with ${rule} are an error that says what to change`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(TokenVerifier.apiKeys(options).make({ resource, authorizationServers: [] }))
        assert.include(error.message, message)
        assert.notInclude(printed(error), secret)
      }).pipe(Effect.scoped))
  }
})

describe("API keys beside other tokens", () => {
  const method = TokenVerifier.firstOf(TokenVerifier.apiKeys({ keys: [stored()] }), TokenVerifier.jwt())

  it.effect("are chosen by their prefix, and JWTs by their form", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(method)
      assert.strictEqual(yield* outcome(verify(secret)), "accepted")
      assert.strictEqual(yield* outcome(verify(yield* provider.mint())), "accepted")
      assert.strictEqual(yield* outcome(verify("mcp_unknown")), "unknown-api-key")
      assert.strictEqual(yield* outcome(verify("sk_unknown")), "malformed")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const partners = (prefix?: string) =>
    TokenVerifier.apiKeys({
      keys: [stored({ hash: sha256(`${prefix ?? "mcp_"}partner`) })],
      issuer: "urn:partners",
      prefix
    })
  const anyForm = TokenVerifier.custom(() => Effect.succeed(undefined))

  const hidden: ReadonlyArray<readonly [rule: string, method: TokenVerifier.Method<never>]> = [
    [
      "another table with the same prefix",
      TokenVerifier.firstOf(TokenVerifier.apiKeys({ keys: [stored()] }), partners())
    ],
    [
      "another table with the beginning of the prefix",
      TokenVerifier.firstOf(TokenVerifier.apiKeys({ keys: [stored()] }), partners("mcp_partner_"))
    ],
    ["a method for tokens of any form", TokenVerifier.firstOf(anyForm, partners())],
    [
      "a method for tokens of any form, within several methods",
      TokenVerifier.firstOf(anyForm, TokenVerifier.firstOf(partners(), partners("par_")))
    ]
  ]
  for (const [rule, hiding] of hidden) {
    it.effect(`are an error behind ${rule}, which would get the keys`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(hiding.make({ resource, authorizationServers: [] })))
        assert.strictEqual(error.reason, "hidden-api-keys")
        assert.include(error.message, "prefix")
      }))
  }

  it.effect("are accepted from several tables, each with a prefix of its own", () =>
    Effect.gen(function*() {
      const tables = TokenVerifier.firstOf(
        partners("mcp_partner_"),
        TokenVerifier.apiKeys({ keys: [stored()] }),
        anyForm
      )
      const verify = yield* verifier(tables, [])
      assert.strictEqual((yield* verify("mcp_partner_partner")).issuer, "urn:partners")
      assert.strictEqual((yield* verify(secret)).issuer, ApiKey.issuer)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it("need an authorization server if another method does", () => {
    assert.isTrue(method.needsAuthorizationServer)
    assert.isFalse(TokenVerifier.firstOf(TokenVerifier.apiKeys({ keys: [] })).needsAuthorizationServer)
  })

  it.effect("have a subject that no token of an issuer can have as its principal", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(method)
      const byToken = yield* verify(yield* provider.mint({ claims: { sub: "ci", client_id: undefined } }))
      assert.notStrictEqual(AuthInfo.principal(byToken), AuthInfo.principal(yield* verify(secret)))
      assert.isTrue(
        (yield* Effect.flip(AuthorizationServer.discover(ApiKey.issuer)))._tag === "InvalidIssuer"
      )
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a generated API key", () => {
  it.effect("has a prefix, 256 bits of entropy in letters and digits, and its SHA-256 digest", () =>
    Effect.gen(function*() {
      const all = yield* Effect.replicateEffect(ApiKey.generate(), 100)
      const keys = all.map(({ key }) => Redacted.value(key))
      for (const [index, key] of keys.entries()) {
        assert.match(key, /^mcp_[0-9A-Za-z]{43}$/)
        assert.strictEqual(all[index]?.hash, sha256(key))
      }
      assert.strictEqual(new Set(keys).size, 100)
      const characters = new Set(keys.join(""))
      assert.strictEqual(characters.size, 63)
    }).pipe(Effect.provide(SecureRandom.layerWebCrypto)))

  it.effect("can have another prefix, and does not print", () =>
    Effect.gen(function*() {
      const generated = yield* ApiKey.generate("notes_live_")
      assert.isTrue(Redacted.value(generated.key).startsWith("notes_live_"))
      assert.notInclude(printed(generated), Redacted.value(generated.key))
    }).pipe(Effect.provide(SecureRandom.layerWebCrypto)))
})
