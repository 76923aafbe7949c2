import { Discovery, Repairs, Transpiler } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Option, type Schema } from "effect"
import * as JsonPatch from "effect/JsonPatch"

const issuer = "https://as.test"
const repair = <R = never>(apply: Transpiler.Repair<R>["apply"], name = "mine") =>
  Transpiler.make<R>({ name, reason: "a test", apply })

const whyOf = <R>(transpiler: Transpiler.Transpiler<R>) =>
  Effect.map(Effect.flip(Transpiler.run(transpiler, { issuer })), ({ why }) => why)

class Secret extends Context.Service<Secret, { readonly endpoint: string }>()(
  "@effect-mcp-auth/core/test/discovery/Transpiler.test/Secret"
) {}

describe("a repair", () => {
  it.effect("may be a plain function", () =>
    Effect.gen(function*() {
      const { applied, document } = yield* Transpiler.run(repair((document) => ({ ...document, x: 1 })), { issuer })
      assert.deepStrictEqual(document, { issuer, x: 1 })
      assert.deepStrictEqual(applied.map(({ patch }) => patch), [[{ op: "add", path: "/x", value: 1 }]])
    }))

  it.effect("may be an effect with services, and is awaited", () =>
    Effect.gen(function*() {
      const transpiler = repair((document) =>
        Effect.delay(Effect.map(Secret, ({ endpoint }) => ({ ...document, token_endpoint: endpoint })), 0)
      )
      const { document } = yield* Transpiler.run(transpiler, { issuer })
      assert.strictEqual(document["token_endpoint"], "https://as.test/t")
    }).pipe(Effect.provideService(Secret, { endpoint: "https://as.test/t" })))

  it.effect("that changes nothing is not among the applied", () =>
    Effect.gen(function*() {
      const { applied } = yield* Transpiler.run(repair((document) => ({ ...document })), { issuer })
      assert.deepStrictEqual(applied, [])
    }))

  it.effect("may leave members undefined, which removes them", () =>
    Effect.gen(function*() {
      const { document } = yield* Transpiler.run(repair((document) => ({ ...document, x: undefined })), {
        issuer,
        x: 1
      })
      assert.deepStrictEqual(document, { issuer })
    }))

  const broken: ReadonlyArray<readonly [string, Transpiler.Repair["apply"], Transpiler.TranspileError["why"]]> = [
    ["that fails", () => Effect.fail("no"), "failed"],
    ["that throws", () => {
      throw new Error("no")
    }, "threw"],
    ["that dies", () => Effect.die("no"), "threw"],
    ["that answers with a promise", () => Promise.resolve({ issuer }), "no-object"],
    ["that answers with an array", () => [], "no-object"],
    ["that answers with what JSON cannot say", () => ({ issuer, when: () => 1 }), "no-object"],
    ["that changes the issuer", () => ({ issuer: "https://evil.test" }), "changed-issuer"],
    ["that drops the issuer", () => ({}), "changed-issuer"]
  ]
  for (const [what, apply, why] of broken) {
    it.effect(`${what} is a TranspileError`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* whyOf(repair(apply)), why)
      }))
  }

  it.effect("that answers with nothing is a TranspileError", () =>
    Effect.gen(function*() {
      // What a JavaScript user's function without a return statement does.
      const nothing = (() => undefined) as unknown as Transpiler.Repair["apply"]
      assert.strictEqual(yield* whyOf(repair(nothing)), "no-object")
    }))

  it.effect("may change the issuer when its name says so", () =>
    Effect.gen(function*() {
      const { document } = yield* Transpiler.run(
        repair((document) => ({ ...document, issuer: "https://other.test" }), "issuer-scheme"),
        { issuer }
      )
      assert.strictEqual(document["issuer"], "https://other.test")
    }))

  it.effect("runs after the issuer was judged: no repair makes a wrong issuer right", () =>
    Effect.gen(function*() {
      const liar = Transpiler.make({
        name: "issuer-liar",
        reason: "an attack",
        apply: (document) => ({ ...document, issuer: "https://as.test" })
      })
      const { attempts } = yield* Discovery.search(
        Discovery.transpile(Discovery.fromEffect("x", () => Effect.succeed({ issuer: "https://evil.test" })), liar),
        issuer
      )
      assert.strictEqual(attempts[0]?.error?._tag, "IssuerMismatch")
    }))
})

describe("transpileData", () => {
  const forms: ReadonlyArray<readonly [string, Transpiler.TranspileData]> = [
    ["a plain function", (document) => ({ ...document, code_challenge_methods_supported: ["S256"] })],
    [
      "an effectful function",
      (document) => Effect.succeed({ ...document, code_challenge_methods_supported: ["S256"] })
    ],
    ["a transpiler", Repairs.pkce]
  ]
  for (const [what, transpileData] of forms) {
    it.effect(`may be ${what}`, () =>
      Effect.gen(function*() {
        const config = yield* Discovery.fetchServerConfig(issuer, { type: "oidc", transpileData })
        assert.deepStrictEqual(config.metadata.codeChallengeMethodsSupported, ["S256"])
        assert.strictEqual(config.repairs.length, 1)
      }).pipe(Effect.provide(TestProvider.layer({ metadata: { code_challenge_methods_supported: undefined } }))))
  }
})

describe("the built-in repairs", () => {
  const rows: ReadonlyArray<readonly [string, Transpiler.Transpiler, Schema.JsonObject, Schema.JsonObject]> = [
    ["pkce adds S256", Repairs.pkce, { issuer }, { issuer, code_challenge_methods_supported: ["S256"] }],
    ["pkce leaves a no alone", Repairs.pkce, { code_challenge_methods_supported: ["plain"] }, {
      code_challenge_methods_supported: ["plain"]
    }],
    ["nulls drops null", Repairs.nulls, { issuer, a: null, b: 0 }, { issuer, b: 0 }],
    ["emptyArrays drops []", Repairs.emptyArrays, { issuer, a: [], b: [1] }, { issuer, b: [1] }],
    ["responseTypes adds code", Repairs.responseTypes, { authorization_endpoint: "x" }, {
      authorization_endpoint: "x",
      response_types_supported: ["code"]
    }],
    ["responseTypes needs an endpoint", Repairs.responseTypes, { issuer }, { issuer }],
    ["endpoints adds what is missing", Repairs.endpoints({ tokenEndpoint: "https://as.test/t" }), { issuer }, {
      issuer,
      token_endpoint: "https://as.test/t"
    }],
    ["endpoints leaves what is there", Repairs.endpoints({ tokenEndpoint: "https://as.test/t" }), {
      token_endpoint: "https://as.test/u"
    }, { token_endpoint: "https://as.test/u" }]
  ]
  for (const [rule, transpiler, before, after] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { applied, document } = yield* Transpiler.run(transpiler, before)
        assert.deepStrictEqual(document, after)
        const patch = applied.flatMap(({ patch }) => patch)
        assert.deepStrictEqual(JsonPatch.apply(patch, before), after)
      }))
  }

  it.effect("are idempotent, all of them", () =>
    Effect.gen(function*() {
      const all = Transpiler.all(...Repairs.byName.values())
      const once = yield* Transpiler.run(all, { issuer, authorization_endpoint: "x", a: null, b: [] })
      const twice = yield* Transpiler.run(all, once.document)
      assert.deepStrictEqual(twice.applied, [])
      assert.strictEqual(once.applied.length, 4)
    }))

  it("are known by their names", () => {
    assert.deepStrictEqual([...Repairs.byName.keys()], ["pkce", "nulls", "empty-arrays", "response-types"])
    assert.isTrue(Option.isSome(Option.fromUndefinedOr(Repairs.byName.get("pkce"))))
  })
})
