import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** What is read of a request. */
export type Addressed = Pick<HttpServerRequest.HttpServerRequest, "remoteAddress">

/** One client may have all addresses of an IPv6 network of 64 bits. */
const networkOf = (address: NetAddress.IpAddress): string => {
  const plain = NetAddress.toCanonical(address)
  return IpNetwork.format(IpNetwork.fromAddressUnsafe(plain, NetAddress.isIpv6Address(plain) ? 64 : 32))
}

/** A zone (RFC 4007, section 11) says by which interface of this machine a link-local address is reached. */
const withoutZone = (address: string): string => address.replace(/%.*$/s, "")

/** The client of a request, as one of many. `undefined`: its address is unknown or no IP address. */
export const clientOf = ({ remoteAddress }: Addressed): string | undefined => {
  const address = Option.map(remoteAddress, (address) => NetAddress.ipFromString(withoutZone(address)))
  return Option.isSome(address) && Result.isSuccess(address.value) ? networkOf(address.value.success) : undefined
}
