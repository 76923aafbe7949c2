/**
 * The services that a Node program provides to `@effect-mcp-auth/core`: an HTTP client that is safe for untrusted URLs.
 *
 * It is undici with bounded connections, and without automatic redirects and cookies. It uses a proxy only if the option
 * `proxy` says so. It refuses addresses that are not globally reachable at connect time, after name resolution, which also
 * prevents DNS rebinding. A refusal is the reason `RefusedAddress` of a `MetadataFetchError`. `McpAuth.development` also allows loopback hosts. The layers
 * also keep tokens in URLs out of Effect's traces, verify signatures with `node:crypto` (`NodeJws`), and contain the presets
 * that `MCP_AUTH_PRESET` can name (`Presets`).
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
import { AllowInsecureLoopback } from "@effect-mcp-auth/core/InsecureLoopback"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import * as UnsafeInternalOrigin from "@effect-mcp-auth/core/UnsafeInternalOrigin"
import * as NodeDns from "@effect/platform-node/NodeDns"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { buildConnector } from "@effect/platform-node/Undici"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Dns from "effect/net/Dns"
import type { SecureContext } from "node:tls"
import * as AddressPolicy from "./AddressPolicy.ts"
import * as ForwardProxy from "./ForwardProxy.ts"
import { guardedConnector } from "./internal/guardedConnector.ts"
import { proxyConnector } from "./internal/proxyConnector.ts"
import { connectorByOrigin, contextsOf } from "./internal/tlsContexts.ts"
import * as NodeJws from "./NodeJws.ts"
import type { InvalidTlsOptions, TlsOptions } from "./TlsOptions.ts"

/**
 * Options for the HTTP client.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends TlsOptions {
  /**
   * Addresses that are allowed in addition to globally reachable ones: ranges such as `loopback` or `private`, and
   * networks in CIDR form. Default: none.
   */
  readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined
  /**
   * The maximum number of connections to one origin. It should be at least the sum of the introspection `concurrency`
   * of all resources, and some for metadata and keys. Default: 40.
   */
  readonly connectionsPerOrigin?: number | undefined
  /** The timeout for opening a connection. Default: 5 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * The forward proxy for https origins: its URL, options, or `environment` for the variables `HTTPS_PROXY` and `NO_PROXY`.
   * Default: no proxy, and no variable is read.
   */
  readonly proxy?: "environment" | (string & {}) | ForwardProxy.Options | undefined
  /**
   * Certificates for single origins, such as `https://auth.example.com`. Their `ca` is trusted in addition to `ca` of all
   * origins. Their `cert` and `key` replace those of all origins. Default: none.
   */
  readonly origins?: Readonly<Record<string, TlsOptions>> | undefined
}

/**
 * An option is not valid.
 *
 * @category errors
 * @since 0.1.0
 */
export type InvalidOption = AddressPolicy.InvalidAddressPolicy | ForwardProxy.InvalidProxy | InvalidTlsOptions

/** Responses with metadata have small headers, so larger ones are rejected. */
const maxHeaderSize = 16 * 1024

/** The network that a request may reach. */
type Reach = "public" | "development" | "internal"

/** The addresses that an internal host may have. Those of cloud metadata services are not among them. */
const internalRanges: ReadonlyArray<AddressPolicy.Range> = ["loopback", "private", "shared", "unique-local"]

/** The connectors for an HTTP client, apart from what differs between requests. */
const makeNetwork = Effect.fnUntraced(function*(options: Options) {
  const policy = yield* AddressPolicy.allow(...options.allow ?? [])
  const internal = yield* AddressPolicy.allow(...options.allow ?? [], ...internalRanges)
  const dns = yield* Dns.Dns
  const timeout = Duration.toMillis(Duration.fromInputUnsafe(options.connectTimeout ?? "5 seconds"))
  const proxy = options.proxy === undefined
    ? undefined
    : yield* options.proxy === "environment" ? ForwardProxy.fromEnvironment : ForwardProxy.make(options.proxy)
  const contexts = yield* contextsOf(options, options.origins ?? {})
  const settingsOf = (secureContext: SecureContext | undefined) => ({
    timeout,
    allowH2: false,
    ...(secureContext === undefined ? {} : { secureContext })
  })
  return (reach: Reach): buildConnector.connector =>
    connectorByOrigin(contexts, (context) => {
      const settings = settingsOf(context)
      const allowLoopbackHosts = reach === "development"
      const direct = guardedConnector(
        { policy: reach === "internal" ? internal : policy, allowLoopbackHosts },
        dns,
        settings
      )
      if (proxy === undefined || reach === "internal") return direct
      const guard = { policy: proxy.policy, allowLoopbackHosts: false }
      const toProxy = guardedConnector(guard, dns, settingsOf(contexts.authorities))
      return proxyConnector(policy, proxy, { toProxy, inTunnel: buildConnector(settings), direct }, timeout)
    })
})

type Network = Effect.Success<ReturnType<typeof makeNetwork>>

const makeUndici = (options: Options, network: Network, reach: Reach) =>
  Effect.provideServiceEffect(
    NodeHttpClient.makeUndici,
    NodeHttpClient.Dispatcher,
    NodeHttpClient.makeDispatcherOptions({
      connections: options.connectionsPerOrigin ?? 40,
      pipelining: 1,
      maxHeaderSize,
      connect: network(reach)
    })
  )

/**
 * Three clients with connections of their own: a connection that the development mode or an internal URL allowed must not
 * serve a request without it.
 */
const makeClient = Effect.fnUntraced(function*(options: Options) {
  const network = yield* makeNetwork(options)
  const guarded = yield* makeUndici(options, network, "public")
  const development = yield* makeUndici(options, network, "development")
  const internal = yield* makeUndici(options, network, "internal")
  const send = Effect.fnUntraced(function*(request: HttpClientRequest.HttpClientRequest) {
    const isInternal = UnsafeInternalOrigin.isInternal(yield* UnsafeInternalOrigin.UnsafeInternalOrigin, request.url)
    const client = isInternal ? internal : (yield* AllowInsecureLoopback) ? development : guarded
    return yield* client.postprocess(Effect.succeed(request))
  })
  return HttpClient.makeWith((request) => Effect.flatMap(request, send), guarded.preprocess)
})

/**
 * A token in a URL is rejected, but Effect records the URL of every request in traces. So the token is redacted there.
 */
const redacted = Layer.effect(
  UrlParams.CurrentRedactedNames,
  Effect.map(UrlParams.CurrentRedactedNames, (names) => [...names, "access_token"])
)

/**
 * The HTTP client, with the given `Dns` for name resolution.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoDns = (
  options: Options = {}
): Layer.Layer<HttpClient.HttpClient, InvalidOption, Dns.Dns> =>
  Layer.effect(HttpClient.HttpClient, makeClient(options)).pipe(
    Layer.merge(redacted),
    Layer.merge(NodeJws.layer),
    Layer.merge(Presets.layer)
  )

/**
 * The HTTP client with options, for example with additional allowed addresses.
 *
 * **Example** (A provider in the network of the company)
 *
 * ```ts import.meta.vitest
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Layer from "effect/Layer"
 *
 * Layer.isLayer(NodeMcpAuth.layerWith({ allow: ["10.1.0.0/16"] })) // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options: Options
): Layer.Layer<HttpClient.HttpClient, InvalidOption> => Layer.provide(layerNoDns(options), NodeDns.layer)

/**
 * The HTTP client for a server on the internet: it connects only to globally reachable addresses.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<HttpClient.HttpClient> =
  // There are no entries here, so none can be invalid.
  Layer.orDie(layerWith({}))
