import * as ConformanceServer from "@effect-mcp-auth/examples/conformanceServer"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"
import { HttpEffect, HttpRouter } from "effect/http"

const resource = "https://api.test/mcp"

/** The table of https://github.com/modelcontextprotocol/conformance/issues/480. */
const fixtures: ReadonlyArray<
  readonly [
    operation: string,
    method: string,
    params: Schema.JsonObject,
    scopes: ReadonlyArray<string>,
    result: RegExp
  ]
> = [
  [
    "a tool",
    "tools/call",
    { name: "test_simple_text" },
    ["mcp:conformance:tools:call", "mcp:conformance:tools:test_simple_text"],
    /"type":"text"/
  ],
  [
    "a static resource",
    "resources/read",
    { uri: "test://static-text" },
    ["mcp:conformance:resources:read", "mcp:conformance:resources:static"],
    /"uri":"test:\/\/static-text"/
  ],
  [
    "a resource of a template",
    "resources/read",
    { uri: "test://template/123/data" },
    ["mcp:conformance:resources:read", "mcp:conformance:resources:template:123"],
    /"uri":"test:\/\/template\/123\/data".*123/
  ],
  [
    "a prompt",
    "prompts/get",
    { name: "test_simple_prompt" },
    ["mcp:conformance:prompts:get", "mcp:conformance:prompts:test_simple_prompt"],
    /"role":"user"/
  ]
]

const serve = Effect.gen(function*() {
  const app = yield* HttpRouter.toHttpEffect(ConformanceServer.layer({ resource }))
  return HttpEffect.toWebHandler(Effect.provideContext(app, yield* Effect.context<never>()))
})

/** A request as the suite sends it: of 2026-07-28, without a session. */
const request = (method: string, params: Schema.JsonObject, token: string | undefined) =>
  new Request(resource, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": String(params["name"] ?? params["uri"]),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: "fixture",
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {}
        }
      }
    })
  })

describe("the portable fixture for scope challenges", () => {
  it.effect.each(fixtures)(
    "%s: the token without scopes is challenged for all scopes at once, and the full one succeeds",
    (
      [, method, params, scopes, result]
    ) =>
      Effect.gen(function*() {
        const handle = yield* serve
        const send = (token?: string) => Effect.promise(() => handle(request(method, params, token)))
        const challenged = yield* send("mcp-conformance-scope-low")
        assert.strictEqual(challenged.status, 403)
        const header = challenged.headers.get("www-authenticate") ?? ""
        assert.include(header, "error=\"insufficient_scope\"")
        assert.include(header, `scope="${scopes.join(" ")}"`)
        assert.include(header, "resource_metadata=\"https://api.test/.well-known/oauth-protected-resource/mcp\"")
        for (const token of ["mcp-conformance-scope-full", undefined]) {
          const granted = yield* send(token)
          assert.strictEqual(granted.status, 200)
          assert.match(yield* Effect.promise(() => granted.text()), result)
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer()))
  )

  it.effect("a token that the fixture did not issue is refused", () =>
    Effect.gen(function*() {
      const handle = yield* serve
      const [, method, params] = fixtures[0] ?? assert.fail("no fixture")
      const refused = yield* Effect.promise(() => handle(request(method, params, "mcp-conformance-scope-other")))
      assert.strictEqual(refused.status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
