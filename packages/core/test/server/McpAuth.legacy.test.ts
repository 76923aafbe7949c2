import { AuthorizationServer, McpAuth, Repairs } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, type Schema } from "effect"
import { HttpClient } from "effect/http"
import * as oauth from "oauth4webapi"
import { elapse } from "../time.ts"
import {
  type Answer,
  buildError,
  callTool,
  discover,
  type Handle,
  issuer,
  options,
  origin,
  type Path,
  type ProtectOptions,
  send,
  serve,
  server
} from "./harness.ts"

const documentOf = ({ body }: Answer): Schema.JsonObject => JSON.parse(body)

const appWith = Effect.fnUntraced(function*(
  legacy: McpAuth.LegacyOptions | undefined,
  changes: Partial<ProtectOptions>,
  path: Path = "/mcp"
) {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  return Layer.mergeAll(
    server(reached, { path }).pipe(McpAuth.protect()),
    McpAuth.legacyAuthorizationServerMetadata(legacy)
  ).pipe(Layer.provide(McpAuth.layer(options(changes))))
})

const start = Effect.fnUntraced(function*(
  legacy?: McpAuth.LegacyOptions,
  changes: Partial<ProtectOptions> = {},
  path?: Path
) {
  return yield* serve(yield* appWith(legacy, changes, path))
})

const get = (handle: Handle, path: string) => send(handle, `${origin}${path}`)

const forms = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
  "/.well-known/oauth-authorization-server/mcp",
  "/.well-known/openid-configuration/mcp"
]

/** A provider whose authorization responses do not have `iss`. */
const silent = { metadata: { authorization_response_iss_parameter_supported: undefined } }

describe("the metadata of the authorization server at the resource's origin", () => {
  it.effect("is the provider's own, at all URLs that old clients try, without a token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const handle = yield* start()
      for (const form of forms) {
        const answer = yield* get(handle, form)
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers.get("content-type"), "application/json")
        assert.deepStrictEqual(documentOf(answer), provider.document)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("of a resource at the root is served at the root URLs", () =>
    Effect.gen(function*() {
      const handle = yield* start({}, { resource: origin }, "/")
      assert.deepStrictEqual(
        yield* Effect.forEach(forms, (form) => Effect.map(get(handle, form), ({ status }) => status)),
        [200, 200, 404, 404]
      )
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("keeps unknown members, and includes the repairs", () =>
    Effect.gen(function*() {
      const server = AuthorizationServer.discover(issuer, { type: "oauth", transpileData: Repairs.pkce })
      const handle = yield* start({}, { authorizationServers: [server] })
      const document = documentOf(yield* get(handle, forms[0] ?? ""))
      assert.deepInclude(document, { code_challenge_methods_supported: ["S256"], x_extension: { deep: [1] } })
    }).pipe(
      Effect.scoped,
      Effect.provide(TestProvider.layer({
        metadata: { code_challenge_methods_supported: undefined, x_extension: { deep: [1] } }
      }))
    ))

  it.effect("is fetched at the first request, and then once", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const handle = yield* start()
      assert.strictEqual(yield* provider.count(), 0)
      for (const form of forms) yield* get(handle, form)
      yield* callTool(handle, yield* provider.mint())
      assert.strictEqual(yield* provider.count("metadata"), 1)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("is answered with 503 and Retry-After while the provider is down, and is served again afterwards", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.status(503))
      const handle = yield* start()
      const answer = yield* elapse(get(handle, forms[0] ?? ""))
      assert.strictEqual(answer.status, 503)
      assert.match(answer.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
      assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
      yield* provider.heal()
      assert.strictEqual((yield* elapse(Effect.delay(get(handle, forms[0] ?? ""), "1 minute"))).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("has an ETag, HEAD and CORS, and no POST", () =>
    Effect.gen(function*() {
      const handle = yield* start()
      const url = `${origin}${forms[0]}`
      const tag = (yield* send(handle, url)).headers.get("etag") ?? ""
      assert.strictEqual((yield* send(handle, url, { headers: { "if-none-match": tag } })).status, 304)
      assert.strictEqual((yield* send(handle, url, { method: "HEAD" })).status, 200)
      assert.strictEqual((yield* send(handle, url, { method: "POST" })).status, 405)
      const preflight = yield* send(handle, url, { method: "OPTIONS", headers: { origin: "https://app.test" } })
      assert.deepStrictEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, "*"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("with the provider's issuer is refused by clients that compare issuers, as their rules require", () =>
    Effect.gen(function*() {
      const handle = yield* start()
      const { body } = yield* get(handle, forms[0] ?? "")
      const discovered = oauth.processDiscoveryResponse(new URL(origin), Response.json(JSON.parse(body)))
      const error: unknown = yield* Effect.promise(() => discovered.then(() => undefined, (error: unknown) => error))
      assert.instanceOf(error, oauth.OperationProcessingError)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("with the resource's issuer names the place from which it was fetched, at each URL", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const handle = yield* start({ issuer: "resource" })
      for (const form of forms) {
        const expected = form.endsWith("/mcp") ? `${origin}/mcp` : origin
        const { body } = yield* get(handle, form)
        assert.deepStrictEqual(JSON.parse(body), { ...provider.document, issuer: expected })
        const { issuer } = yield* Effect.promise(() =>
          oauth.processDiscoveryResponse(new URL(expected), Response.json(JSON.parse(body)))
        )
        assert.strictEqual(issuer, expected)
      }
      // Tokens still have the provider's issuer.
      assert.strictEqual((yield* callTool(handle, yield* provider.mint())).status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer(silent))))
})

describe("the authorization server of the legacy metadata", () => {
  const two = { authorizationServers: [discover("https://as.test"), discover("https://two.test")] }

  it.effect("is the first one by default, or the named one", () =>
    Effect.gen(function*() {
      const { client } = yield* TestProvider.makeNetwork({ issuer }, { issuer: "https://two.test" })
      const issuerOf = (legacy: McpAuth.LegacyOptions) =>
        start(legacy, two).pipe(
          Effect.flatMap((handle) => get(handle, forms[0] ?? "")),
          Effect.map((answer) => documentOf(answer)["issuer"]),
          Effect.provideService(HttpClient.HttpClient, client)
        )
      assert.strictEqual(yield* issuerOf({}), issuer)
      assert.strictEqual(yield* issuerOf({ server: "https://two.test" }), "https://two.test")
    }).pipe(Effect.scoped))

  it.effect("that is not trusted is a typed error", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* appWith({ server: "https://untrusted.test" }, two))
      assert.isTrue(error._tag === "InvalidOptions" && error.reason === "no-authorization-server")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a replaced issuer in the legacy metadata", () => {
  it.effect("is refused if the provider's authorization responses have iss: issuer-would-change", () =>
    Effect.gen(function*() {
      const error = yield* buildError(yield* appWith({ issuer: "resource" }, {}))
      if (error._tag !== "InvalidOptions") return assert.fail(error._tag)
      assert.deepStrictEqual([error.reason, error.subject], ["issuer-would-change", issuer])
      assert.match(error.message, /RFC 9207/)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("cannot be checked while the provider is down, and nothing is served then", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.connectionError())
      const error = yield* elapse(buildError(yield* appWith({ issuer: "resource" }, {})))
      assert.strictEqual(error._tag, "VerificationUnavailable")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("two resources of one host", () => {
  it.effect("whose metadata would have one URL are refused: duplicate-resource", () =>
    Effect.gen(function*() {
      const legacyOf = (resource: string) =>
        McpAuth.legacyAuthorizationServerMetadata().pipe(Layer.provide(McpAuth.layer(options({ resource }))))
      const error = yield* buildError(Layer.merge(legacyOf(`${origin}/one`), legacyOf(`${origin}/two`)))
      if (error._tag !== "InvalidOptions") return assert.fail(error._tag)
      assert.deepStrictEqual([error.reason, error.subject], ["duplicate-resource", forms[0]])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
