import { AuthInfo, BearerAuth, McpAuth } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Ref, Schema } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { elapse } from "../time.ts"
import {
  bearer,
  buildError,
  caller,
  callTool,
  type Handle,
  metadataUrl,
  options,
  origin,
  type ProtectOptions,
  resource,
  send,
  serve,
  server
} from "./harness.ts"

const notes = HttpApiGroup.make("notes").add(
  HttpApiEndpoint.get("me", "/me", { success: Schema.String }).middleware(BearerAuth.BearerAuth),
  HttpApiEndpoint.post("add", "/notes", { payload: Schema.Struct({ text: Schema.String }), success: Schema.String })
    .middleware(BearerAuth.BearerAuth),
  HttpApiEndpoint.get("health", "/health", { success: Schema.String })
)

const api = HttpApi.make("notes").add(notes)

/** The API, and the callers that reached its handlers. */
const apiWith = (reached: Ref.Ref<ReadonlyArray<string>>) => {
  const arrive = Effect.tap(caller, (who) => Ref.update(reached, (all) => [...all, who]))
  const handlers = HttpApiBuilder.group(api, "notes", (handlers) =>
    handlers
      .handle("me", () => arrive)
      .handle("add", ({ payload: { text } }) => Effect.map(arrive, (who) => `${text} by ${who}`))
      .handle("health", () => Effect.succeed("well")))
  return HttpApiBuilder.layer(api).pipe(
    Layer.provide(handlers),
    Layer.provide(HttpServer.layerServices)
  )
}

const startApi = Effect.fnUntraced(function*(changes: Partial<ProtectOptions> = {}) {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const handle = yield* serve(
    apiWith(reached).pipe(
      Layer.provide(BearerAuth.layer),
      Layer.provide(McpAuth.layer(options(changes)))
    )
  )
  return { handle, reached: Ref.get(reached) }
})

const plain = (path: HttpRouter.PathInput) =>
  HttpRouter.add("*", path, Effect.map(caller, (who) => HttpServerResponse.text(who))).pipe(
    Layer.provide(McpAuth.middleware.layer)
  )

const startPlain = Effect.fnUntraced(function*(changes: Partial<ProtectOptions> = {}) {
  return { handle: yield* serve(plain("/me").pipe(Layer.provide(McpAuth.layer(options(changes))))) }
})

const get = (handle: Handle, token: string | undefined, path = "/me") =>
  send(handle, `${origin}${path}`, { headers: bearer(token) })

for (const [name, start] of [["BearerAuth", startApi], ["McpAuth.middleware", startPlain]] as const) {
  describe(`${name}`, () => {
    it.effect("accepts a valid token, and tells the handler its caller", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const answer = yield* get(handle, yield* provider.mint())
        assert.strictEqual(answer.status, 200, answer.body)
        assert.include(answer.body, "user-1 by client-1")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    const refused: ReadonlyArray<
      readonly [
        rule: string,
        status: number,
        error: string | undefined,
        token: (provider: TestProvider.TestProvider["Service"]) => Effect.Effect<string | undefined>
      ]
    > = [
      ["no token", 401, undefined, () => Effect.succeed(undefined)],
      ["an empty token", 401, undefined, () => Effect.succeed("")],
      ["a forged token", 401, "invalid_token", (provider) => provider.mint({ forged: true })],
      ["an expired token", 401, "invalid_token", (provider) => provider.mint({ expiresIn: -3600 })],
      ["a token for another resource", 401, "invalid_token", (provider) => provider.mint({ claims: { aud: "x" } })],
      ["a word", 401, "invalid_token", () => Effect.succeed("undefined")],
      ["two tokens", 400, "invalid_request", () => Effect.succeed("a b")],
      ["too few scopes", 403, "insufficient_scope", (provider) => provider.mint({ claims: { scope: "x" } })]
    ]
    for (const [rule, status, error, mint] of refused) {
      it.effect(`answers ${rule} with ${status} and the challenge`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const { handle } = yield* start({ requiredScopes: ["notes:read"] })
          const answer = yield* get(handle, yield* mint(provider))
          assert.strictEqual(answer.status, status)
          const challenge = answer.headers.get("www-authenticate") ?? ""
          assert.include(challenge, `resource_metadata="${metadataUrl}"`)
          assert.strictEqual(/error="([^"]*)"/.exec(challenge)?.[1], error)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }

    it.effect("answers an outage with 503 and no challenge", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        yield* provider.fault("jwks", Fault.connectionError())
        const { handle } = yield* start()
        const answer = yield* elapse(get(handle, yield* provider.mint()))
        assert.deepStrictEqual([answer.status, answer.headers.get("www-authenticate")], [503, null])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect("refuses a token in the query", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start()
        const token = yield* provider.mint()
        assert.strictEqual((yield* get(handle, token, `/me?access_token=${token}`)).status, 400)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  })
}

describe("an API", () => {
  it.effect("does not read a payload before the caller is authenticated", () =>
    Effect.gen(function*() {
      const { handle, reached } = yield* startApi()
      const answer = yield* send(handle, `${origin}/notes`, { method: "POST", body: "no JSON at all" })
      assert.strictEqual(answer.status, 401)
      assert.deepStrictEqual(yield* reached, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("passes the payload of an accepted caller to the handler", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* startApi()
      const answer = yield* send(handle, `${origin}/notes`, {
        method: "POST",
        headers: { "content-type": "application/json", ...bearer(yield* provider.mint()) },
        body: JSON.stringify({ text: "hello" })
      })
      assert.strictEqual(answer.body, "\"hello by user-1 by client-1\"")
      assert.deepStrictEqual(yield* reached, ["user-1 by client-1"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("requires no token for an endpoint without the middleware", () =>
    Effect.gen(function*() {
      const { handle } = yield* startApi()
      assert.strictEqual((yield* get(handle, undefined, "/health")).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it("shows a bearer scheme in its OpenAPI document", () => {
    const document = OpenApi.fromApi(api)
    assert.deepInclude(document.components.securitySchemes, { bearer: { type: "http", scheme: "Bearer" } })
    assert.deepStrictEqual(document.paths["/me"]?.get?.security, [{ bearer: [] }])
    assert.notDeepEqual(document.paths["/health"]?.get?.security, [{ bearer: [] }])
  })
})

describe("plain routes", () => {
  it.effect("answer a preflight without a token, and carry CORS on every answer", () =>
    Effect.gen(function*() {
      const { handle } = yield* startPlain({ allowedOrigins: ["https://app.test"] })
      const headers = { "origin": "https://app.test", "access-control-request-method": "GET" }
      const preflight = yield* send(handle, `${origin}/me`, { method: "OPTIONS", headers })
      const refused = yield* send(handle, `${origin}/me`, { headers })
      assert.deepStrictEqual([preflight.status, refused.status], [204, 401])
      for (const answer of [preflight, refused]) {
        assert.strictEqual(answer.headers.get("access-control-allow-origin"), "https://app.test")
        assert.include(answer.headers.get("access-control-expose-headers") ?? "", "WWW-Authenticate")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

/** A protected MCP server and other routes, with one `McpAuth`. */
const beside = Effect.gen(function*() {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const all = Layer.mergeAll(
    server(reached).pipe(McpAuth.protect()),
    apiWith(reached).pipe(Layer.provide(BearerAuth.layer)),
    plain("/plain")
  )
  return yield* serve(Layer.provide(all, McpAuth.layer(options())))
})

describe("beside a protected MCP server", () => {
  it.effect("an API and plain routes share its metadata, its keys and its decisions", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const handle = yield* beside
      const token = yield* provider.mint()
      assert.include((yield* send(handle, metadataUrl)).body, resource)
      for (const path of ["/me", "/plain"]) {
        assert.strictEqual((yield* get(handle, undefined, path)).status, 401)
        assert.strictEqual((yield* get(handle, token, path)).status, 200)
      }
      assert.strictEqual((yield* callTool(handle, token)).status, 200)
      assert.strictEqual(yield* provider.count("jwks"), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("two resources in one program", () => {
  const one = "https://one.test/mcp"
  const two = "https://two.test/mcp"

  const statuses = Effect.fnUntraced(function*(handle: Handle, paths: readonly [string, string]) {
    const provider = yield* TestProvider.TestProvider
    const tokens = yield* Effect.forEach([one, two], (aud) => provider.mint({ claims: { aud } }))
    return yield* Effect.forEach(
      paths,
      (path) => Effect.forEach(tokens, (token) => Effect.map(get(handle, token, path), ({ status }) => status))
    )
  })

  it.effect("guard plain routes by their own rules", () =>
    Effect.gen(function*() {
      const handle = yield* serve(Layer.mergeAll(
        plain("/one").pipe(Layer.provide(McpAuth.layer(options({ resource: one })))),
        plain("/two").pipe(Layer.provide(McpAuth.layer(options({ resource: two }))))
      ))
      assert.deepStrictEqual(yield* statuses(handle, ["/one", "/two"]), [[200, 401], [401, 200]])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("guard API groups by their own rules", () =>
    Effect.gen(function*() {
      const apiAt = (path: `/${string}`, resource: string) => {
        const group = HttpApiGroup.make("who").add(
          HttpApiEndpoint.get("me", path, { success: Schema.String }).middleware(BearerAuth.BearerAuth)
        )
        const api = HttpApi.make(path.slice(1)).add(group)
        const handlers = HttpApiBuilder.group(api, "who", (handlers) =>
          handlers.handle("me", () =>
            Effect.map(AuthInfo.AuthInfo, ({ subject }) => String(subject))))
        return HttpApiBuilder.layer(api).pipe(
          Layer.provide(handlers),
          Layer.provide(HttpServer.layerServices),
          Layer.provide(BearerAuth.layer),
          Layer.provide(McpAuth.layer(options({ resource })))
        )
      }
      const handle = yield* serve(Layer.mergeAll(apiAt("/one", one), apiAt("/two", two)))
      assert.deepStrictEqual(yield* statuses(handle, ["/one", "/two"]), [[200, 401], [401, 200]])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a McpAuth service that the program changes", () => {
  const changed = (change: (service: McpAuth.McpAuth["Service"]) => McpAuth.McpAuth["Service"]) =>
    Layer.effect(McpAuth.McpAuth, Effect.map(McpAuth.McpAuth, change)).pipe(Layer.provide(McpAuth.layer(options())))

  it.effect("guards with the members that were replaced in a copy", () =>
    Effect.gen(function*() {
      const refuse = () => HttpServerResponse.empty({ status: 418 })
      const handle = yield* serve(plain("/me").pipe(Layer.provide(changed((service) => ({ ...service, refuse })))))
      assert.strictEqual((yield* get(handle, undefined)).status, 418)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("builds nothing if McpAuth.layer did not make it", () =>
    Effect.gen(function*() {
      const { authenticate, authorizationServers, metadata, metadataUrl, refuse, resource } = yield* McpAuth.McpAuth
      const other = { authenticate, authorizationServers, metadata, metadataUrl, refuse, resource }
      const layer = plain("/me").pipe(Layer.provide(Layer.succeed(McpAuth.McpAuth, other)))
      const exit = yield* Effect.exit(serve(layer))
      assert.isTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes("McpAuth.layer"))
    }).pipe(Effect.scoped, Effect.provide(McpAuth.layer(options()).pipe(Layer.provideMerge(TestProvider.layer())))))
})

describe("McpAuth.layerMetadata", () => {
  it.effect("serves the metadata that the challenge of a guarded route names", () =>
    Effect.gen(function*() {
      const app = Layer.merge(plain("/me"), McpAuth.layerMetadata)
      const handle = yield* serve(app.pipe(Layer.provide(McpAuth.layer(options()))))
      const refused = yield* get(handle, undefined)
      assert.include(refused.headers.get("www-authenticate"), metadataUrl)
      const described = yield* send(handle, metadataUrl)
      assert.strictEqual(described.status, 200)
      assert.include(described.body, `"resource":"${resource}"`)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is not needed beside protect, and refused there", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const error = yield* buildError(
        Layer.merge(server(reached).pipe(McpAuth.protect()), McpAuth.layerMetadata).pipe(
          Layer.provide(McpAuth.layer(options()))
        )
      )
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "duplicate-resource", error.message)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
