import {
  Discovery,
  DiscoveryError,
  Issuer,
  IssuerPolicy,
  MetadataFetchError,
  ResourceIdentifier,
  Transpiler,
  Validation
} from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Data, DateTime, Effect, Schema } from "effect"
import * as Duration from "effect/Duration"
import { HttpClient } from "effect/http"
import { HttpClientError, TransportError } from "effect/http/HttpClientError"
import { TestClock } from "effect/testing"
import { elapse, printed, unprintable } from "./harness.ts"

const secret = "hunter2"

/** Refused strings that contain what looks like a secret. */
const leaking = [
  "https:///user:hunter2@as.test",
  "user:hunter2@as.test",
  "//user:hunter2@as.test",
  "https://user:hunter2@as.test",
  "https://user:hunter2@as.test/t1",
  "https://hunter2@as.test",
  "https://user:a/hunter2/b@as.test",
  "https://user:a?hunter2#b@as.test",
  "https://user:#hunter2@as.test",
  "https://user:@hunter2@as.test",
  "https://user:hunter2@@as.test",
  "https://user:hunter2\n@as.test",
  "https:\\\\user:hunter2@as.test",
  "https:user:hunter2@as.test",
  " https://user:hunter2@as.test",
  "HTTP://USER:hunter2@AS.TEST",
  "ftp://user:hunter2@as.test",
  "postgres://user:hunter2@as.test/db",
  "https://user:hunter2@as.test?x#y",
  "https://as.test/\\?client_secret=hunter2",
  "https://as.test/\n?client_secret=hunter2",
  "https://as.test/#access_token=hunter2",
  "https://as.test/{tenant}?client_secret=hunter2",
  "http://as.test?client_secret=hunter2",
  "as.test?client_secret=hunter2",
  "?client_secret=hunter2",
  "#client_secret=hunter2"
]

/** Strings that are refused only as issuers, because of their query. */
const leakingIssuers = [
  ...leaking,
  "https://user:?hunter2@as.test",
  "https://as.test?client_secret=hunter2",
  "https://as.test/t1?client_secret=hunter2"
]

const keepsIts = (failure: unknown): void => {
  const all = printed(failure)
  assert.notInclude(all, secret)
}

describe("no password and no query of a refused value reaches an error", () => {
  for (const text of leakingIssuers) {
    it.effect(`of the issuer ${JSON.stringify(text)}`, () =>
      Effect.gen(function*() {
        const made = yield* Effect.flip(Issuer.make(text))
        keepsIts(made)
        assert.notInclude(made.issuer, secret)
        keepsIts(yield* Effect.flip(Schema.decodeEffect(Issuer.Issuer)(text)))
        keepsIts(yield* Effect.flip(Discovery.fetchServerConfig(text)))
        keepsIts(yield* Effect.flip(Discovery.search(Discovery.oauth, text)))
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const text of leaking) {
    it.effect(`of the resource ${JSON.stringify(text)}`, () =>
      Effect.gen(function*() {
        const made = yield* Effect.flip(ResourceIdentifier.make(text))
        keepsIts(made)
        assert.notInclude(made.resource, secret)
        keepsIts(yield* Effect.flip(Schema.decodeEffect(ResourceIdentifier.ResourceIdentifier)(text)))
      }))

    it.effect(`of the URL ${JSON.stringify(text)}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const byUrl = yield* Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(text))
        keepsIts(byUrl)
        assert.strictEqual(byUrl.outcome, "Refused")
        const strategies = [Discovery.wellKnownUrl(text), Discovery.fromUrls("mine", () => [text])]
        for (const strategy of strategies) {
          const error = yield* Effect.flip(Discovery.discover(strategy, "https://as.test"))
          keepsIts(error)
          if (error._tag === "DiscoveryFailed") keepsIts(error.attempts)
        }
        assert.strictEqual(yield* provider.count(), 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("of a requested URL", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const url = "https://as.test/.well-known/openid-configuration?key=hunter2"
      const faults = [Fault.status(404), Fault.status(503), Fault.html, Fault.wrongIssuer("https://evil.test")]
      for (const fault of [...faults, Fault.nulls("jwks_uri"), Fault.delay("1 hour"), Fault.connectionError()]) {
        yield* provider.heal()
        yield* provider.fault("metadata", fault)
        const byUrl = yield* elapse(Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(url)))
        keepsIts(byUrl.value)
        const strategy = Discovery.wellKnownUrl(url, "https://tenant.test")
        const byStrategy = yield* elapse(Effect.flip(Discovery.discover(strategy, "https://as.test")))
        keepsIts(byStrategy.value)
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("of a URL in a client's error", () =>
    Effect.gen(function*() {
      const complaining = HttpClient.make((request) =>
        Effect.fail(new HttpClientError({ reason: new TransportError({ request }) }))
      )
      const url = "https://as.test/.well-known/openid-configuration?key=hunter2"
      const { value } = yield* elapse(
        Effect.provideService(
          Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(url)),
          HttpClient.HttpClient,
          complaining
        )
      )
      keepsIts(value)
      assert.include(value.message, "no response (TransportError)")
    }))

  it.effect("of a redirect's Location", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      for (const location of ["https://user:hunter2@evil.test/x", "https://user:hunter2@as.test/x"]) {
        yield* provider.fault("metadata", Fault.redirect(location))
        keepsIts(yield* Effect.flip(Discovery.fetchServerConfig("https://as.test", { type: "oauth" })))
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("but the message names the mistake", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Issuer.make("https://user:hunter2@as.test/t1?x=1"))
      assert.strictEqual(error.issuer, "https://…@as.test/t1?…")
      assert.include(error.message, "it contains user information before an @")
    }))
})

/** What an attacker would write to forge a line, to reverse the direction of text, or to control a terminal. */
const pieces = [
  "a",
  "https://as.test",
  "/",
  "?",
  "@",
  "\"",
  "\n",
  "\r",
  "\t",
  "\0",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "\u009b31m",
  "\u00ad",
  "\u061c",
  "\u200b",
  "\u200e",
  "\u2028",
  "\u2029",
  "\u202e",
  "\u2066",
  "\u2069",
  "\ufeff",
  "\ud800",
  "\udfff",
  "\u{e0041}",
  "\ue000",
  "😀",
  "\u202e".repeat(600)
]

const hostile: Arbitrary.Arbitrary<string> = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { maxLength: 8 }),
  (all) => all.join("")
)

class CustomFailure extends Data.TaggedError("CustomFailure")<{ readonly message: string }> {}

const reasons: { readonly [Tag in MetadataFetchError.Reason["_tag"]]: (text: string) => MetadataFetchError.Reason } = {
  Transport: (text) => new MetadataFetchError.Transport({ detail: text }),
  Timeout: () => new MetadataFetchError.Timeout({ duration: Duration.millis(1), of: "search" }),
  Status: () => new MetadataFetchError.Status({ status: 503, retryAfter: Duration.millis(1) }),
  BodyTooLarge: () => new MetadataFetchError.BodyTooLarge({ limit: 1 }),
  NotMetadata: (text) => new MetadataFetchError.NotMetadata({ reason: "html", contentType: text }),
  Redirect: (text) => new MetadataFetchError.Redirect({ status: 302, reason: "foreign-origin", origin: text }),
  RefusedAddress: (text) => new MetadataFetchError.RefusedAddress({ host: text, address: text, range: text }),
  RefusedUrl: () => new MetadataFetchError.RefusedUrl({ reason: "query" }),
  ProxyFailed: (text) => new MetadataFetchError.ProxyFailed({ proxy: text, failure: text })
}

/** The errors whose message is one line. */
const oneLine: Readonly<Record<string, (text: string) => Error>> = {
  InvalidIssuer: (text) => new Issuer.InvalidIssuer({ issuer: text, reason: "query" }),
  InvalidResourceIdentifier: (text) =>
    new ResourceIdentifier.InvalidResourceIdentifier({ resource: text, reason: "query" }),
  InvalidMetadata: (text) =>
    new DiscoveryError.InvalidMetadata({ location: text, issues: [{ member: text, message: text }] }),
  IncompleteMetadata: (text) =>
    new DiscoveryError.IncompleteMetadata({ location: text, purpose: text, missing: [text, text] }),
  NoDocument: (text) => new DiscoveryError.NoDocument({ strategy: text, reason: "nothing" }),
  IssuerMismatch: (text) =>
    new IssuerPolicy.IssuerMismatch({ location: text, expected: text, actual: text, policy: text }),
  TranspileError: (text) => new Transpiler.TranspileError({ repair: text, reason: "failed", cause: text }),
  ...Object.fromEntries(
    Object.entries(reasons).flatMap(([tag, reason]) =>
      (["GET", "POST"] as const).map((method) => [
        `MetadataFetchError ${method} ${tag}`,
        (text: string) => new MetadataFetchError.MetadataFetchError({ url: text, reason: reason(text), method })
      ])
    )
  )
}

const invalidConfig = (text: string) =>
  new Validation.InvalidServerConfig({
    report: {
      issuer: text,
      revision: Validation.latestRevision,
      errors: [1, 2].map(() => ({ code: text, message: text, advice: text, reference: text })),
      warnings: [],
      successes: [],
      notApplicable: []
    }
  })

const failedBy = (text: string, error: DiscoveryError.AttemptError<unknown>) =>
  new DiscoveryError.DiscoveryFailed<unknown>({
    issuer: text,
    by: "url",
    outcome: "Refused",
    attempts: [{ kind: text, location: text, outcome: "Refused", error }, {
      kind: text,
      location: text,
      outcome: "Found"
    }]
  })

const lines = (message: string): number => message.split("\n").length

describe("no character that could forge a line or control a terminal reaches a message", () => {
  for (const [name, make] of Object.entries(oneLine)) {
    it.effect.prop(`of ${name}`, [hostile], ([text]) =>
      Effect.sync(() => {
        const { message } = make(text)
        assert.notMatch(message, unprintable)
        assert.strictEqual(lines(message), 1)
      }))

    it.effect.prop(`of DiscoveryFailed by ${name}`, [hostile], ([text]) =>
      Effect.sync(() => {
        const { message } = failedBy(text, make(text))
        assert.notMatch(message, unprintable)
        assert.strictEqual(lines(message), 3)
      }))
  }

  it.effect.prop(
    "of InvalidServerConfig, which has a line for every finding",
    [hostile],
    ([text]) =>
      Effect.sync(() => {
        const { message } = invalidConfig(text)
        assert.notMatch(message, unprintable)
        assert.strictEqual(lines(message), 3)
        const failed = failedBy(text, invalidConfig(text))
        assert.notMatch(failed.message, unprintable)
        assert.strictEqual(lines(failed.message), 5)
      })
  )

  it.effect.prop("of DiscoveryFailed with the failure of a custom strategy", [hostile], ([text]) =>
    Effect.sync(() => {
      for (const error of [new CustomFailure({ message: text }), { _tag: text }, text, undefined, null]) {
        assert.notMatch(failedBy(text, error).message, unprintable)
      }
      assert.strictEqual(lines(failedBy(text, { _tag: text }).message), 3)
    }))

  it("and every error has a row", () => {
    const modules = {
      Discovery,
      DiscoveryError,
      Issuer,
      IssuerPolicy,
      MetadataFetchError,
      ResourceIdentifier,
      Transpiler,
      Validation
    }
    const classes = Object.values(modules).flatMap((module) =>
      Object.entries(module).flatMap(([name, value]) =>
        typeof value === "function" && value.prototype instanceof Error ? [name] : []
      )
    )
    const rows = [...Object.keys(oneLine).map((name) => name.split(" ")[0] ?? ""), ...Object.keys(reasons)]
    const known = new Set([...rows, "InvalidServerConfig", "DiscoveryFailed"])
    assert.deepStrictEqual(classes.filter((name) => !known.has(name)), [])
    assert.strictEqual(new Set(classes).size, known.size)
  })

  it.effect("even from a document, through a rule", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const name = "token_endpoint\n  2. Found (oauth) all is well\u001b[2J\u202e\u0085"
      yield* provider.fault(
        "metadata",
        Fault.document((document) => ({ ...document, mtls_endpoint_aliases: { [name]: "http://evil.test/token" } }))
      )
      const error = yield* Effect.flip(
        Discovery.fetchServerConfig("https://as.test", { type: "oauth", validation: {} })
      )
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.notMatch(error.message, unprintable)
      assert.strictEqual(lines(error.message), 3)
      const [attempt] = error.attempts
      if (attempt?.error?._tag !== "InvalidServerConfig") return assert.fail("valid")
      // Reports are printed, too.
      for (const { message } of attempt.error.report.errors) {
        assert.notMatch(message, unprintable)
        assert.strictEqual(lines(message), 1)
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("even from a warning", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.headers({ "content-type": "text/plain; x=\u0085\u009b" }))
      const { oddities } = yield* Discovery.fetchServerConfig("https://as.test")
      assert.strictEqual(oddities.length, 1)
      for (const { message } of oddities) assert.notMatch(message, unprintable)
      const part = (member: string) => {
        const document = { issuer: "https://as.test", [member]: `https://as.test/${member}` }
        return Discovery.fromEffect(`${member}\n\u202e`, () => Effect.succeed(document))
      }
      const merged = yield* Discovery.discover(
        Discovery.firstOf(part("jwks_uri"), part("token_endpoint")),
        "https://as.test",
        {
          mergeDocuments: true,
          purpose: {
            name: "both",
            missing: ({ jwksUri, tokenEndpoint }) =>
              jwksUri === undefined || tokenEndpoint === undefined ? ["both"] : []
          }
        }
      )
      for (const { message } of merged.oddities) {
        assert.notMatch(message, unprintable)
        assert.strictEqual(lines(message), 1)
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it("but valid URLs and plain words stay as they are", () => {
    const url = "https://as.test/t1/.well-known/openid-configuration"
    const error = new DiscoveryError.NoDocument({ strategy: url, reason: "nothing" })
    assert.strictEqual(error.message, `${url} has no document for this issuer`)
  })

  it("and the length of untrusted text is limited", () => {
    const text = "x".repeat(1_000_000)
    for (const make of Object.values(oneLine)) assert.isBelow(make(text).message.length, 3000)
    assert.isBelow(invalidConfig(text).message.length, 6000)
    assert.isBelow(failedBy(text, new CustomFailure({ message: text })).message.length, 6000)
  })
})

describe("an invalid document", () => {
  it.effect("is reported with every invalid member, by its wire name", () =>
    Effect.gen(function*() {
      const bad = {
        issuer: "https://as.test",
        jwks_uri: "jwks",
        token_endpoint: null,
        authorization_endpoint: 7,
        scopes_supported: ["openid", 7, null],
        grant_types_supported: "authorization_code",
        claims_parameter_supported: "yes",
        op_tos_uri: "javascript:alert(1)",
        mtls_endpoint_aliases: { token_endpoint: "mtls", otherEndpoint: 7 },
        response_types_supported: ["code"]
      }
      const strategy = Discovery.fromEffect("mine", () => Effect.succeed(bad))
      const error = yield* Effect.flip(Discovery.discover(strategy, "https://as.test"))
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.strictEqual(error.outcome, "Incomplete")
      const invalid = error.attempts[0]?.error
      if (!(invalid instanceof DiscoveryError.InvalidMetadata)) return assert.fail("valid")
      const members = [
        "authorization_endpoint",
        "claims_parameter_supported",
        "grant_types_supported",
        "jwks_uri",
        "mtls_endpoint_aliases.otherEndpoint",
        "mtls_endpoint_aliases.token_endpoint",
        "op_tos_uri",
        "scopes_supported.1",
        "scopes_supported.2",
        "token_endpoint"
      ]
      assert.deepStrictEqual(invalid.issues.map(({ member }) => member).toSorted(), members)
      for (const member of members) assert.include(error.message, `"${member}"`)
    }))

  it.effect("does not produce an error as long as itself", () =>
    Effect.gen(function*() {
      const bad = { issuer: "https://as.test", jwks_uri: 7, scopes_supported: Array.from({ length: 10_000 }, () => 7) }
      const strategy = Discovery.fromEffect("mine", () => Effect.succeed(bad))
      const error = yield* Effect.flip(Discovery.discover(strategy, "https://as.test"))
      assert.isBelow(JSON.stringify(error).length + error.message.length, 30_000)
    }))

  it.effect("is reported with every invalid member, even if it is configured by hand", () =>
    Effect.gen(function*() {
      const strategy = Discovery.manual({ issuer: "https://as.test", jwksUri: "jwks", tokenEndpoint: "ftp://as.test" })
      const { attempts: [attempt] } = yield* Discovery.search(strategy, "https://as.test")
      if (!(attempt?.error instanceof DiscoveryError.InvalidMetadata)) return assert.fail("valid")
      assert.deepStrictEqual(attempt.error.issues.map(({ member }) => member).toSorted(), [
        "jwks_uri",
        "token_endpoint"
      ])
    }))
})

describe("a document that is requested by its URL", () => {
  const url = "https://as.test/.well-known/openid-configuration"

  it.effect("is not requested by an issuer, so the message does not tell to pass one", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      const byUrl = yield* Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(url))
      assert.strictEqual(byUrl.by, "url")
      assert.strictEqual(byUrl.issuer, url)
      assert.notInclude(byUrl.message, "pass the issuer")
      const byIssuer = yield* Effect.flip(Discovery.fetchServerConfig(url))
      if (byIssuer._tag !== "DiscoveryFailed") return assert.fail(byIssuer._tag)
      assert.strictEqual(byIssuer.by, "issuer")
      assert.include(byIssuer.message, "pass the issuer")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is named by its issuer if one is expected, and still requested by its URL", () =>
    Effect.gen(function*() {
      const expectedIssuer = "https://as.test/.well-known/odd"
      const error = yield* Effect.flip(Discovery.fetchServerConfigByWellKnownUrl(url, { expectedIssuer }))
      assert.strictEqual(error.by, "url")
      assert.strictEqual(error.issuer, expectedIssuer)
      assert.notInclude(error.message, "pass the issuer")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("custom strategies", () => {
  const issuer = "https://as.test"
  const answering = (answer: unknown) =>
    // JavaScript allows these values, whatever the types say.
    Discovery.fromEffect("my table", () => Effect.succeed(answer as object | undefined))

  const rows: ReadonlyArray<readonly [what: string, answer: unknown, outcome: string, found: string]> = [
    ["undefined, which means that there is no document", undefined, "Miss", "nothing"],
    ["null", null, "Incomplete", "no-json-object"],
    ["a date", DateTime.toDateUtc(DateTime.makeUnsafe(0)), "Incomplete", "no-json-object"],
    ["a bigint", 7n, "Incomplete", "no-json-object"],
    ["a bigint in a member", { issuer, x: 7n }, "Incomplete", "no-json-object"],
    ["an array", [{ issuer }], "Incomplete", "no-json-object"],
    ["a string", `{"issuer":"${issuer}"}`, "Incomplete", "no-json-object"],
    ["a number", 7, "Incomplete", "no-json-object"],
    ["a map", new Map([["issuer", issuer]]), "Incomplete", "no-json-object"],
    ["a promise", Promise.resolve({ issuer }), "Incomplete", "no-json-object"],
    ["a date in a member", { issuer, x: DateTime.toDateUtc(DateTime.makeUnsafe(0)) }, "Incomplete", "no-json-object"],
    ["a function in a member", { issuer, x: () => 1 }, "Incomplete", "no-json-object"],
    ["NaN in a member", { issuer, x: Number.NaN }, "Incomplete", "no-json-object"],
    ["undefined in an array", { issuer, x: [undefined] }, "Incomplete", "no-json-object"],
    ["an object without an issuer", { x: 1 }, "Incomplete", "no-issuer"],
    ["an issuer that is not a string", { issuer: { href: issuer } }, "Incomplete", "no-issuer"],
    ["an issuer that is undefined", { issuer: undefined }, "Incomplete", "no-issuer"]
  ]
  for (const [what, answer, outcome, found] of rows) {
    it.effect(`may return ${what}: ${outcome}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Discovery.discover(answering(answer), issuer))
        if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
        assert.strictEqual(error.outcome, outcome)
        const [attempt] = error.attempts
        if (!(attempt?.error instanceof DiscoveryError.NoDocument)) return assert.fail("a document")
        assert.strictEqual(attempt.error.reason, found)
        assert.strictEqual(attempt.error.strategy, "my table")
        assert.include(error.message, "my table")
        assert.notMatch(error.message, /GET|POST|HTTP|URL/)
      }))
  }

  it.effect("may return undefined members at any depth, which are dropped", () =>
    Effect.gen(function*() {
      const document = {
        issuer,
        jwks_uri: undefined,
        x: undefined,
        deep: { y: undefined, z: [{ w: undefined, v: 1 }], u: { t: undefined } }
      }
      const config = yield* Discovery.discover(answering(document), issuer)
      assert.deepStrictEqual(config.metadata, {
        issuer,
        additionalParameters: { deep: { z: [{ v: 1 }], u: {} } }
      })
    }))

  it.effect("may return an object of another realm or of no class", () =>
    Effect.gen(function*() {
      const bare = Object.assign(Object.create(null), { issuer })
      assert.strictEqual((yield* Discovery.discover(answering(bare), issuer)).issuer, issuer)
    }))

  it.effect("are not called again if they had no document", () =>
    Effect.gen(function*() {
      let runs = 0
      const strategy = Discovery.fromEffect("mine", () => Effect.sync(() => void runs++))
      const fiber = yield* Effect.forkChild(Discovery.search(strategy, issuer))
      yield* TestClock.adjust("1 minute")
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(runs, 1)
    }))
})
