import { Discovery, type DiscoveryError, FetchLimits, MetadataFetchError } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { HttpClientError, TransportError } from "effect/http/HttpClientError"
import { TestClock } from "effect/testing"

const oauthUrl = "https://as.test/.well-known/oauth-authorization-server"

/** One metadata URL, so that one fault is one attempt. */
const single = Discovery.discover(Discovery.oauth, "https://as.test")

const failure = Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(Effect.timed(Effect.flip(single)))
  yield* TestClock.adjust("10 minutes")
  const [took, error] = yield* Fiber.join(fiber)
  if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
  return { error, took }
})

const tagOf = (attempt: DiscoveryError.Attempt | undefined): string => {
  const error = attempt?.error
  if (error === undefined) return "none"
  return error._tag === "MetadataFetchError" ? error.reason._tag : error._tag
}

const reasonOf = (attempt: DiscoveryError.Attempt | undefined): MetadataFetchError.Reason | undefined =>
  attempt?.error?._tag === "MetadataFetchError" ? attempt.error.reason : undefined

/** `deepStrictEqual` compares only the names of errors. */
const isReason = (actual: MetadataFetchError.Reason | undefined, expected: MetadataFetchError.Reason): void => {
  assert.deepStrictEqual({ ...actual }, { ...expected })
}

/** A document that is valid except for its encoding: 0xfc is "ü" in Latin-1, and not UTF-8. */
const latin1 = Buffer.from(`{"issuer":"https://as.test","x":"\u00fc"}`, "latin1")

const rows: ReadonlyArray<readonly [rule: string, fault: Fault.Fault, outcome: string, tag: string, requests: number]> =
  [
    ["404 is a miss", Fault.status(404), "Miss", "Status", 1],
    ["401 of a bot protection is a miss", Fault.status(401), "Miss", "Status", 1],
    ["403 is a miss", Fault.status(403), "Miss", "Status", 1],
    ["204 is a miss", Fault.status(204), "Miss", "Status", 1],
    ["408 is transient and tried three times", Fault.status(408), "Transient", "Status", 3],
    ["425 is transient", Fault.status(425), "Transient", "Status", 3],
    ["429 is transient", Fault.status(429), "Transient", "Status", 3],
    ["500 is transient", Fault.status(500), "Transient", "Status", 3],
    ["503 is transient", Fault.status(503), "Transient", "Status", 3],
    ["a refused connection is transient", Fault.connectionError("ECONNREFUSED"), "Transient", "Transport", 3],
    ["an unknown host is transient", Fault.connectionError("ENOTFOUND"), "Transient", "Transport", 3],
    ["a bad certificate is transient", Fault.connectionError("CERT_HAS_EXPIRED"), "Transient", "Transport", 3],
    ["no answer is a timeout", Fault.delay("1 hour"), "Transient", "Timeout", 2],
    ["a body of one byte per second is a timeout", Fault.slowBody("1 second"), "Transient", "Timeout", 2],
    ["a body that breaks off is transient", Fault.truncatedBody({ broken: true }), "Transient", "Transport", 3],
    ["half a document is a miss", Fault.truncatedBody(), "Miss", "NotMetadata", 1],
    ["an HTML page is a miss", Fault.html, "Miss", "NotMetadata", 1],
    ["an empty body is a miss", Fault.body(""), "Miss", "NotMetadata", 1],
    ["JSON that is not an object is a miss", Fault.body("[]"), "Miss", "NotMetadata", 1],
    ["null is a miss", Fault.body("null"), "Miss", "NotMetadata", 1],
    ["an object without issuer is a miss", Fault.missing("issuer"), "Miss", "NotMetadata", 1],
    ["endlessly nested JSON is a miss", Fault.body("[".repeat(200_000)), "Miss", "NotMetadata", 1],
    ["a body that is not UTF-8 is a miss", Fault.body(latin1), "Miss", "NotMetadata", 1],
    ["a redirect without a Location is a miss", Fault.status(302), "Miss", "Redirect", 1],
    ["a redirect to another origin is refused", Fault.redirect("https://evil.test/"), "Refused", "Redirect", 1],
    ["a redirect to http is refused", Fault.redirect("http://as.test/x"), "Refused", "Redirect", 1],
    ["a redirect loop is refused", Fault.redirectLoop, "Refused", "Redirect", 4],
    [
      "a body with an oversized declared length is refused unread",
      Fault.hugeBody(100_000_000),
      "Refused",
      "BodyTooLarge",
      1
    ],
    [
      "an oversized body without a declared length is refused",
      Fault.hugeBody(100_000_000, { announced: false }),
      "Refused",
      "BodyTooLarge",
      1
    ],
    ["an endless body is refused", Fault.hugeBody(Infinity), "Refused", "BodyTooLarge", 1],
    ["another issuer is refused", Fault.wrongIssuer("https://evil.test"), "Refused", "IssuerMismatch", 1],
    [
      "an issuer with an additional slash is refused",
      Fault.wrongIssuer("https://as.test/"),
      "Refused",
      "IssuerMismatch",
      1
    ],
    ["a member that is null is incomplete", Fault.nulls("jwks_uri"), "Incomplete", "InvalidMetadata", 1]
  ]

describe("faults of a provider", () => {
  for (const [rule, fault, outcome, tag, requests] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", fault)
        const { error, took } = yield* failure
        assert.strictEqual(error.outcome, outcome)
        assert.strictEqual(tagOf(error.attempts[0]), tag)
        assert.strictEqual(yield* provider.count(), requests)
        assert.isAtMost(Duration.toMillis(took), 10_000)
        assert.strictEqual(yield* provider.inFlight, 0)
        assert.include(error.message, oauthUrl)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("an oversized body is read no further than the limit and one chunk", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.hugeBody(Infinity))
      yield* failure
      assert.isAtMost(yield* provider.bytesSent, 512 * 1024 + 4 * 64 * 1024)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a body that declares an oversized length is not read", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.hugeBody(100_000_000))
      yield* failure
      assert.isAtMost(yield* provider.bytesSent, 128 * 1024)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("recovery from faults", () => {
  const recovers: ReadonlyArray<readonly [rule: string, fault: Fault.Fault, times: number]> = [
    ["two transient failures", Fault.status(503), 2],
    ["one reset connection", Fault.connectionError("ECONNRESET"), 1],
    ["one timeout", Fault.delay("1 hour"), 1],
    ["a redirect on the same origin", Fault.redirect("?moved"), 1],
    ["three redirects on the same origin", Fault.redirect("?moved"), 3]
  ]
  for (const [rule, fault, times] of recovers) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", fault, { times })
        const fiber = yield* Effect.forkChild(single)
        yield* TestClock.adjust("10 minutes")
        const config = yield* Fiber.join(fiber)
        assert.strictEqual(config.issuer, "https://as.test")
        assert.strictEqual(yield* provider.count(), times + 1)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("waits as long as Retry-After asks, within the total time", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503, { "retry-after": "7" }), { times: 1 })
      const fiber = yield* Effect.forkChild(Effect.timed(single))
      yield* TestClock.adjust("10 minutes")
      const [took] = yield* Fiber.join(fiber)
      assert.strictEqual(Duration.toSeconds(took), 7)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("does not wait for a Retry-After beyond the total time, and names it in the error", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503, { "retry-after": "120" }))
      const { error, took } = yield* failure
      assert.strictEqual(Duration.toMillis(took), 0)
      assert.include(error.message, "Retry-After asks for 120 s")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("accepts valid JSON of another content type, with a warning", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.headers({ "content-type": "text/plain" }))
      const config = yield* single
      assert.deepStrictEqual(config.oddities.map(({ code }) => code), ["content_type_not_json"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("gives up the whole search when the total time is over, and names the request in flight", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 hour"))
      const fiber = yield* Effect.forkChild(Effect.timed(Effect.flip(Discovery.fetchServerConfig("https://as.test/t"))))
      yield* TestClock.adjust("10 minutes")
      const [took, error] = yield* Fiber.join(fiber)
      assert.strictEqual(Duration.toSeconds(took), 8)
      assert.include(error.message, "the search reached its limit of 8000 ms")
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(
      Effect.provideService(FetchLimits.FetchLimits, {
        ...FetchLimits.FetchLimits.defaultValue(),
        totalTimeout: Duration.seconds(8)
      }),
      Effect.provide(TestProvider.layer({ issuer: "https://as.test/t" }))
    ))

  it.effect("leaves nothing running when it is interrupted", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 hour"))
      const fiber = yield* Effect.forkChild(single)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.inFlight, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("a discovery request", () => {
  it.effect("asks for JSON, uncompressed, without cookies and credentials", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* single
      const [request] = yield* provider.requests
      assert.strictEqual(request?.method, "GET")
      assert.strictEqual(request?.headers["accept"], "application/json")
      assert.strictEqual(request?.headers["accept-encoding"], "identity")
      assert.isUndefined(request?.headers["cookie"])
      assert.isUndefined(request?.headers["authorization"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("has no trace context, and its query is in no span", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const keyed = Discovery.fromUrls("keyed", (issuer) => [`${issuer}/.well-known/openid-configuration?key=secret`])
      yield* Discovery.discover(keyed, "https://as.test").pipe(Effect.withTracer(tracer), Effect.withSpan("outer"))
      const [request] = yield* provider.requests
      assert.include(request?.url, "key=secret")
      assert.isUndefined(request?.headers["traceparent"])
      assert.isUndefined(request?.headers["b3"])
      assert.deepStrictEqual(spans.map(({ name }) => name), ["Discovery.search", "Discovery.fetchDocument"])
      const attributes = spans.flatMap(({ attributes }) => [...attributes.values()])
      assert.include(attributes, "https://as.test/.well-known/openid-configuration")
      assert.notInclude(attributes.join(), "secret")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is not sent for an invalid issuer", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const error = yield* Effect.flip(Discovery.fetchServerConfig("https://as.test/?x"))
      assert.strictEqual(error._tag, "InvalidIssuer")
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("deeply nested JSON", () => {
  const nested = (depth: number, open: string, close: string) =>
    // The document itself is one level.
    `{"issuer":"https://as.test","x":${open.repeat(depth - 1)}0${close.repeat(depth - 1)}}`

  const rows: ReadonlyArray<readonly [what: string, json: string, outcome: string]> = [
    ["64 levels of arrays are read", nested(64, "[", "]"), "Found"],
    ["65 levels of arrays are a miss", nested(65, "[", "]"), "Miss"],
    ["64 levels of objects are read", nested(64, "{\"x\":", "}"), "Found"],
    ["65 levels of objects are a miss", nested(65, "{\"x\":", "}"), "Miss"],
    ["100,000 levels are a miss", nested(100_000, "[", "]"), "Miss"],
    [
      "levels that are closed do not add up",
      `{"issuer":"https://as.test","x":[${Array.from({ length: 500 }, () => "[{\"y\":[]}]").join()}]}`,
      "Found"
    ],
    ["brackets in a string do not count", `{"issuer":"https://as.test","x":"${"[{".repeat(500)}"}`, "Found"],
    [
      "brackets after an escaped quotation mark do not count",
      `{"issuer":"https://as.test","x":"\\"${"[".repeat(500)}"}`,
      "Found"
    ],
    [
      "brackets after an escaped backslash at the end of a string count",
      `{"issuer":"https://as.test","x":"\\\\","y":${"[".repeat(64)}0${"]".repeat(64)}}`,
      "Miss"
    ],
    [
      "closing brackets in a string do not count",
      `{"issuer":"https://as.test","x":"${"]".repeat(500)}","y":${"[".repeat(64)}0${"]".repeat(64)}}`,
      "Miss"
    ]
  ]
  for (const [what, json, outcome] of rows) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", Fault.body(json))
        const { attempts: [attempt] } = yield* Discovery.search(Discovery.oauth, "https://as.test")
        assert.strictEqual(attempt?.outcome, outcome)
        const reason = reasonOf(attempt)
        const found = reason?._tag === "NotMetadata" ? reason.reason : "read"
        assert.strictEqual(found, outcome === "Miss" ? "malformed-json" : "read")
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})

describe("redirects", () => {
  for (const status of [301, 302, 303, 307, 308]) {
    it.effect(`${status} is followed on the same origin, by GET and with the headers of the request`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("oauth-authorization-server", Fault.redirect("/.well-known/openid-configuration", status))
        const strategy = Discovery.withHeaders(Discovery.oauth, { "x-tenant": "a" })
        const config = yield* Discovery.discover(strategy, "https://as.test")
        assert.deepStrictEqual(config.locations, [oauthUrl])
        const requests = yield* provider.requests
        assert.deepStrictEqual(
          requests.map(({ headers, method, url }) => [method, url, headers["x-tenant"]]),
          [["GET", oauthUrl, "a"], ["GET", "https://as.test/.well-known/openid-configuration", "a"]]
        )
      }).pipe(Effect.provide(TestProvider.layer())))

    it.effect(`${status} to another origin is refused without a request there`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", Fault.redirect("https://evil.test/x", status))
        const { error } = yield* failure
        const expected = { status, reason: "foreign-origin", origin: "https://evil.test" } as const
        isReason(reasonOf(error.attempts[0]), new MetadataFetchError.Redirect(expected))
        assert.strictEqual(yield* provider.count(), 1)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const status of [300, 304, 305, 306]) {
    it.effect(`${status} is not a redirect, whatever its Location is`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", Fault.redirect("/.well-known/openid-configuration", status))
        const { error } = yield* failure
        isReason(reasonOf(error.attempts[0]), new MetadataFetchError.Status({ status }))
        assert.strictEqual(error.outcome, "Miss")
        assert.strictEqual(yield* provider.count(), 1)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const unusable: ReadonlyArray<readonly [what: string, location: string]> = [
    ["user and password", "https://user:hunter2@as.test/.well-known/openid-configuration"],
    ["a user", "https://user@as.test/.well-known/openid-configuration"],
    ["a password", "https://:hunter2@as.test/.well-known/openid-configuration"],
    ["user and password, without a scheme", "//user:hunter2@as.test/.well-known/openid-configuration"],
    ["no host", "https://"],
    ["no port", "https://as.test:x/"]
  ]
  for (const [what, location] of unusable) {
    it.effect(`a Location with ${what} is refused`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("oauth-authorization-server", Fault.redirect(location))
        const { error } = yield* failure
        isReason(
          reasonOf(error.attempts[0]),
          new MetadataFetchError.Redirect({ status: 302, reason: "unusable-location" })
        )
        assert.strictEqual(error.outcome, "Miss")
        assert.strictEqual(yield* provider.count(), 1)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("a Location that parsers read in different ways is refused", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("oauth-authorization-server", Fault.redirect("/x|y"))
      const { error } = yield* failure
      assert.strictEqual(tagOf(error.attempts[0]), "RefusedUrl")
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("status 0 from a browser that does not follow redirects is a miss", () =>
    Effect.gen(function*() {
      const browser = HttpClient.make((request) =>
        Effect.succeed(HttpClientResponse.fromWeb(request, Response.error()))
      )
      const error = yield* Effect.flip(Effect.provideService(single, HttpClient.HttpClient, browser))
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      isReason(reasonOf(error.attempts[0]), new MetadataFetchError.Redirect({ status: 0, reason: "unusable-location" }))
    }))

  it.effect("a redirect is followed as often as the limits allow", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.redirectLoop)
      const { error } = yield* failure
      isReason(reasonOf(error.attempts[0]), new MetadataFetchError.Redirect({ status: 302, reason: "too-many" }))
      assert.strictEqual(yield* provider.count(), 2)
    }).pipe(
      Effect.provideService(FetchLimits.FetchLimits, { ...FetchLimits.FetchLimits.defaultValue(), redirects: 1 }),
      Effect.provide(TestProvider.layer())
    ))
})

describe("the reason of a transport error", () => {
  const coded = (code: string, more: object = {}) => Object.assign(new Error(`connect ${code}`), { code, ...more })
  const joined = (...errors: ReadonlyArray<unknown>) => new AggregateError(errors, "all failed")
  const refused = new MetadataFetchError.RefusedAddress({ host: "as.test", address: "10.0.0.1", range: "private" })
  const circular = Object.assign(new Error("round and round"), { cause: {} })
  circular.cause = circular

  const rows: ReadonlyArray<readonly [what: string, cause: unknown, detail: string]> = [
    ["the code of its cause", coded("ECONNREFUSED"), "ECONNREFUSED"],
    ["the innermost code", new TypeError("fetch failed", { cause: coded("ENOTFOUND") }), "ENOTFOUND"],
    ["the innermost of several codes", coded("OUTER", { cause: coded("INNER") }), "INNER"],
    ["a code among the failures of several addresses", joined(coded("ETIMEDOUT"), coded("ENETUNREACH")), "ENETUNREACH"],
    [
      "the only code among the failures of several addresses",
      joined(coded("ETIMEDOUT"), new Error("no code")),
      "ETIMEDOUT"
    ],
    [
      "a code nested in the failures of several addresses",
      new Error("x", { cause: joined(new Error("y", { cause: coded("EPIPE") })) }),
      "EPIPE"
    ],
    ["the innermost message, if there is no code", new Error("x", { cause: new Error("bad record") }), "bad record"],
    ["the name of the innermost error, if its message is empty", new Error("x", { cause: new Error("") }), "x"],
    ["its kind, if there is nothing else", undefined, "TransportError"],
    ["never a code that is a number", Object.assign(new Error("odd"), { code: 7 }), "odd"],
    ["found even if a cause leads back to itself", circular, "round and round"],
    ["200 characters", new Error("x".repeat(1000)), "x".repeat(200)]
  ]
  const failing = (cause: unknown) =>
    HttpClient.make((request) => Effect.fail(new HttpClientError({ reason: new TransportError({ request, cause }) })))

  const reason = (cause: unknown) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.provideService(
          Discovery.search(Discovery.oauth, "https://as.test"),
          HttpClient.HttpClient,
          failing(cause)
        )
      )
      yield* TestClock.adjust("1 minute")
      return reasonOf((yield* Fiber.join(fiber)).attempts[0])
    })

  for (const [what, cause, detail] of rows) {
    it.effect(`is ${what}`, () =>
      Effect.gen(function*() {
        isReason(yield* reason(cause), new MetadataFetchError.Transport({ detail }))
      }))
  }

  const refusals: ReadonlyArray<readonly [what: string, cause: unknown]> = [
    ["directly", refused],
    ["as a cause", new TypeError("fetch failed", { cause: refused })],
    ["among the failures of several addresses", joined(coded("ETIMEDOUT"), refused)],
    [
      "nested in the failures of several addresses",
      new Error("x", { cause: joined(coded("EPIPE"), new Error("y", { cause: joined(refused) })) })
    ]
  ]
  for (const [what, cause] of refusals) {
    it.effect(`is a refused address, ${what}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* reason(cause), refused)
      }))
  }

  it.effect("is searched in a limited number of causes", () =>
    Effect.gen(function*() {
      const wide = joined(...Array.from({ length: 100_000 }, () => new Error("no code")))
      const late = joined(...Array.from({ length: 100 }, () => new Error("no code")), coded("LATE"))
      isReason(yield* reason(wide), new MetadataFetchError.Transport({ detail: "no code" }))
      isReason(yield* reason(late), new MetadataFetchError.Transport({ detail: "no code" }))
    }))
})
