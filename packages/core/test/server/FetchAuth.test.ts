import { FetchAuth } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { elapse } from "../time.ts"
import { type Answer, bearer, metadataUrl, options, type ProtectOptions, read, resource } from "./harness.ts"

const start = (changes: Partial<ProtectOptions> = {}) => FetchAuth.make(options(changes))

type Outcome = FetchAuth.Outcome

const clientAddress = "203.0.113.7"

const ask = (auth: FetchAuth.LimitedFetchAuth, init: RequestInit = {}, url = resource): Effect.Effect<Outcome> =>
  auth.authenticate(new Request(url, { method: "POST", ...init }), { clientAddress })

/** The response to a refused request. */
const answered = (outcome: Outcome): Effect.Effect<Answer> =>
  outcome._tag === "Answered" ? read(outcome.response) : Effect.die("the request was accepted")

const infoOf = (outcome: Outcome) => {
  if (outcome._tag === "Accepted") return outcome.info
  throw new Error(`refused: ${outcome.response.status}`)
}

describe("FetchAuth", () => {
  it.effect("accepts a valid token, and tells its caller", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const auth = yield* start()
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]) {
        const outcome = yield* ask(auth, { method, headers: bearer(yield* provider.mint()) })
        assert.deepInclude(infoOf(outcome), { subject: "user-1", clientId: "client-1" })
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const url of ["https://api.test/", "https://api.test/mcp/deep/er?x=1", "https://api.test/other"]) {
    it.effect(`guards ${url} as well, because the path is up to the program`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const auth = yield* start()
        assert.strictEqual((yield* answered(yield* ask(auth, {}, url))).status, 401)
        assert.strictEqual((yield* ask(auth, { headers: bearer(yield* provider.mint()) }, url))._tag, "Accepted")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (
    const [what, claims] of [
      ["a refresh token", { token_use: "refresh_token" }],
      ["an ID token", { at_hash: "x" }],
      ["a logout token", { events: {} }],
      ["a token of the type DPoP", { token_type: "DPoP" }],
      ["a subject that is a number", { sub: 42 }],
      ["an empty client", { client_id: "" }]
    ] as const
  ) {
    it.effect(`answers ${what} with 401`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const auth = yield* start()
        const answer = yield* answered(yield* ask(auth, { headers: bearer(yield* provider.mint({ claims })) }))
        assert.strictEqual(answer.status, 401)
        assert.include(answer.headers.get("www-authenticate"), "invalid_token")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("answers a request without a token with the challenge, and does not read its body", () =>
    Effect.gen(function*() {
      const auth = yield* start()
      const request = new Request(resource, { method: "POST", body: "{}" })
      const answer = yield* answered(yield* auth.authenticate(request, { clientAddress }))
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(
        answer.headers.get("www-authenticate"),
        `Bearer scope="notes:read notes:write", resource_metadata="${metadataUrl}"`
      )
      assert.isFalse(request.bodyUsed)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const authorization of ["", "Bearer", "Bearer ", "bearer"]) {
    it.effect(`answers the Authorization header ${JSON.stringify(authorization)} with 401 and no error code`, () =>
      Effect.gen(function*() {
        const auth = yield* start()
        const answer = yield* answered(yield* ask(auth, { headers: { authorization } }))
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(
          answer.headers.get("www-authenticate"),
          `Bearer scope="notes:read notes:write", resource_metadata="${metadataUrl}"`
        )
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("leaves the body of an accepted request to the program", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const auth = yield* start()
      const request = new Request(resource, { method: "POST", body: "hello", headers: bearer(yield* provider.mint()) })
      assert.strictEqual((yield* auth.authenticate(request, { clientAddress }))._tag, "Accepted")
      assert.strictEqual(yield* Effect.promise(() => request.text()), "hello")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const refused: ReadonlyArray<
    readonly [
      rule: string,
      status: number,
      token: (provider: TestProvider.TestProvider["Service"]) => Effect.Effect<string>
    ]
  > = [
    ["a forged token", 401, (provider) => provider.mint({ forged: true })],
    ["an expired token", 401, (provider) => provider.mint({ expiresIn: -3600 })],
    ["a token for another resource", 401, (provider) => provider.mint({ claims: { aud: "https://other.test" } })],
    ["two tokens", 400, () => Effect.succeed("a b")],
    ["too few scopes", 403, (provider) => provider.mint({ claims: { scope: "x" } })]
  ]
  for (const [rule, status, mint] of refused) {
    it.effect(`answers ${rule} with ${status}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const auth = yield* start({ requiredScopes: ["notes:read"] })
        const outcome = yield* ask(auth, { headers: bearer(yield* mint(provider)) })
        assert.strictEqual((yield* answered(outcome)).status, status)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("serves the metadata at both URLs, without a token", () =>
    Effect.gen(function*() {
      const auth = yield* start()
      for (const url of [metadataUrl, "https://api.test/.well-known/oauth-protected-resource"]) {
        const answer = yield* answered(yield* ask(auth, { method: "GET" }, url))
        assert.strictEqual(answer.status, 200)
        assert.include(answer.body, `"resource":"${resource}"`)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("answers a preflight, and provides the CORS headers for the program's response", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const auth = yield* start({ allowedOrigins: ["https://app.test", "https://b.test"] })
      const origin = { origin: "https://app.test" }
      const preflight = yield* answered(yield* ask(auth, { method: "OPTIONS", headers: origin }))
      assert.strictEqual(preflight.status, 204)
      assert.strictEqual(preflight.headers.get("access-control-allow-origin"), "https://app.test")
      const outcome = yield* ask(auth, { headers: { ...origin, ...bearer(yield* provider.mint()) } })
      assert.deepStrictEqual(outcome._tag === "Accepted" ? [...outcome.headers].map(([name]) => name).toSorted() : [], [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "vary"
      ])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("answers an outage with 503, and retries later", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.connectionError())
      const auth = yield* start()
      const down = yield* elapse(ask(auth, { headers: bearer(yield* provider.mint()) }))
      const answer = yield* answered(down)
      assert.deepStrictEqual([answer.status, answer.headers.get("www-authenticate")], [503, null])
      yield* provider.heal()
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* elapse(ask(auth, { headers: bearer(yield* provider.mint()) })))._tag, "Accepted")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("verifies a request again each time it is given the request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const auth = yield* start()
      const request = new Request(resource, { headers: bearer(yield* provider.mint({ expiresIn: 60 })) })
      assert.strictEqual((yield* auth.authenticate(request, { clientAddress }))._tag, "Accepted")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* answered(yield* auth.authenticate(request, { clientAddress }))).status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("guards two resources in one program by their own rules", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const names = ["https://one.test/mcp", "https://two.test/mcp"]
      const guards = yield* Effect.forEach(names, (resource) => start({ resource }))
      for (const aud of names) {
        const headers = bearer(yield* provider.mint({ claims: { aud } }))
        const outcomes = yield* Effect.forEach(guards, (auth) => ask(auth, { headers }))
        assert.deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          names.map((name) => name === aud ? "Accepted" : "Answered")
        )
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("answers concurrent requests with the caller of each", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const auth = yield* start()
      const subjects = Array.from({ length: 30 }, (_, index) => `user-${index}`)
      const tokens = yield* Effect.forEach(subjects, (sub) => provider.mint({ claims: { sub } }))
      const outcomes = yield* Effect.forEach(tokens, (token) => ask(auth, { headers: bearer(token) }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(outcomes.map((outcome) => infoOf(outcome).subject), subjects)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("writes no token into a span, not even one from a query", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const token = yield* provider.mint()
      const auth = yield* Effect.provideService(start(), Tracer.Tracer, tracer)
      yield* ask(auth, { headers: bearer(token) })
      yield* ask(auth, {}, `${resource}?access_token=${token}`)
      const attributes = spans.flatMap(({ attributes }) => [...attributes.values()])
      assert.isAbove(attributes.length, 0)
      assert.notInclude(attributes.join(), token)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
