import { BearerAuth, FetchAuth, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ByteSize, Effect, Layer, Ref, Schema } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { readWhole } from "../../src/server/internal/bodyLimit.ts"
import { arrive, begin, plainTool, type Ran, toolOf } from "../policy/harness.ts"
import {
  type Answer,
  bearer,
  buildError,
  type Handle,
  initialize,
  mcpHeaders,
  options,
  origin,
  type ProtectOptions,
  read,
  resource,
  revisions,
  send,
  serve,
  server,
  stateless
} from "./harness.ts"

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

const registrations = (ran: Ran) =>
  Layer.merge(
    toolOf("public", Policy.anonymous, arrive(ran, "public")),
    plainTool("private", arrive(ran, "private"))
  )

/** A call of a tool with a body of this many bytes. */
const callOf = (name: string, bytes: number) => {
  const { body, headers } = stateless(1, "tools/call", { name, arguments: {} })
  const text = JSON.stringify(body)
  return { body: text + " ".repeat(bytes - text.length), headers }
}

/** Sends a body, with its length in a header, or in chunks without it. */
const sendBody = (
  handle: Handle,
  body: BodyInit,
  { declared, headers = {}, token, url = resource }: {
    readonly declared?: number | undefined
    readonly url?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly token?: string | undefined
  }
) => {
  // The platform's types lack `duplex`, without which the platform refuses a stream.
  const init: RequestInit & { readonly duplex: "half" } = {
    method: "POST",
    headers: {
      ...mcpHeaders,
      ...bearer(token),
      ...headers,
      ...(declared === undefined ? {} : { "content-length": String(declared) })
    },
    body,
    duplex: "half"
  }
  return send(handle, url, init)
}

/** An endless body, and the number of bytes of it that were read. */
const endless = () => {
  let bytes = 0
  const body = new ReadableStream({
    pull(controller) {
      const chunk = new Uint8Array(16 * kibibyte).fill(32)
      bytes += chunk.length
      controller.enqueue(chunk)
    }
  }, { highWaterMark: 0 })
  return { body, read: () => bytes }
}

const assertTooLarge = ({ body, headers, status }: Answer, limit: number) => {
  assert.strictEqual(status, 413, body)
  assert.include(body, `larger than ${limit} bytes`)
  assert.isNull(headers.get("www-authenticate"))
}

describe("an MCP server", () => {
  for (const declares of [true, false]) {
    const how = declares ? "declares its length" : "is sent in chunks"

    it.effect(`accepts 4 MiB with a token and refuses more with 413, if the body ${how}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, ran } = yield* begin(registrations)
        const token = yield* provider.mint()
        const ask = (bytes: number) => {
          const { body, headers } = callOf("private", bytes)
          return sendBody(handle, body, { token, headers, declared: declares ? bytes : undefined })
        }
        assert.strictEqual((yield* ask(4 * mebibyte)).status, 200)
        assertTooLarge(yield* ask(4 * mebibyte + 1), 4 * mebibyte)
        assert.deepStrictEqual(yield* ran, ["private"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect(`accepts 256 KiB without a token and refuses more with 413, if the body ${how}`, () =>
      Effect.gen(function*() {
        const { handle, ran } = yield* begin(registrations)
        const ask = (bytes: number) => {
          const { body, headers } = callOf("public", bytes)
          return sendBody(handle, body, { headers, declared: declares ? bytes : undefined })
        }
        assert.strictEqual((yield* ask(256 * kibibyte)).status, 200)
        assertTooLarge(yield* ask(256 * kibibyte + 1), 256 * kibibyte)
        assert.deepStrictEqual(yield* ran, ["public"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("reads no more of an endless body than it accepts", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin(registrations, { maxBodySize: { authenticated: "1 MiB", anonymous: "64 KiB" } })
      const token = yield* provider.mint()
      for (const [sent, limit] of [[token, mebibyte], [undefined, 64 * kibibyte]] as const) {
        const { body, read } = endless()
        assertTooLarge(yield* sendBody(handle, body, { token: sent }), limit)
        assert.isAtMost(read(), limit + 32 * kibibyte)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const length of ["abc", "-1", "0", "1e1", "0x1", "12, 12", "1.5", "", "Infinity", "10"]) {
    it.effect(`answers a body over the limit with 413 if it declares the length "${length}"`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle, ran } = yield* begin(registrations)
        for (const [name, token] of [["private", yield* provider.mint()], ["public", undefined]] as const) {
          const { body, headers } = callOf(name, 5 * mebibyte)
          const answer = yield* sendBody(handle, body, { token, headers: { ...headers, "content-length": length } })
          assert.strictEqual(answer.status, 413, answer.body)
        }
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("reads nothing of a body that declares too large a length", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin(registrations)
      for (const token of [yield* provider.mint(), undefined]) {
        const { body, read } = endless()
        const answer = yield* sendBody(handle, body, { token, declared: 50 * mebibyte })
        assert.strictEqual(answer.status, 413)
        assert.strictEqual(read(), 0)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("answers a DELETE that declares more than 256 KiB with 413 if the session began without a token", () =>
    Effect.gen(function*() {
      const { handle } = yield* begin(registrations)
      const session = yield* initialize(handle, "2025-11-25", undefined)
      const end = (declared: number) =>
        send(handle, resource, { method: "DELETE", headers: { ...session, "content-length": String(declared) } })
      assertTooLarge(yield* end(256 * kibibyte + 1), 256 * kibibyte)
      assert.strictEqual((yield* end(256 * kibibyte)).status, 204)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("reads no more than it accepts of a body that is longer than it declares", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, ran } = yield* begin(registrations)
      for (const token of [yield* provider.mint(), undefined]) {
        const { body, read } = endless()
        const answer = yield* sendBody(handle, body, { token, declared: 10 })
        assert.notInclude(answer.body, "result")
        assert.isAtMost(read(), 4 * mebibyte + 32 * kibibyte)
      }
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (const revision of revisions) {
    it.effect(`answers a client of ${revision} with a JSON-RPC error`, () =>
      Effect.gen(function*() {
        const { handle } = yield* begin(registrations)
        const headers = { "mcp-protocol-version": revision }
        const answer = yield* sendBody(handle, " ".repeat(mebibyte), { headers })
        assertTooLarge(answer, 256 * kibibyte)
        assert.strictEqual(answer.messages[0]?.error?.code, -32_001)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("authenticates first: a large body with an invalid token, or without a required token, is answered with 401 and not read", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const open = yield* begin(registrations)
      const closed = yield* begin((ran) => plainTool("private", arrive(ran, "private")))
      const forged = yield* provider.mint({ forged: true })
      for (const [{ handle }, token] of [[open, forged], [closed, forged], [closed, undefined]] as const) {
        for (const declared of [50 * mebibyte, undefined]) {
          const { body, read } = endless()
          assert.strictEqual((yield* sendBody(handle, body, { token, declared })).status, 401)
          assert.strictEqual(read(), 0)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const serverLimits: ReadonlyArray<readonly [what: string, limit: ByteSize.ByteSize, accepted: number]> = [
    ["keeps its limit where the HTTP server accepts more", ByteSize.mebibytes(8), 4 * mebibyte],
    ["keeps its limit where that of the HTTP server is the same", ByteSize.mebibytes(4), 4 * mebibyte],
    ["has the limit of the HTTP server where that is lower", ByteSize.mebibytes(1), mebibyte]
  ]
  for (const [what, limit, accepted] of serverLimits) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* Effect.provideService(
          begin(registrations),
          HttpIncomingMessage.MaxBodySize,
          limit
        )
        const token = yield* provider.mint()
        for (const [bytes, status] of [[accepted, 200], [accepted + 1, 413]] as const) {
          const { body, headers } = callOf("private", bytes)
          assert.strictEqual((yield* sendBody(handle, body, { headers, token })).status, status)
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("calls a body that breaks off too large only if the body declares its length", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin(registrations)
      const token = yield* provider.mint()
      const { headers } = callOf("private", kibibyte)
      const broken = () => new ReadableStream({ start: (controller) => controller.error(new Error("gone")) })
      assert.strictEqual((yield* sendBody(handle, broken(), { declared: 100, headers, token })).status, 413)
      const answer = yield* sendBody(handle, broken(), { headers, token })
      assert.strictEqual(answer.messages[0]?.error?.code, -32_700, answer.body)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("can accept larger bodies if maxBodySize says so, with a token and without one", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* begin(registrations, { maxBodySize: { authenticated: 6_000_000, anonymous: "1 MiB" } })
      const large = callOf("private", 6_000_000)
      const token = yield* provider.mint()
      assert.strictEqual((yield* sendBody(handle, large.body, { token, headers: large.headers })).status, 200)
      const { body, headers } = callOf("public", mebibyte)
      assert.strictEqual((yield* sendBody(handle, body, { headers })).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

const api = HttpApi.make("notes").add(
  HttpApiGroup.make("notes").add(
    HttpApiEndpoint.post("me", "/me", { payload: Schema.Struct({ text: Schema.String }), success: Schema.Finite })
      .middleware(BearerAuth.BearerAuth)
  )
)

/** Routes that are guarded without an MCP server, and that answer with the number of characters in the body. */
const routes = {
  "McpAuth.middleware": HttpRouter.add(
    "POST",
    "/me",
    (request) => Effect.map(Effect.orDie(request.json), (json) => HttpServerResponse.text(JSON.stringify(json)))
  ).pipe(Layer.provide(McpAuth.middleware.layer)),
  BearerAuth: HttpApiBuilder.layer(api).pipe(
    Layer.provide(
      HttpApiBuilder.group(
        api,
        "notes",
        (handlers) => handlers.handle("me", ({ payload }) => Effect.succeed(payload.text.length))
      )
    ),
    Layer.provide(HttpServer.layerServices),
    Layer.provide(BearerAuth.layer)
  )
} as const

for (const name of ["McpAuth.middleware", "BearerAuth"] as const) {
  describe(`${name}`, () => {
    for (const declares of [true, false]) {
      it.effect(`answers a body over the limit with 413, if it ${declares ? "declares its length" : "does not"}`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const auth = McpAuth.layer(options({ maxBodySize: { authenticated: "64 KiB" } }))
          const handle = yield* serve(routes[name].pipe(Layer.provide(auth)))
          const token = yield* provider.mint()
          const ask = (length: number) => {
            const body = JSON.stringify({ text: "x".repeat(length) })
            return send(handle, `${origin}/me`, {
              method: "POST",
              headers: {
                "content-type": "application/json",
                ...bearer(token),
                ...(declares ? { "content-length": String(body.length) } : {})
              },
              body
            })
          }
          assert.strictEqual((yield* ask(60_000)).status, 200)
          assert.strictEqual((yield* ask(70_000)).status, 413)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  })
}

describe("a route without an MCP server", () => {
  for (const name of ["McpAuth.middleware", "BearerAuth"] as const) {
    it.effect(`reads nothing of a body that declares too large a length: ${name}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const handle = yield* serve(routes[name].pipe(Layer.provide(McpAuth.layer(options()))))
        const { body, read } = endless()
        const token = yield* provider.mint()
        const url = `${origin}/me`
        const answer = yield* sendBody(handle, body, { declared: 50 * mebibyte, token, url })
        assert.strictEqual(answer.status, 413)
        assert.strictEqual(read(), 0)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("leaves a body unread that its handler does not read, also if the response names a session", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const route = HttpRouter.add(
        "POST",
        "/me",
        Effect.succeed(HttpServerResponse.text("done", { headers: { "mcp-session-id": "s1" } }))
      ).pipe(Layer.provide(McpAuth.middleware.layer), Layer.provide(McpAuth.layer(options())))
      const handle = yield* serve(route)
      let reads = 0
      const body = new ReadableStream({
        pull(controller) {
          reads++
          controller.close()
        }
      }, { highWaterMark: 0 })
      const answer = yield* sendBody(handle, body, { token: yield* provider.mint(), url: `${origin}/me` })
      assert.strictEqual(answer.body, "done")
      assert.strictEqual(reads, 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a body that the platform reads without a limit", () => {
  it.effect("is refused after it was read", () =>
    Effect.gen(function*() {
      const limit = { bytes: 10, size: ByteSize.bytes(10) }
      const request = HttpServerRequest.fromWeb(new Request(resource, { method: "POST", body: "x" }))
      // A request of an adapter that ignores the limit.
      const withText = (text: string) => Object.create(request, { text: { value: Effect.succeed(text) } })
      assert.strictEqual(yield* readWhole(withText("x".repeat(10)), limit), "x".repeat(10))
      const error = yield* Effect.flip(readWhole(withText("x".repeat(11)), limit))
      assert.strictEqual(error._tag, "ContentTooLarge")
    }))
})

describe("FetchAuth", () => {
  it.effect("answers a body that declares too large a length with 413", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { authenticate } = yield* FetchAuth.make(options())
      const ask = (declared: number, token: string | undefined) =>
        authenticate(
          new Request(resource, { method: "POST", headers: { ...bearer(token), "content-length": String(declared) } }),
          { clientAddress: "203.0.113.7" }
        )
      const token = yield* provider.mint()
      assert.strictEqual((yield* ask(4 * mebibyte, token))._tag, "Accepted")
      for (const [sent, status] of [[token, 413], [undefined, 401]] as const) {
        const outcome = yield* ask(4 * mebibyte + 1, sent)
        assert.strictEqual(outcome._tag === "Answered" ? (yield* read(outcome.response)).status : 200, status)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("maxBodySize", () => {
  const rows: ReadonlyArray<readonly [what: string, maxBodySize: ProtectOptions["maxBodySize"]]> = [
    ["nothing", { authenticated: 0 }],
    ["less than nothing", { anonymous: -1 }],
    ["half a byte", { anonymous: 0.5 }],
    ["not a number", { authenticated: Number.NaN }],
    ["more bytes than an exact integer can count", { authenticated: "1 YiB" }]
  ]
  for (const [what, maxBodySize] of rows) {
    it.effect(`cannot be ${what}`, () =>
      Effect.gen(function*() {
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const error = yield* buildError(server(reached).pipe(McpAuth.protect(options({ maxBodySize }))))
        assert.isTrue(error._tag === "InvalidOptions" && error.reason === "invalid-body-limit", error.message)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("can be the largest number of bytes that is exact", () =>
    begin(registrations, { maxBodySize: { authenticated: Number.MAX_SAFE_INTEGER } }).pipe(
      Effect.scoped,
      Effect.provide(TestProvider.layer())
    ))
})
