import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** The part of a request that is read. */
export type AddressedRequest = Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">

/**
 * Prefix lengths of networks in bits: the widest first, a client last. One client may have all addresses of a 64-bit IPv6
 * network, and providers assign 56-bit or 48-bit networks to customers (RFC 6177, section 2).
 */
const prefixes = { ipv4: [16, 24, 32], ipv6: [48, 56, 64] } as const

/** A zone (RFC 4007, section 11) names the local interface of a link-local address. */
const withoutZone = (address: string): string => address.replace(/%.*$/s, "")

/** The networks of a request, the widest first, its client last. `undefined`: the address is unknown or no IP address. */
export const networksOf = ({ remoteAddress }: AddressedRequest): ReadonlyArray<string> | undefined => {
  const address = Option.map(remoteAddress, (address) => NetAddress.ipFromString(withoutZone(address)))
  if (Option.isNone(address) || Result.isFailure(address.value)) return undefined
  const canonical = NetAddress.toCanonical(address.value.success)
  const lengths = NetAddress.isIpv6Address(canonical) ? prefixes.ipv6 : prefixes.ipv4
  return lengths.map((length) => IpNetwork.format(IpNetwork.fromAddressUnsafe(canonical, length)))
}

/** The client of a request, as an IP network. `undefined`: the address is unknown or no IP address. */
export const clientOf = (request: AddressedRequest): string | undefined => networksOf(request)?.at(-1)
