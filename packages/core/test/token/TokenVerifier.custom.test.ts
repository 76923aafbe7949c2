import { ClientAuthentication, TokenError, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Fiber, Redacted, Schema } from "effect"
import { claims, issuer, now, outcome, resource, verifier } from "./harness.ts"

const good = { sub: "user-1", aud: resource, exp: now + 60, scope: "a b" }

const others = "https://other.test"

class NoConnection extends Schema.TaggedError<NoConnection>()("NoConnection", {}) {}

class Users extends Context.Service<Users, ReadonlyMap<string, string>>()(
  "@effect-mcp-auth/core/test/token/TokenVerifier.custom.test/Users"
) {}

describe("custom: the result of the effect", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, says: Effect.Effect<object | undefined, unknown>, outcome: string]
  > = [
    ["claims are accepted", Effect.succeed(good), "accepted"],
    ["no claims refuse the token", Effect.succeed(undefined), "rejected"],
    [
      "an invalid token is passed on",
      Effect.fail(new TokenError.InvalidToken({ reason: "expired", claim: "x" })),
      "expired x"
    ],
    [
      "insufficient scopes are passed on",
      Effect.fail(new TokenError.InsufficientScope({ required: ["a"], granted: [] })),
      "InsufficientScope"
    ],
    ["an outage is passed on", Effect.fail(new TokenError.VerificationUnavailable({})), "VerificationUnavailable"],
    ["another failure counts as an outage", Effect.fail(new NoConnection()), "VerificationUnavailable"],
    ["a failure that is not an error counts as an outage", Effect.fail("no connection"), "VerificationUnavailable"],
    [
      "a failure that only resembles a TokenError counts as an outage",
      Effect.fail({ _tag: "InvalidToken", reason: "expired" }),
      "VerificationUnavailable"
    ],
    [
      "missing credentials are not a result about a token, and count as an outage",
      Effect.fail(new TokenError.MissingCredentials()),
      "VerificationUnavailable"
    ],
    ["a defect counts as an outage", Effect.die(new Error("bug")), "VerificationUnavailable"],
    ["a list instead of claims is refused", Effect.succeed([good]), "VerificationUnavailable"],
    [
      "claims that are not JSON are refused",
      Effect.succeed({ ...good, exp: BigInt(now + 60) }),
      "VerificationUnavailable"
    ],
    ["an exp of infinity is not JSON", Effect.succeed({ ...good, exp: Infinity }), "VerificationUnavailable"]
  ]
  for (const [rule, says, expected] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const verify = yield* verifier(TokenVerifier.custom(() => says))
        assert.strictEqual(yield* outcome(verify("key")), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("an outage is passed on as it is, with the time until the next attempt", () =>
    Effect.gen(function*() {
      const outage = new TokenError.VerificationUnavailable({ issuer, retryAfter: Duration.seconds(5) })
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.fail(outage)))
      assert.strictEqual(yield* Effect.flip(verify("key")), outage)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an effect that interrupts itself interrupts the verification and refuses no token", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.interrupt))
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(verify("key"))))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a function that throws counts as an outage", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom((): Effect.Effect<object> => {
        throw new Error("bug")
      }))
      const error = yield* Effect.flip(verify("key"))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.notInclude(error.message, "bug")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an interruption stays an interruption", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.never))
      const fiber = yield* Effect.forkChild(verify("key"))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("the services of the effect are provided when the verifier is built", () =>
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

describe("custom: the claims are validated", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, claims: object, outcome: string, options?: TokenVerifier.CustomOptions]
  > = [
    ["an audience is required, and undefined counts as absent", { ...good, aud: undefined }, "wrong-audience aud"],
    ["a token without an audience is refused", { sub: "a", exp: now + 60 }, "wrong-audience aud"],
    ["a token for another resource is refused", { ...good, aud: others }, "wrong-audience aud"],
    ["an expiry is required", { sub: "a", aud: resource }, "missing-claim exp"],
    ["an expiry is optional if the options say so", { sub: "a", aud: resource }, "accepted", {
      acceptWithoutExpiry: true
    }],
    ["an expired token is refused", { ...good, exp: now - 60 }, "expired exp"],
    ["an expired token is refused even if the expiry is optional", { ...good, exp: now - 60 }, "expired exp", {
      acceptWithoutExpiry: true
    }],
    ["a token that is not valid yet is refused", { ...good, nbf: now + 60 }, "not-yet-valid nbf"],
    ["a token issued in the future is refused", { ...good, iat: now + 60 }, "issued-in-future iat"],
    ["a sender-constrained token is refused", { ...good, cnf: { jkt: "x" } }, "sender-constrained cnf"],
    ["a trusted issuer is accepted", { ...good, iss: issuer }, "accepted"],
    ["another issuer is refused", { ...good, iss: others }, "unknown-issuer iss"],
    ["an issuer that is not a string is refused", { ...good, iss: 1 }, "missing-claim iss"],
    ["an issuer that is null is refused", { ...good, iss: null }, "missing-claim iss"]
  ]
  for (const [rule, claims, expected, options] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(claims), options))
        assert.strictEqual(yield* outcome(verify("key")), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("claims without iss belong to the only trusted server", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(good)))
      const info = yield* verify("key")
      assert.strictEqual(info.issuer, issuer)
      assert.deepStrictEqual([...info.scopes], ["a", "b"])
      assert.strictEqual(Redacted.value(info.token), "key")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("claims must name one of several trusted servers", () =>
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

  it.effect("no token is accepted without a trusted server", () =>
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

  it.effect("the form of a token selects the method", () =>
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
    ["an expired JWT is not introspected", (provider) => provider.mint({ expiresIn: -60 }), "expired exp"],
    ["a forged JWT is not introspected", (provider) => provider.mint({ forged: true }), "bad-signature"],
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

  it.effect("a token that no method handles is malformed", () =>
    Effect.gen(function*() {
      const verify = yield* verifier(TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt()))
      assert.strictEqual(yield* outcome(verify("opaque")), "malformed")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("firstOf cannot be built if one of its members cannot", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(verifier(TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt({ algorithms: [] }))))
      assert.strictEqual(error._tag, "InvalidVerifier")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a custom member without handles verifies every token", () =>
    Effect.gen(function*() {
      const all = TokenVerifier.custom(() => Effect.succeed(good))
      const verify = yield* verifier(TokenVerifier.firstOf(TokenVerifier.jwt(), all))
      assert.strictEqual(yield* outcome(verify("opaque")), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it("firstOf handles the tokens of its members, and has their names", () => {
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

it.effect("three methods produce the same messages", () =>
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
