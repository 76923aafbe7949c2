import { Discovery, type DiscoveryError, IssuerPolicy, Purpose, Repairs, Validation } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Fiber, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { chance, elapse, limited } from "./harness.ts"

const issuer = "https://as.test/t1"
const layer = TestProvider.layer({ issuer })

const oauthUrl = "https://as.test/.well-known/oauth-authorization-server/t1"
const insertedUrl = "https://as.test/.well-known/openid-configuration/t1"
const appendedUrl = "https://as.test/t1/.well-known/openid-configuration"

const first = "oauth-authorization-server"
const second = "openid-configuration-inserted"
const third = "openid-configuration"

/** The requests so far, with their times. */
const arrivals = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  return (yield* provider.requests).map(({ at, url }) => [url, at] as const)
})

const outcomes = (attempts: ReadonlyArray<DiscoveryError.Attempt<unknown>>) =>
  attempts.map(({ location, outcome }) => [location, outcome])

const failed = (
  effect: Effect.Effect<
    unknown,
    { readonly _tag: "InvalidIssuer" } | DiscoveryError.DiscoveryFailed,
    HttpClient.HttpClient
  >
) =>
  Effect.map(elapse(Effect.flip(effect)), ({ took, value }) => {
    if (value._tag !== "DiscoveryFailed") return assert.fail(value._tag)
    return { error: value, took }
  })

describe("a place that does not respond does not delay the others", () => {
  it.effect("it is left when its attempt times out, and the next place is found", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault(first, Fault.delay("1 hour"))
      const { took, value } = yield* elapse(Discovery.fetchServerConfig(issuer))
      assert.deepStrictEqual(value.locations, [insertedUrl])
      assert.strictEqual(took, 5000)
      assert.deepStrictEqual(yield* arrivals, [[oauthUrl, 0], [insertedUrl, 5000]])
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(Effect.provide(layer)))

  const passing: ReadonlyArray<readonly [what: string, fault: Fault.Fault]> = [
    ["is down", Fault.status(503)],
    ["answers with a Retry-After of ten seconds", Fault.status(503, { "retry-after": "10" })],
    ["answers with a Retry-After of an hour", Fault.status(429, { "retry-after": "3600" })],
    ["resets the connection", Fault.connectionError("ECONNRESET")]
  ]
  for (const [what, fault] of passing) {
    it.effect(`one that ${what} is skipped at once`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault(first, fault)
        // No clock moves here: a request that waited would never end.
        const { locations } = yield* Discovery.fetchServerConfig(issuer)
        assert.deepStrictEqual(locations, [insertedUrl])
        assert.deepStrictEqual(yield* arrivals, [[oauthUrl, 0], [insertedUrl, 0]])
      }).pipe(Effect.provide(layer)))
  }

  it.effect("it is asked again only in later rounds, and a place without a document never", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault(first, Fault.status(503))
      yield* provider.fault(second, Fault.status(404))
      yield* provider.fault(third, Fault.html)
      const { error } = yield* failed(Discovery.fetchServerConfig(issuer))
      const urls = (yield* arrivals).map(([url]) => url)
      assert.deepStrictEqual(urls, [oauthUrl, insertedUrl, appendedUrl, oauthUrl, oauthUrl])
      assert.deepStrictEqual(outcomes(error.attempts), [
        [oauthUrl, "Transient"],
        [insertedUrl, "Miss"],
        [appendedUrl, "Miss"]
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("in every round the places are asked in their order", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      yield* failed(Discovery.fetchServerConfig(issuer))
      const round = [oauthUrl, insertedUrl, appendedUrl]
      assert.deepStrictEqual((yield* arrivals).map(([url]) => url), [...round, ...round, ...round])
    }).pipe(chance(0.5), Effect.provide(layer)))

  it.effect("a document that it has in a later round is found", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault(first, Fault.status(503), { times: 2 })
      yield* provider.fault(second, Fault.status(404))
      yield* provider.fault(third, Fault.status(404))
      const { value } = yield* elapse(Discovery.search(Discovery.mcp, issuer))
      assert.deepStrictEqual(Option.getOrUndefined(value.config)?.locations, [oauthUrl])
      assert.deepStrictEqual(outcomes(value.attempts), [
        [oauthUrl, "Found"],
        [insertedUrl, "Miss"],
        [appendedUrl, "Miss"]
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("Retry-After of one place does not delay another", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault(first, Fault.status(503, { "retry-after": "10" }))
      yield* provider.fault(second, Fault.status(503), { times: 1 })
      yield* provider.fault(third, Fault.status(404))
      const { took, value } = yield* elapse(Discovery.fetchServerConfig(issuer))
      assert.deepStrictEqual(value.locations, [insertedUrl])
      assert.strictEqual(took, 200)
      assert.deepStrictEqual(yield* arrivals, [[oauthUrl, 0], [insertedUrl, 0], [appendedUrl, 0], [insertedUrl, 200]])
    }).pipe(chance(0.5), Effect.provide(layer)))

  it.effect("Retry-After applies to the place that sent it", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault(first, Fault.status(503, { "retry-after": "7" }), { times: 1 })
      yield* provider.fault(second, Fault.status(503))
      yield* provider.fault(third, Fault.status(404))
      const { took, value } = yield* elapse(Discovery.fetchServerConfig(issuer))
      assert.deepStrictEqual(value.locations, [oauthUrl])
      assert.strictEqual(took, 7000)
      assert.deepStrictEqual(yield* arrivals, [
        [oauthUrl, 0],
        [insertedUrl, 0],
        [appendedUrl, 0],
        [insertedUrl, 200],
        [insertedUrl, 600],
        [oauthUrl, 7000]
      ])
    }).pipe(chance(0.5), Effect.provide(layer)))

  it.effect("a place whose Retry-After is beyond the end of the search is not asked again, and the search does not wait", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      yield* provider.fault(first, Fault.status(503, { "retry-after": "15" }))
      const { error, took } = yield* failed(Discovery.fetchServerConfig(issuer))
      assert.strictEqual(took, 0)
      assert.strictEqual(error.outcome, "Transient")
      assert.strictEqual(yield* provider.count(first), 1)
    }).pipe(Effect.provide(layer)))

  it.effect("when the time is over, its last response is reported", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      const fiber = yield* Effect.forkChild(Effect.timed(Effect.flip(Discovery.fetchServerConfig(issuer))))
      yield* TestClock.adjust("100 millis")
      yield* provider.heal()
      yield* provider.fault("metadata", Fault.delay("1 hour"))
      yield* TestClock.adjust("10 minutes")
      const [took, error] = yield* Fiber.join(fiber)
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.strictEqual(Duration.toSeconds(took), 3)
      assert.strictEqual(error.outcome, "Transient")
      assert.strictEqual(error.attempts.length, 3)
      assert.strictEqual(error.message.split("HTTP 503").length, 4)
      assert.notInclude(error.message, "the search reached its limit")
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(limited({ totalTimeout: Duration.seconds(3) }), Effect.provide(layer)))

  it.effect("a place without a response is reported as given up, and places that were not asked are not reported", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 hour"))
      const { error, took } = yield* failed(Discovery.fetchServerConfig(issuer))
      assert.strictEqual(took, 8000)
      const reasons = error.attempts.map(({ error }) =>
        error?._tag === "MetadataFetchError" && error.reason._tag === "Timeout" ? error.reason.of : error?._tag
      )
      assert.deepStrictEqual(reasons, ["attempt", "search"])
    }).pipe(limited({ totalTimeout: Duration.seconds(8) }), Effect.provide(layer)))

  it.effect("raced places are asked again together", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      const raced = Discovery.race([Discovery.oauth, Discovery.oidc])
      const { error } = yield* failed(Discovery.discover(raced, issuer))
      assert.deepStrictEqual(outcomes(error.attempts), [[oauthUrl, "Transient"], [appendedUrl, "Transient"]])
      assert.deepStrictEqual((yield* arrivals).map(([url]) => url), [
        oauthUrl,
        appendedUrl,
        oauthUrl,
        appendedUrl,
        oauthUrl,
        appendedUrl
      ])
    }).pipe(chance(0.5), Effect.provide(layer)))
})

describe("a race in a later round", () => {
  it.effect("starts the second place after the delay, and not when the first one has failed", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503), { times: 2 })
      const raced = Discovery.race([Discovery.oauth, Discovery.oidc], { delay: "300 millis" })
      const fiber = yield* Effect.forkChild(Effect.timed(Discovery.discover(raced, issuer)))
      yield* TestClock.adjust("100 millis")
      yield* provider.fault(first, Fault.delay("3 seconds"))
      yield* TestClock.adjust("10 minutes")
      const [took, { locations }] = yield* Fiber.join(fiber)
      assert.deepStrictEqual(locations, [appendedUrl])
      assert.strictEqual(Duration.toMillis(took), 500)
      assert.deepStrictEqual(yield* arrivals, [[oauthUrl, 0], [appendedUrl, 0], [oauthUrl, 200], [appendedUrl, 500]])
      assert.strictEqual(yield* provider.inFlight, 0)
    }).pipe(chance(0.5), Effect.provide(layer)))
})

describe("the waits between rounds", () => {
  const rows: ReadonlyArray<readonly [random: number, waits: ReadonlyArray<number>]> = [
    [0, [160, 320, 640]],
    [0.5, [200, 400, 800]],
    [1, [240, 480, 960]]
  ]
  for (const [random, waits] of rows) {
    it.effect(`double, with a jitter of a fifth: ${waits.join(", ")} ms`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", Fault.status(503))
        yield* failed(Discovery.discover(Discovery.retry(Discovery.oauth, { times: 3 }), issuer))
        const times = (yield* arrivals).map(([, at]) => at)
        const between = times.slice(1).map((at, index) => Math.round(at - (times[index] ?? 0)))
        assert.deepStrictEqual(between, waits)
      }).pipe(chance(random), Effect.provide(layer)))
  }

  it.effect("differ from search to search, within these bounds", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      const waits = new Set<number>()
      for (let search = 0; search < 20; search++) {
        const before = (yield* arrivals).length
        yield* failed(Discovery.discover(Discovery.oauth, issuer))
        const [a = 0, b = 0, c = 0] = (yield* arrivals).slice(before).map(([, at]) => at)
        assert.isTrue(b - a >= 160 && b - a <= 240 && c - b >= 320 && c - b <= 480, `${a} ${b} ${c}`)
        waits.add(b - a)
      }
      assert.isAbove(waits.size, 10)
    }).pipe(Effect.provide(layer)))

  const asked: ReadonlyArray<readonly [rule: string, retryAfter: string, wait: number]> = [
    ["seconds", "7", 7000],
    ["seconds with white space around", " 7 ", 7000],
    ["an HTTP date", "Thu, 01 Jan 1970 00:00:07 GMT", 7000],
    ["a date in the past, which is ignored", "Wed, 31 Dec 1969 23:59:00 GMT", 200],
    ["less than the wait, which is ignored", "0", 200],
    ["a word, which is ignored", "soon", 200],
    ["a negative number, which is ignored", "-7", 200],
    ["a fraction, which is ignored", "7.5", 200],
    ["an infinite number, which is ignored", "7".repeat(40), 200]
  ]
  for (const [rule, retryAfter, wait] of asked) {
    it.effect(`Retry-After may be ${rule}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("metadata", Fault.status(503, { "retry-after": retryAfter }), { times: 1 })
        const { took } = yield* elapse(Discovery.discover(Discovery.oauth, issuer))
        assert.strictEqual(took, wait)
      }).pipe(chance(0.5), Effect.provide(layer)))
  }

  it.effect("a date in Retry-After counts from the current time", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* TestClock.setTime(1_800_000_000_000)
      const fault = Fault.status(503, { "retry-after": "Fri, 15 Jan 2027 08:00:09 GMT" })
      yield* provider.fault("metadata", fault, { times: 1 })
      const { took } = yield* elapse(Discovery.discover(Discovery.oauth, issuer))
      assert.strictEqual(took, 9000)
    }).pipe(Effect.provide(layer)))
})

const rule = (code: string, holds: boolean) =>
  Validation.rule({
    code,
    severity: "error",
    since: "2025-03-26",
    reference: "https://example.com/rules#1",
    holds: "the test requires it",
    advice: "do something",
    check: () => holds ? "holds" : "it does not hold"
  })

describe("places with one URL", () => {
  const plain = Discovery.oauth
  const held = (code: string, holds = false) => Discovery.validate({ rules: [rule(code, holds)] })

  interface Row {
    readonly what: string
    readonly strategy: Discovery.Strategy<unknown>
    readonly outcomes: ReadonlyArray<string>
    readonly requests: number
  }
  const tenant = IssuerPolicy.expected("https://tenant.test")
  const rows: ReadonlyArray<Row> = [
    {
      what: "with different policies are judged separately, from one response",
      strategy: Discovery.firstOf(Discovery.withIssuerPolicy(plain, tenant), plain),
      outcomes: ["Refused", "Found"],
      requests: 1
    },
    {
      what: "with different repairs are judged separately, from one response",
      strategy: Discovery.firstOf(
        Discovery.transpile(plain, () => Effect.fail("no")),
        Discovery.transpile(plain, (document) => ({ ...document, jwks_uri: null })),
        Discovery.transpile(plain, Repairs.pkce)
      ),
      outcomes: ["Incomplete", "Incomplete", "Found"],
      requests: 1
    },
    {
      what: "with different rules are judged separately, from one response",
      strategy: Discovery.firstOf(held("a")(plain), held("b")(plain), plain),
      outcomes: ["Incomplete", "Incomplete", "Found"],
      requests: 1
    },
    {
      what: "with different headers are requested separately",
      strategy: Discovery.orElse(
        held("a")(Discovery.firstOf(
          Discovery.withHeaders(plain, { "x-tenant": "a" }),
          Discovery.withHeaders(plain, { "x-tenant": "b" })
        )),
        plain
      ),
      outcomes: ["Incomplete", "Incomplete", "Found"],
      requests: 3
    },
    {
      what: "are judged separately in a race, from one response",
      strategy: Discovery.race([Discovery.withIssuerPolicy(plain, tenant), plain]),
      outcomes: ["Refused", "Found"],
      requests: 1
    },
    {
      what: "that are equal count once",
      strategy: Discovery.firstOf(held("a")(Discovery.firstOf(plain, plain, Discovery.mcp)), plain),
      outcomes: ["Incomplete", "Incomplete", "Incomplete", "Found"],
      requests: 3
    },
    {
      what: "that are equal with all their options count once",
      strategy: Discovery.firstOf(plain, plain).pipe(
        Discovery.withHeaders({ "x-tenant": "a" }),
        Discovery.mapRequest((request) => request),
        Discovery.transpile(Repairs.pkce),
        Discovery.transpile((document) => document),
        Discovery.withIssuerPolicy(tenant),
        held("a")
      ),
      outcomes: ["Refused"],
      requests: 1
    }
  ]
  for (const { outcomes, requests, strategy, what } of rows) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { attempts } = yield* Discovery.search(strategy, issuer)
        assert.deepStrictEqual(attempts.map(({ outcome }) => outcome), outcomes)
        assert.strictEqual(yield* provider.count(), requests)
      }).pipe(Effect.provide(layer)))
  }

  it.effect("of an issuer without a path are two and not three, whatever their options", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      const strategy = Discovery.mcp.pipe(
        Discovery.withHeaders({ "x-tenant": "a" }),
        Discovery.withHeaders({ "x-more": "b" }),
        Discovery.transpile((document) => document)
      )
      const { attempts } = yield* Discovery.search(strategy, "https://as.test")
      assert.strictEqual(attempts.length, 2)
      assert.strictEqual(yield* provider.count(), 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("share the response in every round", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      const strategy = Discovery.firstOf(Discovery.withIssuerPolicy(plain, tenant), plain)
      const { value } = yield* elapse(Discovery.search(strategy, issuer))
      assert.deepStrictEqual(value.attempts.map(({ outcome }) => outcome), ["Transient", "Transient"])
      assert.strictEqual(yield* provider.count(), 3)
    }).pipe(Effect.provide(layer)))

  it.effect("custom strategies with one effect are reported by their own names, and run it once", () =>
    Effect.gen(function*() {
      let runs = 0
      const load = () => Effect.sync(() => void runs++)
      const strategy = Discovery.firstOf(
        Discovery.fromEffect("primary", load),
        Discovery.fromEffect("replica", load),
        Discovery.fromEffect("replica", load)
      )
      const error = yield* Effect.flip(Discovery.discover(strategy, issuer))
      if (error._tag !== "DiscoveryFailed") return assert.fail(error._tag)
      assert.deepStrictEqual(outcomes(error.attempts), [["primary", "Miss"], ["replica", "Miss"]])
      assert.strictEqual(runs, 1)
      assert.deepStrictEqual(error.attempts.map(({ error }) => error?.message), [
        "primary has no document for this issuer",
        "replica has no document for this issuer"
      ])
    }))

  it.effect("all requirements of a strategy apply together", () =>
    Effect.gen(function*() {
      const good = rule("good", true)
      const bad = rule("bad", false)
      const worse = rule("worse", false)
      const broken = (...all: ReadonlyArray<ReadonlyArray<Validation.Rule>>) =>
        Effect.map(
          Discovery.search(
            all.reduce<Discovery.Strategy>((strategy, rules) => Discovery.validate(strategy, { rules }), plain),
            issuer
          ),
          ({ attempts: [attempt] }) =>
            attempt?.error instanceof Validation.InvalidServerConfig
              ? attempt.error.report.errors.map(({ code }) => code)
              : attempt?.outcome
        )
      assert.strictEqual(yield* broken([good], [good]), "Found")
      assert.deepStrictEqual(yield* broken([bad], [good]), ["bad"])
      assert.deepStrictEqual(yield* broken([good], [bad]), ["bad"])
      assert.deepStrictEqual(yield* broken([good], [bad], [good]), ["bad"])
      assert.deepStrictEqual(yield* broken([bad], [worse]), ["bad"])
    }).pipe(Effect.provide(layer)))

  it.effect("repairs run in the order in which they were added, each on the result of the one before", () =>
    Effect.gen(function*() {
      const add = (letter: string) =>
        Discovery.transpile((document) => ({ ...document, trail: `${document["trail"] ?? ""}${letter}` }))
      const config = yield* plain.pipe(add("a"), add("b"), add("c"), (strategy) => Discovery.discover(strategy, issuer))
      assert.strictEqual(config.metadata.additionalParameters?.["trail"], "abc")
      assert.strictEqual(config.repairs.length, 3)
    }).pipe(Effect.provide(layer)))
})

describe("merging documents", () => {
  interface Part {
    readonly name: string
    readonly document: object
    readonly after?: Duration.Input
  }
  const part = ({ after = 0, document, name }: Part) =>
    Discovery.fromEffect(name, () => Effect.delay(Effect.succeed({ issuer, ...document }), after))

  const needs = (...members: ReadonlyArray<string>) =>
    Purpose.make(
      "everything",
      ({ additionalParameters = {} }) => members.filter((member) => !(member in additionalParameters))
    )

  const lacking = (attempt: DiscoveryError.Attempt<unknown> | undefined) =>
    attempt?.error instanceof Object && "missing" in attempt.error ? attempt.error.missing : attempt?.error

  it.effect("fails with the members that are missing in all of them", () =>
    Effect.gen(function*() {
      const strategy = Discovery.firstOf(
        part({ name: "a", document: { x: 1 } }),
        part({ name: "b", document: { y: 1 } }),
        part({ name: "c", document: {} })
      )
      const options = { purpose: needs("x", "y", "z"), mergeDocuments: true }
      const { attempts } = yield* Discovery.search(strategy, issuer, options)
      assert.deepStrictEqual(attempts.map(lacking), [["y", "z"], ["z"], ["z"]])
      const alone = yield* Discovery.search(strategy, issuer, { purpose: needs("x", "y", "z") })
      assert.deepStrictEqual(alone.attempts.map(lacking), [["y", "z"], ["x", "z"], ["x", "y", "z"]])
    }))

  it.effect("in a race takes a member from the first in order, and not from the first to arrive", () =>
    Effect.gen(function*() {
      const strategy = Discovery.race([
        part({ name: "slow", document: { x: "slow", y: "slow" }, after: "2 seconds" }),
        part({ name: "fast", document: { x: "fast", z: "fast" } })
      ])
      const { value } = yield* elapse(
        Discovery.discover(strategy, issuer, { purpose: needs("y", "z"), mergeDocuments: true })
      )
      assert.deepStrictEqual(value.locations, ["slow", "fast"])
      assert.deepStrictEqual(value.metadata.additionalParameters, { x: "slow", y: "slow", z: "fast" })
    }))

  it.effect("takes a member from the first in order even if that arrives in a later round", () =>
    Effect.gen(function*() {
      let times = 0
      const late = Discovery.fromEffect(
        "late",
        () =>
          Effect.suspend((): Effect.Effect<object, "not yet"> =>
            times++ === 0 ? Effect.fail("not yet") : Effect.succeed({ issuer, x: "late", y: "late" })
          )
      )
      const strategy = Discovery.firstOf(late, part({ name: "early", document: { x: "early", z: "early" } }))
      const { value } = yield* elapse(
        Discovery.discover(strategy, issuer, { purpose: needs("y", "z"), mergeDocuments: true })
      )
      assert.deepStrictEqual(value.locations, ["late", "early"])
      assert.deepStrictEqual(value.metadata.additionalParameters, { x: "late", y: "late", z: "early" })
    }))

  it.effect("completes a document that breaks a rule, and applies all rules to the result", () =>
    Effect.gen(function*() {
      const has = (member: string) =>
        Validation.rule({
          ...rule(`no_${member}`, false),
          check: ({ metadata: { additionalParameters = {} } }) =>
            member in additionalParameters ? "holds" : `there is no ${member}`
        })
      const held = (name: string, member: string, document: object) =>
        Discovery.validate(part({ name, document }), { rules: [has(member)] })
      const strategy = (third: object) =>
        Discovery.firstOf(
          held("a", "y", { x: 1 }),
          held("b", "z", { y: 1 }),
          held("c", "x", third)
        )
      const merged = yield* Discovery.discover(strategy({ z: 1 }), issuer, { mergeDocuments: true })
      assert.deepStrictEqual(merged.locations, ["a", "b", "c"])
      const { attempts } = yield* Discovery.search(strategy({}), issuer, { mergeDocuments: true })
      assert.deepStrictEqual(
        attempts.map(({ error }) =>
          error instanceof Validation.InvalidServerConfig ? error.report.errors.map(({ code }) => code) : error
        ),
        [["no_y"], ["no_z"], ["no_z"]]
      )
      const apart = yield* Discovery.search(strategy({ z: 1 }), issuer)
      assert.isTrue(Option.isNone(apart.config))
    }))

  it.effect("does not change a document that is complete by itself", () =>
    Effect.gen(function*() {
      const strategy = Discovery.firstOf(
        part({ name: "a", document: { x: "a" } }),
        part({ name: "b", document: { x: "b", y: "b" } })
      )
      const config = yield* Discovery.discover(strategy, issuer, { purpose: needs("x", "y"), mergeDocuments: true })
      assert.deepStrictEqual(config.locations, ["b"])
      assert.strictEqual(config.metadata.additionalParameters?.["x"], "b")
      assert.deepStrictEqual(config.oddities, [])
    }))

  const fresh: ReadonlyArray<
    readonly [first: string | undefined, second: string | undefined, seconds: number | undefined]
  > = [
    ["max-age=600", "max-age=300", 300],
    ["max-age=300", "max-age=600", 300],
    [undefined, "max-age=600", 600],
    ["max-age=600", undefined, 600],
    ["max-age=600", "no-store", 0],
    [undefined, undefined, undefined]
  ]
  for (const [one, other, seconds] of fresh) {
    it.effect(`of ${one} and ${other} is fresh for ${seconds} seconds: the shorter time counts`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const says = (cacheControl: string | undefined) =>
          Fault.headers(cacheControl === undefined ? {} : { "cache-control": cacheControl })
        yield* provider.fault(first, Fault.all(Fault.missing("jwks_uri"), says(one)))
        yield* provider.fault(second, Fault.all(Fault.missing("token_endpoint"), says(other)))
        const config = yield* Discovery.fetchServerConfig(issuer, {
          purpose: Purpose.all(Purpose.jwtVerification, Purpose.authorization),
          mergeDocuments: true
        })
        assert.deepStrictEqual(config.locations, [oauthUrl, insertedUrl])
        assert.deepStrictEqual(Option.map(config.freshFor, Duration.toSeconds), Option.fromUndefinedOr(seconds))
      }).pipe(Effect.provide(layer)))
  }
})

describe("mapRequest that changes the URL", () => {
  const moved: ReadonlyArray<readonly [url: string, why: string]> = [
    ["http://169.254.169.254/latest/meta-data", "not-https"],
    ["http://as.test/x", "not-https"],
    ["http://localhost/x", "insecure-loopback"],
    ["file:///etc/passwd", "empty-host"],
    ["ftp://as.test/x", "not-https"],
    ["https://0x7f.1/x", "ambiguous-host"],
    ["https://user:hunter2@as.test/x", "user-info"],
    ["/relative", "not-absolute"]
  ]
  for (const [url, why] of moved) {
    it.effect(`to ${url} is refused without a request`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        let requests = 0
        const counting = HttpClient.mapRequest(yield* HttpClient.HttpClient, (request) => {
          requests++
          return request
        })
        const strategy = Discovery.mapRequest(Discovery.oauth, (request) => ({ ...request, url }))
        const { attempts: [attempt] } = yield* Effect.provideService(
          Discovery.search(strategy, issuer),
          HttpClient.HttpClient,
          counting
        )
        const error = attempt?.error
        assert.strictEqual(attempt?.outcome, "Refused")
        assert.isTrue(
          error?._tag === "MetadataFetchError" && error.reason._tag === "RefusedUrl" && error.reason.reason === why
        )
        assert.strictEqual(requests + (yield* provider.count()), 0)
      }).pipe(Effect.provide(layer)))
  }

  it.effect("to another https place sends the request there", () =>
    Effect.gen(function*() {
      const strategy = Discovery.mapRequest(Discovery.oauth, (request) => ({ ...request, url: appendedUrl }))
      yield* Discovery.discover(strategy, issuer)
      assert.deepStrictEqual(yield* arrivals, [[appendedUrl, 0]])
    }).pipe(Effect.provide(layer)))
})

describe("clients that fail for some statuses", () => {
  const filtering = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.filterStatusOk))
    .pipe(
      Layer.provideMerge(layer)
    )

  it.effect("treat 404 as a miss, with one request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(404))
      const { error, took } = yield* failed(Discovery.discover(Discovery.oauth, issuer))
      assert.strictEqual(error.outcome, "Miss")
      assert.include(error.message, "HTTP 404")
      assert.strictEqual(took, 0)
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(filtering)))

  it.effect("treat 503 as transient, with three requests, and respect Retry-After", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503, { "retry-after": "2" }))
      const { error, took } = yield* failed(Discovery.discover(Discovery.oauth, issuer))
      assert.strictEqual(error.outcome, "Transient")
      assert.include(error.message, "Retry-After asks for 2 s")
      assert.strictEqual(took, 4000)
      assert.strictEqual(yield* provider.count(), 3)
    }).pipe(Effect.provide(filtering)))
})

describe("an issuer on loopback", () => {
  const local = "http://localhost:3000"
  const own = Discovery.fromUrls("own", (issuer) => [`${issuer}/.well-known/openid-configuration`])

  it.effect("may have its documents on loopback, also with another URL scheme", () =>
    Effect.gen(function*() {
      const config = yield* Discovery.discover(own, local, { allowInsecureLoopback: true })
      assert.deepStrictEqual(config.locations, ["http://localhost:3000/.well-known/openid-configuration"])
    }).pipe(Effect.provide(TestProvider.layer({ issuer: local }))))

  it.effect("is required for documents on loopback, unless they are allowed", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const there = (options?: Discovery.UrlOptions) =>
        Discovery.fromUrls("there", () => [`${local}/.well-known/openid-configuration`], options)
      for (const options of [undefined, {}, { allowInsecureLoopback: false }]) {
        // Allowing issuers on loopback does not allow the documents of this one.
        const { attempts } = yield* Discovery.search(there(options), issuer, { allowInsecureLoopback: true })
        assert.strictEqual(attempts[0]?.outcome, "Refused")
      }
      assert.strictEqual(yield* provider.count(), 0)
      yield* Discovery.search(there({ allowInsecureLoopback: true }), issuer)
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.provide(TestProvider.layer({ issuer: local }))))
})

it.effect("an interrupted search reports nothing, and does not fail", () =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    yield* provider.fault("metadata", Fault.delay("1 hour"))
    const fiber = yield* Effect.forkChild(Effect.exit(Discovery.search(Discovery.mcp, issuer)))
    yield* TestClock.adjust("1 second")
    yield* Fiber.interrupt(fiber)
    const exit = yield* Fiber.await(fiber)
    assert.isTrue(exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause))
  }).pipe(Effect.provide(layer)))
