import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"

/** Whether a host is reached without the proxy. The host is without brackets. */
export type NoProxy = (host: string, port: string) => boolean

/** The form in which names are compared: lower case, and without the dot of the root. */
export const comparable = (host: string): string => host.toLowerCase().replace(/\.$/, "")

/** `[::1]:443`, `::1`, `example.com:443`: the host without brackets, and the port. */
const entry = /^(?:\[([^\]]*)\]|([^:]*)|(.*:.*:.*?))(?::(\d+))?$/

const matchHost = (pattern: string): (host: string) => boolean => {
  if (pattern === "*") return () => true
  const network = IpNetwork.fromString(pattern)
  if (Result.isSuccess(network)) {
    return (host) =>
      Result.match(NetAddress.ipFromString(host), {
        onFailure: () => false,
        onSuccess: (address) => IpNetwork.contains(network.success, address)
      })
  }
  const address = NetAddress.ipFromString(pattern)
  if (Result.isSuccess(address)) {
    const text = NetAddress.formatIp(address.success)
    return (host) =>
      Result.match(NetAddress.ipFromString(host), {
        onFailure: () => false,
        onSuccess: (other) => NetAddress.formatIp(other) === text
      })
  }
  const name = comparable(pattern.replace(/^\*?\./, ""))
  return (host) => comparable(host) === name || comparable(host).endsWith(`.${name}`)
}

/**
 * Reads entries of `NO_PROXY`. There is no specification. This is the common ground of curl and Go: a name includes the
 * names below it, with and without a leading dot.
 */
export const makeNoProxy = (entries: ReadonlyArray<string>): NoProxy => {
  const rules = entries.filter((text) => text !== "").map((text) => {
    const [, bracketed, name, address, port] = entry.exec(text) ?? []
    return { port, matches: matchHost(bracketed ?? name ?? address ?? text) }
  })
  return (host, port) => rules.some((rule) => (rule.port === undefined || rule.port === port) && rule.matches(host))
}
