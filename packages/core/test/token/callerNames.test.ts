import { AuthInfo, ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Schema } from "effect"
import { claims, outcome, verifier } from "./harness.ts"

const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("secret"))

type Members = Readonly<Record<string, Schema.Json | undefined>>

/** Verifies two tokens with these claims with each method. */
const verified = Effect.fnUntraced(function*(changes: Members, options: TokenVerifier.ClaimOptions = {}) {
  const provider = yield* TestProvider.TestProvider
  // The text was serialized from JSON before.
  const said = JSON.parse(JSON.stringify({ ...claims, ...changes })) as Schema.JsonObject
  yield* provider.fault("introspection", Fault.document(() => ({ ...said, active: true })))
  const jwt = yield* verifier(TokenVerifier.jwt(options))
  const introspection = yield* verifier(TokenVerifier.introspection({ authentication, ...options }))
  const custom = yield* verifier(TokenVerifier.custom(() => Effect.succeed(said), options))
  return {
    jwt: [jwt(yield* provider.mint({ claims: changes })), jwt(yield* provider.mint({ claims: changes }))],
    introspection: [introspection("one"), introspection("two")],
    custom: [custom("one"), custom("two")]
  } as const
})

const noNames: ReadonlyArray<Schema.Json> = [42, "", null, {}, [], true, ["user-1"]]

describe("a claim that names the caller", () => {
  for (const claim of ["sub", "client_id", "azp", "cid", "appid"]) {
    for (const value of noNames) {
      it.effect(`JWT, introspection and custom claims: refuses ${claim} of ${JSON.stringify(value)}`, () =>
        Effect.gen(function*() {
          const { custom, introspection, jwt } = yield* verified({ [claim]: value })
          for (const [verify] of [jwt, introspection, custom]) {
            assert.strictEqual(yield* outcome(verify), `invalid-claim ${claim}`)
          }
        }).pipe(Effect.provide(TestProvider.layer())))
    }
  }

  it.effect("JWT, introspection and custom claims: accepts a client credentials token without sub", () =>
    Effect.gen(function*() {
      const { custom, introspection, jwt } = yield* verified({ sub: undefined })
      for (const [verify] of [jwt, introspection, custom]) {
        const { clientId, subject } = yield* verify
        assert.deepStrictEqual([subject, clientId], [undefined, "client-1"])
      }
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("a claim below another one that names the caller", () => {
  const options: TokenVerifier.ClaimOptions = { subjectClaim: ["ext", "user", "id"], clientClaim: ["ext", "app"] }

  it.effect("JWT, introspection and custom claims: is read by its path", () =>
    Effect.gen(function*() {
      const { custom, introspection, jwt } = yield* verified({ ext: { user: { id: "ada" }, app: "notes" } }, options)
      for (const [verify] of [jwt, introspection, custom]) {
        const { clientId, subject } = yield* verify
        assert.deepStrictEqual([subject, clientId], ["ada", "notes"])
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  for (const value of noNames) {
    it.effect(`JWT, introspection and custom claims: is refused with the value ${JSON.stringify(value)}`, () =>
      Effect.gen(function*() {
        const { custom, introspection, jwt } = yield* verified({ ext: { user: { id: value }, app: "notes" } }, options)
        for (const [verify] of [jwt, introspection, custom]) {
          assert.strictEqual(yield* outcome(verify), "invalid-claim ext.user.id")
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const ext of [undefined, "ada", ["ada"], { user: "ada" }]) {
    it.effect(`names no caller if it is absent, so that two tokens are two principals: ${JSON.stringify(ext)}`, () =>
      Effect.gen(function*() {
        const { custom, introspection, jwt } = yield* verified({ ext }, options)
        for (const [one, two] of [introspection, custom]) {
          assert.isUndefined((yield* one).subject)
          assert.notStrictEqual(AuthInfo.principal(yield* one), AuthInfo.principal(yield* two))
        }
        assert.isUndefined((yield* jwt[0]).subject)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("is sub itself with the path of sub, so that the token of a client names its caller", () =>
    Effect.gen(function*() {
      const { introspection: [one, two] } = yield* verified({ sub: undefined, gty: "client-credentials" }, {
        subjectClaim: ["sub"]
      })
      assert.strictEqual(AuthInfo.principal(yield* one), AuthInfo.principal(yield* two))
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("subjectClaim", () => {
  const options = { subjectClaim: "username" }

  it.effect("JWT, introspection and custom claims: reads the subject from the configured claim instead of sub", () =>
    Effect.gen(function*() {
      const { custom, introspection, jwt } = yield* verified({ username: "ada" }, options)
      for (const [verify] of [jwt, introspection, custom]) assert.strictEqual((yield* verify).subject, "ada")
    }).pipe(Effect.provide(TestProvider.layer())))

  for (const value of noNames) {
    it.effect(`JWT, introspection and custom claims: refuses a value of ${JSON.stringify(value)}`, () =>
      Effect.gen(function*() {
        const { custom, introspection, jwt } = yield* verified({ username: value }, options)
        for (const [verify] of [jwt, introspection, custom]) {
          assert.strictEqual(yield* outcome(verify), "invalid-claim username")
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("JWT, introspection and custom claims: refuses an invalid sub all the same", () =>
    Effect.gen(function*() {
      const { custom, introspection, jwt } = yield* verified({ username: "ada", sub: 42 }, options)
      for (const [verify] of [jwt, introspection, custom]) {
        assert.strictEqual(yield* outcome(verify), "invalid-claim sub")
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("JWT, introspection and custom claims: never falls back to sub, whose values are other identifiers", () =>
    Effect.gen(function*() {
      const { custom, introspection, jwt } = yield* verified({ sub: "ada" }, options)
      for (const [verify] of [jwt, introspection, custom]) assert.isUndefined((yield* verify).subject)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("the principals of two tokens", () => {
  const rows: ReadonlyArray<
    readonly [rule: string, claims: Members, isShared: boolean, options?: TokenVerifier.ClaimOptions]
  > = [
    ["are one if subject and client are the same", {}, true],
    ...["gty", "grant_type"].map((claim) =>
      [`are one if ${claim} marks a client credentials token`, {
        sub: undefined,
        tenant: "t-1",
        [claim]: "client_credentials"
      }, true] as const
    ),
    ["are one if aut marks a client credentials token (WSO2)", {
      sub: undefined,
      username: "owner",
      aut: "APPLICATION"
    }, true],
    ["are one if gty marks a client credentials token (Auth0)", {
      sub: undefined,
      tenant: "t-1",
      gty: "client-credentials"
    }, true],
    ["are one if idtyp marks a client credentials token (Entra ID)", { sub: undefined, idtyp: "app" }, true],
    ["are two if the grant is not client credentials", {
      sub: undefined,
      grant_type: "authorization_code",
      user: "42"
    }, false],
    ["are two if aut names a user", { sub: undefined, aut: "APPLICATION_USER", sid: "1" }, false],
    ...["user_id", "uid", "preferred_username", "email", "upn", "oid", "act", "https://example.com/user"].map((claim) =>
      [
        `are two if there is no subject, and ${claim}, which may name a user`,
        { sub: undefined, [claim]: "42" },
        false
      ] as const
    ),
    ["are one if the subject is the same and there is no client", { client_id: undefined }, true],
    ["are two if there is neither a subject nor a client", { sub: undefined, client_id: undefined }, false],
    ["are two if an introspection response has a username and no sub", { sub: undefined, username: "ada" }, false],
    ["are two if the configured subject claim is absent", { sub: "ada" }, false, { subjectClaim: "user_id" }],
    [
      "are two if the configured subject claim is absent from a client credentials token",
      { sub: undefined, gty: "client_credentials" },
      false,
      { subjectClaim: "user_id" }
    ],
    ["are one if the configured subject claim is present", { sub: undefined, user_id: "ada" }, true, {
      subjectClaim: "user_id"
    }]
  ]
  for (const [rule, changes, isShared, options] of rows) {
    it.effect(`JWT, introspection and custom claims: ${rule}`, () =>
      Effect.gen(function*() {
        const { custom, introspection, jwt } = yield* verified(changes, options)
        for (const [one, two] of [jwt, introspection, custom]) {
          const [first, again, second] = [yield* one, yield* one, yield* two].map(AuthInfo.principal)
          assert.strictEqual(first, again)
          assert.strictEqual(first === second, isShared)
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("JWT and custom claims: are one if there is a client, and no claim that may name a user", () =>
    Effect.gen(function*() {
      const { custom, jwt } = yield* verified({ sub: undefined })
      for (const [one, two] of [jwt, custom]) {
        assert.strictEqual(AuthInfo.principal(yield* one), AuthInfo.principal(yield* two))
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("introspection: are two if a response names only the client, which implies nothing about the subject", () =>
    Effect.gen(function*() {
      const { introspection: [one, two] } = yield* verified({ sub: undefined })
      assert.notStrictEqual(AuthInfo.principal(yield* one), AuthInfo.principal(yield* two))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("custom claims: are two if they are an introspection response that names only the client", () =>
    Effect.gen(function*() {
      const { custom: [one, two] } = yield* verified({ sub: undefined, active: true })
      assert.notStrictEqual(AuthInfo.principal(yield* one), AuthInfo.principal(yield* two))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("do not contain the token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(TokenVerifier.jwt())
      const token = yield* provider.mint({ claims: { sub: undefined, client_id: undefined } })
      const info = yield* verify(token)
      for (const part of token.split(".")) assert.notInclude(JSON.stringify(info) + AuthInfo.principal(info), part)
    }).pipe(Effect.provide(TestProvider.layer())))
})
