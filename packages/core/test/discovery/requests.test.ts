import { AuthorizationServer, Discovery, DiscoveryError, JwkSet, MetadataFetchError } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClientRequest } from "effect/http"
import { brotliCompressSync, gzipSync } from "node:zlib"
import manifest from "../../package.json" with { type: "json" }

const issuer = "https://as.test"

/** The requests for the document and the key set of a server that a strategy finds. */
const requestsOf = (strategy: Discovery.Strategy) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const server = yield* AuthorizationServer.fromStrategy(strategy, issuer)
    const keys = yield* JwkSet.make(server)
    yield* Effect.result(keys.find({ kid: undefined, algorithm: "RS256" }))
    const requests = yield* provider.requests
    const [document, keySet] = [requests.find(({ endpoint }) => endpoint !== "jwks"), requests.at(-1)]
    assert.strictEqual(keySet?.endpoint, "jwks")
    return { document: document?.headers ?? {}, keySet: keySet?.headers ?? {} }
  }).pipe(Effect.scoped)

const failureOf = (fault: Fault.Fault) =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    yield* provider.fault("metadata", fault)
    const error = yield* Effect.flip(Discovery.discover(Discovery.oidc, issuer))
    return error instanceof DiscoveryError.DiscoveryFailed ? error : assert.fail(error.message)
  }).pipe(Effect.provide(TestProvider.layer()))

describe("requests to a provider", () => {
  it.effect("name the library and its version in User-Agent", () =>
    Effect.gen(function*() {
      const { document, keySet } = yield* requestsOf(Discovery.oidc)
      for (const headers of [document, keySet]) {
        assert.strictEqual(headers["user-agent"], `effect-mcp-auth/${manifest.version}`)
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("have the User-Agent of the program if it sets one", () =>
    Effect.gen(function*() {
      const { document, keySet } = yield* requestsOf(
        Discovery.withHeaders(Discovery.oidc, { "User-Agent": "notes/1.0" })
      )
      assert.deepStrictEqual([document["user-agent"], keySet["user-agent"]], ["notes/1.0", "notes/1.0"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("ask for the media type of key sets before JSON and any other type", () =>
    Effect.gen(function*() {
      const { document, keySet } = yield* requestsOf(Discovery.oidc)
      assert.strictEqual(document["accept"], "application/json")
      assert.strictEqual(keySet["accept"], "application/jwk-set+json, application/json;q=0.9, */*;q=0.1")
    }).pipe(Effect.provide(TestProvider.layer())))

  const changes: ReadonlyArray<readonly [string, (strategy: Discovery.Strategy) => Discovery.Strategy]> = [
    ["withHeaders", Discovery.withHeaders({ authorization: "Bearer of-the-cluster" })],
    ["mapRequest", Discovery.mapRequest(HttpClientRequest.setHeader("authorization", "Bearer of-the-cluster"))]
  ]
  for (const [name, change] of changes) {
    it.effect(`for a key set on the origin of the document are changed by ${name}`, () =>
      Effect.gen(function*() {
        const { document, keySet } = yield* requestsOf(change(Discovery.oidc))
        assert.strictEqual(document["authorization"], "Bearer of-the-cluster")
        assert.strictEqual(keySet["authorization"], "Bearer of-the-cluster")
      }).pipe(Effect.provide(TestProvider.layer())))

    it.effect(`for a key set on another origin are never changed by ${name}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        for (const origin of ["https://as.test:8443", "https://keys.as.test", "https://as.test.evil.test"]) {
          const strategy = Discovery.fromUrls("moved", () => [`${origin}/metadata`])
          const moved = Discovery.fromEffect("document", () =>
            Effect.succeed({ ...provider.document, jwks_uri: `${issuer}/jwks` }))
          const config = yield* Discovery.discover(change(Discovery.firstOf(strategy, moved)), issuer)
          assert.isUndefined(config.mapKeyRequest)
        }
        yield* provider.fault(
          "metadata",
          Fault.document((document) => ({ ...document, jwks_uri: "https://keys.as.test/jwks" }))
        )
        assert.isUndefined((yield* Discovery.discover(change(Discovery.oidc), issuer)).mapKeyRequest)
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})

describe("a refused request", () => {
  const statuses: ReadonlyArray<readonly [number, string]> = [
    [401, "requires authentication"],
    [403, "firewall"],
    [406, "media type"],
    [407, "proxy.credentials"],
    [451, "legal reasons"]
  ]
  for (const [status, hint] of statuses) {
    it.effect(`with status ${status} says what to do, and not that there is no metadata`, () =>
      Effect.gen(function*() {
        const { message } = yield* failureOf(Fault.status(status))
        assert.include(message, `HTTP ${status}, `)
        assert.include(message, hint)
        if (status < 450) assert.include(message, "Discovery.withHeaders")
        assert.notInclude(message, "there is no metadata at this URL")
      }))
  }

  const certificates: ReadonlyArray<readonly [string, string]> = [
    ["SELF_SIGNED_CERT_IN_CHAIN", "--use-system-ca"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "--ca-file"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "NODE_EXTRA_CA_CERTS"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "NODE_EXTRA_CA_CERTS"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "NODE_EXTRA_CA_CERTS"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "--cert-file"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "cert and key"],
    ["CERT_HAS_EXPIRED", "renew it"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "another host name"],
    ["ECONNREFUSED", "check the host name"]
  ]
  for (const [code, hint] of certificates) {
    it(`says what to do about ${code}`, () => {
      const reason = new MetadataFetchError.Transport({ detail: code })
      assert.include(new MetadataFetchError.MetadataFetchError({ url: issuer, reason }).message, hint)
    })
  }
})

describe("a tunnel that a forward proxy does not open", () => {
  const proxy = "http://proxy.internal:3128"
  const rows: ReadonlyArray<readonly [failure: number | string, isTransient: boolean, hint: string]> = [
    [407, false, "proxy.credentials"],
    [403, false, "allow this host at the proxy"],
    [503, true, "allow this host at the proxy"],
    ["ECONNREFUSED", true, "HTTPS_PROXY"]
  ]
  for (const [failure, isTransient, hint] of rows) {
    it(`after ${failure} names the proxy and what to do, and is ${isTransient ? "" : "not "}retried`, () => {
      const error = new MetadataFetchError.MetadataFetchError({
        url: issuer,
        reason: new MetadataFetchError.ProxyFailed({ proxy, failure })
      })
      assert.include(error.message, `no tunnel through the proxy ${proxy} (${failure}); `)
      assert.include(error.message, hint)
      assert.strictEqual(MetadataFetchError.isTransient(error), isTransient)
    })
  }
})

describe("a compressed response that was not requested", () => {
  const json = JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` })
  const compressed: ReadonlyArray<readonly [string, Fault.Fault]> = [
    ["with gzip and its header", Fault.all(Fault.body(gzipSync(json)), Fault.headers({ "content-encoding": "gzip" }))],
    ["with gzip and without its header", Fault.body(gzipSync(json))],
    ["with Zstandard and without its header", Fault.body(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58]))],
    [
      "with Brotli and its header",
      Fault.all(Fault.body(brotliCompressSync(json)), Fault.headers({ "content-encoding": " BR " }))
    ],
    [
      "with another coding and its header",
      Fault.all(
        Fault.body(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x04])),
        Fault.headers({ "content-encoding": "zstd" })
      )
    ]
  ]
  for (const [what, fault] of compressed) {
    it.effect(`is named as such, and is no missing document: ${what}`, () =>
      Effect.gen(function*() {
        const error = yield* failureOf(fault)
        assert.strictEqual(error.outcome, "Refused")
        assert.include(error.message, "the body is compressed, which was not requested")
      }))
  }

  it.effect("is read if the HTTP client has decompressed it", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("metadata", Fault.headers({ "content-encoding": "gzip" }))
      assert.strictEqual((yield* Discovery.discover(Discovery.oidc, issuer)).issuer, issuer)
    }).pipe(Effect.provide(TestProvider.layer())))
})
