import { Discovery, IssuerPolicy, Purpose, Repairs, Validation } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Data, Effect, Fiber, PlatformError, Schema } from "effect"
import { TestClock } from "effect/testing"
import { elapse } from "./harness.ts"

const issuer = "https://as.test/t1"
const layer = TestProvider.layer({ issuer })

const urls = (strategy: Discovery.Strategy<unknown, unknown>) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    yield* provider.fault("metadata", Fault.status(404))
    // All services that the strategies of these tests need are in the layer.
    yield* Effect.result(Discovery.search(strategy as Discovery.Strategy, issuer))
    return (yield* provider.requests).map(({ url }) => url)
  }).pipe(Effect.provide(layer))

const oauthUrl = "https://as.test/.well-known/oauth-authorization-server/t1"
const insertedUrl = "https://as.test/.well-known/openid-configuration/t1"
const appendedUrl = "https://as.test/t1/.well-known/openid-configuration"

describe("composition of strategies", () => {
  it.effect("mcp makes requests in the order of the specification", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* urls(Discovery.mcp), [oauthUrl, insertedUrl, appendedUrl])
    }))

  it.effect("the appended OAuth form is requested only if it is named", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* urls(Discovery.orElse(Discovery.oidc, Discovery.oauthAppended)),
        [appendedUrl, "https://as.test/t1/.well-known/oauth-authorization-server"]
      )
    }))

  const parts: ReadonlyArray<Discovery.Strategy> = [
    Discovery.oauth,
    Discovery.oidc,
    Discovery.oidcInserted,
    Discovery.oauthAppended,
    Discovery.mcp,
    Discovery.race([Discovery.oidc, Discovery.oauth])
  ]
  it.effect("orElse is associative", () =>
    Effect.forEach(parts, (a) =>
      Effect.forEach(parts, (b) =>
        Effect.forEach(parts, (c) =>
          Effect.gen(function*() {
            const left = yield* urls(Discovery.orElse(Discovery.orElse(a, b), c))
            const right = yield* urls(Discovery.orElse(a, Discovery.orElse(b, c)))
            assert.deepStrictEqual(left, right)
            assert.deepStrictEqual(yield* urls(Discovery.firstOf(a, b, c)), left)
          })))))

  it.effect("equal URLs are requested once, at their first position", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* urls(Discovery.firstOf(Discovery.oidc, Discovery.mcp, Discovery.wellKnownUrl(oauthUrl))),
        [appendedUrl, oauthUrl, insertedUrl]
      )
    }))

  it.effect("nothing is requested after the first success", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const config = yield* Discovery.discover(Discovery.mcp, issuer)
      assert.deepStrictEqual(config.locations, [oauthUrl])
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(layer)))

  const outcomes: ReadonlyArray<readonly [string, Fault.Fault]> = [
    ["a miss", Fault.status(404)],
    ["an outage", Fault.status(503)],
    ["an HTML page", Fault.html],
    ["another issuer", Fault.wrongIssuer("https://evil.test")],
    ["a redirect to another origin", Fault.redirect("https://evil.test")],
    ["an oversized body", Fault.hugeBody(1e9)]
  ]
  for (const [what, fault] of outcomes) {
    it.effect(`the search continues after ${what}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("oauth-authorization-server", fault)
        yield* provider.fault("openid-configuration-inserted", fault)
        const fiber = yield* Effect.forkChild(Discovery.discover(Discovery.mcp, issuer))
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual((yield* Fiber.join(fiber)).locations, [appendedUrl])
      }).pipe(Effect.provide(layer)))
  }

  it.effect("the failure has the reason of its strongest attempt, and lists all in order", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("oauth-authorization-server", Fault.status(503))
      yield* provider.fault("openid-configuration-inserted", Fault.wrongIssuer("https://evil.test"))
      yield* provider.fault("openid-configuration", Fault.status(404))
      const fiber = yield* Effect.forkChild(Effect.flip(Discovery.discover(Discovery.mcp, issuer)))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.strictEqual(error.outcome, "Refused")
      assert.deepStrictEqual(error.attempts.map(({ location, outcome }) => [location, outcome]), [
        [oauthUrl, "Transient"],
        [insertedUrl, "Refused"],
        [appendedUrl, "Miss"]
      ])
      for (const url of [oauthUrl, insertedUrl, appendedUrl]) assert.include(error.message, url)
    }).pipe(Effect.provide(layer)))
})

describe("race", () => {
  const raced = Discovery.race([Discovery.oauth, Discovery.oidc], { delay: "300 millis" })

  it.effect("does not start the second strategy if the first one answers in time", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* Discovery.discover(raced, issuer)
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(layer)))

  it.effect("starts the second strategy after the delay, and interrupts the first when the second wins", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("oauth-authorization-server", Fault.delay("3 seconds"))
      const fiber = yield* Effect.forkChild(Discovery.discover(raced, issuer))
      yield* TestClock.adjust("299 millis")
      assert.strictEqual(yield* provider.count(), 1)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).locations, [appendedUrl])
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(Effect.provide(layer)))

  it.effect("starts the second strategy at once if the first one fails", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("oauth-authorization-server", Fault.status(404))
      assert.deepStrictEqual((yield* Discovery.discover(raced, issuer)).locations, [appendedUrl])
    }).pipe(Effect.provide(layer)))

  it.effect("without a success fails with every attempt", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      const { attempts } = yield* Discovery.search(raced, issuer)
      assert.deepStrictEqual(attempts.map(({ outcome }) => outcome), ["Miss", "Miss"])
    }).pipe(Effect.provide(layer)))
})

describe("refinements of strategies", () => {
  it.effect("withHeaders and mapRequest change the request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* Discovery.oauth.pipe(
        Discovery.withHeaders({ "x-tenant": "a" }),
        Discovery.mapRequest((request) => ({ ...request, method: "GET" })),
        (strategy) => Discovery.discover(strategy, issuer)
      )
      const [request] = yield* provider.requests
      assert.strictEqual(request?.headers["x-tenant"], "a")
    }).pipe(Effect.provide(layer)))

  it.effect("retry and timeout override the limits", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 hour"))
      const strategy = Discovery.oauth.pipe(
        Discovery.retry({ times: 1, delay: "10 millis" }),
        Discovery.timeout("1 second")
      )
      const fiber = yield* Effect.forkChild(Discovery.search(strategy, issuer))
      yield* TestClock.adjust("2100 millis")
      const { attempts } = yield* Fiber.join(fiber)
      assert.strictEqual(attempts[0]?.outcome, "Transient")
      assert.strictEqual(yield* provider.count(), 2)
    }).pipe(Effect.provide(layer)))

  it.effect("transpile repairs, and the result lists the changes", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.missing("code_challenge_methods_supported"))
      const config = yield* Discovery.discover(Discovery.transpile(Discovery.mcp, Repairs.pkce), issuer)
      assert.deepStrictEqual(config.repairs.map(({ name }) => name), ["pkce"])
      assert.deepStrictEqual(config.repairs[0]?.patch, [
        { op: "add", path: "/code_challenge_methods_supported", value: ["S256"] }
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("validate requires the rules of a strategy, and the search continues after a violation", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("oauth-authorization-server", Fault.missing("code_challenge_methods_supported"))
      const config = yield* Discovery.discover(Discovery.validate(Discovery.mcp), issuer)
      assert.deepStrictEqual(config.locations, [insertedUrl])
      yield* provider.fault("metadata", Fault.missing("code_challenge_methods_supported"))
      const { attempts } = yield* Discovery.search(Discovery.mcp.pipe(Discovery.validate()), issuer)
      assert.isTrue(attempts.every(({ error }) => error instanceof Validation.InvalidServerConfig))
    }).pipe(Effect.provide(layer)))

  it.effect("wellKnownUrl requires the expected issuer", () =>
    Effect.gen(function*() {
      const url = "https://as.test/t1/.well-known/openid-configuration"
      const config = yield* Discovery.discover(Discovery.wellKnownUrl(url, issuer), "https://other.test")
      assert.strictEqual(config.issuer, issuer)
      const { attempts } = yield* Discovery.search(Discovery.wellKnownUrl(url), "https://other.test")
      assert.strictEqual(attempts[0]?.error?._tag, "IssuerMismatch")
    }).pipe(Effect.provide(layer)))

  it.effect("manual metadata must name the requested issuer, and must have valid URLs", () =>
    Effect.gen(function*() {
      const config = yield* Discovery.discover(Discovery.manual({ issuer, jwksUri: "https://as.test/jwks" }), issuer)
      assert.strictEqual(config.metadata.jwksUri, "https://as.test/jwks")
      const other = yield* Discovery.search(Discovery.manual({ issuer: "https://evil.test" }), issuer)
      assert.strictEqual(other.attempts[0]?.error?._tag, "IssuerMismatch")
      const bad = yield* Discovery.search(Discovery.manual({ issuer, jwksUri: "jwks" }), issuer)
      assert.strictEqual(bad.attempts[0]?.error?._tag, "InvalidMetadata")
    }))
})

describe("purposes of a search", () => {
  const split = TestProvider.layer({
    issuer,
    metadataAt: {
      "oauth-authorization-server": { jwks_uri: undefined, introspection_endpoint: undefined },
      "openid-configuration-inserted": { code_challenge_methods_supported: undefined },
      "openid-configuration": { code_challenge_methods_supported: undefined }
    }
  })

  it.effect("verifying continues to the document with the keys, as GitHub needs it", () =>
    Effect.gen(function*() {
      const config = yield* Discovery.discover(Discovery.mcp, issuer, { purpose: Purpose.verification })
      assert.deepStrictEqual(config.locations, [insertedUrl])
    }).pipe(Effect.provide(split)))

  it.effect("authorization accepts the document with PKCE", () =>
    Effect.gen(function*() {
      const config = yield* Discovery.discover(Discovery.mcp, issuer, { purpose: Purpose.authorization })
      assert.deepStrictEqual(config.locations, [oauthUrl])
    }).pipe(Effect.provide(split)))

  it.effect("both at once are incomplete unless documents may be merged", () =>
    Effect.gen(function*() {
      const purpose = Purpose.all(Purpose.verification, Purpose.authorization)
      const error = yield* Effect.flip(Discovery.discover(Discovery.mcp, issuer, { purpose }))
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.strictEqual(error.outcome, "Incomplete")
      const config = yield* Discovery.discover(Discovery.mcp, issuer, { purpose, mergeDocuments: true })
      assert.deepStrictEqual(config.locations, [oauthUrl, insertedUrl])
      assert.deepStrictEqual(config.oddities.map(({ code }) => code), ["documents_merged"])
      assert.isDefined(config.metadata.jwksUri)
      assert.deepStrictEqual(config.metadata.codeChallengeMethodsSupported, ["S256"])
    }).pipe(Effect.provide(split)))

  it.effect("in merged documents the first one takes precedence", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault(
        "oauth-authorization-server",
        Fault.all(Fault.missing("jwks_uri", "introspection_endpoint"))
      )
      const first = Discovery.transpile(
        Discovery.oauth,
        (document) => ({ ...document, service_documentation: "https://first.test" })
      )
      const second = Discovery.transpile(
        Discovery.oidc,
        (document) => ({ ...document, service_documentation: "https://second.test" })
      )
      const config = yield* Discovery.discover(Discovery.orElse(first, second), issuer, {
        purpose: Purpose.verification,
        mergeDocuments: true
      })
      assert.strictEqual(config.metadata.serviceDocumentation, "https://second.test")
      const both = yield* Discovery.discover(Discovery.orElse(first, second), issuer, {
        purpose: Purpose.make("both", ({ additionalParameters, jwksUri, serviceDocumentation }) =>
          jwksUri !== undefined && serviceDocumentation === "https://first.test" && additionalParameters !== undefined
            ? []
            : ["both"]),
        mergeDocuments: true
      })
      assert.strictEqual(both.metadata.serviceDocumentation, "https://first.test")
    }).pipe(Effect.provide(layer)))

  it.effect("documents of another issuer are never merged", () =>
    Effect.gen(function*() {
      const a = Discovery.fromEffect("a", () =>
        Effect.succeed({ issuer: "https://a.test", token_endpoint: "https://a.test/t" }))
        .pipe(Discovery.withIssuerPolicy(IssuerPolicy.expected("https://a.test")))
      const b = Discovery.fromEffect("b", () =>
        Effect.succeed({ issuer, authorization_endpoint: "https://b.test/a" }))
      const purpose = Purpose.make("both", ({ authorizationEndpoint, tokenEndpoint }) =>
        authorizationEndpoint === undefined || tokenEndpoint === undefined ? ["an endpoint"] : [])
      const error = yield* Effect.flip(
        Discovery.discover(Discovery.orElse(a, b), issuer, { purpose, mergeDocuments: true })
      )
      assert.strictEqual(error._tag, "DiscoveryFailed")
    }))
})

class VaultSealed extends Data.TaggedError("VaultSealed")<{ readonly until: string }> {}

class Database extends Context.Service<Database, {
  readonly find: (issuer: string) => Effect.Effect<object | undefined>
}>()("@effect-mcp-auth/core/test/discovery/Strategy.test/Database") {}

describe("custom strategies", () => {
  const database = Discovery.fromEffect("database", (issuer) => Effect.flatMap(Database, ({ find }) => find(issuer)))
  const sealed = Discovery.fromEffect("vault", () => new VaultSealed({ until: "noon" }))
  const scheme = Discovery.fromUrls("scheme", () => [`${new URL(issuer).origin}/meta?tenant=t1`])

  it.effect("a database without a row is a miss, and the search continues", () =>
    Effect.gen(function*() {
      const config = yield* Discovery.discover(Discovery.orElse(database, Discovery.mcp), issuer)
      assert.deepStrictEqual(config.locations, [oauthUrl])
    }).pipe(
      Effect.provideService(Database, { find: () => Effect.succeed(undefined) }),
      Effect.provide(layer)
    ))

  it.effect("a document from a database is validated like any other", () =>
    Effect.gen(function*() {
      const { attempts } = yield* Discovery.search(database, issuer)
      assert.strictEqual(attempts[0]?.error?._tag, "IssuerMismatch")
    }).pipe(Effect.provideService(Database, { find: () => Effect.succeed({ issuer: "https://evil.test" }) })))

  it.effect("the failure of a vault is transient, and keeps its type", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.flip(Discovery.discover(sealed, issuer)))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.strictEqual(error.outcome, "Transient")
      const [attempt] = error.attempts
      assert.isTrue(attempt?.error?._tag === "VaultSealed" && attempt.error.until === "noon")
    }))

  it.effect("another URL scheme is requested under the same limits", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { attempts } = yield* Discovery.search(scheme, issuer)
      assert.strictEqual(attempts[0]?.outcome, "Miss")
      assert.deepStrictEqual((yield* provider.requests).map(({ url }) => url), ["https://as.test/meta?tenant=t1"])
    }).pipe(Effect.provide(layer)))

  it.effect("a URL that is not https is refused without a request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      for (
        const url of ["http://as.test/x", "ftp://as.test/x", "as.test", "https://as.test\\x", "http://localhost/x"]
      ) {
        const { attempts } = yield* Discovery.search(Discovery.wellKnownUrl(url), issuer)
        assert.strictEqual(attempts[0]?.outcome, "Refused")
      }
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.provide(layer)))

  const fileError = (tag: PlatformError.SystemErrorTag) =>
    Effect.fail(
      PlatformError.systemError({
        _tag: tag,
        module: "FileSystem",
        method: "readFile",
        pathOrDescriptor: "/etc/as.json"
      })
    )
  const decode = Schema.decodeEffect(Schema.fromJsonString(Schema.JsonObject))
  const failures: ReadonlyArray<
    readonly [what: string, Effect.Effect<object, unknown>, outcome: string, tries: number, says: string]
  > = [
    ["a pinned file that does not exist", fileError("NotFound"), "Miss", 1, "correct the path, or create the file"],
    ["a file that may not be read", fileError("PermissionDenied"), "Refused", 1, "permission to read the file"],
    ["a file that is not JSON", decode("{"), "Incomplete", 1, "a document was found, but it is invalid"],
    ["a file on a busy device", fileError("Busy"), "Transient", 3, "a temporary failure; retry later"]
  ]
  for (const [what, load, outcome, tries, says] of failures) {
    it.effect(`${what} is ${outcome}, and is read ${tries === 1 ? "once" : `${tries} times`}`, () =>
      Effect.gen(function*() {
        let count = 0
        const strategy = Discovery.fromEffect("file", () => Effect.andThen(Effect.sync(() => count++), load))
        const { value } = yield* elapse(Effect.flip(Discovery.discover(strategy, issuer)))
        if (value._tag !== "DiscoveryFailed") return assert.fail(value._tag)
        assert.deepStrictEqual([value.outcome, count], [outcome, tries])
        assert.include(value.message, says)
        assert.strictEqual(value.message.includes("retry later"), outcome === "Transient")
      }))
  }

  it.effect("a defect of a custom strategy stays a defect", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Discovery.search(Discovery.fromEffect("x", () => Effect.die("boom")), issuer))
      assert.strictEqual(exit._tag, "Failure")
    }))
})
