/**
 * Own certification authorities and client certificates: real TLS between the HTTP client and servers of the test.
 */
import { Discovery } from "@effect-mcp-auth/core"
import { NodeMcpAuth, TlsOptions } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as Dns from "effect/net/Dns"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { TLSSocket } from "node:tls"
import { inspect } from "node:util"
import { foreign, trusted, untrusted } from "./standing/support/certificates.ts"

/** A provider for as.test that records the subjects of client certificates. It trusts `untrusted` for clients. */
const serve = Effect.fnUntraced(function*(options: { readonly requestCert: boolean }) {
  const clients: Array<string | undefined> = []
  const server = createServer({ ...trusted, ...options, rejectUnauthorized: options.requestCert, ca: untrusted.cert })
  server.on("request", ({ socket }, response) => {
    // An https server has sockets of this kind.
    const { subject } = (socket as TLSSocket).getPeerCertificate()
    // Without a client certificate, the object is empty, which its type does not say.
    clients.push(subject as unknown === undefined ? undefined : String(subject.CN))
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ issuer: "https://as.test" }))
  })
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        // A server that listens on a port has an address of this kind.
        resume(Effect.succeed((server.address() as AddressInfo).port))
      })
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  return { origin: `https://as.test:${port}`, clients }
})

const layerOf = (options: NodeMcpAuth.Options) =>
  Layer.provide(
    NodeMcpAuth.layerNoDns({ allow: ["loopback"], connectTimeout: "5 minutes", ...options }),
    Dns.layerStatic({ hosts: { "as.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] } })
  )

/** The message of the only attempt, or `Found`. */
const outcomeOf = (url: string, options: NodeMcpAuth.Options) =>
  Discovery.fromUrls("test", () => [url]).pipe(
    Discovery.retry({ times: 0 }),
    Discovery.timeout("5 minutes"),
    (strategy) => Discovery.search(strategy, "https://as.test"),
    Effect.map(({ attempts: [attempt] }) => attempt?.error?.message ?? attempt?.outcome),
    Effect.provide(layerOf(options))
  )

describe("a certification authority of the program", () => {
  const rows: ReadonlyArray<readonly [string, (origin: string) => NodeMcpAuth.Options]> = [
    ["as one text", () => ({ ca: trusted.cert })],
    ["as bytes", () => ({ ca: Buffer.from(trusted.cert) })],
    ["in a list", () => ({ ca: [foreign.cert, trusted.cert] })],
    ["in a text with several, between comments", () => ({ ca: `# one\n${foreign.cert}# two\r\n${trusted.cert}` })],
    ["for the origin alone", (origin) => ({ origins: { [origin]: { ca: trusted.cert } } })],
    ["for all origins, beside another one for the origin", (origin) => ({
      ca: trusted.cert,
      origins: { [origin]: { ca: foreign.cert } }
    })]
  ]
  for (const [how, options] of rows) {
    it.live(`is trusted if it is given ${how}`, () =>
      Effect.gen(function*() {
        const { origin } = yield* serve({ requestCert: false })
        assert.strictEqual(yield* outcomeOf(`${origin}/`, options(origin)), "Found")
      }).pipe(Effect.scoped))
  }

  const refused: ReadonlyArray<readonly [string, NodeMcpAuth.Options]> = [
    ["without the option", {}],
    ["if only another one is trusted", { ca: foreign.cert }],
    ["if it is trusted for another origin only", { origins: { "https://as.test": { ca: trusted.cert } } }]
  ]
  for (const [when, options] of refused) {
    it.live(`is not trusted ${when}, and the message names the options`, () =>
      Effect.gen(function*() {
        const { clients, origin } = yield* serve({ requestCert: false })
        const message = yield* outcomeOf(`${origin}/`, options)
        assert.match(String(message), /SELF_SIGNED_CERT/)
        assert.include(message, "--ca-file")
        assert.deepStrictEqual(clients, [])
      }).pipe(Effect.scoped))
  }

  it.live("for one host is not trusted for another host", () =>
    Effect.gen(function*() {
      const { origin } = yield* serve({ requestCert: false })
      const message = yield* outcomeOf(`${origin.replace("as.test", "other.test")}/`, { ca: trusted.cert })
      assert.include(message, "another host name")
    }).pipe(Effect.scoped))
})

describe("a client certificate", () => {
  const client = { cert: untrusted.cert, key: untrusted.key }

  const rows: ReadonlyArray<readonly [string, (origin: string) => NodeMcpAuth.Options]> = [
    ["for all origins", () => ({ ca: trusted.cert, ...client })],
    ["with a redacted key", () => ({ ca: trusted.cert, ...client, key: Redacted.make(untrusted.key) })],
    ["with a key in bytes", () => ({ ca: trusted.cert, ...client, key: Redacted.make(Buffer.from(untrusted.key)) })],
    ["for the origin, in place of the one for all", (origin) => ({
      ca: trusted.cert,
      ...foreign,
      origins: { [origin]: client }
    })],
    ["for all, if the origin has only an authority", (origin) => ({
      ...client,
      origins: { [origin]: { ca: trusted.cert } }
    })]
  ]
  for (const [how, options] of rows) {
    it.live(`is presented: ${how}`, () =>
      Effect.gen(function*() {
        const { clients, origin } = yield* serve({ requestCert: true })
        assert.strictEqual(yield* outcomeOf(`${origin}/`, options(origin)), "Found")
        assert.deepStrictEqual(clients, ["as.test"])
      }).pipe(Effect.scoped))
  }

  it.live("for one origin is not presented to another", () =>
    Effect.gen(function*() {
      const { clients, origin } = yield* serve({ requestCert: true })
      const message = yield* outcomeOf(`${origin}/`, { ca: trusted.cert, origins: { "https://as.test": client } })
      assert.match(String(message), /no response/)
      assert.deepStrictEqual(clients, [])
    }).pipe(Effect.scoped))
})

describe("invalid TLS options", () => {
  const { cert, key } = trusted
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
  const rows: ReadonlyArray<readonly [NodeMcpAuth.Options, option: string, TlsOptions.InvalidTlsOptions["reason"]]> = [
    [{ ca: "" }, "ca", "not-a-certificate"],
    [{ ca: "/etc/ca.pem" }, "ca", "not-a-certificate"],
    [{ ca: [cert, broken] }, "ca", "not-a-certificate"],
    [{ ca: key }, "ca", "not-a-certificate"],
    [{ cert }, "cert", "incomplete"],
    [{ key }, "key", "incomplete"],
    [{ cert: key, key }, "cert", "not-a-certificate"],
    [{ cert, key: foreign.key }, "key", "invalid-key"],
    [{ cert, key: Redacted.make("hunter2") }, "key", "invalid-key"],
    [{ origins: { "https://as.test/": { ca: cert } } }, "origins[\"https://as.test/\"]", "not-an-origin"],
    [{ origins: { "http://as.test": { ca: cert } } }, "origins[\"http://as.test\"]", "not-an-origin"],
    [{ origins: { "as.test": { ca: cert } } }, "origins[\"as.test\"]", "not-an-origin"],
    [{ origins: { "https://as.test": { cert } } }, "origins[\"https://as.test\"].cert", "incomplete"]
  ]
  for (const [options, option, reason] of rows) {
    it.effect(`are refused when the layer is built: ${option} is ${reason} (${Object.keys(options).join(", ")})`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layerOf(options))))
        assert.isTrue(error._tag === "InvalidTlsOptions" && error.option === option && error.reason === reason)
        assert.include(error.message, `The TLS option ${option} cannot be used: `)
        assert.notMatch(inspect(error, { depth: 20 }), /hunter2|PRIVATE KEY/)
      }))
  }

  it.effect("need no context of their own if there are none", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* TlsOptions.makeContext({}))
    }))
})
