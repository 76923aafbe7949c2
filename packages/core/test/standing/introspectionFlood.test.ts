/**
 * A flood of made-up opaque tokens: the latency of valid tokens meanwhile, and the responses to the flooding client.
 * Every HTTP client here has a bounded number of connections, as real ones have, and the authorization server has a
 * latency.
 */
import { BearerAuth, ClientAuthentication, FetchAuth, McpAuth, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  Context,
  Duration,
  Effect,
  Fiber,
  Layer,
  Metric,
  Option,
  Redacted,
  Ref,
  Schema,
  Semaphore
} from "effect"
import { HttpClient, HttpEffect, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { TestClock } from "effect/testing"
import {
  bearer,
  caller,
  callTool,
  discover,
  type Handle,
  issuer,
  options,
  origin,
  type ProtectOptions,
  resource,
  send,
  server
} from "../server/harness.ts"
import { settled } from "../time.ts"

/** The latency of the authorization server, in milliseconds. */
const latency = 200

/** As many connections as `NodeMcpAuth` has; further requests wait for one. */
const connections = 40

const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))

const introspection = (changes: Partial<TokenVerifier.IntrospectionOptions> = {}) =>
  TokenVerifier.introspection({ authentication, ...changes })

/** The network of the authorization server. */
interface Traffic {
  now: number
  most: number
}

/** The network of the test, with a client whose requests wait for a connection. */
const bounded = (traffic: Traffic = { now: 0, most: 0 }) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const pool = yield* Semaphore.make(connections)
      const counted = HttpClient.transform(client, (effect) =>
        Effect.ensuring(
          Effect.suspend(() => {
            traffic.most = Math.max(traffic.most, ++traffic.now)
            return effect
          }),
          Effect.sync(() => traffic.now--)
        ))
      return HttpClient.transform(counted, pool.withPermit)
    })
  )

const withProvider = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(Layer.provideMerge(bounded(), TestProvider.layer())))

type Outcome = "accepted" | "401" | "503 queue full" | "503 outage"

interface Answered {
  readonly outcome: Outcome
  /** In milliseconds. */
  readonly took: number
  readonly retryAfter: Duration.Duration | undefined
}

type Ask = (address: string | undefined, token: string) => Effect.Effect<Answered>

/** A guard of a resource, called without HTTP, and its result for a token. */
const guard = Effect.fnUntraced(function*(changes: Partial<ProtectOptions> = {}) {
  const services = yield* Layer.build(McpAuth.layer(options({ verifier: introspection(), ...changes })))
  const { authenticate } = Context.get(services, McpAuth.McpAuth)
  const ask: Ask = Effect.fnUntraced(function*(address, token) {
    const plain = HttpServerRequest.fromWeb(new Request(resource, { method: "POST", headers: bearer(token) }))
    const request = plain.modify({ remoteAddress: Option.fromUndefinedOr(address) })
    const began = yield* Clock.currentTimeMillis
    const judged = yield* Effect.match(authenticate(request), {
      onSuccess: () => ({ outcome: "accepted" as const, retryAfter: undefined }),
      onFailure: (error) => {
        if (error._tag === "InvalidToken") return { outcome: "401" as const, retryAfter: undefined }
        if (error._tag !== "VerificationUnavailable") return assert.fail(error.message)
        const isFull = error.message.includes("introspection request")
        return { outcome: isFull ? "503 queue full" as const : "503 outage" as const, retryAfter: error.retryAfter }
      }
    })
    return { ...judged, took: (yield* Clock.currentTimeMillis) - began }
  })
  return ask
})

const flooder = "203.0.113.7"
const other = "198.51.100.1"

let serial = 0

/** The number of made-up tokens at once. */
const flood = (ask: Ask, count: number, address: (index: number) => string | undefined = () => flooder) =>
  Effect.forkChild(
    Effect.forEach(
      Array.from({ length: count }, (_, index) => index),
      (index) => ask(address(index), `made-up-${serial++}`),
      { concurrency: "unbounded" }
    )
  )

/** Advances time in small steps until a fiber has ended. */
const ended = Effect.fnUntraced(function*<A, E>(fiber: Fiber.Fiber<A, E>) {
  yield* settled
  while (fiber.pollUnsafe() === undefined) yield* tick(50)
  return yield* Fiber.join(fiber)
})

const tick = (milliseconds: number) => Effect.andThen(TestClock.adjust(milliseconds), settled)

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.flatMap(Effect.forkChild(effect), ended)

/** A provider with a latency, and the verifier of its tokens. */
const scenario = Effect.fnUntraced(function*(changes?: Partial<ProtectOptions>) {
  const provider = yield* TestProvider.TestProvider
  const ask = yield* guard(changes)
  yield* provider.fault("introspection", Fault.delay(latency))
  // Metadata is cached, as it is in every server after its first request.
  yield* run(ask(other, "made-up"))
  const askGood = (address: string | undefined) => Effect.flatMap(provider.mintOpaque(), (token) => ask(address, token))
  return { ask, askGood, provider }
})

const countOf = (answers: ReadonlyArray<Answered>, outcome: Outcome) =>
  answers.filter((answer) => answer.outcome === outcome).length

const assertGood = ({ outcome, took }: Answered, most = 2 * latency) => {
  assert.strictEqual(outcome, "accepted")
  assert.isAtMost(took, most)
}

// The timeout only ends a test that hangs: nothing here is measured by the real clock.
describe("a flood of 2,500 made-up opaque tokens at once", { timeout: 300_000 }, () => {
  it.effect("from one address delays valid tokens of other addresses by no more than their own latency", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario()
      const flooding = yield* flood(ask, 2_500)
      yield* settled
      const goods: Array<Fiber.Fiber<Answered>> = []
      for (let at = 0; at < 2_000; at += 50) {
        goods.push(yield* Effect.forkChild(askGood(`198.51.100.${goods.length}`)))
        yield* tick(50)
      }
      for (const good of goods) assertGood(yield* ended(good))
      const answers = yield* ended(flooding)
      assert.strictEqual(countOf(answers, "503 outage"), 0)
      assert.isAbove(countOf(answers, "503 queue full"), 1_000)
      assert.strictEqual(countOf(answers, "401") + countOf(answers, "503 queue full"), 2_500)
      // The flooding client is told at once, or after the longest possible wait, to retry in 2 seconds.
      for (const { outcome, retryAfter, took } of answers) {
        if (outcome !== "503 queue full") continue
        assert.deepStrictEqual(retryAfter, Duration.seconds(2))
        assert.isAtMost(took, 2_000)
      }
    }).pipe(withProvider))

  it.effect("leaves the circuit closed: the next token is introspected at once, even from the same address", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario()
      assert.strictEqual(countOf(yield* ended(yield* flood(ask, 2_500)), "503 outage"), 0)
      assertGood(yield* run(askGood(other)), latency)
      assertGood(yield* run(askGood(flooder)), latency)
    }).pipe(withProvider))

  it.effect("from the address of a valid token makes it retry, and never refuses it as invalid", () =>
    Effect.gen(function*() {
      const { ask, provider } = yield* scenario()
      const flooding = yield* flood(ask, 2_500)
      yield* settled
      const good = yield* provider.mintOpaque()
      const answer = yield* run(ask(flooder, good))
      assert.deepStrictEqual(answer, { outcome: "503 queue full", took: 0, retryAfter: Duration.seconds(2) })
      yield* ended(flooding)
      yield* TestClock.adjust("2 seconds")
      assertGood(yield* run(ask(flooder, good)), latency)
    }).pipe(withProvider))

  it.effect("does not delay a valid token that is cached", () =>
    Effect.gen(function*() {
      const { ask, provider } = yield* scenario()
      const good = yield* provider.mintOpaque()
      yield* run(ask(flooder, good))
      const flooding = yield* flood(ask, 2_500)
      assert.deepStrictEqual(yield* run(ask(flooder, good)), { outcome: "accepted", took: 0, retryAfter: undefined })
      yield* ended(flooding)
    }).pipe(withProvider))

  it.effect("from one IPv6 network counts as one client", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario()
      const flooding = yield* flood(ask, 2_500, (index) => `2001:db8:0:1::${index.toString(16)}`)
      yield* settled
      assertGood(yield* run(askGood("2001:db8:0:2::1")))
      assertGood(yield* run(askGood(other)))
      assert.isAbove(countOf(yield* ended(flooding), "503 queue full"), 1_000)
    }).pipe(withProvider))

  const networks: ReadonlyArray<readonly [name: string, address: (index: number) => string, neighbour: string]> = [
    [
      "all /64 networks of one IPv6 /48",
      (index) => `2001:db8:1:${index.toString(16)}::1`,
      "2001:db8:2::1"
    ],
    [
      "all /64 networks of one IPv6 /56",
      (index) => `2001:db8:1:${index % 256}::1`,
      "2001:db8:1:f00::1"
    ],
    ["one IPv4 /16", (index) => `203.0.${index >> 8}.${index & 255}`, "203.1.0.1"],
    ["one IPv4 /24", (index) => `203.0.113.${index & 255}`, "203.0.114.1"]
  ]
  for (const [name, address, neighbour] of networks) {
    it.effect(`from ${name} delays valid tokens of other networks by no more than their own latency`, () =>
      Effect.gen(function*() {
        const { ask, askGood } = yield* scenario()
        const flooding = yield* flood(ask, 2_500, address)
        yield* settled
        const goods: Array<Fiber.Fiber<Answered>> = []
        for (const from of [other, neighbour, "2001:db8:ffff::1"]) goods.push(yield* Effect.forkChild(askGood(from)))
        for (const good of goods) assertGood(yield* ended(good))
        assert.strictEqual(countOf(yield* ended(flooding), "503 outage"), 0)
      }).pipe(withProvider))
  }

  it.effect("from as many networks as tokens does not refuse every new request: the oldest one makes room", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario({ verifier: introspection({ concurrency: 2, queueSize: 4 }) })
      const flooding = yield* flood(ask, 2_500, (index) => `${index % 200}.${index >> 8}.0.1`)
      yield* settled
      assertGood(yield* run(askGood("250.1.0.1")), 4 * latency)
      yield* ended(flooding)
    }).pipe(withProvider))

  it.effect("from fifty addresses takes turns with valid tokens, which wait for one round", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario()
      const flooding = yield* flood(ask, 2_500, (index) => `203.0.113.${index % 50}`)
      yield* settled
      // A place in the full queue is taken from the flooding clients, whose networks take turns with others.
      assertGood(yield* run(askGood(other)))
      const answers = yield* ended(flooding)
      assert.strictEqual(countOf(answers, "503 outage"), 0)
    }).pipe(withProvider))

  it.effect("from unknown addresses makes clients retry, and does not open the circuit", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario()
      const flooding = yield* flood(ask, 2_500, () => undefined)
      yield* settled
      assert.strictEqual((yield* run(askGood(undefined))).outcome, "503 queue full")
      const answers = yield* ended(flooding)
      assert.strictEqual(countOf(answers, "503 outage"), 0)
      assertGood(yield* run(askGood(undefined)), latency)
    }).pipe(withProvider))

  it.effect("of one issuer does not affect the tokens of another", () =>
    Effect.gen(function*() {
      const { client, providers } = yield* TestProvider.makeNetwork({}, { issuer: "https://b.test" })
      const [first, second] = providers
      if (first === undefined || second === undefined) return assert.fail("there are two")
      const verifier = TokenVerifier.firstOf(
        { ...introspection({ issuer }), handles: (token) => token.startsWith("made-up") },
        introspection({ issuer: "https://b.test" })
      )
      yield* Effect.gen(function*() {
        const ask = yield* guard({ authorizationServers: [discover(issuer), discover("https://b.test")], verifier })
        for (const provider of providers) yield* provider.fault("introspection", Fault.delay(latency))
        yield* run(Effect.flatMap(second.mintOpaque(), (token) => ask(flooder, token)))
        const flooding = yield* flood(ask, 2_500)
        yield* settled
        // Not even the flooding client itself waits there.
        assertGood(yield* run(Effect.flatMap(second.mintOpaque(), (token) => ask(flooder, token))), latency)
        yield* ended(flooding)
      }).pipe(
        Effect.provide(bounded()),
        Effect.provideService(HttpClient.HttpClient, client)
      )
    }).pipe(Effect.scoped))
})

describe("the queue for introspection requests", () => {
  it.effect("does not turn slow responses into failures of the authorization server", () =>
    Effect.gen(function*() {
      const { ask, askGood, provider } = yield* scenario({ verifier: introspection({ concurrency: 2 }) })
      yield* provider.heal()
      yield* provider.fault("introspection", Fault.delay("4 seconds"))
      const answers = yield* ended(yield* flood(ask, 200, (index) => `203.0.113.${index}`))
      assert.strictEqual(countOf(answers, "503 outage"), 0)
      assertGood(yield* run(askGood(other)), 4_000)
    }).pipe(withProvider))

  it.effect("has the time limit queueTimeout, and a request that leaves it in time has its full own timeout", () =>
    Effect.gen(function*() {
      const verifier = introspection({ concurrency: 1, queueTimeout: "3 seconds" })
      const { ask, provider } = yield* scenario({ verifier })
      yield* provider.heal()
      yield* provider.fault("introspection", Fault.delay("2900 millis"))
      const addresses = ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
      const asked = yield* Effect.forkChild(Effect.forEach(
        addresses,
        (address) => Effect.flatMap(provider.mintOpaque(), (token) => ask(address, token)),
        { concurrency: "unbounded" }
      ))
      // Digests are asynchronous, so any of the three can reach the queue first.
      const results = (yield* ended(asked)).toSorted((a, b) => a.took - b.took)
      assert.deepStrictEqual(results.map(({ outcome, took }) => [outcome, took]), [
        ["accepted", 2_900],
        ["503 queue full", 3_000],
        ["accepted", 5_800]
      ])
    }).pipe(withProvider))

  it.effect("frees the place and the slot of a client that disconnects", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario({ verifier: introspection({ concurrency: 4, queueSize: 4 }) })
      for (let round = 0; round < 20; round++) {
        const flooding = yield* flood(ask, 50, (index) => `203.0.113.${index % 3}`)
        yield* tick(100)
        yield* Fiber.interrupt(flooding)
      }
      assertGood(yield* run(askGood(other)), latency)
      const all = yield* run(Effect.all(Array.from({ length: 4 }, (_, index) => askGood(`203.0.113.${index}`)), {
        concurrency: "unbounded"
      }))
      for (const good of all) assertGood(good, latency)
    }).pipe(withProvider))
})

describe("the introspection requests in flight", () => {
  const rows: ReadonlyArray<readonly [rule: string, addresses: number, most: number]> = [
    ["of one client are at most three quarters of the concurrency", 1, 6],
    ["of all clients are at most as many as the concurrency", 25, 8]
  ]
  for (const [rule, addresses, most] of rows) {
    it.effect(rule, () => {
      const traffic: Traffic = { now: 0, most: 0 }
      return Effect.gen(function*() {
        const { ask } = yield* scenario({ verifier: introspection({ concurrency: 8 }) })
        yield* ended(yield* flood(ask, 200, (index) => `203.0.113.${index % addresses}`))
        assert.strictEqual(traffic.most, most)
        assert.strictEqual(traffic.now, 0)
      }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(bounded(traffic), TestProvider.layer())))
    })
  }
})

describe("the limits of introspection", () => {
  const rows: ReadonlyArray<readonly [option: string, changes: Partial<TokenVerifier.IntrospectionOptions>]> = [
    ["concurrency", { concurrency: 0 }],
    ["concurrency", { concurrency: 1.5 }],
    ["concurrency", { concurrency: NaN }],
    ["concurrency", { concurrency: Infinity }],
    ["queueSize", { queueSize: -1 }],
    ["queueSize", { queueSize: NaN }],
    ["queueTimeout", { queueTimeout: Infinity }],
    // What a configuration may hold: the types forbid it.
    ["queueTimeout", { queueTimeout: "soon" as "2 seconds" }]
  ]
  for (const [option, changes] of rows) {
    it.effect(`that are invalid are an error when the server is built: ${option}: ${String(Object.values(changes)[0])}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(guard({ verifier: introspection(changes) }))
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.include(error.message, option)
      }).pipe(withProvider))
  }

  it.effect("may disable the queue: a request that cannot be sent at once must be retried", () =>
    Effect.gen(function*() {
      const { ask, askGood } = yield* scenario({ verifier: introspection({ concurrency: 4, queueSize: 0 }) })
      const flooding = yield* flood(ask, 10)
      yield* settled
      assertGood(yield* run(askGood(other)), latency)
      const answers = yield* ended(flooding)
      assert.strictEqual(countOf(answers, "401"), 3)
      assert.strictEqual(countOf(answers, "503 queue full"), 7)
    }).pipe(withProvider))
})

/** An application behind HTTP, whose requests contain the address that they come from. */
const serveFrom = Effect.fnUntraced(function*<A, E>(
  app: Layer.Layer<A, E, HttpRouter.HttpRouter | HttpClient.HttpClient>
) {
  const http = yield* HttpRouter.toHttpEffect(app)
  const context = yield* Effect.context<never>()
  const handle = HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest>(context)(
    Effect.scoped(
      Effect.updateService(
        http,
        HttpServerRequest.HttpServerRequest,
        (request) => request.modify({ remoteAddress: Option.fromUndefinedOr(request.headers["x-address"]) })
      )
    )
  )
  return (address: string): Handle => (request) => {
    request.headers.set("x-address", address)
    return Effect.promise(() => handle(request))
  }
})

const api = HttpApi.make("notes").add(
  HttpApiGroup.make("notes").add(
    HttpApiEndpoint.get("me", "/me", { success: Schema.String }).middleware(BearerAuth.BearerAuth)
  )
)

const httpApi = HttpApiBuilder.layer(api).pipe(
  Layer.provide(HttpApiBuilder.group(api, "notes", (handlers) => handlers.handle("me", () => caller))),
  Layer.provide(HttpServer.layerServices),
  Layer.provide(BearerAuth.layer)
)

const plain = HttpRouter.add("*", "/me", Effect.map(caller, (who) => HttpServerResponse.text(who))).pipe(
  Layer.provide(McpAuth.middleware.layer)
)

/** Responses of `FetchAuth`: 200 for an accepted request. */
const serveFetch = Effect.fnUntraced(function*(verifier: TokenVerifier.Method) {
  const { authenticate } = yield* FetchAuth.make(options({ verifier }))
  return (clientAddress: string): Handle => (request) =>
    Effect.map(
      authenticate(request, { clientAddress }),
      (outcome) => outcome._tag === "Answered" ? outcome.response : new Response("accepted")
    )
})

describe("introspection over HTTP", () => {
  const verifier = introspection({ concurrency: 4, queueSize: 10 })
  const getMe = (handle: Handle, token: string) => send(handle, `${origin}/me`, { headers: bearer(token) })
  const protection = Layer.suspend(() => McpAuth.layer(options({ verifier })))
  const roads = [
    [
      "an MCP server",
      Effect.flatMap(
        Ref.make<ReadonlyArray<string>>([]),
        (reached) => serveFrom(server(reached).pipe(McpAuth.protect(options({ verifier }))))
      ),
      callTool
    ],
    ["a plain route", serveFrom(plain.pipe(Layer.provide(protection))), getMe],
    ["an HttpApi", serveFrom(httpApi.pipe(Layer.provide(protection))), getMe],
    ["FetchAuth", serveFetch(verifier), getMe]
  ] as const
  for (const [road, serve, call] of roads) {
    it.effect(`in ${road} answers a flooding client with 503 and Retry-After, and a valid token of another address with 200`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("introspection", Fault.delay(latency))
        const from = yield* serve
        yield* run(call(from(other), "made-up"))
        const flooding = yield* Effect.forkChild(Effect.forEach(
          Array.from({ length: 50 }, (_, index) => `made-up-${index}`),
          (token) => call(from(flooder), token),
          { concurrency: "unbounded" }
        ))
        yield* settled
        const began = yield* Clock.currentTimeMillis
        const good = yield* run(Effect.flatMap(provider.mintOpaque(), (token) => call(from(other), token)))
        assert.strictEqual(good.status, 200, good.body)
        assert.isAtMost((yield* Clock.currentTimeMillis) - began, 2 * latency)
        const answers = yield* ended(flooding)
        const turnedAway = answers.filter(({ status }) => status === 503)
        assert.isAbove(turnedAway.length, 30)
        assert.strictEqual(answers.filter(({ status }) => status === 401).length, 50 - turnedAway.length)
        for (const { body, headers } of turnedAway) {
          assert.strictEqual(headers.get("retry-after"), "2")
          assert.isNull(headers.get("www-authenticate"))
          assert.notInclude(body, "invalid_token")
        }
      }).pipe(withProvider))
  }

  it.effect("has a metric that distinguishes a full queue from an outage of the authorization server", () =>
    Effect.gen(function*() {
      const { ask, provider } = yield* scenario({ verifier: introspection({ concurrency: 1, queueSize: 1 }) })
      yield* ended(yield* flood(ask, 5))
      yield* provider.fault("introspection", Fault.status(503))
      yield* run(ask(other, "one-more"))
      const reasons = (yield* Metric.snapshot).flatMap(({ attributes, id, state }) =>
        id === "mcp_auth_decisions_total" && "count" in state ? [[attributes?.["reason"], Number(state.count)]] : []
      )
      assert.deepStrictEqual(Object.fromEntries(reasons), {
        "inactive": 3,
        "introspection-queue-full": 3,
        "VerificationUnavailable": 1
      })
    }).pipe(withProvider, Effect.provideService(Metric.MetricRegistry, new Map())))
})
