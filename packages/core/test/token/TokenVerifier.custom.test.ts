import { ClientAuthentication, TokenError, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Redacted, Schema } from "effect"
import { claims, issuer, now, outcome, resource, verifier } from "./harness.ts"

const good = { sub: "user-1", aud: resource, exp: now + 60, scope: "a b" }

const others = "https://other.test"

class NoConnection extends Schema.TaggedError<NoConnection>()("NoConnection", {}) {}

class Users extends Context.Service<Users, ReadonlyMap<string, string>>()(
  "@effect-mcp-auth/core/test/token/TokenVerifier.custom.test/Users"
) {}

describe("custom: what an effect says", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, says: Effect.Effect<object | undefined, unknown>, outcome: string]
  > = [
    ["claims are accepted", Effect.succeed(good), "accepted"],
    ["no claims are a refusal", Effect.succeed(undefined), "rejected"],
    [
      "an invalid token is that answer",
      Effect.fail(new TokenError.InvalidToken({ reason: "expired", claim: "x" })),
      "expired x"
    ],
    [
      "too few scopes are that answer",
      Effect.fail(new TokenError.InsufficientScope({ required: ["a"], granted: [] })),
      "InsufficientScope"
    ],
    ["an outage is that answer", Effect.fail(new TokenError.VerificationUnavailable({})), "VerificationUnavailable"],
    ["another failure is an outage", Effect.fail(new NoConnection()), "VerificationUnavailable"],
    ["a failure that is no error is an outage", Effect.fail("no connection"), "VerificationUnavailable"],
    [
      "a failure that only looks like an answer is an outage",
      Effect.fail({ _tag: "InvalidToken", reason: "expired" }),
      "VerificationUnavailable"
    ],
    [
      "missing credentials are no answer about a token",
      Effect.fail(new TokenError.MissingCredentials()),
      "VerificationUnavailable"
    ],
    ["a defect is an outage", Effect.die(new Error("bug")), "VerificationUnavailable"],
    ["a list is no claims", Effect.succeed([good]), "VerificationUnavailable"],
    ["claims that are no JSON are none", Effect.succeed({ ...good, exp: BigInt(now + 60) }), "VerificationUnavailable"],
    ["exp of infinity is no JSON", Effect.succeed({ ...good, exp: Infinity }), "VerificationUnavailable"]
  ]
  for (const [rule, says, expected] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const verify = yield* verifier(TokenVerifier.custom(() => says))
        assert.strictEqual(yield* outcome(verify("key")), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a function that throws is an outage", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom((): Effect.Effect<object> => {
        throw new Error("bug")
      }))
      const error = yield* Effect.flip(verify("key"))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.notInclude(error.message, "bug")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an interruption stays one", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.never))
      const fiber = yield* Effect.forkChild(verify("key"))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("what the effect needs is taken when the verifier is built", () =>
    Effect.gen(function*() {
      const method = TokenVerifier.custom((token) =>
        Effect.map(Users, (users) => {
          const sub = users.get(Redacted.value(token))
          return sub === undefined ? undefined : { ...good, sub }
        })
      )
      const verify = yield* Effect.provideService(verifier(method), Users, new Map([["key-1", "ada"]]))
      assert.strictEqual((yield* verify("key-1")).subject, "ada")
      assert.strictEqual(yield* outcome(verify("key-2")), "rejected")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("custom: claims are held to the rules", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, claims: object, outcome: string, options?: TokenVerifier.CustomOptions]
  > = [
    ["an audience is demanded, and undefined is none", { ...good, aud: undefined }, "wrong-audience aud"],
    ["a token for nobody is refused", { sub: "a", exp: now + 60 }, "wrong-audience aud"],
    ["a token for another resource is refused", { ...good, aud: others }, "wrong-audience aud"],
    ["an expiry is demanded", { sub: "a", aud: resource }, "missing-claim exp"],
    ["unless told otherwise", { sub: "a", aud: resource }, "accepted", { acceptWithoutExpiry: true }],
    ["an expired token is refused", { ...good, exp: now - 60 }, "expired exp"],
    ["also when none is demanded", { ...good, exp: now - 60 }, "expired exp", { acceptWithoutExpiry: true }],
    ["a token that is not valid yet is refused", { ...good, nbf: now + 60 }, "not-yet-valid nbf"],
    ["a token of the future is refused", { ...good, iat: now + 60 }, "issued-in-future iat"],
    ["a token that is bound to a key is refused", { ...good, cnf: { jkt: "x" } }, "sender-constrained cnf"],
    ["the trusted issuer is accepted", { ...good, iss: issuer }, "accepted"],
    ["another issuer is refused", { ...good, iss: others }, "unknown-issuer iss"],
    ["an issuer that is no string is refused", { ...good, iss: 1 }, "missing-claim iss"],
    ["an issuer that is null is refused", { ...good, iss: null }, "missing-claim iss"]
  ]
  for (const [rule, claims, expected, options] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(claims), options))
        assert.strictEqual(yield* outcome(verify("key")), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("without an issuer the only trusted server is meant", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(good)))
      const info = yield* verify("key")
      assert.strictEqual(info.issuer, issuer)
      assert.deepStrictEqual([...info.scopes], ["a", "b"])
      assert.strictEqual(Redacted.value(info.token), "key")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("of several servers one must be named", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(
        TokenVerifier.custom((token) =>
          Effect.succeed(Redacted.value(token) === "named" ? { ...good, iss: others } : good)
        ),
        [issuer, others]
      )
      assert.strictEqual(yield* outcome(verify("key")), "missing-claim iss")
      assert.strictEqual((yield* verify("named")).issuer, others)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("without a trusted server nothing is accepted", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(good)), [])
      assert.strictEqual(yield* outcome(verify("key")), "missing-claim iss")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("firstOf", () => {
  const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("secret"))
  const apiKeys = TokenVerifier.custom(
    (token) => Effect.succeed(Redacted.value(token) === "key_1" ? { ...good, sub: "api" } : undefined),
    { handles: (token) => token.startsWith("key_") }
  )
  const method = TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt(), TokenVerifier.introspection({ authentication }))

  const scenario = Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    return { provider, verify: yield* verifier(method), asked: provider.count("introspection") }
  })

  it.effect("the looks of a token choose the method", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario
      assert.strictEqual((yield* verify("key_1")).subject, "api")
      assert.strictEqual((yield* verify(yield* provider.mint())).subject, "user-1")
      assert.strictEqual(yield* asked, 0)
      assert.strictEqual((yield* verify(yield* provider.mintOpaque())).subject, "user-1")
      assert.strictEqual(yield* asked, 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  const refusals: ReadonlyArray<
    readonly [
      rule: string,
      token: (provider: TestProvider.TestProvider["Service"]) => Effect.Effect<string>,
      outcome: string
    ]
  > = [
    ["a JWT that has expired is not introspected", (provider) => provider.mint({ expiresIn: -60 }), "expired exp"],
    ["a JWT that is forged is not introspected", (provider) => provider.mint({ forged: true }), "bad-signature"],
    [
      "a JWT of another issuer is not introspected",
      (provider) => provider.mint({ claims: { iss: others } }),
      "unknown-issuer iss"
    ],
    ["a JWT without a signature is not introspected", () => Effect.succeed("e30.e30."), "malformed"],
    ["an API key that is refused is not introspected", () => Effect.succeed("key_2"), "rejected"]
  ]
  for (const [rule, tokenOf, expected] of refusals) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { asked, provider, verify } = yield* scenario
        assert.strictEqual(yield* outcome(verify(yield* tokenOf(provider))), expected)
        assert.strictEqual(yield* asked, 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a token that nobody handles is malformed", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt()))
      assert.strictEqual(yield* outcome(verify("opaque")), "malformed")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a member that cannot be built lets none be built", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(verifier(TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt({ algorithms: [] }))))
      assert.strictEqual(error._tag, "InvalidVerifier")
    }).pipe(Effect.provide(TestProvider.layer())))

  it("handles what its members handle, and has their names", () => {
    const pair = TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt())
    assert.isTrue(pair.handles("key_1"))
    assert.isTrue(pair.handles("a.b.c"))
    assert.isFalse(pair.handles("opaque"))
    assert.strictEqual(pair.name, "custom or jwt")
  })

  const looks: ReadonlyArray<readonly [token: string, isJwt: boolean]> = [
    ["a.b.c", true],
    ["a.b.", true],
    ["a.b", false],
    ["a.b.c.d", false],
    ["a.b.c.d.e", false],
    [".b.c", false],
    ["a..c", false],
    ["a.b.c=", false],
    ["a.b.c\n", false],
    ["", false]
  ]
  for (const [token, isJwt] of looks) {
    it(`${JSON.stringify(token)} ${isJwt ? "looks" : "does not look"} like a JWT`, () => {
      assert.strictEqual(TokenVerifier.jwt().handles(token), isJwt)
    })
  }
})

it.effect("three methods end in the same words", () =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("secret"))
    const methods = [
      TokenVerifier.jwt(),
      TokenVerifier.introspection({ authentication }),
      TokenVerifier.custom(() => Effect.succeed(claims))
    ]
    const infos = yield* Effect.forEach(
      methods,
      Effect.fnUntraced(function*(method) {
        const verify = yield* verifier(method)
        const { claims: _, token: __, ...info } = yield* verify(yield* provider.mint())
        return info
      })
    )
    assert.deepStrictEqual(infos[0], infos[1])
    assert.deepStrictEqual(infos[1], infos[2])
  }).pipe(Effect.provide(TestProvider.layer())))
