/**
 * The responses of a protected server while its authorization server has a fault: the status, and the maximum number
 * of seconds. Never 500, never 401 for a valid token, and no request waits longer than the fetch limits.
 */
import { ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import { callTool, type Handle, type ProtectOptions, start as startServer } from "../server/harness.ts"
import { assertStated, type Stated } from "./harness.ts"

type Provider = TestProvider.TestProvider["Service"]

/** A server that waits only for the clock of the test: WebCrypto would wait for the real one. */
const start = (changes?: Partial<ProtectOptions>) => Effect.provide(startServer(changes), NodeJws.layer)

/** The fault, as it is injected. */
type InjectFault = (provider: Provider) => Effect.Effect<void>

const at =
  (endpoint: "metadata" | "jwks" | "introspection" | "everything", fault: Fault.Fault): InjectFault => (provider) =>
    endpoint === "everything"
      ? Effect.andThen(provider.fault("metadata", fault), provider.fault("jwks", fault))
      : provider.fault(endpoint, fault)

interface Row {
  readonly rule: string
  readonly injectFault: InjectFault
  /** Nothing is cached yet. */
  readonly cold: Stated
  /** The cache is fresh. */
  readonly warm: Stated
  /** The cache is due for a refresh, which no request waits for. */
  readonly due: Stated
  /** The refresh is overdue because no request arrived in time; the next request waits for it. */
  readonly overdue: Stated
}

const row = (
  rule: string,
  injectFault: InjectFault,
  cold: Stated,
  warm: Stated,
  due: Stated,
  overdue: Stated
): Row => ({ rule, injectFault, cold, warm, due, overdue })

const keys = (change: (keys: ReadonlyArray<Schema.Json>) => ReadonlyArray<Schema.Json>) =>
  Fault.document((document) => ({ ...document, keys: change(Array.isArray(document["keys"]) ? document["keys"] : []) }))

/** The smallest valid keys. */
const unrelatedKeys = (count: number): ReadonlyArray<Schema.Json> =>
  Array.from({ length: count }, (_, index) => ({
    kty: "OKP",
    crv: "Ed25519",
    x: Buffer.alloc(32, index.toString(16)).toString("base64url")
  }))

const refused = Fault.connectionError("ECONNREFUSED")
const reset = Fault.connectionError("ECONNRESET")
const cut = Fault.truncatedBody({ broken: true })
const nameless = Fault.connectionError("ENOTFOUND")
const untrusted = Fault.connectionError("DEPTH_ZERO_SELF_SIGNED_CERT")
const silent = Fault.delay("1 hour")
const slow = Fault.slowBody()
const page = Fault.body("<!doctype html><title>Sign in</title>", "text/html")
const half = Fault.truncatedBody()
const busy = Fault.status(503, { "retry-after": "17" })
const limited = Fault.status(429)
const limitedFor = Fault.status(429, { "retry-after": "17" })

// dprint-ignore
const metadata: ReadonlyArray<Row> = [
  //                                                                    cold            warm          due           overdue
  row("connection refused",           at("metadata", refused),          "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("connection reset",             at("metadata", reset),            "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("reset within the body",        at("metadata", cut),              "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("DNS failure",                  at("metadata", nameless),         "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("TLS failure",                  at("metadata", untrusted),        "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("timeout",                      at("metadata", silent),           "503 in 10 s, retry after 10 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("slow body",                    at("metadata", slow),             "503 in 10 s, retry after 10 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("500",                          at("metadata", Fault.status(500)), "503 in 3 s",  "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("404",                          at("metadata", Fault.status(404)), "503 in 0 s",  "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("503 with Retry-After",         at("metadata", busy),             "503 in 0 s, retry after 17 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("429",                          at("metadata", limited),          "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("429 with Retry-After",         at("metadata", limitedFor),       "503 in 0 s, retry after 17 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("HTML",                         at("metadata", page),             "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("truncated JSON",               at("metadata", half),             "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("wrong issuer",                 at("metadata", Fault.wrongIssuer("https://evil.test")),
                                                                        "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("jwks_uri removed",             at("metadata", Fault.missing("jwks_uri")),
                                                                        "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("an endless body",              at("metadata", Fault.hugeBody(Infinity)),
                                                                        "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s")
]

// dprint-ignore
const keySet: ReadonlyArray<Row> = [
  //                                                                    cold            warm          due           overdue
  row("connection refused",           at("jwks", refused),              "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("connection reset",             at("jwks", reset),                "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("reset within the body",        at("jwks", cut),                  "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("DNS failure",                  at("jwks", nameless),             "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("TLS failure",                  at("jwks", untrusted),            "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("timeout",                      at("jwks", silent),               "503 in 10 s, retry after 10 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("slow body",                    at("jwks", slow),                 "503 in 10 s, retry after 10 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("500",                          at("jwks", Fault.status(500)),    "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("404",                          at("jwks", Fault.status(404)),    "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("503 with Retry-After",         at("jwks", busy),                 "503 in 0 s, retry after 17 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("429",                          at("jwks", limited),              "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 2 s"),
  row("429 with Retry-After",         at("jwks", limitedFor),           "503 in 0 s, retry after 17 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("HTML",                         at("jwks", page),                 "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("truncated JSON",               at("jwks", half),                 "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("an empty key set",             at("jwks", keys(() => [])),       "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("keys that are unusable",       at("jwks", keys(() => [{ kty: "oct", k: "AA" }, null, 7])),
                                                                        "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("rotated keys",                 (provider) => provider.rotate({ dropOld: true }),
                                                                        "200 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("another key under the same kid", at("jwks", keys((all) => [{ ...unrelatedKeys(1)[0] as object, kid: "rs256-1" }, ...all])),
                                                                        "200 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("5,000 more keys",              at("jwks", keys((all) => [...unrelatedKeys(5_000), ...all])),
                                                                        "200 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s"),
  row("10,000 more keys, beyond the body limit", at("jwks", keys((all) => [...unrelatedKeys(10_000), ...all])),
                                                                        "503 in 0 s",   "200 in 0 s", "200 in 0 s", "200 in 0 s")
]

// dprint-ignore
const everything: ReadonlyArray<Row> = [
  //                                                                    cold            warm          due           overdue
  row("connection refused",           at("everything", refused),        "503 in 3 s",   "200 in 0 s", "200 in 0 s", "200 in 4 s"),
  row("timeout",                      at("everything", silent),         "503 in 10 s, retry after 10 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 4 s"),
  row("503 with Retry-After",         at("everything", busy),           "503 in 0 s, retry after 17 s",
                                                                                        "200 in 0 s", "200 in 0 s", "200 in 0 s")
]

/**
 * Metadata is fresh for an hour, keys for ten minutes; for another quarter of that time no request waits for their
 * refresh.
 */
const ages = {
  metadata: { due: "65 minutes", overdue: "80 minutes" },
  keys: { due: "11 minutes", overdue: "13 minutes" },
  both: { due: "11 minutes", overdue: "80 minutes" }
} as const

/** A token that outlives the cache. */
const mint = (provider: Provider) => provider.mint({ expiresIn: 7 * 24 * 3600 })

/** The responses that do not depend on the provider. */
const assertIndependent = Effect.fnUntraced(function*(provider: Provider, handle: Handle) {
  const before = yield* provider.count()
  yield* assertStated(callTool(handle, undefined), "401 in 0 s", "no token")
  yield* assertStated(callTool(handle, "garbage"), "401 in 0 s", "garbage")
  yield* assertStated(callTool(handle, yield* provider.mint({ expiresIn: -3600 })), "401 in 0 s", "an expired token")
  assert.strictEqual(yield* provider.count(), before)
})

/** In seconds: the longest pause after a first failure, unless the provider asked for more. */
const pause = (rule: string): number => rule.includes("Retry-After") ? 17 : 2

/** A client that retries after Retry-After is answered normally if the fault is over. */
const assertRecovers = Effect.fnUntraced(function*(provider: Provider, handle: Handle, seconds: number) {
  yield* provider.heal()
  yield* TestClock.adjust(`${seconds} seconds`)
  yield* assertStated(callTool(handle, yield* mint(provider)), "200 in 0 s", "after the fault")
})

const suite = (endpoint: string, rows: ReadonlyArray<Row>, { due, overdue }: (typeof ages)[keyof typeof ages]) => {
  describe(`${endpoint} with a fault`, () => {
    for (const { injectFault, cold, rule, warm, ...refresh } of rows) {
      it.effect(`${rule}, cold: ${cold}`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle } = yield* start()
          yield* injectFault(provider)
          const seconds = yield* assertStated(callTool(handle, yield* mint(provider)), cold, "a valid token")
          yield* assertIndependent(provider, handle)
          yield* assertRecovers(provider, handle, seconds)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

      it.effect(`${rule}, warm: ${warm}`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle } = yield* start()
          const known = yield* mint(provider)
          yield* assertStated(callTool(handle, known), "200 in 0 s", "before")
          yield* injectFault(provider)
          yield* assertStated(callTool(handle, known), warm, "a cached token")
          yield* assertStated(callTool(handle, yield* mint(provider)), warm, "a new token")
          yield* assertStated(callTool(handle, yield* provider.mint({ forged: true })), "401 in 0 s", "a forgery")
          yield* assertIndependent(provider, handle)
          yield* assertRecovers(provider, handle, pause(rule))
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

      for (const [phase, age] of [["due", due], ["overdue", overdue]] as const) {
        it.effect(`${rule}, when a refresh is ${phase}: ${refresh[phase]}`, () =>
          Effect.gen(function*() {
            const provider = yield* TestProvider.TestProvider
            const { handle } = yield* start()
            yield* assertStated(callTool(handle, yield* mint(provider)), "200 in 0 s", "before")
            yield* TestClock.adjust(age)
            yield* injectFault(provider)
            yield* assertStated(callTool(handle, yield* mint(provider)), refresh[phase], "a new token")
            // A request that arrives when the fault is known already does not wait.
            yield* assertStated(callTool(handle, yield* mint(provider)), "200 in 0 s", "the next request")
            yield* assertIndependent(provider, handle)
            yield* assertRecovers(provider, handle, pause(rule))
          }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
      }
    }
  })
}

suite("metadata", metadata, ages.metadata)
suite("keys", keySet, ages.keys)
suite("metadata and keys", everything, ages.both)

// ---------------------------------------------------------------------------------------------------------------------
// Introspection
// ---------------------------------------------------------------------------------------------------------------------

interface IntrospectionRow {
  readonly rule: string
  readonly injectFault: InjectFault
  /** A token that was not introspected before, while metadata is cached. */
  readonly asked: Stated
}

const introspectionRow = (rule: string, fault: Fault.Fault, asked: Stated): IntrospectionRow => ({
  rule,
  injectFault: at("introspection", fault),
  asked
})

const claimed = (claims: Schema.JsonObject) => Fault.document((document) => ({ ...document, ...claims }))

// dprint-ignore
const introspection: ReadonlyArray<IntrospectionRow> = [
  introspectionRow("connection refused",                refused,            "503 in 3 s"),
  introspectionRow("connection reset",                  reset,              "503 in 3 s"),
  introspectionRow("reset within the body",             cut,                "503 in 3 s"),
  introspectionRow("DNS failure",                       nameless,           "503 in 3 s"),
  introspectionRow("TLS failure",                       untrusted,          "503 in 3 s"),
  introspectionRow("timeout",                           silent,             "503 in 10 s, retry after 10 s"),
  introspectionRow("slow body",                         slow,               "503 in 10 s, retry after 10 s"),
  introspectionRow("500",                               Fault.status(500),  "503 in 3 s"),
  introspectionRow("401, for this server's own client secret",  Fault.status(401),  "503 in 0 s"),
  introspectionRow("503 with Retry-After",              busy,               "503 in 0 s, retry after 17 s"),
  introspectionRow("429",                               limited,            "503 in 3 s"),
  introspectionRow("429 with Retry-After",              limitedFor,         "503 in 0 s, retry after 17 s"),
  introspectionRow("HTML",                              page,               "503 in 0 s"),
  introspectionRow("truncated JSON",                    half,               "503 in 0 s"),
  introspectionRow("a list",                            Fault.body("[]"),   "503 in 0 s"),
  // Not faults of the endpoint, but results for the token.
  introspectionRow("wrong issuer",                      claimed({ iss: "https://evil.test" }), "401 in 0 s"),
  introspectionRow("an invalid active member", claimed({ active: "true" }),        "401 in 0 s")
]

const startIntrospecting = start({
  verifier: TokenVerifier.introspection({
    authentication: ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))
  })
})

describe("the introspection endpoint", () => {
  for (const { asked, injectFault, rule } of introspection) {
    it.effect(`${rule}: ${asked}, and cached responses stay valid as long as they are remembered`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* startIntrospecting
        const known = yield* provider.mintOpaque()
        yield* assertStated(callTool(handle, known), "200 in 0 s", "before")
        yield* injectFault(provider)
        yield* assertStated(callTool(handle, known), "200 in 0 s", "a cached token")
        yield* assertStated(callTool(handle, yield* provider.mintOpaque()), asked, "a new token")
        yield* TestClock.adjust("31 seconds")
        // It may have been revoked since.
        yield* assertStated(callTool(handle, known), asked, "a token that was cached")
        yield* assertStated(callTool(handle, undefined), "401 in 0 s", "no token")
        yield* provider.heal()
        // A refusal is remembered like any response, an outage for as long as the failed request took.
        if (asked.startsWith("401") || asked.includes("in 10 s")) yield* TestClock.adjust("31 seconds")
        yield* assertStated(callTool(handle, known), "200 in 0 s", "after the fault")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (const { injectFault, cold, rule } of metadata) {
    it.effect(`${rule} of the metadata, cold: ${cold}`, () =>
      Effect.gen(function*() {
        // A provider without a key set is valid for introspection.
        if (rule === "jwks_uri removed") return
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* startIntrospecting
        yield* injectFault(provider)
        yield* assertStated(callTool(handle, yield* provider.mintOpaque()), cold, "a token")
        assert.strictEqual(yield* provider.count("introspection"), 0)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// The clock
// ---------------------------------------------------------------------------------------------------------------------

const hour = 3_600_000

/** The clock is set, and sleeping fibers wake up at once. */
const jump = (hours: number) =>
  Effect.flatMap(
    TestClock.testClockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe())),
    (now) => TestClock.setTime(now + hours * hour)
  )

/** A token that is valid for two weeks, of which one has passed. */
const old = (provider: Provider) =>
  Effect.map(
    TestClock.testClockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe() / 1000)),
    (now) => ({ iat: now - 7 * 24 * 3600, exp: now + 7 * 24 * 3600 })
  ).pipe(Effect.flatMap((claims) => provider.mint({ claims })))

const down = at("everything", refused)
const well: InjectFault = () => Effect.void

interface Jump {
  readonly rule: string
  readonly hours: number
  readonly injectFault: InjectFault
  readonly stated: Stated
}

const jumps: ReadonlyArray<Jump> = [
  { rule: "forward by an hour", hours: 1, injectFault: well, stated: "200 in 0 s" },
  { rule: "forward by three days", hours: 72, injectFault: well, stated: "200 in 0 s" },
  { rule: "forward by five hours, and the provider is down", hours: 5, injectFault: down, stated: "200 in 4 s" },
  { rule: "forward beyond the staleness limit of an outage", hours: 25, injectFault: down, stated: "503 in 3 s" },
  { rule: "forward beyond the end of the token", hours: 24 * 7 + 1, injectFault: well, stated: "401 in 0 s" },
  { rule: "back by an hour", hours: -1, injectFault: well, stated: "200 in 0 s" },
  { rule: "back by three days", hours: -72, injectFault: well, stated: "200 in 0 s" },
  { rule: "back by an hour, and the provider is down", hours: -1, injectFault: down, stated: "200 in 4 s" },
  {
    rule: "back to a time before the token was issued",
    hours: -24 * 8,
    injectFault: well,
    stated: "401 in 0 s"
  }
]

describe("the clock jumps", () => {
  const world = Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    yield* TestClock.setTime(1_800_000_000_000)
    const { handle } = yield* start()
    return { provider, handle }
  })

  for (const { injectFault, hours, rule, stated } of jumps) {
    it.effect(`${rule}: ${stated}`, () =>
      Effect.gen(function*() {
        const { handle, provider } = yield* world
        const [known, another] = [yield* old(provider), yield* old(provider)]
        yield* assertStated(callTool(handle, known), "200 in 0 s", "before")
        yield* injectFault(provider)
        yield* jump(hours)
        yield* assertStated(callTool(handle, known), stated, "a cached token")
        yield* assertStated(callTool(handle, another), stated, "a new token")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (const hours of [2, -2, -48]) {
    it.effect(`${hours} hours while the provider is down: its return is noticed within one cooldown`, () =>
      Effect.gen(function*() {
        const { handle, provider } = yield* world
        yield* down(provider)
        yield* assertStated(callTool(handle, yield* old(provider)), "503 in 3 s", "during the outage")
        yield* jump(hours)
        yield* provider.heal()
        yield* TestClock.adjust("2 seconds")
        yield* assertStated(callTool(handle, yield* old(provider)), "200 in 0 s", "after the fault")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`${hours} hours after a key was unknown: the next rotation is noticed at once`, () =>
      Effect.gen(function*() {
        const { handle, provider } = yield* world
        yield* assertStated(callTool(handle, yield* old(provider)), "200 in 0 s", "before")
        yield* provider.rotate()
        yield* assertStated(callTool(handle, yield* old(provider)), "200 in 0 s", "after the first rotation")
        yield* jump(hours)
        yield* TestClock.adjust("31 seconds")
        // A request at this time refreshes the keys, so that only the allowance for unknown keys can be in the way.
        yield* assertStated(callTool(handle, yield* old(provider)), "200 in 0 s", "after the jump")
        yield* provider.rotate()
        yield* assertStated(callTool(handle, yield* old(provider)), "200 in 0 s", "after the second rotation")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`${hours} hours: a removed key is forgotten no later than without the jump`, () =>
      Effect.gen(function*() {
        const { handle, provider } = yield* world
        const token = yield* old(provider)
        yield* assertStated(callTool(handle, token), "200 in 0 s", "before")
        yield* jump(hours)
        yield* provider.rotate({ dropOld: true })
        yield* TestClock.adjust("13 minutes")
        yield* assertStated(callTool(handle, token), "401 in 0 s", "a token of a removed key")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Recovery
// ---------------------------------------------------------------------------------------------------------------------

describe("recovery", () => {
  /** The longest pause between two attempts at a server that keeps failing, with its jitter. */
  const cooldown = 75

  for (const outage of [1, 10, 60, 600]) {
    it.effect(`after an outage of ${outage} minutes with constant requests takes at most one cooldown`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        yield* down(provider)
        let seconds = 0
        for (let step = 0; step < 20; step++) {
          seconds = yield* assertStated(callTool(handle, yield* mint(provider)), "503 in 3 s", "during the outage")
          assert.isAtMost(seconds, cooldown)
          if (step < 19) yield* TestClock.adjust(`${outage * 3} seconds`)
        }
        // Requests do not flood a provider that is down: at most three attempts for each retry of a client.
        assert.isAtMost(yield* provider.count(), 60)
        // A client that retries after Retry-After is answered normally.
        yield* assertRecovers(provider, handle, seconds)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("with 1,000 requests at once and an empty cache costs one request for metadata and one for keys", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const token = yield* mint(provider)
      const answers = yield* Effect.all(Array.from({ length: 1000 }, () => callTool(handle, token)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
      assert.deepStrictEqual([yield* provider.count("metadata"), yield* provider.count("jwks")], [1, 1])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("with 1,000 requests at once during an outage answers all of them with 503 after one search", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      yield* at("metadata", Fault.status(503, { "retry-after": "60" }))(provider)
      const token = yield* mint(provider)
      const answers = yield* Effect.all(Array.from({ length: 1000 }, () => callTool(handle, token)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [503])
      assert.strictEqual(yield* provider.count(), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
