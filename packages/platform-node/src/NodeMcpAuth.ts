/**
 * What a Node program gives to `@effect-mcp-auth/core`: an HTTP client that is fit to ask strangers.
 *
 * It is undici with bounded connections, without redirects, cookies and proxies of its own, and with a guard: addresses
 * that are not globally reachable are refused at connect time, after name resolution, so that a name that changes its
 * mind (DNS rebinding) does not help. A refusal is the reason `RefusedAddress` of a `MetadataFetchError`. The layers also
 * keep tokens that clients put into URLs out of Effect's traces, and verify signatures by `node:crypto` (`NodeJws`).
 *
 * **Example** (A server's layer)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Effect from "effect/Effect"
 *
 * const program = Discovery.fetchServerConfig("https://127.0.0.1:1").pipe(
 *   Effect.flip,
 *   Effect.map((error) => error._tag === "DiscoveryFailed" ? error.outcome : error._tag),
 *   Effect.provide(NodeMcpAuth.layer)
 * )
 *
 * await Effect.runPromise(program) // => "Refused"
 * ```
 *
 * @since 0.1.0
 */
import * as NodeDns from "@effect/platform-node/NodeDns"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Dns from "effect/net/Dns"
import * as AddressPolicy from "./AddressPolicy.ts"
import { guardedConnector } from "./internal/guardedConnector.ts"
import * as NodeJws from "./NodeJws.ts"

/**
 * What may be chosen about the HTTP client.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * What may be connected to besides globally reachable addresses: ranges such as `loopback` or `private`, and networks
   * in CIDR form. Default: nothing.
   */
  readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined
  /**
   * How many connections an origin may have: at least as many as introspection requests may be in flight (`concurrency`, of
   * each resource), and some for metadata and keys. Default: 40.
   */
  readonly connectionsPerOrigin?: number | undefined
  /** How long a connection may take to be opened. Default: 5 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
}

/** Metadata has small headers; a server that sends more is not a provider. */
const maxHeaderSize = 16 * 1024

const makeDispatcher = Effect.fnUntraced(function*(options: Options) {
  const policy = yield* AddressPolicy.allow(...options.allow ?? [])
  const dns = yield* Dns.Dns
  const timeout = Duration.toMillis(Duration.fromInputUnsafe(options.connectTimeout ?? "5 seconds"))
  return yield* NodeHttpClient.makeDispatcherOptions({
    connections: options.connectionsPerOrigin ?? 40,
    pipelining: 1,
    maxHeaderSize,
    connect: guardedConnector(policy, dns, { timeout, allowH2: false })
  })
})

/** A token in a URL is refused, but Effect traces the URL of every request: it must not be read there either. */
const redacted = Layer.effect(
  UrlParams.CurrentRedactedNames,
  Effect.map(UrlParams.CurrentRedactedNames, (names) => [...names, "access_token"])
)

/**
 * The HTTP client, resolving names through the given `Dns`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoDns = (
  options: Options = {}
): Layer.Layer<HttpClient.HttpClient, AddressPolicy.InvalidAddressPolicy, Dns.Dns> =>
  Layer.effect(HttpClient.HttpClient, NodeHttpClient.makeUndici).pipe(
    Layer.provide(Layer.effect(NodeHttpClient.Dispatcher, makeDispatcher(options))),
    Layer.merge(redacted),
    Layer.merge(NodeJws.layer)
  )

/**
 * The HTTP client, with more allowed than globally reachable addresses.
 *
 * **Example** (A provider on this machine, for development)
 *
 * ```ts import.meta.vitest
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Layer from "effect/Layer"
 *
 * Layer.isLayer(NodeMcpAuth.layerWith({ allow: ["loopback"] })) // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options: Options
): Layer.Layer<HttpClient.HttpClient, AddressPolicy.InvalidAddressPolicy> =>
  Layer.provide(layerNoDns(options), NodeDns.layer)

/**
 * The HTTP client that a server on the internet should use: it connects to globally reachable addresses only.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<HttpClient.HttpClient> =
  // Nothing is allowed here, so nothing can be misspelt.
  Layer.orDie(layerWith({}))
