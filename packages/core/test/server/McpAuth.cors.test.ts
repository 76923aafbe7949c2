import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { elapse } from "../time.ts"
import { bearer, type Handle, initializeRequest, metadataUrl, post, resource, send, start } from "./harness.ts"

const page = "https://app.test"

const exposed = "WWW-Authenticate,Mcp-Session-Id,Mcp-Protocol-Version,Retry-After"

const preflight = (handle: Handle, origin: string) =>
  send(handle, resource, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,mcp-protocol-version,mcp-session-id"
    }
  })

const fromPage = (handle: Handle, origin: string, token?: string) =>
  post(handle, initializeRequest("2025-11-25"), { token, headers: { origin } })

describe("a preflight", () => {
  it.effect("needs no token, and allows the headers and methods of MCP clients", () =>
    Effect.gen(function*() {
      const { handle, reached } = yield* start()
      const answer = yield* preflight(handle, page)
      assert.strictEqual(answer.status, 204)
      assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
      assert.strictEqual(answer.headers.get("access-control-allow-methods"), "GET, POST, DELETE")
      assert.strictEqual(
        answer.headers.get("access-control-allow-headers"),
        "authorization,content-type,mcp-protocol-version,mcp-session-id"
      )
      assert.strictEqual(answer.headers.get("access-control-expose-headers"), exposed)
      assert.isNull(answer.headers.get("access-control-allow-credentials"))
      assert.isNull(answer.headers.get("www-authenticate"))
      assert.deepStrictEqual(yield* reached, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("needs no origin", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      assert.strictEqual((yield* send(handle, resource, { method: "OPTIONS" })).status, 204)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has the same response with an invalid token", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      const headers = { origin: page, "access-control-request-method": "POST", ...bearer("bad") }
      const answer = yield* send(handle, resource, { method: "OPTIONS", headers })
      assert.strictEqual(answer.status, 204)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("makes no request to the provider", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      yield* preflight(handle, page)
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("allowed origins", () => {
  const rows: ReadonlyArray<
    readonly [
      rule: string,
      allowed: ReadonlyArray<string> | undefined,
      origin: string,
      answer: string | null,
      vary: boolean
    ]
  > = [
    ["default: a page of any origin may read", undefined, page, "*", false],
    ["an empty list: a page of any origin may read", [], page, "*", false],
    ["one: its pages may read", [page], page, page, true],
    [
      "one: pages of another origin may not read, and the response does not name their origin",
      [page],
      "https://evil.test",
      page,
      true
    ],
    ["several: the pages of each may read", [page, "https://b.test"], "https://b.test", "https://b.test", true],
    ["several: pages of another origin may not read", [page, "https://b.test"], "https://evil.test", null, true],
    ["several: a longer host is another origin", [page, "https://b.test"], `${page}.evil.test`, null, true],
    ["several: another scheme is another origin", [page, "https://b.test"], "http://app.test", null, true],
    ["several: a page with an opaque origin may not read", [page, "https://b.test"], "null", null, true]
  ]
  for (const [rule, allowedOrigins, origin, expected, vary] of rows) {
    it.effect(rule, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start({ allowedOrigins }, { allowedOrigins: [origin] })
        const token = yield* provider.mint()
        const good = yield* fromPage(handle, origin, token)
        assert.strictEqual(good.status, 200)
        for (const answer of [yield* preflight(handle, origin), good, yield* fromPage(handle, origin)]) {
          assert.strictEqual(answer.headers.get("access-control-allow-origin"), expected)
          assert.strictEqual((answer.headers.get("vary") ?? "").includes("Origin"), vary)
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("are not given up for a request without an origin", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ allowedOrigins: [page, "https://b.test"] })
      const answer = yield* post(handle, initializeRequest("2025-11-25"))
      assert.strictEqual(answer.status, 401)
      assert.isNull(answer.headers.get("access-control-allow-origin"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("are checked before those of the MCP server, whose refusal a page can read", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      const answer = yield* fromPage(handle, page, yield* provider.mint())
      assert.strictEqual(answer.status, 403)
      assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
      assert.isNull(answer.headers.get("www-authenticate"))
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a page of an allowed origin can read", () => {
  const mints: ReadonlyArray<
    readonly [
      rule: string,
      status: number,
      token: (provider: TestProvider.TestProvider["Service"]) => Effect.Effect<string>
    ]
  > = [
    ["a result", 200, (provider) => provider.mint()],
    ["a 400", 400, () => Effect.succeed("two tokens")],
    ["a 401", 401, (provider) => provider.mint({ forged: true })],
    ["a 403", 403, (provider) => provider.mint({ claims: { scope: "" } })]
  ]
  for (const [rule, status, mint] of mints) {
    it.effect(`${rule}, and the headers that it needs`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start({ requiredScopes: ["notes:read"] }, { allowedOrigins: [page] })
        const answer = yield* fromPage(handle, page, yield* mint(provider))
        assert.strictEqual(answer.status, status)
        assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
        assert.strictEqual(answer.headers.get("access-control-expose-headers"), exposed)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("a 503", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      const { handle } = yield* start()
      const answer = yield* elapse(fromPage(handle, page, yield* provider.mint()))
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
      assert.include(answer.headers.get("access-control-expose-headers") ?? "", "Retry-After")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("the challenge and the metadata that it names", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ allowedOrigins: [page] })
      const challenge = yield* fromPage(handle, page)
      assert.include(challenge.headers.get("www-authenticate") ?? "", metadataUrl)
      const metadata = yield* send(handle, metadataUrl, { headers: { origin: page } })
      assert.strictEqual(metadata.headers.get("access-control-allow-origin"), "*")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
