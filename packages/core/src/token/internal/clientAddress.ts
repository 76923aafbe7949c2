import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** What is read of a request. */
export type AddressedRequest = Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">

/**
 * The lengths of the prefixes of networks, in bits, the widest first and a client last. One client may have all addresses of
 * an IPv6 network of 64 bits, and providers assign networks of 56 or 48 bits to a customer (RFC 6177, section 2).
 */
const prefixes = { ipv4: [16, 24, 32], ipv6: [48, 56, 64] } as const

/** A zone (RFC 4007, section 11) says by which interface of this machine a link-local address is reached. */
const withoutZone = (address: string): string => address.replace(/%.*$/s, "")

/**
 * The networks of a request, the widest first, and the client as one of many last. `undefined`: its address is unknown or no
 * IP address.
 */
export const networksOf = ({ remoteAddress }: AddressedRequest): ReadonlyArray<string> | undefined => {
  const address = Option.map(remoteAddress, (address) => NetAddress.ipFromString(withoutZone(address)))
  if (Option.isNone(address) || Result.isFailure(address.value)) return undefined
  const canonical = NetAddress.toCanonical(address.value.success)
  const lengths = NetAddress.isIpv6Address(canonical) ? prefixes.ipv6 : prefixes.ipv4
  return lengths.map((length) => IpNetwork.format(IpNetwork.fromAddressUnsafe(canonical, length)))
}

/** The client of a request, as one of many. `undefined`: its address is unknown or no IP address. */
export const clientOf = (request: AddressedRequest): string | undefined => networksOf(request)?.at(-1)
