import {
  AuthorizationServer,
  BearerAuth,
  FetchAuth,
  McpAuth,
  type McpAuthOptions,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import {
  ConfigProvider,
  Context,
  Duration,
  Effect,
  Layer,
  Logger,
  Option,
  Redacted,
  Ref,
  Schema,
  type Scope
} from "effect"
import {
  type HttpClient,
  HttpEffect,
  HttpMiddleware,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { makeFailureLimit } from "../../src/server/internal/failureLimit.ts"
import { InvalidToken } from "../../src/token/TokenError.ts"
import { bearer, issuer, options, type ProtectOptions, resource, server } from "./harness.ts"

const limit = { limit: 3, window: "1 minute" } as const

/** A guard of a resource, called without HTTP, because only there a test can choose the address. */
const guard = (changes: Partial<ProtectOptions> = {}) =>
  guardOf(McpAuth.layer(options({ failureLimit: limit, ...changes })))

const guardOf = Effect.fnUntraced(function*<E, R>(layer: Layer.Layer<McpAuth.McpAuth, E, R>) {
  const services = yield* Layer.build(layer)
  const { authenticate } = Context.get(services, McpAuth.McpAuth)
  return (address: string | undefined, token: string | undefined) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const request = HttpServerRequest.fromWeb(new Request(resource, { method: "POST", headers }))
    const remoteAddress = address === undefined ? Option.none() : Option.some(address)
    return Effect.match(authenticate(request.modify({ remoteAddress })), {
      onSuccess: () => "accepted",
      onFailure: (error) =>
        error._tag === "TooManyFailures" ? `429 for ${Math.ceil(Duration.toSeconds(error.retryAfter))} s` : error._tag
    })
  }
})

const scenario = (changes?: Partial<ProtectOptions>) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const ask = yield* guard(changes)
    const fail = (address: string, times: number) =>
      Effect.replicateEffect(Effect.flatMap(provider.mint({ forged: true }), (token) => ask(address, token)), times)
    return { ask, fail, good: yield* provider.mint(), provider }
  })

const withProvider = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(TestProvider.layer()))

const client = "203.0.113.7"
const failures = (times: number) => Array.from({ length: times }, () => "InvalidToken")

describe("failed tokens", () => {
  it.effect("are answered with 401 up to the limit; then every token is answered with 429 until the window ends", () =>
    Effect.gen(function*() {
      const { ask, fail, good } = yield* scenario()
      assert.deepStrictEqual(yield* fail(client, 4), [...failures(3), "429 for 60 s"])
      assert.strictEqual(yield* ask(client, good), "429 for 60 s")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* ask(client, good), "429 for 1 s")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* ask(client, good), "accepted")
    }).pipe(withProvider))

  it.effect("are not limited by default", () =>
    Effect.gen(function*() {
      const { fail } = yield* scenario({ failureLimit: undefined })
      assert.deepStrictEqual(yield* fail(client, 50), failures(50))
    }).pipe(withProvider))

  it.effect("can be limited by the environment", () =>
    Effect.gen(function*() {
      const env = { MCP_AUTH_RESOURCE: resource, MCP_AUTH_ISSUER: issuer, MCP_AUTH_FAILURES_PER_MINUTE: "2" }
      const config = ConfigProvider.layer(ConfigProvider.fromEnv({ env }))
      const ask = yield* guardOf(Layer.provide(McpAuth.layerFromConfig(), config))
      const outcomes = yield* Effect.replicateEffect(ask(client, "garbage"), 3)
      assert.deepStrictEqual(outcomes, ["InvalidToken", "InvalidToken", "429 for 60 s"])
    }).pipe(withProvider))

  it.effect("of one client do not count against another client", () =>
    Effect.gen(function*() {
      const { ask, fail, good } = yield* scenario()
      yield* fail(client, 10)
      assert.strictEqual(yield* ask("203.0.113.8", good), "accepted")
      assert.deepStrictEqual(yield* fail("203.0.113.8", 3), failures(3))
    }).pipe(withProvider))

  it.effect("that name one issuer do not count against tokens of another issuer", () =>
    Effect.gen(function*() {
      const other = AuthorizationServer.discover("https://other.test")
      const { ask, fail, good, provider } = yield* scenario({
        authorizationServers: [...options().authorizationServers, other]
      })
      const others = yield* provider.mint({ claims: { iss: "https://other.test" }, expiresIn: -3600 })
      for (let index = 0; index < 10; index++) yield* ask(client, "garbage")
      assert.match(yield* ask(client, "garbage"), /^429/)
      assert.strictEqual(yield* ask(client, good), "accepted")
      yield* fail(client, 10)
      assert.match(yield* ask(client, good), /^429/)
      assert.notMatch(yield* ask(client, others), /^429/)
    }).pipe(withProvider))

  it.effect("beyond the limit cause no requests to the provider", () =>
    Effect.gen(function*() {
      const asked = yield* Ref.make(0)
      const verifier = TokenVerifier.custom(() => Effect.as(Ref.update(asked, (count) => count + 1), undefined))
      const { ask } = yield* scenario({ verifier })
      for (let index = 0; index < 100; index++) yield* ask(client, `guess-${index}`)
      assert.strictEqual(yield* Ref.get(asked), 4)
    }).pipe(withProvider))
})

describe("a failure that counts", () => {
  it.effect("is a made-up key, even if it might still be published", () =>
    Effect.gen(function*() {
      const { ask, good, provider } = yield* scenario()
      yield* ask(client, good)
      const [header = "", payload = "", signature = ""] = (yield* provider.mint()).split(".")
      const named = JSON.parse(Buffer.from(header, "base64url").toString())
      const madeUp = Buffer.from(JSON.stringify({ ...named, kid: "made-up" })).toString("base64url")
      // Uses up the fetches that unknown keys may cause.
      yield* Effect.replicateEffect(ask("203.0.113.9", `${madeUp}.${payload}.${signature}`), 3)
      yield* TestClock.adjust("5 seconds")
      const [, later = ""] = (yield* provider.mint()).split(".")
      const outcomes = yield* Effect.replicateEffect(ask(client, `${madeUp}.${later}.${signature}`), 4)
      assert.deepStrictEqual(outcomes, [...Array.from({ length: 3 }, () => "VerificationUnavailable"), "429 for 60 s"])
    }).pipe(withProvider))
})

describe("a failure that does not count", () => {
  it.effect("is a missing token, an insufficient scope, or an outage", () =>
    Effect.gen(function*() {
      const { ask, provider } = yield* scenario({ requiredScopes: ["notes:admin"] })
      const weak = yield* provider.mint()
      for (let index = 0; index < 10; index++) {
        assert.strictEqual(yield* ask(client, undefined), "MissingCredentials")
        assert.strictEqual(yield* ask(client, weak), "InsufficientScope")
      }
      const down = TokenVerifier.custom(() => Effect.fail("down"))
      const other = yield* guard({ verifier: down })
      for (let index = 0; index < 10; index++) {
        assert.strictEqual(yield* other(client, weak), "VerificationUnavailable")
      }
    }).pipe(withProvider))

  it.effect("is one without a client address: clients without an address do not count as one client", () =>
    Effect.gen(function*() {
      const { ask } = yield* scenario()
      for (const address of [undefined, "", "unknown", "server.sock"]) {
        for (let index = 0; index < 10; index++) assert.strictEqual(yield* ask(address, "garbage"), "InvalidToken")
      }
    }).pipe(withProvider))
})

describe("the client of the failure limit", () => {
  const pairs: ReadonlyArray<readonly [one: string, another: string, same: boolean]> = [
    ["203.0.113.7", "203.0.113.7", true],
    ["203.0.113.7", "203.0.113.6", false],
    ["203.0.113.7", "::ffff:203.0.113.7", true],
    ["::ffff:203.0.113.7", "::ffff:203.0.113.6", false],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
    ["2001:db8:1:2::1", "2001:DB8:0001:0002:0:0:0:1", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["fe80::1%eth0", "fe80::2%eth0", true]
  ]
  for (const [one, another, same] of pairs) {
    it.effect(`${one}: ${another} is ${same ? "the same" : "another"}`, () =>
      Effect.gen(function*() {
        const { ask, fail, good } = yield* scenario()
        yield* fail(one, 4)
        assert.strictEqual((yield* ask(another, good)).startsWith("429"), same)
      }).pipe(withProvider))
  }
})

describe("failures are counted", () => {
  it.effect("separately for each resource, even in one store", () =>
    Effect.gen(function*() {
      const { fail } = yield* scenario()
      yield* fail(client, 4)
      const other = yield* guard({ resource: "https://other.test/mcp" })
      assert.strictEqual(yield* other(client, "garbage"), "InvalidToken")
    }).pipe(withProvider, Effect.provide(RateLimiter.layerStoreMemory)))

  it.effect("together by instances that share a store", () =>
    Effect.gen(function*() {
      const [one, another] = [yield* scenario(), yield* scenario()]
      assert.deepStrictEqual(yield* one.fail(client, 2), failures(2))
      assert.deepStrictEqual(yield* another.fail(client, 2), ["InvalidToken", "429 for 60 s"])
    }).pipe(withProvider, Effect.provide(RateLimiter.layerStoreMemory)))

  it.effect("as long as the store works; without it no client is blocked", () =>
    Effect.gen(function*() {
      const { ask, fail, good } = yield* scenario()
      assert.deepStrictEqual(yield* fail(client, 10), failures(10))
      assert.strictEqual(yield* ask(client, good), "accepted")
    }).pipe(
      withProvider,
      Effect.provideService(RateLimiter.RateLimiterStore, {
        fixedWindow: () =>
          Effect.fail(
            new RateLimiter.RateLimiterError({
              reason: new RateLimiter.RateLimitStoreError({ message: "ECONNREFUSED" })
            })
          ),
        tokenBucket: () => Effect.die("not asked for"),
        adaptiveConsume: () => Effect.die("not asked for"),
        adaptiveFeedback: () => Effect.die("not asked for")
      })
    ))

  it.effect("by the current clock: a clock that was set back does not block clients for hours", () =>
    Effect.gen(function*() {
      const { ask, fail, provider } = yield* scenario()
      yield* fail(client, 4)
      yield* TestClock.setTime(-7_200_000)
      assert.strictEqual(yield* ask(client, yield* provider.mint()), "accepted")
      // A client that keeps failing is blocked as before, and for no longer than a window.
      assert.deepStrictEqual(yield* fail(client, 1), ["429 for 60 s"])
    }).pipe(withProvider))

  it.effect(
    "anew after 100,000 of them, so that memory is bounded, and are limited as before",
    () =>
      Effect.gen(function*() {
        const limited = yield* makeFailureLimit(limit, { resource, authorizationServers: [] })
        const request = HttpServerRequest.fromWeb(new Request(resource))
        const verified = Effect.fail(new InvalidToken({ reason: "malformed" }))
        const fail = (address: string) =>
          Effect.map(
            Effect.flip(limited(request.modify({ remoteAddress: Option.some(address) }), Redacted.make("x"), verified)),
            ({ _tag }) => _tag
          )
        const failed = (times: number) => Effect.replicateEffect(fail(client), times)
        assert.deepStrictEqual(yield* failed(3), failures(3))
        for (let n = 0; n < 99_997; n++) yield* fail(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
        assert.deepStrictEqual(yield* failed(4), [...failures(3), "TooManyFailures"])
      }),
    300_000
  )
})

const addressHeader = "x-address-of-the-test"

/** What a platform does that knows the address of a client: it sets `remoteAddress`. */
const platformAddress = HttpMiddleware.make((app) =>
  Effect.updateService(
    app,
    HttpServerRequest.HttpServerRequest,
    (request) => request.modify({ remoteAddress: Option.fromUndefinedOr(request.headers[addressHeader]) })
  )
)

/** Sends a token from an address, and returns the status. */
type Ask = (address: string | undefined, token: string) => Effect.Effect<number>

const requestOf = (address: string | undefined, token: string): Request =>
  new Request(resource, {
    method: "POST",
    headers: { ...bearer(token), ...(address === undefined ? {} : { [addressHeader]: address }) }
  })

const overHttp = Effect.fnUntraced(
  function*<E>(app: Layer.Layer<never, E, HttpRouter.HttpRouter | HttpClient.HttpClient>): Effect.fn.Return<
    Ask,
    E,
    HttpClient.HttpClient | Scope.Scope
  > {
    const http = yield* HttpRouter.toHttpEffect(app)
    const context = yield* Effect.context<never>()
    const toHandler = HttpEffect.toWebHandlerWith<never, Scope.Scope | HttpServerRequest.HttpServerRequest>(context)
    const handle = toHandler(http, platformAddress)
    return (address, token) =>
      Effect.map(Effect.promise(() => handle(requestOf(address, token))), ({ status }) => status)
  }
)

const api = HttpApi.make("notes").add(
  HttpApiGroup.make("notes").add(
    HttpApiEndpoint.post("mcp", "/mcp", { success: Schema.String }).middleware(BearerAuth.BearerAuth)
  )
)

const apiHandlers = HttpApiBuilder.group(api, "notes", (handlers) => handlers.handle("mcp", () => Effect.succeed("hi")))

const overFetch = (changes: Partial<ProtectOptions>) =>
  Effect.map(FetchAuth.make(options(changes)), ({ authenticate }): Ask => (address, token) =>
    Effect.map(
      authenticate(requestOf(undefined, token), { clientAddress: address }),
      (outcome) => outcome._tag === "Answered" ? outcome.response.status : 200
    ))

const roads = {
  protect: (changes: Partial<ProtectOptions>) =>
    Effect.flatMap(
      Ref.make<ReadonlyArray<string>>([]),
      (reached) => overHttp(server(reached).pipe(McpAuth.protect(options(changes))))
    ),
  middleware: (changes: Partial<ProtectOptions>) =>
    overHttp(
      HttpRouter.add("*", "/mcp", HttpServerResponse.empty({ status: 200 })).pipe(
        Layer.provide(McpAuth.middleware.layer),
        Layer.provide(McpAuth.layer(options(changes)))
      )
    ),
  BearerAuth: (changes: Partial<ProtectOptions>) =>
    overHttp(
      HttpApiBuilder.layer(api).pipe(
        Layer.provide(apiHandlers),
        Layer.provide(HttpServer.layerServices),
        Layer.provide(BearerAuth.layer),
        Layer.provide(McpAuth.layer(options(changes)))
      )
    ),
  FetchAuth: overFetch
}

/** Collects warnings while an effect runs. */
const withWarnings = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const warnings: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(String(message))
  })
  return Effect.map(Effect.provide(effect, Logger.layer([logger])), () => warnings)
}

for (const [name, road] of Object.entries(roads)) {
  describe(`failureLimit of ${name}`, () => {
    it.effect("answers 429 after as many failures of one client as the limit, and accepts other clients", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const ask = yield* road({ failureLimit: limit })
        const forged = yield* provider.mint({ forged: true })
        const statuses = yield* Effect.replicateEffect(ask(client, forged), 50)
        assert.deepStrictEqual(statuses, [401, 401, 401, ...Array.from({ length: 47 }, () => 429)])
        assert.strictEqual(yield* ask(client, yield* provider.mint()), 429)
        assert.notInclude([401, 429], yield* ask("203.0.113.8", yield* provider.mint()))
        yield* TestClock.adjust("1 minute")
        assert.notInclude([401, 429], yield* ask(client, yield* provider.mint()))
      }).pipe(withProvider))

    it.effect("logs once that failures without a client address are not limited, and how to pass it", () =>
      Effect.gen(function*() {
        const warnings = yield* withWarnings(Effect.gen(function*() {
          const ask = yield* road({ failureLimit: limit })
          const statuses = yield* Effect.replicateEffect(ask(undefined, "garbage"), 10)
          assert.deepStrictEqual(statuses, Array.from({ length: 10 }, () => 401))
        }))
        assert.lengthOf(warnings, 1)
        for (const word of ["failureLimit", "clientAddress", "remoteAddress", "countUnknownClientsTogether"]) {
          assert.include(warnings.join(), word)
        }
      }).pipe(withProvider))

    it.effect("counts failures without a client address together if the options say so, apart from known clients", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const warnings = yield* withWarnings(Effect.gen(function*() {
          const ask = yield* road({ failureLimit: { ...limit, countUnknownClientsTogether: true } })
          const addresses = [undefined, "unknown", "server.sock", undefined, ""]
          const statuses = yield* Effect.forEach(addresses, (address) => ask(address, "garbage"))
          assert.deepStrictEqual(statuses, [401, 401, 401, 429, 429])
          assert.notInclude([401, 429], yield* ask(client, yield* provider.mint()))
        }))
        assert.deepStrictEqual(warnings, [])
      }).pipe(withProvider))

    it.effect("logs no warning while every client address is known", () =>
      Effect.gen(function*() {
        const warnings = yield* withWarnings(Effect.gen(function*() {
          const ask = yield* road({ failureLimit: limit })
          yield* Effect.replicateEffect(ask(client, "garbage"), 5)
          const unlimited = yield* road({})
          yield* Effect.replicateEffect(unlimited(undefined, "garbage"), 5)
        }))
        assert.deepStrictEqual(warnings, [])
      }).pipe(withProvider))
  })
}

describe("an invalid limit", () => {
  const limits: ReadonlyArray<McpAuthOptions.FailureLimit> = [
    { limit: 0, window: "1 minute" },
    { limit: -1, window: "1 minute" },
    { limit: 1.5, window: "1 minute" },
    { limit: NaN, window: "1 minute" },
    { limit: Infinity, window: "1 minute" },
    { limit: 1, window: 0 },
    { limit: 1, window: Duration.infinity }
  ]
  for (const failureLimit of limits) {
    it.effect(`${failureLimit.limit} in ${String(failureLimit.window)} is refused when the server is built`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(guard({ failureLimit }))
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.include(error.message, "failureLimit")
      }).pipe(withProvider))
  }
})
