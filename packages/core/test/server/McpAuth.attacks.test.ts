import { McpAuth } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { HttpClient, HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { elapse } from "../time.ts"
import {
  type Answer,
  bearer,
  callTool,
  discover,
  type Handle,
  initializeRequest,
  issuer,
  mcpHeaders,
  metadataUrl,
  options,
  origin,
  post,
  resource,
  send,
  serve,
  server,
  start,
  stateless,
  visible
} from "./harness.ts"

type Extra = Readonly<Record<string, string>>

/** Every kind of request whose response is the same each time. */
const requests = (handle: Handle, good: string, bad: string) => {
  const { body, headers } = stateless(1, "tools/call", { name: "WhoAmI" })
  const call = (token: string | undefined) => (extra: Extra, url = resource) =>
    post(handle, body, { token, headers: { ...headers, ...extra }, url })
  const plain = (method: string, url: string) => (extra: Extra, other = url) =>
    send(handle, other, { method, headers: { origin: "https://app.test", ...extra } })
  return {
    "a call": call(good),
    "a call with an invalid token": call(bad),
    "a call without a token": call(undefined),
    "a call with a broken header": call("two tokens"),
    "a preflight": plain("OPTIONS", resource),
    "GET": plain("GET", resource),
    "the metadata": plain("GET", metadataUrl),
    "the head of the metadata": plain("HEAD", metadataUrl),
    "the metadata at the root": plain("GET", `${origin}/.well-known/oauth-protected-resource`),
    "an unsupported method at the metadata": plain("POST", metadataUrl),
    "a path without a route": plain("GET", `${origin}/nothing`)
  }
}

const hostile = Arbitrary.schema(Schema.Literals([
  "host",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-for",
  "x-forwarded-server",
  "x-original-url",
  "x-rewrite-url",
  "x-real-ip",
  "forwarded",
  "via",
  "x-http-method-override",
  "x-url-scheme",
  "referer"
]))

const values = Arbitrary.schema(Schema.Literals([
  "evil.test",
  "evil.test:443",
  "api.test.evil.test",
  "https://evil.test/mcp",
  "evil.test/?",
  "evil.test#",
  "user@evil.test",
  "host=evil.test;proto=http;for=\"[::1]\"",
  "http",
  "/.well-known/oauth-protected-resource/evil",
  "/nothing",
  "DELETE",
  "127.0.0.1",
  "\"",
  "\\",
  "",
  ",",
  "api.test, evil.test"
]))

const headers = Arbitrary.map(
  Arbitrary.array(Arbitrary.all([hostile, values]), { minLength: 1, maxLength: 6 }),
  (entries): Extra => Object.fromEntries(entries)
)

describe("hostile headers", () => {
  it.effect("do not change any response", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const all = requests(handle, yield* provider.mint(), yield* provider.mint({ forged: true }))
      const clean: Record<string, unknown> = {}
      for (const [name, send] of Object.entries(all)) clean[name] = visible(yield* send({}))
      const { _tag, ...rest } = yield* Arbitrary.checkEffect(headers, (extra) =>
        Effect.gen(function*() {
          for (const [name, send] of Object.entries(all)) {
            assert.deepStrictEqual(visible(yield* send(extra)), clean[name], name)
          }
          return true
        }), { runs: 200 })
      assert.strictEqual(_tag, "Passed", JSON.stringify(rest))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("do not change any response if the request URL names another host", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const all = requests(handle, yield* provider.mint(), yield* provider.mint({ forged: true }))
      for (const name of ["a call", "a call without a token", "a call with an invalid token"] as const) {
        const clean = visible(yield* all[name]({}))
        for (const url of ["https://evil.test/mcp", "http://api.test/mcp", "https://api.test:8443/mcp"]) {
          assert.deepStrictEqual(visible(yield* all[name]({}, url)), clean, `${name} ${url}`)
        }
      }
      const clean = visible(yield* all["the metadata"]({}))
      const evil = "https://evil.test/.well-known/oauth-protected-resource/mcp"
      assert.deepStrictEqual(visible(yield* all["the metadata"]({}, evil)), clean)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("do not make a token for evil.test valid, whatever host they name", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const token = yield* provider.mint({ claims: { aud: "https://evil.test/mcp" } })
      const { body, headers } = stateless(1, "tools/call", { name: "WhoAmI" })
      const said = { ...headers, "host": "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "https" }
      const answer = yield* post(handle, body, { token, headers: said, url: "https://evil.test/mcp" })
      assert.strictEqual(answer.status, 401)
      assert.notInclude(JSON.stringify(visible(answer)), "evil")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("two servers with one provider", () => {
  it.effect("refuse each other's tokens, with 401 and never 500", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const names = ["https://one.test/mcp", "https://two.test/mcp"]
      const servers = yield* Effect.forEach(names, (resource) => start({ resource }))
      for (const aud of names) {
        const token = yield* provider.mint({ claims: { aud } })
        const answers = yield* Effect.forEach(servers, ({ handle }) => callTool(handle, token))
        assert.deepStrictEqual(answers.map(({ status }) => status), names.map((name) => name === aud ? 200 : 401))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("both accept a token that was issued for both", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const aud = ["https://one.test/mcp", "https://two.test/mcp"]
      const token = yield* provider.mint({ claims: { aud } })
      for (const resource of aud) {
        const { handle } = yield* start({ resource })
        assert.strictEqual((yield* callTool(handle, token)).status, 200)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("two providers of one server", () => {
  const two = "https://two.test"

  const network = Effect.gen(function*() {
    const { client, providers: [first, second] } = yield* TestProvider.makeNetwork({ issuer }, { issuer: two })
    if (first === undefined || second === undefined) return yield* Effect.die("two providers have been asked for")
    // The providers start with the same keys; from here on they have none in common.
    yield* second.rotate({ dropOld: true })
    const { handle } = yield* Effect.provideService(
      start({ authorizationServers: [discover(issuer), discover(two)] }),
      HttpClient.HttpClient,
      client
    )
    return { first, second, handle }
  })

  const kidOf = (token: string): string => {
    const header: { readonly kid: string } = JSON.parse(atob(token.split(".")[0] ?? ""))
    return header.kid
  }

  it.effect("are both trusted for their own tokens", () =>
    Effect.gen(function*() {
      const { first, handle, second } = yield* network
      assert.strictEqual((yield* callTool(handle, yield* first.mint())).status, 200)
      assert.strictEqual((yield* callTool(handle, yield* second.mint())).status, 200)
    }).pipe(Effect.scoped))

  it.effect("cannot sign for each other: a token signed by one that names the other as issuer is answered with 401", () =>
    Effect.gen(function*() {
      const { first, handle, second } = yield* network
      // Both key sets are fetched, so that the wrong one could be used.
      const kids = [kidOf(yield* first.mint()), kidOf(yield* second.mint())]
      yield* callTool(handle, yield* first.mint())
      yield* callTool(handle, yield* second.mint())
      for (const kid of kids) {
        const asSecond = yield* first.mint({ claims: { iss: two }, header: { kid } })
        const asFirst = yield* second.mint({ claims: { iss: issuer }, header: { kid } })
        assert.strictEqual((yield* callTool(handle, asSecond)).status, 401)
        assert.strictEqual((yield* callTool(handle, asFirst)).status, 401)
      }
    }).pipe(Effect.scoped))

  it.effect("are asked only about their own tokens: an outage of one does not affect the users of the other", () =>
    Effect.gen(function*() {
      const { first, handle, second } = yield* network
      yield* first.fault("metadata", Fault.connectionError())
      assert.strictEqual((yield* callTool(handle, yield* second.mint())).status, 200)
      assert.strictEqual(yield* first.count(), 0)
      assert.strictEqual((yield* elapse(callTool(handle, yield* first.mint()))).status, 503)
    }).pipe(Effect.scoped))

  it.effect("do not make a third provider trusted, and cause no request to it", () =>
    Effect.gen(function*() {
      const { first, handle, second } = yield* network
      const token = yield* first.mint({ claims: { iss: "https://three.test" } })
      assert.strictEqual((yield* callTool(handle, token)).status, 401)
      assert.deepStrictEqual([yield* first.count(), yield* second.count()], [0, 0])
    }).pipe(Effect.scoped))
})

const assertOutage = ({ body, headers, status }: Answer) => {
  assert.strictEqual(status, 503, body)
  assert.match(headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
  assert.isNull(headers.get("www-authenticate"))
  assert.notInclude(body, "invalid_token")
}

describe("a provider that is down", () => {
  const faults: ReadonlyArray<readonly [rule: string, endpoint: TestProvider.Endpoint, fault: Fault.Fault]> = [
    ["metadata cannot be reached", "metadata", Fault.connectionError()],
    ["metadata is 503", "metadata", Fault.status(503)],
    ["metadata is an HTML page", "metadata", Fault.html],
    ["metadata is of another issuer", "metadata", Fault.wrongIssuer("https://evil.test")],
    ["metadata is endless", "metadata", Fault.slowBody()],
    ["keys cannot be reached", "jwks", Fault.connectionError()],
    ["keys are 503", "jwks", Fault.status(503)],
    ["keys are 404", "jwks", Fault.status(404)],
    ["keys are an HTML page", "jwks", Fault.html],
    ["keys are half a document", "jwks", Fault.truncatedBody()],
    ["keys do not arrive", "jwks", Fault.delay("1 hour")],
    ["keys are huge", "jwks", Fault.hugeBody(Infinity)]
  ]
  for (const [rule, endpoint, fault] of faults) {
    it.effect(`answers 503 with Retry-After and without invalid_token if ${rule}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault(endpoint, fault)
        const { handle, reached } = yield* start()
        assertOutage(yield* elapse(callTool(handle, yield* provider.mint())))
        assert.deepStrictEqual(yield* reached, [])
        // A token that is refused without a request to the provider is still answered with 401.
        assert.strictEqual((yield* callTool(handle, yield* provider.mint({ expiresIn: -3600 }))).status, 401)
        assert.strictEqual((yield* callTool(handle, undefined)).status, 401)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("does not affect tokens that cached keys verify", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 200)
      yield* provider.fault("metadata", Fault.connectionError())
      yield* provider.fault("jwks", Fault.connectionError())
      for (const hours of [1, 5, 10]) {
        yield* TestClock.adjust(`${hours} hours`)
        assert.strictEqual((yield* elapse(callTool(handle, yield* provider.mint()))).status, 200)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is used again without a restart once it is back", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.connectionError())
      const { handle } = yield* start()
      assertOutage(yield* elapse(callTool(handle, yield* provider.mint())))
      yield* provider.heal()
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* elapse(callTool(handle, yield* provider.mint()))).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a provider that changes its keys", () => {
  it.effect("is asked once by the first new token, and the old tokens stay valid", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const old = yield* provider.mint()
      assert.strictEqual((yield* callTool(handle, old)).status, 200)
      yield* provider.rotate()
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 200)
      assert.strictEqual((yield* callTool(handle, old)).status, 200)
      assert.strictEqual(yield* provider.count("jwks"), 2)
      assert.strictEqual(yield* provider.count("metadata"), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is not asked repeatedly because of made-up keys", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      yield* callTool(handle, yield* provider.mint())
      for (let index = 0; index < 50; index++) {
        const token = yield* provider.mint({ header: { kid: `made-up-${index}` } })
        assert.strictEqual((yield* callTool(handle, token)).status, 401)
      }
      // The first fetch, and those that unknown keys may cause at once.
      assert.isAtMost(yield* provider.count("jwks"), 1 + 3)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

/** Everything that a protected server adds to its router. */
const registered = Effect.gen(function*() {
  const routes: Array<{ readonly method: string; readonly path: string }> = []
  const recording = Layer.effect(
    HttpRouter.HttpRouter,
    Effect.map(HttpRouter.HttpRouter, (router) =>
      HttpRouter.HttpRouter.of({
        ...router,
        add: (method, path, handler, options) => {
          routes.push({ method, path })
          return router.add(method, path, handler, options)
        },
        addAll: (all) => {
          routes.push(...all)
          return router.addAll(all)
        }
      }))
  )
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const app = server(reached).pipe(McpAuth.protect(options()), Layer.provide(recording))
  return { handle: yield* serve(app), routes, reached: Ref.get(reached) }
})

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

describe("attempts to bypass the gate", () => {
  it.effect("fail on every route of the server except its metadata, which requires a token", () =>
    Effect.gen(function*() {
      const { handle, reached, routes } = yield* registered
      const open = new Set<string>()
      for (const { method, path } of routes) {
        for (const one of method === "*" ? methods : [method]) {
          const answer = yield* send(handle, `${origin}${path.replace("/*", "/mcp")}`, { method: one })
          if (one === "OPTIONS") assert.strictEqual(answer.status, 204)
          else if (answer.status !== 401) open.add(path)
        }
      }
      assert.deepStrictEqual([...open], ["/.well-known/oauth-protected-resource/*"])
      assert.include(JSON.stringify(routes), "/mcp")
      assert.deepStrictEqual(yield* reached, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const spellings = [
    "/mcp",
    "/mcp/",
    "/MCP",
    "//mcp",
    "/mcp//",
    "/%6dcp",
    "/mcp?x=1",
    "/mcp;x=1",
    "/mcp?x=/../nothing",
    "/./mcp",
    "/x/../mcp"
  ]
  for (const spelling of spellings) {
    it.effect(`fail with the spelling ${spelling}, which is the guarded route or no route`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, reached } = yield* start()
        const url = `${origin}${spelling}`
        const call = stateless(1, "tools/call", { name: "WhoAmI" })
        for (const method of methods) {
          const init = { method, headers: { ...mcpHeaders, ...call.headers } }
          const body = ["GET", "HEAD"].includes(method) ? {} : { body: JSON.stringify(call.body) }
          const answer = yield* send(handle, url, { ...init, ...body })
          assert.include([401, 404], answer.status)
        }
        assert.deepStrictEqual(yield* reached, [])
        const served = (yield* callTool(handle, yield* provider.mint(), "WhoAmI", url)).status
        assert.include([200, 404], served)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (const method of ["PROPFIND", "QUERY", "FOO", "post"]) {
    it.effect(`fail with the method ${method}`, () =>
      Effect.gen(function*() {
        const { handle, reached } = yield* start()
        const call = stateless(1, "tools/call", { name: "WhoAmI" })
        const init = { method, headers: { ...mcpHeaders, ...call.headers }, body: JSON.stringify(call.body) }
        assert.include([401, 404, 405], (yield* send(handle, resource, init)).status)
        assert.deepStrictEqual(yield* reached, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("fail with a header that overrides the method", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
        const answer = yield* send(handle, resource, { method: "POST", headers: { [name]: "OPTIONS" } })
        assert.strictEqual(answer.status, 401)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("fail with OPTIONS, a body and an invalid token", () =>
    Effect.gen(function*() {
      const { handle, reached } = yield* start()
      const call = stateless(1, "tools/call", { name: "WhoAmI" })
      const headers = { ...mcpHeaders, ...call.headers, ...bearer("x") }
      yield* send(handle, resource, { method: "OPTIONS", headers, body: JSON.stringify(call.body) })
      assert.deepStrictEqual(yield* reached, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("fail before the first request to the provider", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.delay("1 second"))
      const { handle, reached } = yield* start()
      const forged = yield* provider.mint({ forged: true })
      const answers = yield* elapse(Effect.forEach(
        Array.from({ length: 20 }),
        () => post(handle, initializeRequest("2025-11-25"), { token: forged }),
        { concurrency: "unbounded" }
      ))
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [401])
      assert.strictEqual(yield* provider.count("metadata"), 1)
      assert.deepStrictEqual(yield* reached, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
