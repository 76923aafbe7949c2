import { AuthorizationServer, Discovery, InsecureLoopback, McpAuth } from "@effect-mcp-auth/core"
import { type AddressPolicy, NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Fiber, Layer } from "effect"
import { HttpClient } from "effect/http"
import * as Dns from "effect/net/Dns"
import * as NetAddress from "effect/net/NetAddress"
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer, get, type RequestListener, type ServerResponse } from "node:http"
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { guardedConnector } from "../src/internal/guardedConnector.ts"

/** A server on its own loopback port, which counts the connections that it receives. */
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
  Layer.provide(NodeMcpAuth.layerNoDns({ allow, connectTimeout: "5 minutes" }), Dns.layerStatic({ hosts: names }))

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
    it.live(`refuses the name ${host} because of its addresses`, () =>
      Effect.gen(function*() {
        const reason = yield* reasonOf(`https://${host}/`)
        assert.strictEqual(reason?._tag, "RefusedAddress")
      }).pipe(Effect.provide(withNames([]))))
  }

  it.live("refuses a name with an address that is not allowed", () =>
    Effect.gen(function*() {
      const reason = yield* reasonOf("https://cloud.test/")
      assert.isTrue(reason?._tag === "RefusedAddress" && reason.range === "link-local")
    }).pipe(Effect.provide(withNames(["loopback"]))))

  it.live("connects to an allowed address", () =>
    Effect.gen(function*() {
      const server = yield* serve(metadata)
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get(`http://here.test:${server.port}/`)
      assert.deepStrictEqual(yield* response.json, { issuer: "http://localhost" })
      assert.strictEqual(server.connections(), 1)
    }).pipe(Effect.scoped, Effect.provide(withNames(["loopback"]))))

  it.live("judges a name at every connection and connects to the judged address, which prevents DNS rebinding", () =>
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

  it.live("reports an invalid allowance as a typed error of the layer", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.provide(Effect.void, NodeMcpAuth.layerWith({ allow: ["loopbak"] })))
      assert.strictEqual(error._tag, "InvalidAddressPolicy")
    }))
})

describe("the development mode", () => {
  const development = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, InsecureLoopback.AllowInsecureLoopback, true)

  const withHosts = (hosts: Readonly<Record<string, ReadonlyArray<string>>>) =>
    Layer.provide(NodeMcpAuth.layerNoDns({ connectTimeout: "5 minutes" }), Dns.layerStatic({ hosts }))

  for (const host of ["127.0.0.1", "127.0.0.5", "localhost", "LOCALHOST"]) {
    it.live(`connects to ${host}`, () =>
      Effect.gen(function*() {
        const server = yield* serve(metadata, "0.0.0.0")
        const client = yield* HttpClient.HttpClient
        const response = yield* development(client.get(`http://${host}:${server.port}/`))
        assert.deepStrictEqual(yield* response.json, { issuer: "http://localhost" })
      }).pipe(Effect.scoped, Effect.provide(withHosts({ localhost: ["127.0.0.1"] }))))
  }

  for (const [url, why] of [["http://[::1]:1/", "IPv6"], ["https://localhost:1/", "https"]] as const) {
    it.live(`tries to connect to ${url} (${why})`, () =>
      Effect.gen(function*() {
        const reason = yield* development(reasonOf(url))
        assert.strictEqual(reason?._tag, "Transport")
      }).pipe(Effect.provide(withHosts({ localhost: ["127.0.0.1"] }))))
  }

  const refused: ReadonlyArray<readonly [url: string, range: string, rule: string]> = [
    ["https://here.test/", "loopback", "a name that resolves to a loopback address (DNS rebinding)"],
    ["https://mapped.test/", "loopback", "a name that resolves to a loopback address in IPv6 form"],
    ["https://sub.localhost/", "loopback", "a name below localhost"],
    ["https://inner.test/", "private", "a name in a private network"],
    ["https://10.0.0.1/", "private", "a private address"],
    ["https://[fd00::1]/", "unique-local", "a private IPv6 address"],
    ["https://169.254.169.254/", "link-local", "the metadata service of a cloud"],
    ["https://0.0.0.0/", "unspecified", "the unspecified address"]
  ]
  for (const [url, range, rule] of refused) {
    it.live(`still refuses ${rule}: ${url}`, () =>
      Effect.gen(function*() {
        const reason = yield* development(reasonOf(url))
        assert.isTrue(reason?._tag === "RefusedAddress" && reason.range === range, JSON.stringify(reason))
      }).pipe(Effect.provide(withHosts({ ...names, "sub.localhost": ["127.0.0.1"] }))))
  }

  it.live("still refuses localhost if it resolves to a private address", () =>
    Effect.gen(function*() {
      const reason = yield* development(reasonOf("https://localhost/"))
      assert.isTrue(reason?._tag === "RefusedAddress" && reason.range === "private")
    }).pipe(Effect.provide(withHosts({ localhost: ["10.0.0.1"] }))))

  it.live("leaves no connection that a request without it could use", () =>
    Effect.gen(function*() {
      const server = yield* serve(metadata)
      const url = `http://127.0.0.1:${server.port}/`
      const client = yield* HttpClient.HttpClient
      yield* (yield* development(client.get(url))).text
      const reason = yield* reasonOf(url)
      assert.strictEqual(reason?._tag, "RefusedAddress")
      assert.strictEqual(server.connections(), 1)
    }).pipe(Effect.scoped, Effect.provide(NodeMcpAuth.layer)))

  it.live("is one switch for the issuer, the resource and the connections, beside NodeMcpAuth.layer in any order", () =>
    Effect.gen(function*() {
      const server = yield* serve((request, response) => {
        const issuer = `http://${request.headers.host}`
        response.setHeader("content-type", "application/json")
        response.end(JSON.stringify(
          request.url === "/jwks"
            ? { keys: [] }
            : {
              issuer,
              jwks_uri: `${issuer}/jwks`,
              authorization_endpoint: `${issuer}/authorize`,
              token_endpoint: `${issuer}/token`,
              response_types_supported: ["code"]
            }
        ))
      })
      const auth = McpAuth.layer({
        resource: "http://localhost:3000/mcp",
        authorizationServers: [AuthorizationServer.fetch(`http://127.0.0.1:${server.port}`, { type: "oauth" })]
      })
      const environment = ConfigProvider.layer(ConfigProvider.fromEnv({ env: {} }))
      for (
        const layer of [
          auth.pipe(Layer.provide([McpAuth.development, NodeMcpAuth.layer])),
          auth.pipe(Layer.provide(NodeMcpAuth.layer), Layer.provide(McpAuth.development)),
          auth.pipe(Layer.provide(McpAuth.development), Layer.provide(NodeMcpAuth.layer))
        ]
      ) {
        yield* Effect.scoped(Layer.build(Layer.provide(layer, environment)))
      }
      assert.isAbove(server.connections(), 2)
    }).pipe(Effect.scoped))

  it.live("is named by the refusal of a loopback address", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Discovery.fetchServerConfig("http://127.0.0.1:1", { allowInsecureLoopback: true })
      )
      assert.include(error.message, "McpAuth.development")
      assert.include(error.message, "MCP_AUTH_DEVELOPMENT=true")
    }).pipe(Effect.provide(NodeMcpAuth.layer)))
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

  it.live("reports a refused connection as a transport failure with its code", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.scoped(serve(metadata))
      const reason = yield* reasonOf(`http://127.0.0.1:${port}/`)
      assert.isTrue(reason?._tag === "Transport" && reason.detail === "ECONNREFUSED")
    }).pipe(Effect.provide(layer)))

  it.live("reports a name without addresses as a transport failure", () =>
    Effect.gen(function*() {
      const reason = yield* reasonOf("https://nowhere.test/")
      assert.strictEqual(reason?._tag, "Transport")
    }).pipe(Effect.provide(withNames(["loopback"]))))
})

/** A server that does not speak HTTP, on its own loopback port, and its sockets. */
const serveTcp = Effect.acquireRelease(
  Effect.callback<{ readonly server: Server; readonly port: number; readonly sockets: ReadonlyArray<Socket> }>(
    (resume) => {
      const sockets: Array<Socket> = []
      const server = createTcpServer((socket) => {
        socket.on("error", () => {})
        sockets.push(socket)
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ server, port, sockets }))
      })
    }
  ),
  ({ server, sockets }) =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
)

describe("the address is judged again after connecting", () => {
  /** A policy that accepts this many times, and then refuses: the connected address may differ from the judged one. */
  class Fickle extends Set<string> {
    left: number
    constructor(left: number) {
      super()
      this.left = left
    }
    override has(): boolean {
      return this.left-- > 0
    }
  }

  const connected = Effect.fnUntraced(function*(hostname: string, port: number, times: number) {
    const policy: AddressPolicy.AddressPolicy = { allowedRanges: new Fickle(times), allowedNetworks: [] }
    const open = guardedConnector({ policy, allowLoopbackHosts: false }, yield* Dns.Dns, {
      timeout: 300_000,
      allowH2: false
    })
    return yield* Effect.callback<readonly [Error | null, Socket | null]>((resume) => {
      open(
        { hostname, host: hostname, protocol: "http:", port: String(port) },
        (...result) => resume(Effect.succeed(result))
      )
    })
  })

  for (const host of ["127.0.0.1", "here.test"]) {
    it.live(`${host}: a connection to an address that is refused by then is closed unused`, () =>
      Effect.gen(function*() {
        const { port, server, sockets } = yield* serveTcp
        const accepted = once(server, "connection")
        const [error, socket] = yield* connected(host, port, 1)
        assert.isTrue(
          error !== null && "_tag" in error && error._tag === "RefusedAddress" && "range" in error &&
            error.range === "loopback"
        )
        assert.isNull(socket)
        yield* Effect.promise(() => accepted)
        const [peer] = sockets
        if (peer === undefined) return assert.fail("never connected")
        peer.resume()
        if (!peer.closed) yield* Effect.promise(() => once(peer, "close"))
        assert.strictEqual(peer.bytesRead, 0)
      }).pipe(Effect.scoped, Effect.provide(Dns.layerStatic({ hosts: names }))))

    it.live(`${host}: a connection to an address that is still allowed is used`, () =>
      Effect.gen(function*() {
        const { port } = yield* serveTcp
        const [error, socket] = yield* connected(host, port, 2)
        assert.isNull(error)
        assert.strictEqual(socket?.remoteAddress, "127.0.0.1")
        socket?.destroy()
      }).pipe(Effect.scoped, Effect.provide(Dns.layerStatic({ hosts: names }))))
  }
})

/** Sends a request over its own connection. */
const probed = (port: number) =>
  Effect.callback<void>((resume) => {
    get({ host: "127.0.0.1", port, path: "/probe", agent: false }, (response) => {
      response.resume().on("end", () => resume(Effect.void))
    })
  })

describe("connections", () => {
  /** The number of connections while this many requests wait for their responses. */
  const opened = (requests: number, options: NodeMcpAuth.Options, connections: number) =>
    Effect.gen(function*() {
      const waiting: Array<ServerResponse> = []
      let seen = 0
      const server = yield* serve((request, response) => {
        if (request.url === "/probe") return void response.end()
        seen++
        // Without headers, undici would send nothing more on the connection.
        response.flushHeaders()
        waiting.push(response)
      })
      const client = yield* HttpClient.HttpClient
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: requests }),
          () => Effect.flatMap(client.get(`http://127.0.0.1:${server.port}/`), ({ text }) => text),
          { concurrency: "unbounded", discard: true }
        )
      )
      while (waiting.length < connections) yield* Effect.sleep("10 millis")
      // Connections are accepted in the order in which they were started. One that did not wait arrives before these.
      const before = 20
      for (let probe = 0; probe < before; probe++) yield* probed(server.port)
      const during = { connections: server.connections() - before, seen }
      while (fiber.pollUnsafe() === undefined) {
        for (const response of waiting.splice(0)) response.end("{}")
        yield* Effect.sleep("10 millis")
      }
      yield* Fiber.join(fiber)
      return { ...during, answered: seen }
    }).pipe(Effect.scoped, Effect.provide(NodeMcpAuth.layerWith({ allow: ["loopback"], ...options })))

  const rows: ReadonlyArray<readonly [rule: string, options: NodeMcpAuth.Options, connections: number]> = [
    ["are 40 for an origin, so that 32 introspection requests do not wait for one", {}, 40],
    ["are as many as configured", { connectionsPerOrigin: 3 }, 3],
    ["may be limited to one", { connectionsPerOrigin: 1 }, 1]
  ]
  for (const [rule, options, connections] of rows) {
    it.live(`${rule}, each with one request at a time, and further requests wait`, () =>
      Effect.gen(function*() {
        const expected = { connections, seen: connections, answered: 60 }
        assert.deepStrictEqual(yield* opened(60, options, connections), expected)
      }))
  }
})

describe("the time limit for connecting", () => {
  /** The result, and the time in milliseconds: a busy machine may only need more. */
  const ended = (url: string, options: NodeMcpAuth.Options) =>
    Effect.gen(function*() {
      const strategy = Discovery.fromUrls("test", () => [url], { allowInsecureLoopback: true }).pipe(
        Discovery.retry({ times: 0 }),
        Discovery.timeout("5 minutes")
      )
      const [took, { attempts }] = yield* Effect.timed(Discovery.search(strategy, "https://as.test"))
      const error = attempts[0]?.error
      const reason = error?._tag === "MetadataFetchError" ? error.reason : undefined
      return { detail: reason?._tag === "Transport" ? reason.detail : reason?._tag, took: Duration.toMillis(took) }
    }).pipe(
      Effect.provide(
        Layer.provide(NodeMcpAuth.layerNoDns({ allow: ["loopback"], ...options }), Dns.layerStatic({ hosts: names }))
      )
    )

  it.live("ends a TLS handshake that the server never completes", () =>
    Effect.gen(function*() {
      const { port, sockets } = yield* serveTcp
      const { detail, took } = yield* ended(`https://here.test:${port}/`, { connectTimeout: "300 millis" })
      assert.strictEqual(detail, "UND_ERR_CONNECT_TIMEOUT")
      assert.strictEqual(sockets.length, 1)
      assert.isAtLeast(took, 250)
    }).pipe(Effect.scoped))

  it.live("is 5 seconds by default", () =>
    Effect.gen(function*() {
      const { port } = yield* serveTcp
      const url = `https://here.test:${port}/`
      const longer = Effect.andThen(ended(url, { connectTimeout: "9 seconds" }), Effect.die("9 seconds is too short"))
      const { detail, took } = yield* Effect.raceFirst(ended(url, {}), longer)
      assert.strictEqual(detail, "UND_ERR_CONNECT_TIMEOUT")
      // Undici checks its timers twice a second.
      assert.isAtLeast(took, 4500)
    }).pipe(Effect.scoped))

  // Other systems accept connections for a program whose backlog is full.
  it.live.runIf(process.platform === "linux")(
    "ends a connection that the server never accepts",
    () =>
      Effect.gen(function*() {
        const child = yield* Effect.acquireRelease(
          Effect.sync(() => fork(fileURLToPath(new URL("fixtures/neverAccepts.ts", import.meta.url)))),
          (child) => Effect.sync(() => child.kill("SIGKILL"))
        )
        const [address] = yield* Effect.promise(() => once(child, "message"))
        const { port } = address as AddressInfo
        // A backlog of one takes two on Linux. The other connections fill it until a test that starts slowly has started.
        const sockets = yield* Effect.forEach([1, 2, 3, 4], () =>
          Effect.acquireRelease(
            Effect.sync(() => connect(port, "127.0.0.1").on("error", () => {})),
            (socket) => Effect.sync(() => socket.destroy())
          ))
        while (sockets.filter(({ connecting }) => !connecting).length < 2) yield* Effect.sleep("10 millis")
        const { detail, took } = yield* ended(`http://127.0.0.1:${port}/`, { connectTimeout: "300 millis" })
        assert.strictEqual(detail, "UND_ERR_CONNECT_TIMEOUT")
        assert.isAtLeast(took, 250)
      }).pipe(Effect.scoped)
  )
})
