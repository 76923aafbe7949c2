/**
 * Real providers through their presets alone: what a preset says about a product, compared with the product.
 */
import { McpAuth, Policy } from "@effect-mcp-auth/core"
import * as BetterAuth from "@effect-mcp-auth/core/presets/BetterAuth"
import * as OidcProvider from "@effect-mcp-auth/core/presets/OidcProvider"
import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { MovableClock } from "@effect-mcp-auth/examples/movableClock"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Layer, type Scope } from "effect"
import { HttpServerRequest } from "effect/http"
import * as Dns from "effect/net/Dns"
import { decodeJwt, exportJWK, generateKeyPair } from "jose"
import { randomUUID } from "node:crypto"
import { trusted } from "../standing/support/certificates.ts"
import * as BetterAuthProvider from "./support/BetterAuthProvider.ts"
import { live } from "./support/live.ts"
import { host, logIn, makeBrowser, type Proxy, type PublicProvider, startProxy } from "./support/publicProvider.ts"

const resource = "https://api.example.com/mcp"
const otherApi = "https://other.example.com/mcp"
const tokenClaims = { roles: ["editor"] }

/** A product. */
interface Product {
  readonly name: string
  /** The path of the issuer. */
  readonly path: string
  readonly preset: (url: string) => Preset.Preset
  readonly metadataPath: string
  /** Starts the product, whose origin the public knows by another name. `rotate` is another start with new keys. */
  readonly start: (publicOrigin: string) => Effect.Effect<Started, unknown, Scope.Scope>
}

interface Started {
  readonly origin: string
  /** Replaces the signing keys, and returns the origin from then on. */
  readonly rotate: Effect.Effect<string, unknown, Scope.Scope>
}

const newKeys = Effect.promise(async () => {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true })
  return [{ ...await exportJWK(privateKey), alg: "RS256", use: "sig", kid: randomUUID() }]
})

/** An oidc-provider with new keys. Its rotation is another one with the same issuer. */
const startEmbedded = (publicOrigin: string) => {
  const fresh = Effect.gen(function*() {
    const { origin } = yield* EmbeddedProvider.start({ publicOrigin, tokenClaims, signingKeys: yield* newKeys })
    return origin
  })
  return Effect.map(fresh, (origin): Started => ({ origin, rotate: fresh }))
}

const startBetterAuth = Effect.fnUntraced(function*(publicOrigin: string) {
  const { origin, store } = yield* BetterAuthProvider.start({
    publicOrigin,
    tokenClaims,
    resources: [resource, otherApi]
  })
  // Without a key, the next token makes a new one.
  const rotate = Effect.sync(() => {
    store["jwks"]?.splice(0)
    return origin
  })
  return { origin, rotate }
})

const products: ReadonlyArray<Product> = [
  {
    name: "oidc-provider",
    path: "",
    preset: (url) => OidcProvider.preset({ url }),
    metadataPath: "/.well-known/openid-configuration",
    start: startEmbedded
  },
  {
    name: "better-auth",
    path: "/api/auth",
    preset: (url) => BetterAuth.preset({ url }),
    metadataPath: "/.well-known/oauth-authorization-server/api/auth",
    start: startBetterAuth
  }
]

/** How the server reaches the provider. */
interface Way {
  readonly name: string
  readonly tls: boolean
  readonly publicOrigin: (proxy: Proxy) => string
  readonly wrap: (preset: Preset.Preset, product: Product, proxy: Proxy) => Preset.Preset
  readonly network: NodeMcpAuth.Options
}

const ways: ReadonlyArray<Way> = [
  {
    name: "over TLS with an own certification authority",
    tls: true,
    publicOrigin: ({ port }) => `https://${host}:${port}`,
    wrap: (preset) => preset,
    network: { allow: ["loopback"], ca: trusted.cert }
  },
  {
    name: "inside the network over plain http, while the issuer is public",
    tls: false,
    publicOrigin: () => "https://id.example.com",
    wrap: (preset, { metadataPath, path }, { port }) =>
      Preset.withUnsafeInternalUrls(preset, {
        metadata: `http://provider.internal:${port}${metadataPath}`,
        jwks: `http://provider.internal:${port}${path}/jwks`
      }),
    network: {}
  }
]

const networkOf = (options: NodeMcpAuth.Options) =>
  Layer.provide(
    NodeMcpAuth.layerNoDns({ connectTimeout: "5 minutes", ...options }),
    Dns.layerStatic({ hosts: { [host]: ["127.0.0.1"], "provider.internal": ["127.0.0.1"] } })
  )

/** A provider, and a server that trusts it by its preset alone. */
const start = Effect.fnUntraced(function*(product: Product, way: Way) {
  const proxy = yield* startProxy(way)
  const publicOrigin = way.publicOrigin(proxy)
  const started = yield* product.start(publicOrigin)
  proxy.forwardTo(started.origin)
  const issuer = `${publicOrigin}${product.path}`
  const provider: PublicProvider = { issuer, origin: started.origin }
  const preset = way.wrap(product.preset(issuer), product, proxy)
  const clock = new MovableClock(yield* Clock.Clock)
  const context = yield* Layer.build(
    McpAuth.layer({ resource, authorizationServers: [preset] }).pipe(Layer.provide(networkOf(way.network)))
  ).pipe(Effect.provideService(Clock.Clock, clock))
  const { authenticate } = yield* Effect.provide(McpAuth.McpAuth, context)
  const callerOf = (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    ).pipe(Effect.provideService(Clock.Clock, clock))
  return {
    clock,
    provider,
    proxy,
    callerOf,
    reasonOf: (token: string) =>
      Effect.map(Effect.flip(callerOf(token)), (error) => error._tag === "InvalidToken" ? error.reason : error._tag),
    /** Logs in at a provider with new keys. */
    rotated: Effect.map(started.rotate, (origin): PublicProvider => {
      proxy.forwardTo(origin)
      return { issuer, origin }
    })
  }
})

describe("the metadata that a real provider publishes", () => {
  for (const product of products) {
    live(
      `suggests the preset of the product, and no other with certainty: ${product.name}`,
      () =>
        Effect.gen(function*() {
          const origin = "https://id.example.com"
          const { origin: internal } = yield* product.start(origin)
          const { visit } = makeBrowser({ issuer: `${origin}${product.path}`, origin: internal })
          const document = yield* Effect.promise(async () => (await visit(`${origin}${product.metadataPath}`)).json())
          const suggestions = Preset.detect(document, yield* Presets.loadAll)
          assert.include(suggestions.map(({ definition }) => definition.name), product.name)
          const certain = suggestions.filter(({ confidence }) => confidence === "certain")
          assert.deepStrictEqual(certain.filter(({ definition }) => definition.name !== product.name), [])
        })
    )
  }

  live("is at the URLs of OpenID Connect and of RFC 8414: oidc-provider", () =>
    Effect.gen(function*() {
      const { origin } = yield* EmbeddedProvider.start()
      const statuses = yield* Effect.promise(() =>
        Promise.all(
          ["openid-configuration", "oauth-authorization-server"].map(async (name) =>
            (await makeBrowser({ issuer: origin, origin }).visit(`${origin}/.well-known/${name}`)).status
          )
        )
      )
      assert.deepStrictEqual(statuses, [200, 200])
    }))
})

for (const product of products) {
  for (const way of ways) {
    describe(`${product.name} and its preset, ${way.name}`, () => {
      live(
        "a real access token is accepted, and its subject, client, scopes and roles are read",
        () =>
          Effect.gen(function*() {
            const { callerOf, provider } = yield* start(product, way)
            const { access } = yield* logIn(provider, resource)
            for (const time of ["verified", "remembered", "from memory"]) {
              const info = yield* callerOf(access)
              assert.strictEqual(info.issuer, provider.issuer, time)
              assert.strictEqual(info.subject, "ada")
              assert.strictEqual(info.clientId, decodeJwt(access)["client_id"])
              assert.isTrue(info.scopes.has("notes:read"))
              assert.isFalse(info.scopes.has("notes:write"))
              const roles = yield* Effect.forEach(
                ["editor", "admin"],
                (role) => Policy.evaluate(Policy.role(role), info)
              )
              assert.deepStrictEqual(
                roles.map(({ permitted }) => permitted),
                [true, false]
              )
            }
          })
      )

      live("a real ID token, and a real access token for another API, are refused", () =>
        Effect.gen(function*() {
          const { provider, reasonOf } = yield* start(product, way)
          const { id } = yield* logIn(provider, resource)
          assert.strictEqual(yield* reasonOf(id), "not-an-access-token")
          const other = yield* logIn(provider, otherApi)
          assert.include([decodeJwt(other.access).aud].flat(), otherApi)
          assert.strictEqual(yield* reasonOf(other.access), "wrong-audience")
        }))

      live("a real access token is refused when it has expired, also from memory", () =>
        Effect.gen(function*() {
          const { callerOf, clock, provider, reasonOf } = yield* start(product, way)
          const { access } = yield* logIn(provider, resource)
          for (let times = 0; times < 3; times++) yield* callerOf(access)
          clock.ahead = () => 3_600_000
          assert.strictEqual(yield* reasonOf(access), "expired")
        }))

      live(
        "after a rotation of keys, new tokens are accepted, and tokens of the old key are not",
        () =>
          Effect.gen(function*() {
            const { callerOf, provider, reasonOf, rotated } = yield* start(product, way)
            const { access: old } = yield* logIn(provider, resource)
            yield* callerOf(old)
            const { access } = yield* logIn(yield* rotated, resource)
            assert.strictEqual((yield* callerOf(access)).subject, "ada")
            assert.strictEqual(yield* reasonOf(old), "unknown-key")
          })
      )
    })
  }
}
