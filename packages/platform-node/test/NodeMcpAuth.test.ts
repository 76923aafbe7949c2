import { Discovery } from "@effect-mcp-auth/core"
import { NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import * as Dns from "effect/net/Dns"
import * as NetAddress from "effect/net/NetAddress"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

/** A server on a loopback port of its own, that counts the connections it sees. */
const serve = (listener: RequestListener, host = "127.0.0.1") =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly connections: () => number; readonly close: () => void }>(
      (resume) => {
        let connections = 0
        const server = createServer(listener)
        server.on("connection", () => connections++)
        server.listen(0, host, () => {
          const { port } = server.address() as AddressInfo
          const close = () => {
            server.closeAllConnections()
            server.close()
          }
          resume(Effect.succeed({ port, connections: () => connections, close }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const names = {
  "inner.test": ["10.0.0.1"],
  "cloud.test": ["169.254.169.254"],
  "mixed.test": ["93.184.216.34", "10.0.0.1"],
  "here.test": ["127.0.0.1"],
  "mapped.test": ["::ffff:127.0.0.1"]
}

const withNames = (allow: ReadonlyArray<string>) =>
  Layer.provide(NodeMcpAuth.layerNoDns({ allow, connectTimeout: "2 seconds" }), Dns.layerStatic({ hosts: names }))

const reasonOf = (url: string) =>
  Effect.map(
    Discovery.search(Discovery.fromUrls("test", () => [url]), "http://localhost", { allowInsecureLoopback: true }),
    ({ attempts }) => {
      const error = attempts[0]?.error
      return error?._tag === "MetadataFetchError" ? error.reason : error
    }
  )

const metadata: RequestListener = (_, response) => {
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify({ issuer: "http://localhost" }))
}

describe("the address guard", () => {
  for (const host of ["127.0.0.1", "localhost", "127.1.2.3"]) {
    it.live(`refuses ${host}, and never connects`, () =>
      Effect.gen(function*() {
        const server = yield* serve(metadata)
        const reason = yield* reasonOf(`http://${host}:${server.port}/`)
        assert.strictEqual(reason?._tag, "RefusedAddress")
        assert.strictEqual(server.connections(), 0)
      }).pipe(Effect.scoped, Effect.provide(NodeMcpAuth.layer)))
  }

  it.live("refuses [::1], and never connects", () =>
    Effect.gen(function*() {
      const reason = yield* reasonOf("http://[::1]:1/")
      assert.strictEqual(reason?._tag, "RefusedAddress")
    }).pipe(Effect.provide(NodeMcpAuth.layer)))

  for (const host of ["inner.test", "cloud.test", "mixed.test", "here.test", "mapped.test"]) {
    it.live(`refuses the name ${host} for what it resolves to`, () =>
      Effect.gen(function*() {
        const reason = yield* reasonOf(`https://${host}/`)
        assert.strictEqual(reason?._tag, "RefusedAddress")
      }).pipe(Effect.provide(withNames([]))))
  }

  it.live("refuses a name that leads elsewhere than to what is allowed", () =>
    Effect.gen(function*() {
      const reason = yield* reasonOf("https://cloud.test/")
      assert.isTrue(reason?._tag === "RefusedAddress" && reason.range === "link-local")
    }).pipe(Effect.provide(withNames(["loopback"]))))

  it.live("connects to what is allowed", () =>
    Effect.gen(function*() {
      const server = yield* serve(metadata)
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get(`http://here.test:${server.port}/`)
      assert.deepStrictEqual(yield* response.json, { issuer: "http://localhost" })
      assert.strictEqual(server.connections(), 1)
    }).pipe(Effect.scoped, Effect.provide(withNames(["loopback"]))))

  it.live("a name is judged at every connection, and connected to as it was judged: rebinding does not help", () =>
    Effect.gen(function*() {
      const server = yield* serve((request, response) => {
        response.setHeader("connection", "close")
        metadata(request, response)
      })
      const answers = ["127.0.0.1", "169.254.169.254"].map(NetAddress.ipFromStringUnsafe)
      let lookups = 0
      const rebinding = Dns.make({
        lookup: () => Effect.sync(() => answers.slice(lookups, ++lookups)),
        resolve: () => Effect.die("not asked"),
        reverse: () => Effect.die("not asked")
      })
      const layer = Layer.provide(
        NodeMcpAuth.layerNoDns({ allow: ["loopback"] }),
        Layer.succeed(Dns.Dns, rebinding)
      )
      yield* Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        const first = yield* client.get(`http://rebinding.test:${server.port}/`)
        yield* first.text
        assert.strictEqual(lookups, 1)
        const reason = yield* reasonOf(`https://rebinding.test:${server.port}/`)
        assert.isTrue(reason?._tag === "RefusedAddress" && reason.range === "link-local")
        assert.strictEqual(server.connections(), 1)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.live("a misspelt allowance is a typed error of the layer", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.provide(Effect.void, NodeMcpAuth.layerWith({ allow: ["loopbak"] })))
      assert.strictEqual(error._tag, "InvalidAddressPolicy")
    }))
})

describe("the HTTP client", () => {
  const layer = NodeMcpAuth.layerWith({ allow: ["loopback"] })

  it.live("does not follow redirects", () =>
    Effect.gen(function*() {
      const server = yield* serve((_, response) => {
        response.writeHead(302, { location: "https://evil.test/" })
        response.end()
      })
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get(`http://127.0.0.1:${server.port}/`)
      assert.strictEqual(response.status, 302)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.live("a refused connection is a transport failure with its code", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.scoped(serve(metadata))
      const reason = yield* reasonOf(`http://127.0.0.1:${port}/`)
      assert.isTrue(reason?._tag === "Transport" && reason.detail === "ECONNREFUSED")
    }).pipe(Effect.provide(layer)))

  it.live("a name without addresses is a transport failure", () =>
    Effect.gen(function*() {
      const reason = yield* reasonOf("https://nowhere.test/")
      assert.strictEqual(reason?._tag, "Transport")
    }).pipe(Effect.provide(withNames(["loopback"]))))
})
