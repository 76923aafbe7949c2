import { Discovery, Repairs, Transpiler, Validation } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Option, type Schema } from "effect"
import * as JsonPatch from "effect/JsonPatch"

const issuer = "https://as.test"
const repair = <R = never>(apply: Transpiler.Repair<R>["apply"], name = "mine") =>
  Transpiler.make<R>({ name, reason: "a test", apply })

const whyOf = <R>(transpiler: Transpiler.Transpiler<R>) =>
  Effect.map(Effect.flip(Transpiler.run(transpiler, { issuer })), ({ reason: why }) => why)

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

  it.effect("may be an effect with services, which is run", () =>
    Effect.gen(function*() {
      const transpiler = repair((document) =>
        Effect.delay(Effect.map(Secret, ({ endpoint }) => ({ ...document, token_endpoint: endpoint })), 0)
      )
      const { document } = yield* Transpiler.run(transpiler, { issuer })
      assert.strictEqual(document["token_endpoint"], "https://as.test/t")
    }).pipe(Effect.provideService(Secret, { endpoint: "https://as.test/t" })))

  it.effect("that changes nothing is not listed as applied", () =>
    Effect.gen(function*() {
      const { applied } = yield* Transpiler.run(repair((document) => ({ ...document })), { issuer })
      assert.deepStrictEqual(applied, [])
    }))

  it.effect("may set members to undefined, which removes them", () =>
    Effect.gen(function*() {
      const { document } = yield* Transpiler.run(repair((document) => ({ ...document, x: undefined })), {
        issuer,
        x: 1
      })
      assert.deepStrictEqual(document, { issuer })
    }))

  const broken: ReadonlyArray<readonly [string, Transpiler.Repair["apply"], Transpiler.TranspileError["reason"]]> = [
    ["that fails", () => Effect.fail("no"), "failed"],
    ["that throws", () => {
      throw new Error("no")
    }, "threw"],
    ["that dies", () => Effect.die("no"), "threw"],
    // The type refuses these and JavaScript does not.
    ["that returns a promise", (() => Promise.resolve({ issuer })) as unknown as () => object, "no-object"],
    ["that returns an array", () => [], "no-object"],
    ["that returns what JSON cannot represent", () => ({ issuer, when: () => 1 }), "no-object"],
    ["that changes the issuer", () => ({ issuer: "https://evil.test" }), "changed-issuer"],
    ["that drops the issuer", () => ({}), "changed-issuer"]
  ]
  for (const [what, apply, why] of broken) {
    it.effect(`${what} is a TranspileError`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* whyOf(repair(apply)), why)
      }))
  }

  it.effect("that returns undefined is a TranspileError", () =>
    Effect.gen(function*() {
      // A JavaScript function without a return statement.
      const nothing = (() => undefined) as unknown as Transpiler.Repair["apply"]
      assert.strictEqual(yield* whyOf(repair(nothing)), "no-object")
    }))

  it.effect("may change the issuer if its name says so", () =>
    Effect.gen(function*() {
      const { document } = yield* Transpiler.run(
        repair((document) => ({ ...document, issuer: "https://other.test" }), "issuer-scheme"),
        { issuer }
      )
      assert.strictEqual(document["issuer"], "https://other.test")
    }))

  it.effect("runs after the issuer was checked: no repair makes a wrong issuer right", () =>
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

/** A document as a mutating repair sees it, in spite of its read-only type. */
interface Mutable {
  [member: string]: unknown
  list?: Array<string>
}

/** A repair that mutates its argument and returns it. */
const inPlace = (change: (document: Mutable) => void, name = "in-place") =>
  repair((document) => {
    change(document)
    return document
  }, name)

describe("a repair that changes its argument in place", () => {
  it.effect("has its changes listed, and does not affect the documents of others", () =>
    Effect.gen(function*() {
      const original = { issuer, list: ["a"], deep: { x: 1 } }
      const transpiler = inPlace((document) => {
        document["y"] = 2
        document.list?.push("b")
        delete document["deep"]
      })
      const { applied, document } = yield* Transpiler.run(transpiler, original)
      assert.deepStrictEqual(document, { issuer, list: ["a", "b"], y: 2 })
      assert.deepStrictEqual(original, { issuer, list: ["a"], deep: { x: 1 } })
      const [one] = applied
      assert.deepStrictEqual(JsonPatch.apply(one?.patch ?? [], original), document)
      assert.strictEqual(applied.length, 1)
    }))

  const sneaky: ReadonlyArray<readonly [what: string, apply: Transpiler.Repair["apply"]]> = [
    ["and returns it", (document) => Object.assign(document, { issuer: "https://evil.test" })],
    ["in an effect", (document) => Effect.sync(() => Object.assign(document, { issuer: "https://evil.test" }))],
    ["and returns a copy", (document) => ({ ...Object.assign(document, { issuer: "https://evil.test" }) })],
    ["by deleting it", (document) => {
      delete (document as Mutable)["issuer"]
      return document
    }]
  ]
  for (const [what, apply] of sneaky) {
    it.effect(`cannot change the issuer unnoticed ${what}`, () =>
      Effect.gen(function*() {
        const original = { issuer }
        const error = yield* Effect.flip(Transpiler.run(repair(apply), original))
        assert.strictEqual(error.reason, "changed-issuer")
        assert.deepStrictEqual(original, { issuer })
      }))
  }

  it.effect("does not affect the next repair by changes that it does not return", () =>
    Effect.gen(function*() {
      const forgetful = repair((document) => {
        Object.assign(document, { issuer: "https://evil.test", x: 1 })
        return { issuer }
      })
      const { applied, document } = yield* Transpiler.run(forgetful, { issuer })
      assert.deepStrictEqual(document, { issuer })
      assert.deepStrictEqual(applied, [])
    }))

  it.effect("may say by its name that it changes the issuer, and its changes are listed", () =>
    Effect.gen(function*() {
      const transpiler = inPlace((document) => document["issuer"] = "https://other.test", "issuer-host")
      const { applied } = yield* Transpiler.run(transpiler, { issuer })
      assert.deepStrictEqual(applied[0]?.patch, [{ op: "replace", path: "/issuer", value: "https://other.test" }])
    }))

  it.effect("works on a frozen document", () =>
    Effect.gen(function*() {
      const frozen = Object.freeze({ issuer, list: Object.freeze(["a"]) })
      const { document } = yield* Transpiler.run(inPlace((document) => document.list?.push("b")), frozen)
      assert.deepStrictEqual(document["list"], ["a", "b"])
    }))

  it.effect("does not change the object of a custom strategy, nor its next result", () =>
    Effect.gen(function*() {
      const shared = { issuer, list: ["a"] }
      const strategy = Discovery.transpile(
        Discovery.fromEffect("shared", () => Effect.succeed(shared)),
        inPlace((document) => document.list?.push("b"))
      )
      for (let time = 0; time < 2; time++) {
        const config = yield* Discovery.discover(strategy, issuer)
        assert.deepStrictEqual(config.metadata.additionalParameters?.["list"], ["a", "b"])
      }
      assert.deepStrictEqual(shared, { issuer, list: ["a"] })
    }))

  it.effect("does not change metadata that is configured by hand", () =>
    Effect.gen(function*() {
      const known = { issuer, scopesSupported: ["a"], additionalParameters: { list: ["a"] } }
      const strategy = Discovery.transpile(
        Discovery.manual(known),
        inPlace((document) => {
          document.list?.push("b")
          document["scopes_supported"] = []
        })
      )
      const config = yield* Discovery.discover(strategy, issuer)
      assert.deepStrictEqual(config.metadata.additionalParameters?.["list"], ["a", "b"])
      assert.deepStrictEqual(known, { issuer, scopesSupported: ["a"], additionalParameters: { list: ["a"] } })
    }))

  it.effect("does not change the response that another place judges", () =>
    Effect.gen(function*() {
      const never = Discovery.validate({
        rules: [Validation.rule({
          code: "never",
          severity: "error",
          since: "2025-03-26",
          reference: "https://example.com/rules#1",
          holds: "the test requires it",
          advice: "give up",
          check: () => "it does not hold"
        })]
      })
      const spoiled = Discovery.oauth.pipe(
        Discovery.transpile(inPlace((document) => document["jwks_uri"] = "https://evil.test/jwks")),
        never
      )
      const provider = yield* TestProvider.TestProvider
      const config = yield* Discovery.discover(Discovery.firstOf(spoiled, Discovery.oauth), issuer)
      assert.strictEqual(config.metadata.jwksUri, "https://as.test/jwks")
      assert.deepStrictEqual(config.repairs, [])
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("does not change its result later by mutating an object that it kept", () =>
    Effect.gen(function*() {
      const kept: Mutable = { issuer, list: ["a"] }
      const { document } = yield* Transpiler.run(repair(() => kept), { issuer })
      kept.list?.push("b")
      kept["issuer"] = "https://evil.test"
      assert.deepStrictEqual(document, { issuer, list: ["a"] })
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
    ["pkce keeps an explicit list without S256", Repairs.pkce, { code_challenge_methods_supported: ["plain"] }, {
      code_challenge_methods_supported: ["plain"]
    }],
    ["nulls drops null", Repairs.nulls, { issuer, a: null, b: 0 }, { issuer, b: 0 }],
    ["emptyArrays drops []", Repairs.emptyArrays, { issuer, a: [], b: [1] }, { issuer, b: [1] }],
    ["responseTypes adds code", Repairs.responseTypes, { authorization_endpoint: "x" }, {
      authorization_endpoint: "x",
      response_types_supported: ["code"]
    }],
    ["responseTypes requires an endpoint", Repairs.responseTypes, { issuer }, { issuer }],
    ["endpoints adds missing endpoints", Repairs.endpoints({ tokenEndpoint: "https://as.test/t" }), { issuer }, {
      issuer,
      token_endpoint: "https://as.test/t"
    }],
    ["endpoints keeps existing endpoints", Repairs.endpoints({ tokenEndpoint: "https://as.test/t" }), {
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

  it("have the documented names", () => {
    assert.deepStrictEqual([...Repairs.byName.keys()], ["pkce", "nulls", "empty-arrays", "response-types"])
    assert.isTrue(Option.isSome(Option.fromUndefinedOr(Repairs.byName.get("pkce"))))
  })
})
