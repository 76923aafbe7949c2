import * as Validation from "@effect-mcp-auth/core/Validation"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { HttpClient } from "effect/http"
import { CheckReport } from "../src/CheckReport.ts"
import { check, repairsOf, strategyOf } from "../src/cli/check.ts"
import { presetInput } from "../src/cli/presetInput.ts"
import { pretty } from "../src/cli/pretty.ts"

const realm = "https://keycloak.example.com/realms/notes"
const rest = { revision: Validation.latestRevision, allowInsecureLoopback: false }

const checkIssuer = (issuer: string) =>
  check({
    ...rest,
    issuer,
    strategy: strategyOf({
      issuer,
      type: "auto",
      url: Option.none(),
      transpileData: repairsOf([]),
      allowInsecureLoopback: false
    })
  })

const argumentsFor = (preset: string, ...parameters: ReadonlyArray<string>) =>
  presetInput({ preset, parameters, repairs: repairsOf([]) })

describe("mcp-auth check of a known product", () => {
  it.effect("names the preset that the document suggests, with a command that applies it", () =>
    Effect.gen(function*() {
      const { client } = yield* TestProvider.likeProvider("keycloak")
      const report = yield* Effect.provideService(checkIssuer(realm), HttpClient.HttpClient, client)
      assert.deepStrictEqual(
        report.suggestions?.map(({ confidence, preset, title }) => ({ confidence, preset, title })),
        [{ confidence: "certain", preset: "keycloak", title: "Keycloak" }]
      )
      const text = pretty(report, { color: false })
      assert.include(text, "Keycloak (certain)")
      assert.include(
        text,
        "mcp-auth check --preset keycloak --parameter url=https://id.example.com --parameter realm=notes"
      )
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(CheckReport)(report), report)
    }))

  it.effect("names the preset of a document whose issuer is refused, and still refuses it", () =>
    Effect.gen(function*() {
      const issuer = "https://as.test/realms/notes"
      const { client } = yield* TestProvider.makeNetwork({
        issuer,
        metadata: { issuer: realm, jwks_uri: `${realm}/protocol/openid-connect/certs` }
      })
      const report = yield* Effect.provideService(checkIssuer(issuer), HttpClient.HttpClient, client)
      assert.strictEqual(report.verdict, "invalid")
      assert.isUndefined(report.found)
      assert.deepStrictEqual(report.suggestions?.map(({ preset }) => preset), ["keycloak"])
    }))

  it.effect("suggests nothing for a document of no known product", () =>
    Effect.gen(function*() {
      const report = yield* checkIssuer("https://as.test")
      assert.deepStrictEqual(report.suggestions, [])
      assert.notInclude(pretty(report, { color: false }), "Provider")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("with a preset applies its issuer, and does not suggest the same preset again", () =>
    Effect.gen(function*() {
      const { client } = yield* TestProvider.likeProvider("keycloak")
      const { issuer, name, strategy } = yield* argumentsFor(
        "keycloak",
        "url=https://keycloak.example.com",
        "realm=notes"
      )
      const report = yield* check({ ...rest, issuer, strategy, preset: name }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.strictEqual(report.preset, "keycloak")
      assert.strictEqual(report.verdict, "valid")
      assert.notInclude(pretty(report, { color: false }), "--preset")
    }))

  const wrong: ReadonlyArray<readonly [args: ReadonlyArray<string>, message: string]> = [
    [["keyclock"], "There is no preset \"keyclock\""],
    [["keycloak", "realm"], "not in the form name=value"],
    [["keycloak", "realm="], "not in the form name=value"],
    [["keycloak", "realm=notes"], "the parameter \"url\" is missing"],
    [["keycloak", "url=https://id.test", "relm=notes"], "it has no parameter \"relm\"; its parameters are url, realm"],
    [["keycloak", "url=http://id.test", "realm=notes"], "the parameter \"url\" is not an https URL"]
  ]
  for (const [[preset = "", ...parameters], message] of wrong) {
    it.effect(`refuses --preset ${preset} with ${JSON.stringify(parameters)}, and says why`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(argumentsFor(preset, ...parameters))
        assert.include(error.message, message)
      }))
  }
})

describe("mcp-auth check of a key set", () => {
  const withKeys = (keys: ReadonlyArray<object>) =>
    Effect.gen(function*() {
      const { client, providers: [provider] } = yield* TestProvider.makeNetwork({ issuer: "https://as.test" })
      // The keys are objects of JSON values.
      for (const key of keys) yield* provider?.addKey(key as Schema.JsonObject) ?? Effect.void
      const report = yield* Effect.provideService(checkIssuer("https://as.test"), HttpClient.HttpClient, client)
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(CheckReport)(report), report)
      return { report, text: pretty(report, { color: false }) }
    })

  it.effect("lists each key that can be used, with its algorithms", () =>
    Effect.gen(function*() {
      const { report, text } = yield* withKeys([])
      const keys = report.found?.keys
      assert.deepStrictEqual([keys?.url, keys?.error, keys?.passedOver], ["https://as.test/jwks", undefined, []])
      assert.isAbove(keys?.usable.length ?? 0, 0)
      for (const { algorithms, kid } of keys?.usable ?? []) assert.include(text, `✓ ${kid} ${algorithms.join(", ")}`)
    }))

  it.effect("names each key that cannot be used, with the reason", () =>
    Effect.gen(function*() {
      const { report, text } = yield* withKeys([
        { kty: "RSA", kid: "weak\u001b[31m", n: "AQAB", e: "AQAB" },
        { kty: "oct", k: "AQAB" },
        { kty: "EC", crv: "P-256", kid: "no point of the curve", x: "A".repeat(43), y: "A".repeat(43) }
      ])
      assert.strictEqual(report.verdict, "valid")
      assert.deepStrictEqual(report.found?.keys?.passedOver, [
        { kid: "weak\u001b[31m", reason: "is weaker than RSA with 2048 bits" },
        { kid: null, reason: "is not a valid public key of type RSA, EC or OKP" },
        { kid: "no point of the curve", reason: "has key material that cannot be imported" }
      ])
      assert.include(text, "! weak\\u001b[31m is weaker than RSA with 2048 bits")
      assert.include(text, "! a key without a key ID is not a valid public key of type RSA, EC or OKP")
    }))

  it.effect("is not valid if the key set cannot be read, and names the reason", () =>
    Effect.gen(function*() {
      const { client, providers: [provider] } = yield* TestProvider.makeNetwork({ issuer: "https://as.test" })
      yield* provider?.fault("jwks", Fault.status(404)) ?? Effect.void
      const report = yield* Effect.provideService(checkIssuer("https://as.test"), HttpClient.HttpClient, client)
      assert.deepStrictEqual([report.verdict, report.found?.report.errors], ["invalid", []])
      assert.include(report.found?.keys?.error, "https://as.test/jwks: HTTP 404")
    }))
})
