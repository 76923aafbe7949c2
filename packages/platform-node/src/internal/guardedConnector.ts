import { isLoopbackHost } from "@effect-mcp-auth/core/InsecureLoopback"
import { RefusedAddress } from "@effect-mcp-auth/core/MetadataFetchError"
import { buildConnector } from "@effect/platform-node/Undici"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Dns from "effect/net/Dns"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import { isIP, type LookupFunction } from "node:net"
import { type AddressPolicy, refusedRange } from "../AddressPolicy.ts"

/** The addresses that a connector may connect to. */
export interface Guard {
  readonly policy: AddressPolicy
  /** Whether loopback addresses are allowed for hosts that are loopback hosts by their names. */
  readonly allowLoopbackHosts: boolean
}

/** Whether a host, without brackets, is a loopback host by its name. */
export const isLoopbackName = (host: string): boolean => isLoopbackHost(isIP(host) === 6 ? `[${host}]` : host)

/** The error for an address that the guard refuses, or `undefined`. */
const refusal = ({ allowLoopbackHosts, policy }: Guard, host: string, address: string): RefusedAddress | undefined =>
  refusedRange(policy, address).pipe(
    Option.filter((range) => !(allowLoopbackHosts && range === "loopback" && isLoopbackName(host))),
    Option.map((range) => new RefusedAddress({ host, address, range })),
    Option.getOrUndefined
  )

/**
 * The addresses of a host, if the guard allows all of them. One refused address rejects the whole host, because it
 * indicates an attack.
 */
const judged = (guard: Guard, dns: Dns.Dns["Service"], host: string) =>
  Effect.flatMap(dns.lookup(host), (found) => {
    const addresses = found.map(NetAddress.formatIp)
    const refused = addresses.map((address) => refusal(guard, host, address)).find((one) => one !== undefined)
    return refused === undefined ? Effect.succeed(addresses) : Effect.fail(refused)
  })

/**
 * The lookup function for Node's sockets. The socket connects to the addresses that are checked here. There is no
 * second lookup that could return others.
 */
const guardedLookup = (guard: Guard, dns: Dns.Dns["Service"]): LookupFunction => (host, options, callback) => {
  // Node's lookup is a callback, so the effect must be run here.
  Effect.runFork(judged(guard, dns, host)).addObserver((exit) => {
    if (Exit.isFailure(exit)) {
      const error = Cause.squash(exit.cause)
      callback(error instanceof Error ? error : new Error("lookup failed", { cause: error }), [])
      return
    }
    const addresses = exit.value.map((address) => ({ address, family: isIP(address) }))
    const [first] = addresses
    if (options.all === true) callback(null, addresses)
    else callback(null, first?.address ?? "", first?.family)
  })
}

/** A host without the brackets of an IPv6 address. */
export const literal = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1")

/**
 * Opens connections, except to addresses that the guard refuses. Names are checked when they are resolved. IP literals
 * are checked before, because Node does not resolve them. The remote address is checked again after connecting.
 */
export const guardedConnector = (
  guard: Guard,
  dns: Dns.Dns["Service"],
  options: buildConnector.BuildOptions
): buildConnector.connector => {
  const connect = buildConnector({ ...options, lookup: guardedLookup(guard, dns) })
  return (target, callback) => {
    const host = literal(target.hostname)
    const refused = isIP(host) === 0 ? undefined : refusal(guard, host, host)
    if (refused !== undefined) return callback(refused, null)
    connect(target, (...result) => {
      const [, socket] = result
      const late = socket?.remoteAddress === undefined ? undefined : refusal(guard, host, socket.remoteAddress)
      if (late === undefined) return callback(...result)
      socket?.destroy()
      callback(late, null)
    })
  }
}
