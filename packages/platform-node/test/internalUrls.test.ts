/** The address guard and URLs inside the own network. */
import { AuthorizationServer, Discovery, UnsafeInternalOrigin } from "@effect-mcp-auth/core"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import * as Dns from "effect/net/Dns"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { makeProxy } from "./standing/support/connectProxy.ts"

const issuer = "https://as.test"

/** A provider that speaks plain http. */
const serve = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }))
    })
    server.listen(0, "127.0.0.1", () => {
      // A server that listens on a port has an address of this kind.
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({
        port,
        close: () => {
          server.closeAllConnections()
          server.close()
        }
      }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const layerOf = (options: NodeMcpAuth.Options) =>
  Layer.provide(
    NodeMcpAuth.layerNoDns({ connectTimeout: "5 minutes", ...options }),
    Dns.layerStatic({
      hosts: { "keycloak": ["127.0.0.1"], "other": ["127.0.0.1"], "rebound": ["169.254.169.254"] }
    })
  )

const reasonOf = (url: string, internal: string | undefined) =>
  HttpClient.HttpClient.pipe(
    Effect.flatMap((client) => client.get(url)),
    (request) => internal === undefined ? request : UnsafeInternalOrigin.provide(request, internal),
    Effect.match({
      onSuccess: ({ status }) => status,
      onFailure: (error) => {
        const { cause } = error.reason
        return typeof cause === "object" && cause !== null && "range" in cause ? cause.range : error.reason._tag
      }
    })
  )

describe("the address guard and URLs inside the own network", () => {
  it.live("connects to an internal URL of an authorization server, without the proxy", () =>
    Effect.gen(function*() {
      const [{ port }, proxy] = [yield* serve, yield* makeProxy()]
      const network = yield* Layer.build(layerOf({ proxy: `http://127.0.0.1:${proxy.port}` }))
      const server = yield* AuthorizationServer.discover(issuer, {
        type: "oauth",
        unsafeInternalUrls: { metadata: `http://keycloak:${port}/metadata` }
      }).pipe(Effect.provide(network))
      assert.strictEqual((yield* server.config).issuer, issuer)
      assert.deepStrictEqual([proxy.tunnels.length, proxy.requests()], [0, 0])
    }).pipe(Effect.scoped))

  it.live("refuses the same URL if a document names it, and every other origin", () =>
    Effect.gen(function*() {
      const { port } = yield* serve
      const [own, other] = [`http://keycloak:${port}/`, `http://other:${port}/`]
      assert.strictEqual(yield* reasonOf(own, own), 200)
      assert.strictEqual(yield* reasonOf(own, undefined), "loopback", "an open connection is not used")
      assert.strictEqual(yield* reasonOf(other, own), "loopback", "another host")
      assert.strictEqual(yield* reasonOf(`http://keycloak:${port === 1 ? 2 : 1}/`, own), "loopback", "another port")
      assert.strictEqual(yield* reasonOf(`https://keycloak:${port}/`, own), "loopback", "another scheme")
    }).pipe(Effect.scoped, Effect.provide(layerOf({}))))

  it.live("refuses an internal host that resolves to the metadata service of a cloud", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* reasonOf("http://rebound/", "http://rebound/"), "link-local")
      assert.strictEqual(yield* reasonOf("http://169.254.169.254/", "http://169.254.169.254/"), "link-local")
    }).pipe(Effect.provide(layerOf({}))))

  it.live("reports a refused internal URL as a refused address", () =>
    Effect.gen(function*() {
      const { attempts } = yield* Discovery.search(Discovery.unsafeInternalUrl("http://rebound/"), issuer)
      const error = attempts[0]?.error
      assert.isTrue(error?._tag === "MetadataFetchError" && error.reason._tag === "RefusedAddress")
    }).pipe(Effect.provide(layerOf({}))))
})
