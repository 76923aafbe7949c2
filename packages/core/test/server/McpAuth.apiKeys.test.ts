import { type ApiKey, BearerAuth, FetchAuth, McpAuth, Policy, TokenVerifier } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric, Ref, References, Schema, Tracer } from "effect"
import { Headers, HttpMiddleware, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { createHash } from "node:crypto"
import {
  buildError,
  callTool,
  discover,
  initialize,
  issuer,
  metadataUrl,
  options,
  origin,
  post,
  type ProtectOptions,
  resource,
  resultOf,
  send,
  serve,
  server,
  start,
  stateless
} from "./harness.ts"

const secret = "mcp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
const second = "mcp_second"

const stored = (key: string, changes: Partial<ApiKey.ApiKey> = {}): ApiKey.ApiKey => ({
  id: "ci-2026",
  hash: createHash("sha256").update(key).digest("hex"),
  subject: "ci",
  scopes: ["notes:read"],
  ...changes
})

const keys = [stored(secret), stored(second, { id: "ci-2027" })]

const apiKeys = TokenVerifier.apiKeys({ keys })

/** API keys without any authorization server. */
const alone: Partial<ProtectOptions> = { authorizationServers: [], verifier: apiKeys }

/** API keys beside OAuth. */
const both: Partial<ProtectOptions> = { verifier: TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt()) }

const callWith = (handle: Parameters<typeof post>[0], headers: Readonly<Record<string, string>>) => {
  const { body, headers: own } = stateless(1, "tools/call", { name: "WhoAmI", arguments: {} })
  return post(handle, body, { headers: { ...own, ...headers } })
}

describe("a resource without an authorization server", () => {
  it.effect("accepts API keys, and names the owner to handlers", () =>
    Effect.gen(function*() {
      const { handle, reached } = yield* start(alone)
      const answer = yield* callTool(handle, secret)
      assert.strictEqual(answer.status, 200)
      assert.include(JSON.stringify(resultOf(answer)), "notes:read")
      assert.deepStrictEqual(yield* reached, ["tool: ci by undefined"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("refuses valid access tokens, and makes no request to a provider", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start(alone)
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 401)
      assert.deepStrictEqual(yield* provider.requests, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has metadata without authorization_servers", () =>
    Effect.gen(function*() {
      const { handle } = yield* start(alone)
      const { body, status } = yield* send(handle, metadataUrl)
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(JSON.parse(body), {
        resource,
        scopes_supported: ["notes:read", "notes:write"],
        bearer_methods_supported: ["header"]
      })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const challenges: ReadonlyArray<
    readonly [rule: string, token: string | undefined, changes: Partial<ProtectOptions>, status: number, header: string]
  > = [
    [
      "without a key asks for one, and names no metadata",
      undefined,
      {},
      401,
      "Bearer error_description=\"This resource needs an API key: send it in the header Authorization (after the word Bearer)\""
    ],
    [
      "without a key names the headers that may hold one",
      undefined,
      { tokenHeaders: ["X-API-Key"] },
      401,
      "Bearer error_description=\"This resource needs an API key: send it in the header Authorization (after the word " +
      "Bearer) or X-API-Key\""
    ],
    [
      "with an unknown key says that the key is not valid",
      "mcp_unknown",
      {},
      401,
      "Bearer error=\"invalid_token\", error_description=\"The API key is not valid\""
    ],
    [
      "with a key that lacks a scope names the scope",
      secret,
      { requiredScopes: ["notes:admin"] },
      403,
      "Bearer scope=\"notes:admin\", error=\"insufficient_scope\", " +
      "error_description=\"The API key lacks the required scopes\""
    ]
  ]
  for (const [rule, token, changes, status, header] of challenges) {
    it.effect(`responds to a request ${rule}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* start({ ...alone, ...changes })
        const answer = yield* callTool(handle, token)
        assert.strictEqual(answer.status, status)
        assert.strictEqual(answer.headers.get("www-authenticate"), header)
        assert.notInclude(answer.body, "resource_metadata")
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (
    const [rule, verifier] of [
      ["no verifier", undefined],
      ["a verifier of JWTs", TokenVerifier.jwt()],
      ["a verifier that also accepts JWTs", TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt())]
    ] as const
  ) {
    it.effect(`is refused with ${rule}`, () =>
      Effect.gen(function*() {
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const protectedServer = McpAuth.protect(options({ authorizationServers: [], verifier }))
        const error = yield* buildError(server(reached).pipe(protectedServer))
        assert.isTrue(error._tag === "InvalidOptions" && error.reason === "no-authorization-server")
        assert.include(error.message, "TokenVerifier.apiKeys")
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})

describe("an API key beside OAuth", () => {
  it.effect("is accepted, and so are access tokens; the challenge stays that of OAuth", () =>
    Effect.gen(function*() {
      const { mint } = yield* TestProvider.TestProvider
      const { handle } = yield* start(both)
      assert.strictEqual((yield* callTool(handle, secret)).status, 200)
      assert.strictEqual((yield* callTool(handle, yield* mint())).status, 200)
      const refused = yield* callTool(handle, "mcp_unknown")
      assert.strictEqual(refused.status, 401)
      assert.include(refused.headers.get("www-authenticate") ?? "", metadataUrl)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  for (
    const [rule, verifier] of [
      ["alone", apiKeys],
      ["with JWTs", TokenVerifier.firstOf(apiKeys, TokenVerifier.jwt())]
    ] as const
  ) {
    it.effect(`is accepted ${rule} if each authorization server has a verifier of its own`, () =>
      Effect.gen(function*() {
        const { mint } = yield* TestProvider.TestProvider
        const { handle } = yield* start({
          authorizationServers: [{ authorizationServer: discover(issuer), verifier: TokenVerifier.jwt() }],
          verifier
        })
        assert.strictEqual((yield* callTool(handle, secret)).status, 200)
        assert.strictEqual((yield* callTool(handle, yield* mint())).status, 200)
        assert.strictEqual((yield* callTool(handle, "mcp_unknown")).status, 401)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("is subject to policies", () =>
    Effect.gen(function*() {
      const statusWith = Effect.fnUntraced(function*(policy: Policy.Policy) {
        const { handle } = yield* start({ ...both, policy })
        return (yield* callTool(handle, secret)).status
      }, Effect.scoped)
      assert.strictEqual(yield* statusWith(Policy.scopes("notes:read")), 200)
      assert.strictEqual(yield* statusWith(Policy.scopes("notes:write")), 403)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("keeps its session when another key of the same subject replaces it", () =>
    Effect.gen(function*() {
      const { handle } = yield* start(both)
      const headers = yield* initialize(handle, "2025-11-25", secret)
      const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "WhoAmI", arguments: {} } }
      assert.strictEqual((yield* post(handle, call, { headers, token: second })).status, 200)
      const { mint } = yield* TestProvider.TestProvider
      assert.strictEqual((yield* post(handle, call, { headers, token: yield* mint() })).status, 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("that is unknown counts towards the failure limit", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({
        ...both,
        failureLimit: { limit: 2, window: "1 minute", countUnknownClientsTogether: true }
      })
      const statuses = yield* Effect.replicateEffect(
        Effect.map(callTool(handle, "mcp_unknown"), ({ status }) => status),
        3
      )
      assert.deepStrictEqual(statuses, [401, 401, 429])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is counted in metrics, and never in a log", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ fiber, message }) => {
        lines.push(JSON.stringify([message, fiber.getRef(References.CurrentLogAnnotations)]))
      })])
      yield* Effect.gen(function*() {
        const { handle } = yield* start({ ...both, tokenHeaders: ["X-API-Key"] })
        yield* callTool(handle, secret)
        yield* callTool(handle, "mcp_unknown")
        yield* callWith(handle, { "x-api-key": secret })
        yield* callWith(handle, { "x-api-key": secret, "authorization": `Bearer ${secret}` })
      }).pipe(Effect.scoped, Effect.provide(logger), Effect.provideService(References.MinimumLogLevel, "All"))
      const log = lines.join("\n")
      assert.include(log, "\"api_key_id\":\"ci-2026\"")
      assert.include(log, "the API key is not known")
      assert.notInclude(log, secret)
      assert.notInclude(log, "mcp_unknown")
      const metrics = yield* Metric.snapshot
      const reasons = metrics.flatMap(({ attributes, id }) =>
        id === "mcp_auth_decisions_total" ? [attributes?.["reason"]] : []
      )
      assert.includeMembers(reasons, ["unknown-api-key", "several-tokens"])
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("a token header", () => {
  const tokenHeaders = ["X-API-Key", "Cf-Access-Jwt-Assertion"]

  const rows: ReadonlyArray<
    readonly [rule: string, headers: Readonly<Record<string, string>>, status: number]
  > = [
    ["with a key is accepted", { "x-api-key": secret }, 200],
    ["in another case is accepted", { "X-API-KEY": secret }, 200],
    ["with an unknown key is refused", { "x-api-key": "mcp_unknown" }, 401],
    ["that is empty is no credentials", { "x-api-key": "" }, 401],
    ["beside a bearer token is refused", { "x-api-key": secret, "authorization": `Bearer ${secret}` }, 400],
    ["beside another token header is refused", { "x-api-key": secret, "cf-access-jwt-assertion": secret }, 400],
    ["with two keys joined by a comma is refused", { "x-api-key": `${secret}, ${secret}` }, 400],
    ["with a scheme is refused", { "x-api-key": `Bearer ${secret}` }, 400],
    ["beside credentials for a proxy is accepted", { "x-api-key": secret, "authorization": "Basic dXNlcjpwdw==" }, 200],
    ["that is not configured is ignored", { "x-other-key": secret }, 401]
  ]
  for (const [rule, headers, status] of rows) {
    it.effect(`${rule}`, () =>
      Effect.gen(function*() {
        const { handle } = yield* start({ ...both, tokenHeaders })
        assert.strictEqual((yield* callWith(handle, headers)).status, status)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("with a JWT is accepted, as Cloudflare Access sends it", () =>
    Effect.gen(function*() {
      const { mint } = yield* TestProvider.TestProvider
      const { handle } = yield* start({ ...both, tokenHeaders })
      assert.strictEqual((yield* callWith(handle, { "cf-access-jwt-assertion": yield* mint() })).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is ignored unless the option names it", () =>
    Effect.gen(function*() {
      const { handle } = yield* start(both)
      assert.strictEqual((yield* callWith(handle, { "x-api-key": secret })).status, 401)
      const { mint } = yield* TestProvider.TestProvider
      const beside = { "x-api-key": secret, "authorization": `Bearer ${yield* mint()}` }
      assert.strictEqual((yield* callWith(handle, beside)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is allowed by preflights", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ ...both, tokenHeaders })
      const answer = yield* send(handle, resource, {
        method: "OPTIONS",
        headers: {
          "origin": "https://app.test",
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type,x-api-key"
        }
      })
      assert.strictEqual(answer.status, 204)
      assert.strictEqual(answer.headers.get("access-control-allow-headers"), "content-type,x-api-key")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is not visible to handlers of plain routes", () =>
    Effect.gen(function*() {
      const route = HttpRouter.add("GET", "/mcp", (request) =>
        Effect.succeed(HttpServerResponse.jsonUnsafe(Object.keys(request.headers))))
      const inContext = HttpRouter.add("GET", "/context", () =>
        Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) =>
          HttpServerResponse.jsonUnsafe(Object.keys(headers))))
      const handle = yield* serve(
        Layer.merge(route, inContext).pipe(
          Layer.provide(McpAuth.middleware.layer),
          Layer.provide(McpAuth.layer(options({ ...both, tokenHeaders })))
        )
      )
      for (const path of ["/mcp", "/context"]) {
        const answer = yield* send(handle, `${origin}${path}`, { headers: { "x-api-key": secret, "x-other": "a" } })
        assert.strictEqual(answer.status, 200)
        assert.include(answer.body, "x-other")
        assert.notInclude(answer.body, "x-api-key")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is read by FetchAuth and by the middleware of an HttpApi", () =>
    Effect.gen(function*() {
      const changes = options({ ...both, tokenHeaders })
      const { authenticate } = yield* FetchAuth.make({ ...changes, failureLimit: undefined })
      const request = (headers: Record<string, string>) => new Request(resource, { method: "POST", headers })
      const accepted = yield* authenticate(request({ "x-api-key": secret }))
      assert.isTrue(accepted._tag === "Accepted" && accepted.info.subject === "ci")
      const refused = yield* authenticate(request({ "x-api-key": secret, "authorization": `Bearer ${secret}` }))
      assert.isTrue(refused._tag === "Answered" && refused.response.status === 400)

      const group = HttpApiGroup.make("notes").add(
        HttpApiEndpoint.get("read", "/notes", { success: Schema.Array(Schema.String) }).middleware(
          BearerAuth.BearerAuth
        )
      )
      const api = HttpApi.make("api").add(group)
      const handlers = HttpApiBuilder.group(api, "notes", (handlers) =>
        handlers.handle(
          "read",
          () => Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => Object.keys(headers))
        )).pipe(Layer.provide(BearerAuth.layer))
      const handle = yield* serve(
        HttpApiBuilder.layer(api).pipe(
          Layer.provide(handlers),
          Layer.provide(McpAuth.layer(changes)),
          Layer.provide(HttpServer.layerServices)
        )
      )
      const answer = yield* send(handle, `${origin}/notes`, { headers: { "x-api-key": secret } })
      assert.strictEqual(answer.status, 200)
      assert.notInclude(answer.body, "x-api-key")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const invalid = ["Authorization", "cookie", "X API Key", "", "mcp-session-id", "Host"]
  for (const name of invalid) {
    it.effect(`with the name ${JSON.stringify(name)} is an invalid option`, () =>
      Effect.gen(function*() {
        const reached = yield* Ref.make<ReadonlyArray<string>>([])
        const error = yield* buildError(server(reached).pipe(McpAuth.protect(options({ tokenHeaders: [name] }))))
        assert.isTrue(error._tag === "InvalidOptions" && error.reason === "invalid-token-header")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("that occurs twice, in another case, is an invalid option", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const twice = options({ tokenHeaders: ["X-Key", "x-key"] })
      const error = yield* buildError(server(reached).pipe(McpAuth.protect(twice)))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "invalid-token-header")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that spans would record as it is prevents the start, and one that is redacted does not", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const app = (name: string) => server(reached).pipe(McpAuth.protect(options({ tokenHeaders: [name] })))
      const error = yield* buildError(app("Cf-Access-Jwt-Assertion"))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "recorded-token-header")
      yield* serve(app("X-API-Key"))
      yield* Effect.provideService(serve(app("Cf-Access-Jwt-Assertion")), Headers.CurrentRedactedNames, [/^cf-/])
    }).pipe(
      Effect.scoped,
      Effect.provideService(HttpMiddleware.TracerHeaderFilter, () => true),
      Effect.provide(TestProvider.layer())
    ))

  it.effect("is redacted in the spans of FetchAuth", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.gen(function*() {
        const { authenticate } = yield* FetchAuth.make({
          ...options({ ...both, tokenHeaders }),
          failureLimit: undefined
        })
        yield* authenticate(new Request(resource, { headers: { "cf-access-jwt-assertion": secret } }))
      }).pipe(
        Effect.provideService(HttpMiddleware.TracerHeaderFilter, () => true),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const recorded = JSON.stringify(spans.map(({ attributes }) => [...attributes]))
      assert.include(recorded, "cf-access-jwt-assertion")
      assert.notInclude(recorded, secret)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
