import { ClientMetadata, ResourceDiscovery } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpRouter } from "effect/http"

const url = "https://app.test/oauth/client.json"
const valid: ClientMetadata.ClientMetadata = { clientName: "App", redirectUris: ["http://127.0.0.1/callback"] }

describe("ClientMetadata.document", () => {
  it.effect("fills in a public client with PKCE and refresh tokens", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* ClientMetadata.document(url, valid), {
        client_id: url,
        client_name: "App",
        redirect_uris: ["http://127.0.0.1/callback"],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none"
      })
    }))

  const invalid: ReadonlyArray<readonly [reason: string, url: string, metadata: ClientMetadata.ClientMetadata]> = [
    ["url", "https://app.test", valid],
    ["url", "https://app.test/", valid],
    ["url", "http://app.test/client.json", valid],
    ["url", "https://app.test/client.json?x=1", valid],
    ["url", "https://app.test/client.json#x", valid],
    ["url", "https://app.test/../client.json", valid],
    ["url", "https://user@app.test/client.json", valid],
    ["redirect-uris", url, { clientName: "App" }],
    ["redirect-uris", url, { redirectUris: [] }],
    ["redirect-uris", url, { redirectUris: ["http://app.test/callback"] }],
    ["redirect-uris", url, { redirectUris: ["javascript:alert(1)"] }],
    ["redirect-uris", url, { redirectUris: ["https://app.test/callback#x"] }],
    ["secret", url, { ...valid, tokenEndpointAuthMethod: "client_secret_basic" }],
    ["keys", url, { ...valid, tokenEndpointAuthMethod: "private_key_jwt" }],
    ["grants", url, { ...valid, grantTypes: ["client_credentials"] }]
  ]

  it.effect.each(invalid)("refuses metadata because of %s: %s", ([reason, id, metadata]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ClientMetadata.document(id, metadata))
      assert.strictEqual(String(error.reason), reason)
      assert.include(error.message, "cannot be a client ID")
    }))

  it.effect("is served at its path, as JSON that may be cached", () =>
    Effect.gen(function*() {
      const { dispose, handler } = HttpRouter.toWebHandler(ClientMetadata.serve(url, valid), { disableLogger: true })
      const response = yield* Effect.promise(() => handler(new Request(url)))
      assert.deepStrictEqual(
        [response.status, response.headers.get("content-type"), response.headers.get("cache-control")],
        [200, "application/json", "public, max-age=3600"]
      )
      const document = yield* Effect.promise(() => response.json())
      assert.strictEqual(document.client_id, url)
      yield* Effect.promise(() => dispose())
    }))

  it("knows native and web clients by their redirect", () => {
    const kinds = [
      "https://app.test/cb",
      "https://localhost/cb",
      "http://127.0.0.1:1/cb",
      "com.example.app:/cb",
      "no URL"
    ]
    assert.deepStrictEqual(kinds.map(ClientMetadata.applicationType), ["web", "native", "native", "native", "native"])
  })
})

describe("ResourceDiscovery", () => {
  it("covers a server by its URL, its origin and a path above it, and by nothing else", () => {
    const covered = [
      ["https://a.test/mcp", "https://a.test/mcp"],
      ["https://a.test", "https://a.test/mcp"],
      ["https://a.test/", "https://a.test/mcp"],
      ["https://a.test/t1", "https://a.test/t1/mcp"],
      ["https://a.test/mcp/", "https://a.test/mcp"],
      ["https://A.test:443/mcp", "https://a.test/mcp"],
      ["https://a.test/mcp?x=1", "https://a.test/mcp?x=1"]
    ] as const
    const others = [
      ["https://a.test/mc", "https://a.test/mcp"],
      ["https://a.test:8443/mcp", "https://a.test/mcp"],
      ["https://b.test", "https://a.test/mcp"],
      ["https://a.test/mcp/x", "https://a.test/mcp"],
      ["http://a.test/mcp", "https://a.test/mcp"],
      ["https://a.test/mcp#x", "https://a.test/mcp"],
      ["https://a.test/mcp?x=2", "https://a.test/mcp?x=1"],
      ["no URL", "https://a.test/mcp"]
    ] as const
    for (const [resource, server] of covered) assert.isTrue(ResourceDiscovery.covers(resource, server), resource)
    for (const [resource, server] of others) assert.isFalse(ResourceDiscovery.covers(resource, server), resource)
    assert.isFalse(ResourceDiscovery.exact("https://a.test/", "https://a.test"))
  })
})
