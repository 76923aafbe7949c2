import { ProxyFailed, RefusedAddress } from "@effect-mcp-auth/core/MetadataFetchError"
import { type buildConnector, Client } from "@effect/platform-node/Undici"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { isIP, Socket } from "node:net"
import { type AddressPolicy, refusedRange } from "../AddressPolicy.ts"
import type { ForwardProxy } from "../ForwardProxy.ts"
import { isLoopbackName, literal } from "./guardedConnector.ts"
import { comparable } from "./noProxy.ts"

/**
 * The domains of local networks: RFC 6762, section 3 and appendix G (`local` and the names that networks use in its
 * place), RFC 8375 (`home.arpa`), and `internal`, which ICANN reserved in 2024.
 */
const localDomains = [
  "corp",
  "home",
  "home.arpa",
  "internal",
  "intranet",
  "lan",
  "local",
  "localdomain",
  "private"
] as const

const isLocalName = (name: string): boolean =>
  !name.includes(".") || localDomains.some((domain) => name.endsWith(`.${domain}`))

/** Resolvers answer names below `localhost` with loopback addresses (RFC 6761, section 6.3), and a proxy must not. */
const staysLocal = (host: string): boolean => isLoopbackName(host) || /(?:^|\.)localhost$/.test(comparable(host))

/** The refusal of a host that a proxy would resolve. Only its name is known here. */
const refusalByName = (policy: AddressPolicy, proxy: ForwardProxy, host: string): RefusedAddress | undefined => {
  if (isIP(host) !== 0) {
    return refusedRange(policy, host).pipe(
      Option.map((range) => new RefusedAddress({ host, address: host, range })),
      Option.getOrUndefined
    )
  }
  const name = comparable(host)
  return isLocalName(name) && !proxy.allowHosts.has(name)
    ? new RefusedAddress({ host, address: host, range: "local-name" })
    : undefined
}

/** The code of an error, or its message if it is a refusal of the guard. Other messages could contain anything. */
const failureOf = (error: unknown): string => {
  if (error instanceof RefusedAddress) {
    return `it has the ${error.range} address ${error.address}, which proxy.allow does not include`
  }
  return Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : "no response"
}

/** The connectors that a connection through a proxy needs. */
interface Connectors {
  /** Opens connections to the proxy. */
  readonly toProxy: buildConnector.connector
  /** Starts TLS in a tunnel. */
  readonly inTunnel: buildConnector.connector
  /** Opens connections without the proxy. */
  readonly direct: buildConnector.connector
}

/** Opens a tunnel (RFC 9110, section 9.3.6), and TLS in it. */
const tunnel = (
  { authorization, origin }: ForwardProxy,
  { inTunnel, toProxy }: Connectors,
  timeout: number
): buildConnector.connector =>
(target, callback) => {
  const host = literal(target.hostname)
  const path = `${isIP(host) === 6 ? `[${host}]` : host}:${target.port === "" ? "443" : target.port}`
  const failed = (failure: number | string) => callback(new ProxyFailed({ proxy: origin, failure }), null)
  // A tunnel takes over the connection of its client, so each one has its own.
  const client = new Client(origin, { connect: toProxy, headersTimeout: timeout, pipelining: 1 })
  const headers = authorization === undefined
    ? { host: path }
    : { host: path, "proxy-authorization": Redacted.value(authorization) }
  client.connect({ path, headers }, (error, data) => {
    void client.destroy()
    if (error !== null) return failed(failureOf(error))
    const { socket, statusCode } = data
    if (statusCode >= 200 && statusCode < 300 && socket instanceof Socket) {
      return inTunnel({ ...target, httpSocket: socket }, callback)
    }
    socket.on("error", () => {}).destroy()
    failed(statusCode)
  })
}

/**
 * Opens connections to https origins through the proxy. Loopback hosts, http origins and the hosts of `noProxy` are
 * reached without it, under the guard.
 */
export const proxyConnector = (
  policy: AddressPolicy,
  proxy: ForwardProxy,
  connectors: Connectors,
  timeout: number
): buildConnector.connector => {
  const throughProxy = tunnel(proxy, connectors, timeout)
  return (target, callback) => {
    const host = literal(target.hostname)
    const port = target.port === "" ? "443" : target.port
    if (target.protocol !== "https:" || staysLocal(host) || proxy.noProxy(host, port)) {
      return connectors.direct(target, callback)
    }
    const refused = refusalByName(policy, proxy, host)
    return refused === undefined ? throughProxy(target, callback) : callback(refused, null)
  }
}
