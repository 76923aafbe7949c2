import { McpAuth } from "@effect-mcp-auth/core"
import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Result } from "effect"
import { HttpClient, HttpClientResponse, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { inside, insideOnly } from "../insideNetwork.ts"
import { now, resource } from "./protectProduct.ts"

type Urls = Parameters<typeof Preset.withUnsafeInternalUrls>[1]

/** What a server asks for by a URL inside the network, each with the public URL at which the product serves it. */
const publicUrls = Effect.fnUntraced(function*(preset: Preset.Preset, client: HttpClient.HttpClient) {
  const server = yield* Effect.provideService(preset.authorizationServer, HttpClient.HttpClient, client)
  const { locations, metadata } = yield* server.config
  return new Map([
    ["metadata", locations[0]],
    ["jwks", metadata.jwksUri],
    ["introspection", metadata.introspectionEndpoint]
  ])
})

/** A network in which the provider is reached at URLs inside it alone. */
const insideNetwork = Effect.fnUntraced(function*(preset: Preset.Preset, client: HttpClient.HttpClient) {
  const urls = yield* publicUrls(preset, client)
  return insideOnly(client, (url) => urls.get(url.replace(`${inside}/`, "")))
})

const usedBy = ({ settings, verifier }: Preset.Preset): Urls => ({
  ...Result.isSuccess(settings) && settings.success.metadata !== undefined ? {} : { metadata: `${inside}/metadata` },
  ...verifier.name === "jwt" ? { jwks: `${inside}/jwks` } : {},
  ...verifier.name === "introspection" ? { introspection: `${inside}/introspection` } : {}
})

const authenticatorOf = Effect.fnUntraced(function*(preset: Preset.Preset, client: HttpClient.HttpClient) {
  const layer = Layer.provide(
    McpAuth.layer({ resource, authorizationServers: [preset] }),
    Layer.succeed(HttpClient.HttpClient, client)
  )
  const { authenticate } = yield* Effect.flatMap(
    Layer.build(layer),
    (context) => Effect.provide(McpAuth.McpAuth, context)
  )
  return (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    )
})

const preset = Effect.fnUntraced(function*(name: TestProvider.ProductName) {
  const product = yield* TestProvider.likeProvider(name)
  return { product, preset: (yield* Presets.load(name))(product.parameters) }
})

describe("presets with URLs inside the own network", () => {
  for (const name of TestProvider.products) {
    it.effect(`verify tokens without a request to a public URL, and refuse what they refuse: ${name}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(now * 1000)
        const { preset: plain, product } = yield* preset(name)
        // Such a preset asks an API of its provider, which has no internal URL.
        if (plain.verifier.name === "custom") return
        const client = yield* insideNetwork(plain, product.client)
        const authenticate = yield* authenticatorOf(Preset.withUnsafeInternalUrls(plain, usedBy(plain)), client)
        const info = yield* authenticate(yield* product.issue("access", resource))
        assert.strictEqual(info.subject, product.expected.subject)
        for (const kind of product.kinds) {
          if (kind === "access" || kind === "machine") continue
          const error = yield* Effect.flip(authenticate(yield* product.issue(kind, resource)))
          assert.strictEqual(error._tag, "InvalidToken", kind)
        }
        const outside = yield* authenticatorOf(plain, client)
        const error = yield* Effect.flip(outside(yield* product.issue("access", resource)))
        assert.strictEqual(error._tag, "VerificationUnavailable", "without the option, only public URLs are asked")
      }).pipe(Effect.scoped))
  }

  it.effect("refuse a document at the internal URL that names another issuer than that of the preset", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      for (const name of ["keycloak", "adfs", "entra", "azure-b2c"] as const) {
        const { preset: plain, product } = yield* preset(name)
        const urls = usedBy(plain)
        const lying = HttpClient.make((request) =>
          request.url === urls.metadata
            ? Effect.succeed(HttpClientResponse.fromWeb(
              request,
              Response.json({ ...product.provider.document, issuer: "https://evil.test", jwks_uri: urls.jwks })
            ))
            : product.client.execute(request)
        )
        const authenticate = yield* authenticatorOf(Preset.withUnsafeInternalUrls(plain, urls), lying)
        const error = yield* Effect.flip(authenticate(yield* product.issue("access", resource)))
        assert.strictEqual(error._tag, "VerificationUnavailable", name)
      }
    }).pipe(Effect.scoped))

  const invalid: ReadonlyArray<
    readonly [TestProvider.ProductName, Urls, reason: Preset.InvalidPreset["reason"], name: string]
  > = [
    ["keycloak", { introspection: `${inside}/introspection` }, "unused-internal-url", "introspection"],
    ["zitadel", { jwks: `${inside}/jwks` }, "unused-internal-url", "jwks"],
    ["github", { introspection: `${inside}/a` }, "unused-internal-url", "introspection"],
    ["github-actions", { introspection: `${inside}/a` }, "unused-internal-url", "introspection"],
    ["keycloak", { metadata: "keycloak:8080/metadata" }, "invalid-internal-url", "metadata"],
    ["keycloak", { jwks: "ftp://keycloak/jwks" }, "invalid-internal-url", "jwks"],
    ["keycloak", { jwks: "http://a:b@keycloak/jwks" }, "invalid-internal-url", "jwks"],
    ["keycloak", { jwks: "" }, "invalid-internal-url", "jwks"]
  ]
  for (const [name, urls, reason, parameter] of invalid) {
    it.effect(`are an error at start for a URL without effect or of another form: ${name} ${JSON.stringify(urls)}`, () =>
      Effect.gen(function*() {
        const { preset: plain, product } = yield* preset(name)
        const error = yield* Effect.flip(authenticatorOf(Preset.withUnsafeInternalUrls(plain, urls), product.client))
        assert.strictEqual(error._tag, "InvalidPreset")
        assert.deepInclude(error, { reason, parameter })
        assert.notInclude(error.message, "a:b@")
      }).pipe(Effect.scoped))
  }

  it.effect("report an invalid parameter, and not the URLs, if both are wrong", () =>
    Effect.gen(function*() {
      const keycloak = yield* Presets.load("keycloak")
      const wrong = Preset.withUnsafeInternalUrls(keycloak({ url: "http://id", realm: "notes" }), { jwks: "" })
      assert.isTrue(Result.isFailure(wrong.settings))
      const error = yield* Effect.flip(wrong.authorizationServer)
      assert.deepInclude(error, { _tag: "InvalidPreset", parameter: "url" })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const env = {
    MCP_AUTH_RESOURCE: resource,
    MCP_AUTH_PRESET: "keycloak",
    MCP_AUTH_PRESET_URL: "https://keycloak.example.com",
    MCP_AUTH_PRESET_REALM: "notes"
  }
  const configured = (urls: object) =>
    McpAuth.layerFromConfig().pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({
        env: { ...env, MCP_AUTH_UNSAFE_INTERNAL_URLS: JSON.stringify(urls) }
      }))),
      Layer.provide(Presets.layer)
    )

  it.effect("work by variables alone", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      const { preset: plain, product } = yield* preset("keycloak")
      const client = yield* insideNetwork(plain, product.client)
      const layer = Layer.provide(configured(usedBy(plain)), Layer.succeed(HttpClient.HttpClient, client))
      const { authenticate } = yield* Effect.flatMap(
        Layer.build(layer),
        (context) => Effect.provide(McpAuth.McpAuth, context)
      )
      const headers = { authorization: `Bearer ${yield* product.issue("access", resource)}` }
      const info = yield* authenticate(HttpServerRequest.fromWeb(new Request(resource, { headers })))
      assert.strictEqual(info.subject, product.expected.subject)
    }).pipe(Effect.scoped))

  it.effect("name MCP_AUTH_PRESET and the URL that has no effect, if they are set by variables", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(configured({ introspection: `${inside}/introspection` })))
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, "MCP_AUTH_PRESET")
      assert.include(error.message, "the internal URL \"introspection\" has no effect")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
