import { McpAuth } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { elapse } from "../time.ts"
import {
  type Answer,
  bearer,
  callTool,
  type Handle,
  initializeRequest,
  mcpHeaders,
  options,
  post,
  read,
  resource,
  send,
  serve,
  server,
  start,
  stateless
} from "./harness.ts"

const challengeOf = ({ headers }: Answer): string => headers.get("www-authenticate") ?? ""

interface Body {
  readonly stream: ReadableStream<Uint8Array>
  /** The number of times that the stream was read. */
  readonly pulls: () => number
}

/** A body that records whether it was read. After `first` it repeats `rest` forever. */
const recordedBody = (first: string, rest?: string): Body => {
  let pulls = 0
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulls++
      if (pulls === 1) return controller.enqueue(encoder.encode(first))
      return rest === undefined ? controller.close() : controller.enqueue(encoder.encode(rest))
    }
  }, { highWaterMark: 0 })
  return { stream, pulls: () => pulls }
}

const sendBody = (handle: Handle, { stream }: Body, headers: Readonly<Record<string, string>>, url = resource) => {
  // Node requires `duplex` for a streamed body, and the DOM types lack it.
  const init: RequestInit & { readonly duplex: "half" } = { method: "POST", headers, body: stream, duplex: "half" }
  return Effect.flatMap(handle(new Request(url, init)), read)
}

const message = JSON.stringify(initializeRequest("2025-11-25"))

describe("the Authorization header", () => {
  const rows: ReadonlyArray<readonly [rule: string, header: (token: string) => string, status: number, code?: string]> =
    [
      ["a bearer token is accepted", (token) => `Bearer ${token}`, 200],
      ["the scheme is read in any case", (token) => `bEaReR ${token}`, 200],
      ["several spaces are one separator", (token) => `Bearer   ${token}`, 200],
      ["another scheme counts as no credentials", () => "Basic dXNlcjpwYXNz", 401],
      ["the DPoP scheme is not a bearer token, whatever follows", (token) => `DPoP ${token}`, 401],
      ["the scheme alone is no credentials", () => "Bearer", 401],
      ["the scheme and a space is no credentials", () => "Bearer ", 401],
      ["an empty header is no credentials", () => "", 401],
      ["the scheme and a comma is malformed", () => "Bearer,", 400, "invalid_request"],
      ["a token alone is another scheme", (token) => token, 401],
      ["two tokens are malformed", (token) => `Bearer ${token} ${token}`, 400, "invalid_request"],
      ["a list of tokens is malformed", (token) => `Bearer ${token}, Bearer ${token}`, 400, "invalid_request"],
      ["parameters are malformed", (token) => `Bearer token="${token}"`, 400, "invalid_request"],
      ["a token in quotes is malformed", (token) => `Bearer "${token}"`, 400, "invalid_request"],
      ["a tab is not a separator", (token) => `Bearer\t${token}`, 400, "invalid_request"],
      ["Latin-1 is malformed", () => "Bearer t\u00f6ken", 400, "invalid_request"],
      ["a token of 16 KiB and one byte is too long", () => `Bearer ${"a".repeat(16_385)}`, 400, "invalid_request"],
      [
        "a token of 16 KiB is read, and is invalid",
        () => `Bearer ${"a".repeat(16_384)}`,
        401,
        "invalid_token"
      ],
      ["a word that is not a JWT is an invalid token", () => "Bearer undefined", 401, "invalid_token"]
    ]
  for (const [rule, header, status, code] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const authorization = header(yield* provider.mint())
        const answer = yield* post(handle, initializeRequest("2025-11-25"), { headers: { authorization } })
        assert.strictEqual(answer.status, status, answer.body)
        assert.strictEqual(/error="([^"]*)"/.exec(challengeOf(answer))?.[1], code)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("two of them are refused, even if both tokens are valid", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const headers = new Headers(mcpHeaders)
      for (let sent = 0; sent < 2; sent++) headers.append("authorization", `Bearer ${yield* provider.mint()}`)
      const answer = yield* send(handle, resource, { method: "POST", headers, body: message })
      assert.strictEqual(answer.status, 400)
      assert.include(challengeOf(answer), "error=\"invalid_request\"")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a token in another place", () => {
  const queries: ReadonlyArray<readonly [rule: string, query: (token: string) => string, withHeader: boolean]> = [
    ["in the query is refused", (token) => `?access_token=${token}`, false],
    ["in the query beside a valid header is refused", (token) => `?access_token=${token}`, true],
    ["in the query with an escaped name is refused", (token) => `?x=1&access%5Ftoken=${token}`, true],
    ["in an empty query parameter is refused", () => "?access_token=", true]
  ]
  for (const [rule, query, withHeader] of queries) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const token = yield* provider.mint()
        const url = `${resource}${query(token)}`
        const answer = yield* post(handle, initializeRequest("2025-11-25"), {
          url,
          token: withHeader ? token : undefined
        })
        assert.strictEqual(answer.status, 400)
        assert.include(challengeOf(answer), "error=\"invalid_request\"")
        assert.notInclude(`${answer.body}${JSON.stringify([...answer.headers])}`, token)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("in a form is not read: the request has no credentials", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const body = recordedBody(`access_token=${yield* provider.mint()}`)
      const answer = yield* sendBody(handle, body, { "content-type": "application/x-www-form-urlencoded" })
      assert.strictEqual(answer.status, 401)
      assert.notInclude(challengeOf(answer), "error")
      assert.strictEqual(body.pulls(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("in a cookie is not read", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const cookie = `access_token=${yield* provider.mint()}`
      const answer = yield* post(handle, initializeRequest("2025-11-25"), { headers: { cookie } })
      assert.strictEqual(answer.status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("the body", () => {
  const refused: ReadonlyArray<
    readonly [
      rule: string,
      status: number,
      token: (provider: TestProvider.TestProvider["Service"]) => Effect.Effect<string>
    ]
  > = [
    ["without a token", 401, () => Effect.succeed("")],
    ["with a malformed header", 400, () => Effect.succeed("no token")],
    ["with a forged token", 401, (provider) => provider.mint({ forged: true })],
    ["with an expired token", 401, (provider) => provider.mint({ expiresIn: -3600 })],
    ["with a token for another resource", 401, (provider) => provider.mint({ claims: { aud: "https://other.test" } })],
    ["with too few scopes", 403, (provider) => provider.mint({ claims: { scope: "" } })]
  ]
  for (const [rule, status, mint] of refused) {
    it.effect(`${rule} is not read, however long it is`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start({ requiredScopes: ["notes:read"] })
        const token = yield* mint(provider)
        const body = recordedBody("[", " ".repeat(65_536))
        const answer = yield* sendBody(handle, body, { ...mcpHeaders, ...bearer(token === "" ? undefined : token) })
        assert.strictEqual(answer.status, status)
        assert.strictEqual(body.pulls(), 0)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("is not read while the provider is down", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.connectionError())
      const { handle } = yield* start()
      const body = recordedBody("[", " ".repeat(65_536))
      const answer = yield* elapse(sendBody(handle, body, { ...mcpHeaders, ...bearer(yield* provider.mint()) }))
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(body.pulls(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of an accepted request is read", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const body = recordedBody(message)
      const answer = yield* sendBody(handle, body, { ...mcpHeaders, ...bearer(yield* provider.mint()) })
      assert.strictEqual(answer.status, 200, answer.body)
      assert.isAbove(body.pulls(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const wrong: ReadonlyArray<readonly [rule: string, headers: Readonly<Record<string, string>>, withToken: number]> = [
    ["a wrong content type", { ...mcpHeaders, "content-type": "text/plain" }, 415],
    ["a wrong accept header", { ...mcpHeaders, accept: "text/html" }, 406],
    ["an unknown session", { ...mcpHeaders, "mcp-session-id": "unknown" }, 404],
    ["an unknown revision", { ...mcpHeaders, "mcp-protocol-version": "1999-01-01" }, 400]
  ]
  for (const [rule, headers, withToken] of wrong) {
    it.effect(`${rule} is answered with 401 without a token, and with ${withToken} with one`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" })
        const without = yield* send(handle, resource, { method: "POST", headers, body })
        assert.strictEqual(without.status, 401)
        const token = yield* provider.mint()
        const answer = yield* send(handle, resource, {
          method: "POST",
          headers: { ...headers, ...bearer(token) },
          body
        })
        assert.strictEqual(answer.status, withToken)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("that is not JSON is answered with 401 without a token", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      const answer = yield* send(handle, resource, { method: "POST", headers: mcpHeaders, body: "{" })
      assert.strictEqual(answer.status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("random Authorization headers", () => {
  const character = Arbitrary.schema(Schema.Literals([..."aZ09-._~+/= ,\"\t:;\u00e9", "Bearer ", "eyJ", "Basic "]))
  const anything = Arbitrary.map(Arbitrary.array(character, { maxLength: 40 }), (parts) => parts.join(""))
  /** A change of a valid token: its position, and the character that is put there. */
  const mutation = Arbitrary.all({
    at: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 }))),
    by: Arbitrary.schema(Schema.Literals([..."aA0-_.=~+/", "", "\t", " "]))
  })

  it.effect("never reach a handler, and never cause an internal error", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* start()
      const token = yield* provider.mint()
      const call = stateless(1, "tools/call", { name: "WhoAmI" })
      const mutated = ({ at, by }: { readonly at: number; readonly by: string }) => {
        const place = at % token.length
        return `Bearer ${token.slice(0, place)}${by}${token.slice(place + 1)}`
      }
      const tried = (headers: Arbitrary.Arbitrary<string>) =>
        Arbitrary.checkEffect(headers, (authorization) =>
          Effect.gen(function*() {
            if (authorization === `Bearer ${token}`) return true
            const answer = yield* post(handle, call.body, { headers: { ...call.headers, authorization } })
            return [400, 401].includes(answer.status) && (yield* reached).length === 0
          }), { runs: 500 })
      for (const headers of [anything, Arbitrary.map(mutation, mutated)]) {
        const { _tag, ...rest } = yield* tried(headers)
        assert.strictEqual(_tag, "Passed", JSON.stringify(rest))
      }
      assert.strictEqual((yield* callTool(handle, token)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("decisions", () => {
  const bad = {
    signature: { forged: true },
    expired: { expiresIn: -3600 },
    audience: { aud: "https://other.test/mcp" },
    scope: { scope: "other" }
  }
  // Every combination of mistakes: a 403 is the response only to a token without any other mistake.
  const combinations = Array.from({ length: 16 }, (_, bits) => ({
    signature: (bits & 1) > 0,
    expired: (bits & 2) > 0,
    audience: (bits & 4) > 0,
    scope: (bits & 8) > 0
  }))
  for (const wrong of combinations) {
    const names = Object.entries(wrong).flatMap(([name, isWrong]) => isWrong ? [name] : [])
    const status = wrong.signature || wrong.expired || wrong.audience ? 401 : wrong.scope ? 403 : 200
    it.effect(`${status} for a token with ${names.length === 0 ? "nothing wrong" : `a wrong ${names.join(", ")}`}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, reached } = yield* start({ requiredScopes: ["notes:read"] })
        const token = yield* provider.mint({
          ...(wrong.signature ? bad.signature : {}),
          ...(wrong.expired ? bad.expired : {}),
          claims: { ...(wrong.audience ? bad.audience : {}), ...(wrong.scope ? bad.scope : {}) }
        })
        const answer = yield* callTool(handle, token)
        assert.strictEqual(answer.status, status)
        assert.strictEqual((yield* reached).length, status === 200 ? 1 : 0)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("refuse an invalid token with 401 even if no scope is required", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const handle = yield* serve(server(reached).pipe(McpAuth.protect(options({ requiredScopes: [] }))))
      for (
        const token of [
          yield* provider.mint({ forged: true }),
          yield* provider.mint({ expiresIn: -3600 }),
          "x",
          "a.b.c"
        ]
      ) {
        assert.strictEqual((yield* callTool(handle, token)).status, 401)
      }
      assert.deepStrictEqual(yield* Ref.get(reached), [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
