import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"

/** Whether a host is reached without the proxy. The host is without brackets. */
export type NoProxy = (host: string, port: string) => boolean

/** The form in which names are compared: lower case, and without the dot of the root. */
export const comparable = (host: string): string => host.toLowerCase().replace(/\.$/, "")

/** `[::1]:443`, `::1`, `example.com:443`: the host without brackets, and the port. */
const entry = /^(?:\[([^\]]*)\]|([^:]*)|(.*:.*:.*?))(?::(\d+))?$/

/** The address that a text means. An IPv4 address that is embedded in IPv6 means itself. */
const addressOf = (text: string) => Result.map(NetAddress.ipFromString(text), (ip) => NetAddress.toCanonical(ip))

/** A network in CIDR form. The bits after the prefix count nothing, as in Go and curl. */
const networkOf = (text: string) => {
  const [, address = "", prefix] = /^(.*)\/(\d{1,3})$/.exec(text) ?? []
  return Result.flatMap(NetAddress.ipFromString(address), (ip) => IpNetwork.fromAddress(ip, Number(prefix)))
}

const matchAddress = (matches: (address: NetAddress.IpAddress) => boolean) => (host: string): boolean =>
  Result.match(addressOf(host), { onFailure: () => false, onSuccess: matches })

const matchHost = (pattern: string): (host: string) => boolean => {
  if (pattern === "*") return () => true
  const network = networkOf(pattern)
  if (Result.isSuccess(network)) return matchAddress((address) => IpNetwork.contains(network.success, address))
  const address = addressOf(pattern)
  if (Result.isSuccess(address)) {
    const text = NetAddress.formatIp(address.success)
    return matchAddress((other) => NetAddress.formatIp(other) === text)
  }
  const name = comparable(pattern.replace(/^\*?\./, ""))
  return (host) => comparable(host) === name || comparable(host).endsWith(`.${name}`)
}

/**
 * Reads entries of `NO_PROXY`. There is no specification. This is the common ground of curl and Go: a name includes the
 * names below it, with and without a leading dot.
 */
export const makeNoProxy = (entries: ReadonlyArray<string>): NoProxy => {
  const rules = entries.map((text) => text.trim()).filter((text) => text !== "").map((text) => {
    const [, bracketed, name, address, port] = entry.exec(text) ?? []
    return { port, matches: matchHost(bracketed ?? name ?? address ?? text) }
  })
  return (host, port) => rules.some((rule) => (rule.port === undefined || rule.port === port) && rule.matches(host))
}
