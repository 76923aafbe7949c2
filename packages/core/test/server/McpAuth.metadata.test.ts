import { McpAuth, WellKnown } from "@effect-mcp-auth/core"
import { Arbitraries, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Ref, type Schema } from "effect"
import { McpSchema, McpServer } from "effect/ai"
import * as Arbitrary from "effect/Arbitrary"
import {
  type Answer,
  callTool,
  discover,
  type Handle,
  metadataUrl,
  options,
  origin,
  type Path,
  post,
  type ProtectOptions,
  type Reached,
  resource,
  send,
  serve,
  server,
  serverWith,
  start,
  stateless
} from "./harness.ts"

const root = `${origin}/.well-known/oauth-protected-resource`

const documentOf = ({ body }: Answer): Schema.JsonObject => JSON.parse(body)

const get = (handle: Handle, url: string, headers: Readonly<Record<string, string>> = {}) =>
  send(handle, url, { headers })

describe("the metadata of a resource", () => {
  it.effect("is served at the path-inserted and at the root URL, without a token", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      for (const url of [metadataUrl, root]) {
        const answer = yield* get(handle, url)
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers.get("content-type"), "application/json")
        assert.strictEqual(answer.headers.get("cache-control"), "public, max-age=3600")
        assert.deepStrictEqual(documentOf(answer), {
          resource,
          authorization_servers: ["https://as.test"],
          scopes_supported: ["notes:read", "notes:write"],
          bearer_methods_supported: ["header"]
        })
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("makes no request, so that it is available while the provider is down", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle } = yield* start()
      yield* get(handle, metadataUrl)
      assert.strictEqual(yield* provider.count(), 0)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const strings: ReadonlyArray<readonly [resource: string, path: Path, metadata: string]> = [
    ["https://API.test/mcp", "/mcp", "https://api.test/.well-known/oauth-protected-resource/mcp"],
    ["https://api.test:443/mcp", "/mcp", "https://api.test/.well-known/oauth-protected-resource/mcp"],
    ["https://api.test/mcp/", "/mcp/", "https://api.test/.well-known/oauth-protected-resource/mcp/"],
    ["https://api.test/A/Mcp", "/A/Mcp", "https://api.test/.well-known/oauth-protected-resource/A/Mcp"],
    ["https://api.test/a:b/mcp", "/a::b/mcp", "https://api.test/.well-known/oauth-protected-resource/a:b/mcp"],
    ["https://api.test/", "/", "https://api.test/.well-known/oauth-protected-resource"],
    ["https://api.test", "/", "https://api.test/.well-known/oauth-protected-resource"],
    ["https://api.test/mcp?tenant=1", "/mcp", "https://api.test/.well-known/oauth-protected-resource/mcp?tenant=1"]
  ]
  for (const [resource, path, url] of strings) {
    it.effect(`names ${resource} exactly as configured, at the URL that the challenge names`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { handle } = yield* start({ resource }, { path })
        const challenged = yield* send(handle, resource, { method: "POST" })
        assert.strictEqual(challenged.status, 401)
        assert.include(challenged.headers.get("www-authenticate") ?? "", `resource_metadata="${url}"`)
        const answer = yield* get(handle, url)
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(documentOf(answer)["resource"], resource)
        // The audience is the same string, and not a form that a URL parser makes of it.
        const token = yield* provider.mint({ claims: { aud: resource } })
        assert.notStrictEqual(
          (yield* send(handle, resource, {
            method: "POST",
            headers: { authorization: `Bearer ${token}` }
          })).status,
          401
        )
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect.prop(
    "has the URL of its identifier, whatever characters that contains",
    // A router does not match a path whose escapes are not UTF-8.
    [Arbitrary.filter(Arbitraries.resourceIdentifier, (resource) => !/%e4/i.test(resource))],
    ([resource]) =>
      Effect.gen(function*() {
        const { handle } = yield* start({ resource, servedPath: "/mcp" })
        const answer = yield* get(handle, WellKnown.protectedResource(resource))
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(documentOf(answer)["resource"], resource)
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())),
    { arbitrary: { runs: 100 } }
  )

  it.effect("is not served for a query that belongs to no resource", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      assert.strictEqual((yield* get(handle, `${metadataUrl}?cache=1`)).status, 200)
      assert.strictEqual((yield* get(handle, `${root}?cache=1`)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of a resource with a query differs from that of the resource without one", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ resource: "https://api.test/mcp?tenant=1" })
      const other = "https://api.test/.well-known/oauth-protected-resource/mcp"
      assert.strictEqual((yield* get(handle, other)).status, 404)
      assert.strictEqual((yield* get(handle, `${other}?tenant=2`)).status, 404)
      assert.strictEqual((yield* get(handle, root)).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has every member of RFC 9728, and extensions", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({
        metadata: {
          jwksUri: "https://api.test/jwks",
          resourceName: "Notes",
          resourceDocumentation: "https://api.test/docs",
          resourcePolicyUri: "https://api.test/policy",
          resourceTosUri: "https://api.test/tos",
          resourceSigningAlgValuesSupported: ["ES256"],
          tlsClientCertificateBoundAccessTokens: false,
          authorizationDetailsTypesSupported: ["note"],
          dpopSigningAlgValuesSupported: ["ES256"],
          dpopBoundAccessTokensRequired: false,
          signedMetadata: "e30.e30.e30",
          additionalParameters: { "resource_name#de": "Notizen", "x_extension": { deep: [1, null] } }
        }
      })
      assert.deepStrictEqual(documentOf(yield* get(handle, metadataUrl)), {
        resource,
        authorization_servers: ["https://as.test"],
        scopes_supported: ["notes:read", "notes:write"],
        bearer_methods_supported: ["header"],
        jwks_uri: "https://api.test/jwks",
        resource_name: "Notes",
        resource_documentation: "https://api.test/docs",
        resource_policy_uri: "https://api.test/policy",
        resource_tos_uri: "https://api.test/tos",
        resource_signing_alg_values_supported: ["ES256"],
        tls_client_certificate_bound_access_tokens: false,
        authorization_details_types_supported: ["note"],
        dpop_signing_alg_values_supported: ["ES256"],
        dpop_bound_access_tokens_required: false,
        signed_metadata: "e30.e30.e30",
        "resource_name#de": "Notizen",
        "x_extension": { deep: [1, null] }
      })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("never names another resource", () =>
    Effect.gen(function*() {
      // TypeScript refuses the first of the two; JavaScript does not.
      const metadata = { resource: "https://evil.test/", additionalParameters: { resource: "https://evil.test/" } }
      const { handle } = yield* start({ metadata })
      assert.strictEqual(documentOf(yield* get(handle, metadataUrl))["resource"], resource)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("lists required scopes among the supported ones, each once", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ scopesSupported: ["a", "b", "a"], requiredScopes: ["b", "c"] })
      assert.deepStrictEqual(documentOf(yield* get(handle, metadataUrl))["scopes_supported"], ["a", "b", "c"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has no scopes_supported if no scopes are known", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ scopesSupported: [] })
      assert.notProperty(documentOf(yield* get(handle, metadataUrl)), "scopes_supported")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("lists several authorization servers in the configured order", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({
        authorizationServers: [discover("https://b.test/x/"), discover("https://a.test")]
      })
      assert.deepStrictEqual(documentOf(yield* get(handle, metadataUrl))["authorization_servers"], [
        "https://b.test/x/",
        "https://a.test"
      ])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a request for metadata", () => {
  it.effect("by HEAD has the headers of GET and no body", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      const [get, head] = [yield* send(handle, metadataUrl), yield* send(handle, metadataUrl, { method: "HEAD" })]
      assert.strictEqual(head.status, 200)
      assert.strictEqual(head.body, "")
      for (const name of ["etag", "cache-control", "content-type"]) {
        assert.strictEqual(head.headers.get(name), get.headers.get(name))
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("returns an ETag that depends on the document alone", () =>
    Effect.gen(function*() {
      const tagOf = Effect.fnUntraced(function*(changes: Partial<ProtectOptions>) {
        const { handle } = yield* start(changes)
        return (yield* get(handle, metadataUrl)).headers.get("etag")
      })
      const tag = yield* tagOf({})
      assert.match(tag ?? "", /^"[0-9a-f]{32}"$/)
      assert.strictEqual(yield* tagOf({}), tag)
      assert.notStrictEqual(yield* tagOf({ scopesSupported: ["notes:read"] }), tag)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const conditions: ReadonlyArray<readonly [rule: string, header: (tag: string) => string, status: number]> = [
    ["with its ETag is answered with 304", (tag) => tag, 304],
    ["with its ETag as a weak one is answered with 304", (tag) => `W/${tag}`, 304],
    ["with its ETag in a list is answered with 304", (tag) => `"other", W/"another",${tag}`, 304],
    ["with any ETag (*) is answered with 304", () => "*", 304],
    ["with another ETag is answered with 200", () => "\"other\"", 200],
    ["with its ETag without quotes is answered with 200", (tag) => tag.slice(1, -1), 200],
    ["with an empty condition is answered with 200", () => "", 200]
  ]
  for (const [rule, header, status] of conditions) {
    it.effect(`${rule}, by GET and by HEAD`, () =>
      Effect.gen(function*() {
        const { handle } = yield* start()
        const tag = (yield* get(handle, metadataUrl)).headers.get("etag") ?? ""
        for (const method of ["GET", "HEAD"]) {
          const answer = yield* send(handle, metadataUrl, { method, headers: { "if-none-match": header(tag) } })
          assert.strictEqual(answer.status, status)
          assert.strictEqual(answer.headers.get("etag"), tag)
          if (status === 304) assert.strictEqual(answer.body, "")
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    it.effect(`by ${method} is answered with 405 and the allowed methods`, () =>
      Effect.gen(function*() {
        const { handle } = yield* start()
        for (const url of [metadataUrl, root]) {
          const answer = yield* send(handle, url, { method })
          assert.strictEqual(answer.status, 405)
          assert.strictEqual(answer.headers.get("allow"), "GET, HEAD, OPTIONS")
        }
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("is allowed from every origin, even if the resource is not", () =>
    Effect.gen(function*() {
      const { handle } = yield* start({ allowedOrigins: ["https://app.test"] })
      for (const method of ["GET", "HEAD", "POST"]) {
        const answer = yield* send(handle, metadataUrl, { method, headers: { origin: "https://anywhere.test" } })
        assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
        assert.strictEqual(answer.headers.get("access-control-expose-headers"), "ETag")
        assert.isNull(answer.headers.get("access-control-allow-credentials"))
      }
      const preflight = yield* send(handle, metadataUrl, {
        method: "OPTIONS",
        headers: {
          "origin": "https://anywhere.test",
          "access-control-request-method": "GET",
          "access-control-request-headers": "mcp-protocol-version"
        }
      })
      assert.strictEqual(preflight.status, 204)
      assert.strictEqual(preflight.headers.get("access-control-allow-origin"), "*")
      assert.strictEqual(preflight.headers.get("access-control-allow-methods"), "GET, HEAD")
      assert.strictEqual(preflight.headers.get("access-control-allow-headers"), "mcp-protocol-version")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("at the well-known URL of another path is answered with 404", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      for (
        const url of [`${metadataUrl}/more`, `${root}/other`, `${origin}/mcp/.well-known/oauth-protected-resource`]
      ) {
        assert.strictEqual((yield* get(handle, url)).status, 404)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

const protectedAt = (reached: Reached, path: Path, changes: Partial<ProtectOptions> = {}) =>
  // Each server has its own tools: a server layer is built once, with its registrations.
  Layer.fresh(server(reached, { path })).pipe(McpAuth.protect(options({ resource: `${origin}${path}`, ...changes })))

/** A tool with a name only. */
const toolNamed = (name: string) =>
  Layer.effectDiscard(Effect.flatMap(McpServer.McpServer, ({ addTool }) =>
    addTool({
      tool: new McpSchema.Tool({ name, inputSchema: { type: "object" } }),
      annotations: Context.empty(),
      handle: () => Effect.succeed(new McpSchema.CallToolResult({ content: [] }))
    })))

describe("two resources on one router", () => {
  const both = Effect.gen(function*() {
    const [first, second] = [yield* Ref.make<ReadonlyArray<string>>([]), yield* Ref.make<ReadonlyArray<string>>([])]
    const handle = yield* serve(Layer.mergeAll(protectedAt(first, "/first"), protectedAt(second, "/second/mcp")))
    return { handle, reached: Effect.all({ first: Ref.get(first), second: Ref.get(second) }) }
  })

  it.effect("have their own metadata, and none at the root URL, which could name only one of them", () =>
    Effect.gen(function*() {
      const { handle } = yield* both
      for (const path of ["/first", "/second/mcp"]) {
        const answer = yield* get(handle, `${root}${path}`)
        assert.strictEqual(documentOf(answer)["resource"], `${origin}${path}`)
      }
      assert.strictEqual((yield* get(handle, root)).status, 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("refuse each other's tokens, with their own challenge", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* both
      for (const [mine, other] of [["/first", "/second/mcp"], ["/second/mcp", "/first"]] as const) {
        const token = yield* provider.mint({ claims: { aud: `${origin}${mine}` } })
        assert.strictEqual((yield* callTool(handle, token, "WhoAmI", `${origin}${mine}`)).status, 200)
        const refused = yield* callTool(handle, token, "WhoAmI", `${origin}${other}`)
        assert.strictEqual(refused.status, 401)
        assert.include(refused.headers.get("www-authenticate") ?? "", `resource_metadata="${root}${other}"`)
      }
      assert.deepStrictEqual(yield* reached, {
        first: ["tool: user-1 by client-1"],
        second: ["tool: user-1 by client-1"]
      })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("have their own tools if each server has its own layer", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const at = (path: Path, tool: string) =>
        Layer.fresh(serverWith(toolNamed(tool), { path })).pipe(
          McpAuth.protect(options({ resource: `${origin}${path}` }))
        )
      const handle = yield* serve(Layer.mergeAll(at("/first", "First"), at("/second", "Second")))
      for (const [path, mine, other] of [["/first", "First", "Second"], ["/second", "Second", "First"]] as const) {
        const { body, headers } = stateless(1, "tools/list")
        const token = yield* provider.mint({ claims: { aud: `${origin}${path}` } })
        const answer = yield* post(handle, body, { token, headers, url: `${origin}${path}` })
        assert.include(answer.body, `"name":"${mine}"`)
        assert.notInclude(answer.body, `"name":"${other}"`)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of which one is at the root: the root metadata is its own", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const handle = yield* serve(Layer.mergeAll(
        protectedAt(reached, "/mcp"),
        protectedAt(reached, "/", { resource: origin })
      ))
      assert.strictEqual(documentOf(yield* get(handle, root))["resource"], origin)
      assert.strictEqual(documentOf(yield* get(handle, metadataUrl))["resource"], resource)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("that differ in their query have one metadata URL each", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const handle = yield* serve(Layer.mergeAll(
        protectedAt(reached, "/one", { resource: `${resource}?tenant=1`, servedPath: "/one" }),
        protectedAt(reached, "/two", { resource: `${resource}?tenant=2`, servedPath: "/two" })
      ))
      for (const tenant of [1, 2]) {
        const answer = yield* get(handle, `${metadataUrl}?tenant=${tenant}`)
        assert.strictEqual(documentOf(answer)["resource"], `${resource}?tenant=${tenant}`)
      }
      assert.strictEqual((yield* get(handle, metadataUrl)).status, 404)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
