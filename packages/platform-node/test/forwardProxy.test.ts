/**
 * Requests through a forward proxy: real sockets, real TLS, and names that only the test resolves.
 */
import { Discovery } from "@effect-mcp-auth/core"
import { ForwardProxy, NodeMcpAuth } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import * as Dns from "effect/net/Dns"
import { inspect } from "node:util"
import { makeNoProxy } from "../src/internal/noProxy.ts"
import { trusted } from "./standing/support/certificates.ts"
import { makeProxy } from "./standing/support/connectProxy.ts"
import { makeFront } from "./standing/support/front.ts"

const secret = "correct horse: battery%"
const credentials = { username: "notes", password: Redacted.make(secret) }
const authorization = `Basic ${Buffer.from(`notes:${secret}`).toString("base64")}`

/** The host of the provider has no address here: only the proxy reaches it. */
const hosts = {
  "proxy.test": ["127.0.0.1"],
  "metadata.test": ["169.254.169.254"],
  "direct.test": ["127.0.0.1"],
  "localhost": ["127.0.0.1"]
}

const clientWith = (options: NodeMcpAuth.Options, env: Readonly<Record<string, string>> = {}) =>
  NodeMcpAuth.layerNoDns({ ca: trusted.cert, connectTimeout: "5 minutes", ...options }).pipe(
    Layer.provide(Dns.layerStatic({ hosts })),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )

/** The error of the only attempt, or `undefined` if it found the document. */
const errorOf = (url: string, options: NodeMcpAuth.Options, env: Readonly<Record<string, string>> = {}) =>
  Discovery.fromUrls("test", () => [url], { allowInsecureLoopback: true }).pipe(
    Discovery.retry({ times: 0 }),
    Discovery.timeout("5 minutes"),
    (strategy) => Discovery.search(strategy, "https://as.test"),
    Effect.map(({ attempts: [attempt] }) => attempt?.error),
    Effect.provide(clientWith(options, env))
  )

const reasonOf = (url: string, options: NodeMcpAuth.Options, env: Readonly<Record<string, string>> = {}) =>
  Effect.map(errorOf(url, options, env), (error) => error?._tag === "MetadataFetchError" ? error.reason : error)

const provider = makeFront(() => ({ issuer: "https://as.test" }))

describe("a forward proxy", () => {
  it.live("opens tunnels to https origins that only it can resolve", () =>
    Effect.gen(function*() {
      const [{ port }, proxy] = [yield* provider, yield* makeProxy()]
      const error = yield* errorOf(`https://as.test:${port}/`, { proxy: `http://proxy.test:${proxy.port}` })
      assert.isUndefined(error)
      assert.deepStrictEqual(proxy.tunnels, [{ authority: `as.test:${port}`, authorization: undefined }])
    }).pipe(Effect.scoped))

  it.live("receives its credentials", () =>
    Effect.gen(function*() {
      const [{ port }, proxy] = [yield* provider, yield* makeProxy({ authorization })]
      const options = { url: `http://proxy.test:${proxy.port}`, credentials }
      assert.isUndefined(yield* errorOf(`https://as.test:${port}/`, { proxy: options }))
      assert.deepStrictEqual(proxy.tunnels.map((tunnel) => tunnel.authorization), [authorization])
    }).pipe(Effect.scoped))

  it.live("can itself be reached by TLS, with an authority of its own", () =>
    Effect.gen(function*() {
      const [{ port }, proxy] = [yield* provider, yield* makeProxy({ secure: true })]
      const layer = NodeMcpAuth.layerNoDns({ ca: trusted.cert, proxy: `https://as.test:${proxy.port}` }).pipe(
        Layer.provide(Dns.layerStatic({ hosts: { "as.test": ["127.0.0.1"] } }))
      )
      const { attempts } = yield* Discovery.search(
        Discovery.fromUrls("test", () => [`https://as.test:${port}/`]),
        "https://as.test"
      ).pipe(Effect.provide(layer))
      assert.deepStrictEqual(attempts.map(({ outcome }) => outcome), ["Found"])
      assert.strictEqual(proxy.tunnels.length, 1)
    }).pipe(Effect.scoped))

  it.live("changes nothing about certificates: the one of the provider is still checked", () =>
    Effect.gen(function*() {
      const [front, proxy] = [yield* provider, yield* makeProxy()]
      yield* front.become("a certificate of another host")
      const reason = yield* reasonOf(`https://as.test:${front.port}/`, { proxy: `http://proxy.test:${proxy.port}` })
      assert.strictEqual(reason?._tag, "Transport")
    }).pipe(Effect.scoped))

  const failures: ReadonlyArray<readonly [string, { status?: number; closes?: boolean }, number | string]> = [
    ["requires credentials", { status: 407 }, 407],
    ["refuses the host", { status: 403 }, 403],
    ["is overloaded", { status: 503 }, 503],
    ["closes the connection", { closes: true }, "UND_ERR_SOCKET"]
  ]
  for (const [what, behavior, failure] of failures) {
    it.live(`that ${what} is named in the error, without its credentials`, () =>
      Effect.gen(function*() {
        const proxy = yield* makeProxy(behavior)
        const origin = `http://proxy.test:${proxy.port}`
        const error = yield* errorOf("https://as.test/", { proxy: { url: origin, credentials } })
        assert.strictEqual(error?._tag, "MetadataFetchError")
        assert.include(error?.message, `no tunnel through the proxy ${origin} (${failure}); `)
        for (const text of [inspect(error, { depth: 20 }), error?.message ?? ""]) {
          assert.notInclude(text, secret)
          assert.notInclude(text, authorization)
        }
      }).pipe(Effect.scoped))
  }

  it.live("that does not listen is named in the error", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.scoped(makeProxy())
      const reason = yield* reasonOf("https://as.test/", { proxy: `http://proxy.test:${port}` })
      assert.isTrue(reason?._tag === "ProxyFailed" && reason.failure === "ECONNREFUSED", inspect(reason))
    }))

  it.live("that never responds is given up after connectTimeout", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy({ hangs: true })
      const options = { connectTimeout: "300 millis", proxy: `http://proxy.test:${proxy.port}` } as const
      const reason = yield* reasonOf("https://as.test/", options)
      assert.isTrue(reason?._tag === "ProxyFailed" && reason.failure === "UND_ERR_HEADERS_TIMEOUT", inspect(reason))
    }).pipe(Effect.scoped))

  it.live("must have an address that proxy.allow includes", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy()
      for (
        const options of [
          { url: `http://proxy.test:${proxy.port}`, allow: ["private"] },
          { url: "http://metadata.test:3128" },
          { url: "http://169.254.169.254" }
        ]
      ) {
        const reason = yield* reasonOf("https://as.test/", { proxy: options })
        assert.isTrue(reason?._tag === "ProxyFailed" && /proxy\.allow/.test(String(reason.failure)), inspect(reason))
      }
      assert.deepStrictEqual(proxy.tunnels, [])
    }).pipe(Effect.scoped))

  const refused: ReadonlyArray<readonly [host: string, range: string]> = [
    ["10.0.0.1", "private"],
    ["169.254.169.254", "link-local"],
    ["[fd00::1]", "unique-local"],
    ["[::ffff:10.0.0.1]", "private"],
    ["100.64.0.1", "shared"],
    ["idp", "local-name"],
    ["metadata.google.internal", "local-name"],
    ["metadata.google.internal.", "local-name"],
    ["printer.local", "local-name"],
    ["IDP.CORP", "local-name"]
  ]
  for (const [host, range] of refused) {
    it.live(`is not asked for ${host}, which is refused as ${range}`, () =>
      Effect.gen(function*() {
        const proxy = yield* makeProxy()
        const reason = yield* reasonOf(`https://${host}/`, { proxy: `http://proxy.test:${proxy.port}` })
        assert.isTrue(
          (reason?._tag === "RefusedAddress" && reason.range === range) || reason?._tag === "RefusedUrl",
          inspect(reason)
        )
        assert.deepStrictEqual(proxy.tunnels, [])
      }).pipe(Effect.scoped))
  }

  for (const host of ["localhost", "sub.localhost", "127.0.0.1", "[::1]"]) {
    it.live(`is not asked for the loopback host ${host}`, () =>
      Effect.gen(function*() {
        const proxy = yield* makeProxy()
        const reason = yield* reasonOf(`https://${host}/`, { proxy: `http://proxy.test:${proxy.port}` })
        assert.include(["RefusedAddress", "Transport"], reason?._tag)
        assert.deepStrictEqual(proxy.tunnels, [])
      }).pipe(Effect.scoped))
  }

  it.live("is asked for a local name that proxy.allowHosts includes, and for an address that allow includes", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy({ status: 403 })
      const options = { allow: ["10.1.0.0/16"], proxy: { url: `http://proxy.test:${proxy.port}`, allowHosts: ["IdP"] } }
      yield* reasonOf("https://idp/", options)
      yield* reasonOf("https://10.1.2.3:8443/", options)
      yield* reasonOf("https://10.2.2.3/", options)
      assert.deepStrictEqual(proxy.tunnels.map(({ authority }) => authority), ["idp:443", "10.1.2.3:8443"])
    }).pipe(Effect.scoped))

  it.live("never receives a request to an http origin", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy()
      const reason = yield* reasonOf("http://localhost/", { proxy: `http://proxy.test:${proxy.port}` })
      assert.strictEqual(reason?._tag, "RefusedAddress")
      assert.deepStrictEqual([proxy.tunnels.length, proxy.requests()], [0, 0])
    }).pipe(Effect.scoped))

  it.live("is not asked for the hosts of noProxy, whose addresses are judged as without a proxy", () =>
    Effect.gen(function*() {
      const [{ port }, proxy] = [yield* provider, yield* makeProxy()]
      const options = { url: `http://proxy.test:${proxy.port}`, noProxy: ["direct.test"] }
      const reason = yield* reasonOf(`https://direct.test:${port}/`, { proxy: options })
      assert.isTrue(reason?._tag === "RefusedAddress" && reason.range === "loopback", inspect(reason))
      assert.deepStrictEqual(proxy.tunnels, [])
    }).pipe(Effect.scoped))
})

describe("the proxy of the environment", () => {
  for (const name of ["HTTPS_PROXY", "https_proxy"]) {
    it.live(`is read from ${name} if the option proxy is environment`, () =>
      Effect.gen(function*() {
        const [{ port }, proxy] = [yield* provider, yield* makeProxy({ authorization })]
        const env = { [name]: `http://notes:${encodeURIComponent(secret)}@proxy.test:${proxy.port}` }
        assert.isUndefined(yield* errorOf(`https://as.test:${port}/`, { proxy: "environment" }, env))
        assert.strictEqual(proxy.tunnels.length, 1)
      }).pipe(Effect.scoped))
  }

  it.live("is not read without the option", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy()
      const reason = yield* reasonOf("https://as.test/", {}, { HTTPS_PROXY: `http://proxy.test:${proxy.port}` })
      assert.strictEqual(reason?._tag, "Transport")
      assert.deepStrictEqual(proxy.tunnels, [])
    }).pipe(Effect.scoped))

  it.live("is not asked for the hosts of NO_PROXY", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy()
      const env = { HTTPS_PROXY: `proxy.test:${proxy.port}`, NO_PROXY: "other.test, as.test" }
      const reason = yield* reasonOf("https://sub.as.test/", { proxy: "environment" }, env)
      assert.strictEqual(reason?._tag, "Transport")
      assert.deepStrictEqual(proxy.tunnels, [])
    }).pipe(Effect.scoped))

  it.effect("is none if no variable is set, or an empty one", () =>
    Effect.gen(function*() {
      const none = (env: Readonly<Record<string, string>>) =>
        Effect.provide(ForwardProxy.fromEnvironment, ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      assert.isUndefined(yield* none({}))
      assert.isUndefined(yield* none({ https_proxy: "", NO_PROXY: "*" }))
    }))
})

describe("an invalid proxy", () => {
  const rows: ReadonlyArray<
    readonly [proxy: string | ForwardProxy.Options, reason: ForwardProxy.InvalidProxy["reason"]]
  > = [
    ["", "not-a-url"],
    ["proxy.internal", "not-a-url"],
    ["socks5://proxy.internal:1080", "unsupported-scheme"],
    ["http://proxy.internal:3128/path", "not-an-origin"],
    ["http://proxy.internal:3128/?a", "not-an-origin"],
    [`http://notes:hunter2@proxy.internal:3128`, "credentials-in-url"],
    [
      { url: "http://p:1", credentials: { username: "a:b", password: Redacted.make("hunter2") } },
      "invalid-credentials"
    ],
    [
      { url: "http://p:1", credentials: { username: "a", password: Redacted.make("hunter2\r\n") } },
      "invalid-credentials"
    ]
  ]
  for (const [proxy, reason] of rows) {
    it.effect(`is refused as ${reason}, without its password: ${typeof proxy === "string" ? proxy : "credentials"}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ForwardProxy.make(proxy))
        assert.isTrue(error._tag === "InvalidProxy" && error.reason === reason, error.message)
        assert.notInclude(inspect(error, { depth: 20 }), "hunter2")
      }))
  }

  for (const [value, reason] of [["http://a:%@p:1", "invalid-credentials"], ["socks5://p", "unsupported-scheme"]]) {
    it.effect(`is refused as ${reason} in the variable HTTPS_PROXY`, () =>
      Effect.gen(function*() {
        const env = { HTTPS_PROXY: String(value) }
        const error = yield* ForwardProxy.fromEnvironment.pipe(
          Effect.flip,
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
        )
        assert.isTrue(error._tag === "InvalidProxy" && error.reason === reason)
        assert.include(error.message, "The proxy in the variable HTTPS_PROXY cannot be used")
      }))
  }
})

describe("NO_PROXY", () => {
  const rows: ReadonlyArray<readonly [entry: string, host: string, port: string, matches: boolean]> = [
    ["example.com", "example.com", "443", true],
    ["example.com", "EXAMPLE.com.", "443", true],
    ["example.com", "a.example.com", "443", true],
    ["example.com", "badexample.com", "443", false],
    [".example.com", "a.example.com", "443", true],
    ["*.example.com", "a.example.com", "443", true],
    ["example.com:8443", "example.com", "8443", true],
    ["example.com:8443", "example.com", "443", false],
    ["10.0.0.0/8", "10.1.2.3", "443", true],
    ["10.0.0.0/8", "11.1.2.3", "443", false],
    ["10.0.0.0/8", "example.com", "443", false],
    ["10.9.8.7/8", "10.1.2.3", "443", true],
    ["10.9.8.7/8", "11.1.2.3", "443", false],
    ["192.168.1.130/25", "192.168.1.129", "443", true],
    ["192.168.1.130/25", "192.168.1.127", "443", false],
    ["10.0.0.0/8:8443", "10.1.2.3", "8443", true],
    ["10.0.0.0/8:8443", "10.1.2.3", "443", false],
    ["10.0.0.1/0", "192.0.2.1", "443", true],
    ["10.0.0.1/33", "10.0.0.1", "443", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", "443", true],
    ["::ffff:10.1.2.3", "10.1.2.3", "443", true],
    ["fd00::1/8", "fd12::1", "443", true],
    ["fd00::1/8", "fe00::1", "443", false],
    [" example.com ", "example.com", "443", true],
    [" ", "example.com", "443", false],
    ["10.1.2.3", "10.1.2.3", "443", true],
    ["10.1.2.3", "110.1.2.3", "443", false],
    ["::1", "::1", "443", true],
    ["[fd00::1]:8443", "fd00::1", "8443", true],
    ["[fd00::1]:8443", "fd00::1", "443", false],
    ["fd00::/8", "fd12::1", "443", true],
    ["*", "anything.test", "443", true],
    ["", "example.com", "443", false]
  ]
  for (const [entry, host, port, matches] of rows) {
    it(`${JSON.stringify(entry)} ${matches ? "matches" : "does not match"} ${host} at port ${port}`, () => {
      assert.strictEqual(makeNoProxy([entry])(host, port), matches)
    })
  }
})
