import {
  AudiencePolicy,
  AuthorizationServer,
  ClientAuthentication,
  SharedMemory,
  TokenDigest,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Hash, Option, Redacted, type Schema, Tracer } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import * as Jose from "jose"
import { inspect } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { elapse, settled } from "../time.ts"
import { issuer, makeEc, now, outcome, printed, resource, today, verifier } from "./harness.ts"

const secret = "s:3%c+r é"
const basic = ClientAuthentication.clientSecretBasic("notes:server", Redacted.make(secret))
const post = ClientAuthentication.clientSecretPost("notes:server", Redacted.make(secret))
const key = makeEc("P-256")
const { d = "", kty = "", ...jwk } = key.privateKey.export({ format: "jwk" })
const signed = ClientAuthentication.privateKeyJwt("notes:server", Redacted.make({ ...jwk, d, kty, kid: "k" }), "ES256")

/** Two strings with the same hash, which are two keys of a map all the same. */
const sameHash = (): readonly [string, string] => {
  const known = new Map<number, string>()
  for (let index = 0;; index++) {
    const text = `digest-${index}`
    const hash = Hash.string(text)
    const other = known.get(hash)
    if (other !== undefined) return [other, text]
    known.set(hash, text)
  }
}

/** The objects that are still in memory after the garbage was collected. */
const collected = Effect.fnUntraced(function*(refs: ReadonlyArray<WeakRef<object>>) {
  setFlagsFromString("--expose-gc")
  // The flag adds the function to new contexts only.
  const collect = runInNewContext("gc") as () => void
  let left: ReadonlyArray<object> = refs
  // An engine may need a few turns of the event loop for it.
  for (let turn = 0; turn < 20 && left.length > 0; turn++) {
    yield* settled
    collect()
    left = refs.filter((ref) => ref.deref() !== undefined)
  }
  return left
})

const scenario = (options: Partial<TokenVerifier.IntrospectionOptions> = {}) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const verify = yield* verifier(TokenVerifier.introspection({ authentication: basic, ...options }))
    return {
      provider,
      verify,
      asked: provider.count("introspection"),
      outcomeOf: (token: string) => elapse(outcome(verify(token))),
      says: (changes: Schema.JsonObject) =>
        provider.fault("introspection", Fault.document((answer) => ({ ...answer, ...changes })))
    }
  })

const introspections = Effect.gen(function*() {
  const provider = yield* TestProvider.TestProvider
  const requests = yield* provider.requests
  return requests.filter(({ endpoint }) => endpoint === "introspection")
})

const only = Effect.flatMap(introspections, ([request, ...others]) => {
  assert.lengthOf(others, 0)
  return request === undefined ? Effect.die("no request was made") : Effect.succeed(request)
})

describe("introspection: the request", () => {
  it.effect("client_secret_basic: the token is in the form, the secret in the header", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario({ authentication: basic })
      const token = yield* provider.mintOpaque()
      yield* verify(token)
      const { body, headers, method, url } = yield* only
      assert.strictEqual(method, "POST")
      assert.strictEqual(url, "https://as.test/introspect")
      assert.strictEqual(body, `token=${token}&token_type_hint=access_token`)
      assert.strictEqual(headers["content-type"], "application/x-www-form-urlencoded")
      assert.strictEqual(headers["accept"], "application/json")
      assert.strictEqual(headers["accept-encoding"], "identity")
      assert.isUndefined(headers["cookie"])
      const credentials = Buffer.from("notes%3Aserver:s%3A3%25c%2Br+%C3%A9").toString("base64")
      assert.strictEqual(headers["authorization"], `Basic ${credentials}`)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("client_secret_post: both are in the form, and the header is absent", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario({ authentication: post })
      const token = yield* provider.mintOpaque()
      yield* verify(token)
      const { body, headers } = yield* only
      assert.strictEqual(
        body,
        `token=${token}&token_type_hint=access_token&client_id=notes%3Aserver&client_secret=s%3A3%25c%2Br+%C3%A9`
      )
      assert.isUndefined(headers["authorization"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("private_key_jwt: an assertion names the issuer, and the header is absent", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario({ authentication: signed })
      yield* verify(yield* provider.mintOpaque())
      const { body, headers } = yield* only
      const form = new URLSearchParams(body)
      assert.isUndefined(headers["authorization"])
      assert.deepStrictEqual(
        [...form.keys()],
        ["token", "token_type_hint", "client_id", "client_assertion_type", "client_assertion"]
      )
      const { payload } = yield* Effect.promise(() =>
        Jose.jwtVerify(form.get("client_assertion") ?? "", key.publicKey, {
          algorithms: ["ES256"],
          issuer: "notes:server",
          subject: "notes:server",
          audience: issuer,
          currentDate: today
        })
      )
      assert.strictEqual(payload.aud, issuer)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("private_key_jwt: no assertion is sent twice, not even when a request is retried", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario({ authentication: signed })
      yield* provider.fault("introspection", Fault.status(503), { times: 2 })
      assert.strictEqual(yield* outcomeOf(yield* provider.mintOpaque()), "accepted")
      const requests = yield* introspections
      const names = requests.map(({ body }) =>
        Jose.decodeJwt(new URLSearchParams(body).get("client_assertion") ?? "").jti
      )
      assert.lengthOf(names, 3)
      assert.strictEqual(new Set(names).size, 3)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("headers of the client authentication take precedence over the common ones", () =>
    Effect.gen(function*() {
      const named = { ...basic, prove: () => Effect.succeed({ headers: { "user-agent": "notes" }, form: {} }) }
      const { provider, verify } = yield* scenario({ authentication: named })
      yield* verify(yield* provider.mintOpaque())
      assert.strictEqual((yield* only).headers["user-agent"], "notes")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a token cannot inject another field into the form", () =>
    Effect.gen(function*() {
      const { outcomeOf } = yield* scenario({ authentication: post })
      assert.strictEqual(yield* outcomeOf("a&client_id=evil&token=b"), "inactive")
      const form = new URLSearchParams((yield* only).body)
      assert.deepStrictEqual(form.getAll("client_id"), ["notes:server"])
      assert.deepStrictEqual(form.getAll("token"), ["a&client_id=evil&token=b"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("no token and no secret reaches a span, and no trace context reaches the provider", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const { provider, verify } = yield* scenario({ authentication: post })
      const token = yield* provider.mintOpaque()
      yield* verify(token).pipe(Effect.withTracer(tracer), Effect.withSpan("outer"))
      assert.include(spans.map(({ name }) => name), "TokenVerifier.introspect")
      const texts = spans.map((span) => inspect(span, { depth: 6 }))
      assert.notInclude(texts.join(), token)
      assert.notInclude(texts.join(), secret)
      assert.include(texts.join(), "https://as.test/introspect")
      assert.isUndefined((yield* only).headers["traceparent"])
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("introspection: the response", () => {
  it.effect("an active opaque token names its caller", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const token = yield* provider.mintOpaque({ claims: { scope: "a b" } })
      const info = yield* verify(token)
      assert.strictEqual(Redacted.value(info.token), token)
      assert.strictEqual(info.issuer, issuer)
      assert.strictEqual(info.subject, "user-1")
      assert.strictEqual(info.clientId, "client-1")
      assert.deepStrictEqual([...info.scopes], ["a", "b"])
      assert.deepStrictEqual(info.audience, [resource])
      assert.strictEqual(info.expiresAt, now + 3600)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a JWT can be introspected", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "accepted")
      assert.strictEqual(yield* provider.count("jwks"), 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a token that was never issued is not active", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      assert.strictEqual(yield* outcomeOf("made-up"), "inactive")
      assert.strictEqual(yield* outcomeOf(yield* provider.mint({ forged: true })), "inactive")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a revoked token is not active", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      const token = yield* provider.mintOpaque()
      yield* provider.revoke(token)
      assert.strictEqual(yield* outcomeOf(token), "inactive")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a kind of token that the provider does not introspect is invalid, and no outage", () =>
    Effect.gen(function*() {
      const { asked, outcomeOf, provider } = yield* scenario()
      assert.strictEqual(yield* outcomeOf(yield* provider.mint()), "inactive")
      assert.strictEqual(yield* asked, 1)
      assert.strictEqual(yield* outcomeOf(yield* provider.mintOpaque()), "accepted")
    }).pipe(Effect.provide(TestProvider.layer({ introspectsJwts: false }))))

  const answers: ReadonlyArray<readonly [rule: string, changes: Schema.JsonObject, outcome: string]> = [
    ["active as a string does not count as active", { active: "true" }, "inactive"],
    ["active as a number does not count as active", { active: 1 }, "inactive"],
    ["active as null does not count as active", { active: null }, "inactive"],
    ["active as a list does not count as active", { active: [true] }, "inactive"],
    ["active: false counts, whatever the other members are", { active: false }, "inactive"],
    ["a response for another resource is refused", { aud: "https://other.test" }, "wrong-audience aud"],
    ["a response for several resources is accepted", { aud: ["https://other.test", resource] }, "accepted"],
    ["an aud of a wrong type is refused", { aud: 1 }, "invalid-claim aud"],
    ["another issuer is refused", { iss: "https://evil.test" }, "unknown-issuer iss"],
    ["an issuer with an additional slash is refused", { iss: `${issuer}/` }, "unknown-issuer iss"],
    ["an issuer that is null is refused", { iss: null }, "unknown-issuer iss"],
    ["an issuer that is an object is refused", { iss: { toString: 1 } }, "unknown-issuer iss"],
    ["a template is not an issuer", { iss: "https://as.test/{tenantid}" }, "unknown-issuer iss"],
    ["an expired token is refused even if it is active", { exp: now - 60 }, "expired exp"],
    ["a token that expired within the tolerance is accepted", { exp: now - 29 }, "accepted"],
    ["exp as a string is refused", { exp: String(now + 60) }, "invalid-claim exp"],
    ["a token that is not valid yet is refused", { nbf: now + 60 }, "not-yet-valid nbf"],
    ["a token issued in the future is refused", { iat: now + 600 }, "issued-in-future iat"],
    ["a sender-constrained token is refused", { cnf: { jkt: "x" } }, "sender-constrained cnf"]
  ]
  for (const [rule, changes, expected] of answers) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { provider, says, verify } = yield* scenario()
        yield* says(changes)
        // No request has to wait, so time stands still: some of these cases differ by seconds.
        assert.strictEqual(yield* outcome(verify(yield* provider.mintOpaque())), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const lacking: ReadonlyArray<readonly [rule: string, member: string, outcome: string]> = [
    ["a response without active does not count as active", "active", "inactive"],
    ["a response without aud is refused", "aud", "wrong-audience aud"],
    ["a response without exp is refused", "exp", "missing-claim exp"],
    ["a response without iss belongs to the introspecting server", "iss", "accepted"],
    ["a response without sub is accepted", "sub", "accepted"]
  ]
  for (const [rule, member, expected] of lacking) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { outcomeOf, provider } = yield* scenario()
        yield* provider.fault("introspection", Fault.missing(member))
        assert.strictEqual(yield* outcomeOf(yield* provider.mintOpaque()), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("exp of 1e400 is refused", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("introspection", Fault.body(`{"active":true,"aud":"${resource}","exp":1e400}`))
      assert.strictEqual(yield* outcomeOf("any"), "invalid-claim exp")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("nbf of -1e400 is refused", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      const body = `{"active":true,"aud":"${resource}","exp":${now + 60},"nbf":-1e400}`
      yield* provider.fault("introspection", Fault.body(body))
      assert.strictEqual(yield* outcomeOf("any"), "invalid-claim nbf")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("the audience policy is enforced", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, says } = yield* scenario({ audience: AudiencePolicy.exclusive })
      yield* says({ aud: [resource, "https://other.test"] })
      assert.strictEqual(yield* outcomeOf(yield* provider.mintOpaque()), "wrong-audience aud")
    }).pipe(Effect.provide(TestProvider.layer())))
})

const outages: Readonly<Record<string, Fault.Fault>> = {
  "401, as for wrong client credentials": Fault.status(401),
  "403": Fault.status(403),
  "404": Fault.status(404),
  "400 with another error code": Fault.all(Fault.status(400), Fault.body("{\"error\":\"invalid_request\"}")),
  "400 with an empty body": Fault.status(400),
  "400 with an HTML page": Fault.all(Fault.status(400), Fault.html),
  "401 with unsupported_token_type": Fault.all(Fault.status(401), Fault.body("{\"error\":\"unsupported_token_type\"}")),
  "500": Fault.status(500),
  "503": Fault.status(503),
  "429": Fault.status(429),
  "204": Fault.status(204),
  "no response in time": Fault.delay("1 hour"),
  "one byte a second": Fault.slowBody(),
  "a refused connection": Fault.connectionError(),
  "an HTML page": Fault.html,
  "half a response": Fault.truncatedBody(),
  "a response that breaks off": Fault.truncatedBody({ broken: true }),
  "an empty body": Fault.body(""),
  "a list": Fault.body("[]"),
  "null": Fault.body("null"),
  "a response in JWT form": Fault.body("a.b.c", "application/token-introspection+jwt"),
  "an endless body": Fault.hugeBody(Infinity),
  "a redirect": Fault.redirect("https://evil.test/introspect"),
  "a redirect on the same host": Fault.redirect("?moved", 307)
}

describe("introspection: an outage never refuses a token as invalid", () => {
  for (const [rule, fault] of Object.entries(outages)) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const { provider, verify } = yield* scenario({ authentication: post })
        yield* provider.fault("introspection", fault)
        const token = yield* provider.mintOpaque()
        const error = yield* elapse(Effect.flip(verify(token)))
        assert.strictEqual(error._tag, "VerificationUnavailable")
        assert.include(error.message, "POST https://as.test/introspect")
        assert.notInclude(printed(error), token)
        assert.notInclude(printed(error), secret)
        assert.strictEqual(yield* provider.inFlight, 0)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("metadata that cannot be fetched", () =>
    Effect.gen(function*() {
      const { asked, outcomeOf, provider } = yield* scenario()
      yield* provider.fault("metadata", Fault.status(503))
      assert.strictEqual(yield* outcomeOf(yield* provider.mintOpaque()), "VerificationUnavailable")
      assert.strictEqual(yield* asked, 0)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("metadata without an introspection endpoint, which the error names", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const error = yield* Effect.flip(verify(yield* provider.mintOpaque()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "introspection_endpoint")
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { introspection_endpoint: undefined } }))))

  it.effect("an http endpoint of an https issuer, to which no token is sent", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario()
      const error = yield* Effect.flip(verify(yield* provider.mintOpaque()))
      assert.strictEqual(error._tag, "VerificationUnavailable")
      assert.include(error.message, "http://as.test/introspect")
      assert.strictEqual(yield* asked, 0)
    }).pipe(Effect.provide(TestProvider.layer({ metadata: { introspection_endpoint: "http://as.test/introspect" } }))))

  it.effect("an outage is not remembered after it ends", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      const token = yield* provider.mintOpaque()
      yield* provider.fault("introspection", Fault.status(403), { times: 1 })
      assert.strictEqual(yield* outcomeOf(token), "VerificationUnavailable")
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an outage that a retry resolves is not noticed", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider } = yield* scenario()
      yield* provider.fault("introspection", Fault.status(503), { times: 2 })
      assert.strictEqual(yield* outcomeOf(yield* provider.mintOpaque()), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("introspection: the cache", () => {
  it.effect("the second use of a token causes no request", () =>
    Effect.gen(function*() {
      const { asked, outcomeOf, provider } = yield* scenario()
      const token = yield* provider.mintOpaque()
      assert.strictEqual(yield* outcomeOf(token), "accepted")
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual(yield* outcomeOf(token), "accepted")
      assert.strictEqual(yield* asked, 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an inactive token is remembered as well", () =>
    Effect.gen(function*() {
      const { asked, outcomeOf } = yield* scenario()
      for (let times = 0; times < 10; times++) assert.strictEqual(yield* outcomeOf("made-up"), "inactive")
      assert.strictEqual(yield* asked, 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a revoked token is refused after cacheFor, and never accepted longer", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario({ cacheFor: "1 minute" })
      const token = yield* provider.mintOpaque()
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* provider.revoke(token)
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outcome(verify(token)), "inactive")
      assert.strictEqual(yield* asked, 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("using a token does not prolong its cache entry", () =>
    Effect.gen(function*() {
      const { provider, verify } = yield* scenario()
      const token = yield* provider.mintOpaque()
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* provider.revoke(token)
      for (let seconds = 0; seconds < 29; seconds++) {
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* outcome(verify(token)), "accepted")
      }
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outcome(verify(token)), "inactive")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("no response is remembered beyond exp", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario({ cacheFor: "1 hour" })
      const token = yield* provider.mintOpaque({ expiresIn: 10 })
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      assert.strictEqual(yield* asked, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outcome(verify(token)), "inactive")
      assert.strictEqual(yield* asked, 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a provider that keeps answering active does not keep an expired token valid", () =>
    Effect.gen(function*() {
      const { provider, says, verify } = yield* scenario({ cacheFor: "1 hour" })
      yield* says({ active: true, aud: resource, exp: now + 60 })
      const token = yield* provider.mintOpaque()
      assert.strictEqual(yield* outcome(verify(token)), "accepted")
      yield* TestClock.adjust("91 seconds")
      assert.strictEqual(yield* outcome(verify(token)), "expired exp")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("no response is remembered if cacheFor is zero", () =>
    Effect.gen(function*() {
      const { asked, outcomeOf, provider } = yield* scenario({ cacheFor: 0 })
      const token = yield* provider.mintOpaque()
      yield* outcomeOf(token)
      yield* provider.revoke(token)
      assert.strictEqual(yield* outcomeOf(token), "inactive")
      assert.strictEqual(yield* asked, 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("100 requests at once cause one introspection request", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario()
      yield* provider.fault("introspection", Fault.delay("1 second"))
      const token = yield* provider.mintOpaque()
      const outcomes = yield* elapse(
        Effect.all(Array.from({ length: 100 }, () => outcome(verify(token))), { concurrency: "unbounded" })
      )
      assert.deepStrictEqual([...new Set(outcomes)], ["accepted"])
      assert.strictEqual(yield* asked, 1)
      assert.strictEqual(yield* provider.count("metadata"), 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("an interrupted caller does not cancel the introspection for the others", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario()
      yield* provider.fault("introspection", Fault.delay("2 seconds"))
      const token = yield* provider.mintOpaque()
      const first = yield* Effect.forkChild(verify(token))
      const others = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 9 }, () => outcome(verify(token))), { concurrency: "unbounded" })
      )
      yield* settled
      assert.strictEqual(yield* provider.inFlight, 1)
      yield* Fiber.interrupt(first)
      const outcomes = yield* elapse(Fiber.join(others))
      assert.deepStrictEqual([...new Set(outcomes)], ["accepted"])
      assert.strictEqual(yield* asked, 1)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("when all callers are interrupted, the next one sends a new request", () =>
    Effect.gen(function*() {
      const { outcomeOf, provider, verify } = yield* scenario()
      yield* provider.fault("introspection", Fault.delay("2 seconds"))
      const token = yield* provider.mintOpaque()
      const first = yield* Effect.forkChild(verify(token))
      yield* settled
      assert.strictEqual(yield* provider.inFlight, 1)
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* provider.inFlight, 0)
      assert.strictEqual(yield* outcomeOf(token), "accepted")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("two tokens do not share a response", () =>
    Effect.gen(function*() {
      const { asked, provider, verify } = yield* scenario()
      const ada = yield* verify(yield* provider.mintOpaque({ claims: { sub: "ada" } }))
      const bob = yield* verify(yield* provider.mintOpaque({ claims: { sub: "bob" } }))
      assert.deepStrictEqual([ada.subject, bob.subject], ["ada", "bob"])
      assert.strictEqual(yield* asked, 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  const times: ReadonlyArray<readonly [rule: string, expiresIn: number, milliseconds: number]> = [
    ["cacheFor", 3600, 30_000],
    ["its token lives", 10, 10_000]
  ]
  for (const [rule, expiresIn, milliseconds] of times) {
    it.effect(`a response is stored in the shared memory for as long as ${rule}`, () =>
      Effect.gen(function*() {
        const stored: Array<number> = []
        const memory: SharedMemory.Shape = {
          get: () => Effect.succeed(undefined),
          set: (_, __, timeToLive) =>
            Effect.sync(() => {
              stored.push(Duration.toMillis(Duration.fromInputUnsafe(timeToLive)))
            })
        }
        const { provider, verify } = yield* Effect.provideService(scenario(), SharedMemory.SharedMemory, memory)
        yield* verify(yield* provider.mintOpaque({ expiresIn })).pipe(
          Effect.provideService(SharedMemory.SharedMemory, memory)
        )
        assert.include(stored, milliseconds)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("two tokens whose digests have the same hash do not share a response", () =>
    Effect.gen(function*() {
      const digests = new Map<string, string>()
      const { asked, provider, verify } = yield* Effect.provideService(
        scenario(),
        TokenDigest.TokenDigest,
        (token: string) => digests.get(token) ?? token
      )
      const tokens = [
        yield* provider.mintOpaque({ claims: { sub: "ada" } }),
        yield* provider.mintOpaque({ claims: { sub: "bob" } })
      ] as const
      const [one, other] = sameHash()
      digests.set(tokens[0], one).set(tokens[1], other)
      assert.deepStrictEqual([(yield* verify(tokens[0])).subject, (yield* verify(tokens[1])).subject], ["ada", "bob"])
      assert.strictEqual(yield* asked, 2)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("a response is remembered without the token and its request", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth" })
      const method = TokenVerifier.introspection({ authentication: basic })
      const verify = yield* method.make({ resource, authorizationServers: [server] })
      yield* TestClock.setTime(now * 1000)
      const opaque = yield* provider.mintOpaque()
      // The second response comes from the memory.
      const held = yield* Effect.forEach([0, 1], () =>
        Effect.suspend(() => {
          const token = Redacted.make(opaque)
          const request = { remoteAddress: Option.some("203.0.113.7") }
          return Effect.as(verify(token, request), [new WeakRef(token), new WeakRef(request)])
        }))
      assert.strictEqual(yield* provider.count("introspection"), 1)
      assert.deepStrictEqual(yield* collected(held.flat()), [])
      assert.strictEqual(yield* outcome(verify(Redacted.make(opaque))), "accepted")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("two verifiers share neither responses nor rules", () =>
    Effect.gen(function*() {
      const { provider, verify: loose } = yield* scenario({ audience: AudiencePolicy.acceptAnyUnsafe })
      const { verify: strict } = yield* scenario()
      const token = yield* provider.mintOpaque({ claims: { aud: "https://other.test" } })
      assert.strictEqual(yield* outcome(loose(token)), "accepted")
      assert.strictEqual(yield* outcome(strict(token)), "wrong-audience aud")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("introspection: several authorization servers", () => {
  const others = "https://other.test"
  const build = Effect.fnUntraced(function*(named?: string) {
    const { client, providers: [ours, theirs] } = yield* TestProvider.makeNetwork({}, { issuer: others })
    if (ours === undefined || theirs === undefined) return assert.fail("two providers were asked for")
    const method = TokenVerifier.introspection({ authentication: post, issuer: named })
    const verify = yield* Effect.provideService(verifier(method, [issuer, others]), HttpClient.HttpClient, client)
    return { ours, theirs, verify }
  })

  it.effect("the token must name one of them", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(build())
      assert.strictEqual(error._tag, "InvalidVerifier")
      assert.include(error.message, "`issuer`")
    }).pipe(Effect.scoped))

  it.effect("a server that is not trusted cannot be named", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(build("https://evil.test"))
      assert.strictEqual(error._tag, "InvalidVerifier")
    }).pipe(Effect.scoped))

  it.effect("the name is compared character by character", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(build(`${others}/`))
      assert.strictEqual(error._tag, "InvalidVerifier")
    }).pipe(Effect.scoped))

  it.effect("only the named server is asked, and no other server sees the token", () =>
    Effect.gen(function*() {
      const { ours, theirs, verify } = yield* build(others)
      const info = yield* verify(yield* theirs.mintOpaque())
      assert.strictEqual(info.issuer, others)
      assert.strictEqual(yield* ours.count(), 0)
      assert.strictEqual(yield* theirs.count("introspection"), 1)
    }).pipe(Effect.scoped))

  it.effect("a server cannot answer for another trusted server", () =>
    Effect.gen(function*() {
      const { theirs, verify } = yield* build(others)
      const token = yield* theirs.mintOpaque({ claims: { iss: issuer } })
      assert.strictEqual(yield* outcome(verify(token)), "unknown-issuer iss")
    }).pipe(Effect.scoped))
})
