/**
 * Policies for the IP addresses that a server may connect to.
 *
 * An untrusted URL, such as the `jwks_uri` of a metadata document, can lead to the machine itself, to its internal
 * network, or to the metadata service of its cloud (server-side request forgery). By default, only connections to
 * globally reachable addresses are allowed. The ranges are those of the IANA special-purpose address registries (RFC
 * 6890), and multicast.
 *
 * **Example** (Checking addresses)
 *
 * ```ts import.meta.vitest
 * import * as AddressPolicy from "@effect-mcp-auth/platform-node/AddressPolicy"
 * import * as Option from "effect/Option"
 *
 * AddressPolicy.refusedRange(AddressPolicy.publicOnly, "169.254.169.254") // => Option.some("link-local")
 * AddressPolicy.refusedRange(AddressPolicy.publicOnly, "8.8.8.8") // => Option.none()
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

const ranges = {
  "loopback": ["127.0.0.0/8", "::1/128"],
  "unspecified": ["0.0.0.0/8", "::/128"],
  "private": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
  "shared": ["100.64.0.0/10"],
  "link-local": ["169.254.0.0/16", "fe80::/10"],
  // A globally routable address, but it is the host of a virtual machine in Azure (WireServer).
  "cloud-host": ["168.63.129.16/32"],
  "unique-local": ["fc00::/7"],
  "site-local": ["fec0::/10"],
  "multicast": ["224.0.0.0/4", "ff00::/8"],
  "documentation": ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
  "benchmarking": ["198.18.0.0/15", "2001:2::/48"],
  "protocol-assignments": [
    "192.0.0.0/24",
    "192.88.99.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.175.48.0/24",
    "2001::/23"
  ],
  "discard": ["100::/64", "100:0:0:1::/64"],
  // RFC 4291, section 2.5.5.1; RFC 3056; RFC 8215: each embeds an IPv4 address, and its destination cannot be
  // determined here.
  "transition": ["::/96", "2002::/16", "64:ff9b:1::/48"],
  // Last, because it contains other ranges: in IPv6, only 2000::/3 is assigned to global unicast.
  "reserved": ["240.0.0.0/4", "::/3", "4000::/2", "8000::/1"]
} as const

/**
 * The kinds of addresses that are not globally reachable.
 *
 * @category models
 * @since 0.1.0
 */
export type Range = keyof typeof ranges

/**
 * The addresses that are allowed in addition to globally reachable ones.
 *
 * @category models
 * @since 0.1.0
 */
export interface AddressPolicy {
  readonly allowedRanges: ReadonlySet<string>
  readonly allowedNetworks: ReadonlyArray<IpNetwork.IpNetwork>
}

/**
 * An entry is neither a range nor a network (CIDR).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidAddressPolicy extends Schema.TaggedError<InvalidAddressPolicy>()("InvalidAddressPolicy", {
  entry: Schema.String
}) {
  override get message(): string {
    return `${JSON.stringify(this.entry)} is neither a network such as "10.1.0.0/16" nor one of the ranges ` +
      `${Struct.keys(ranges).join(", ")}. Write IPv4 networks in IPv4 form, also those that are embedded in IPv6`
  }
}

/**
 * Allows only globally reachable addresses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const publicOnly: AddressPolicy = { allowedRanges: new Set(), allowedNetworks: [] }

/** IPv6 addresses that embed an IPv4 address are checked as IPv4, so a network of them would never match. */
const carriers = ["::ffff:0:0/96", "64:ff9b::/96"].map(IpNetwork.fromStringUnsafe)

const isJudgedAsWritten = (network: IpNetwork.IpNetwork): boolean =>
  !carriers.some((carrier) => IpNetwork.containsNetwork(carrier, network))

const isRange = (entry: string): entry is Range => Object.hasOwn(ranges, entry)

/**
 * Allows globally reachable addresses, and in addition ranges by name and networks in CIDR form.
 *
 * **Example** (A provider in the company's network)
 *
 * ```ts import.meta.vitest
 * import * as AddressPolicy from "@effect-mcp-auth/platform-node/AddressPolicy"
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 *
 * const policy = Effect.runSync(AddressPolicy.allow("loopback", "10.1.0.0/16"))
 * AddressPolicy.refusedRange(policy, "10.1.2.3") // => Option.none()
 * AddressPolicy.refusedRange(policy, "10.2.0.1") // => Option.some("private")
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const allow = (
  ...entries: ReadonlyArray<Range | (string & {})>
): Effect.Effect<AddressPolicy, InvalidAddressPolicy> =>
  Effect.map(
    Effect.forEach(
      entries.filter((entry) => !isRange(entry)),
      (entry) =>
        Result.match(Result.filterOrFail(IpNetwork.fromString(entry), isJudgedAsWritten, () => undefined), {
          onFailure: () => Effect.fail(new InvalidAddressPolicy({ entry })),
          onSuccess: Effect.succeed
        })
    ),
    (allowedNetworks) => ({ allowedRanges: new Set(entries.filter(isRange)), allowedNetworks })
  )

const networks: ReadonlyArray<readonly [Range, IpNetwork.IpNetwork]> = Struct.keys(ranges).flatMap((range) =>
  // The table above is constant, and its test reads every row.
  ranges[range].map((cidr) => [range, IpNetwork.fromStringUnsafe(cidr)] as const)
)

const nat64 = IpNetwork.fromStringUnsafe("64:ff9b::/96")

/** Converts an IPv6 address that embeds an IPv4 address (RFC 4291, section 2.5.5.2; RFC 6052) to IPv4. */
const meant = (address: NetAddress.IpAddress): NetAddress.IpAddress => {
  const canonical = NetAddress.toCanonical(address)
  if (!NetAddress.isIpv6Address(canonical) || !IpNetwork.contains(nat64, canonical)) return canonical
  const [, , , , , , high, low] = NetAddress.ipv6ToSegments(canonical)
  return Result.getOrElse(
    NetAddress.ipv4FromOctets([high >> 8, high & 0xff, low >> 8, low & 0xff]),
    () => canonical
  )
}

/**
 * The range for which an address is refused, or none if it is allowed. A text that is not an IP address is refused as
 * `unreadable`.
 *
 * @category judging
 * @since 0.1.0
 */
export const refusedRange = (policy: AddressPolicy, address: string): Option.Option<Range | "unreadable"> => {
  // A zone names an interface, not another address.
  const parsed = NetAddress.ipFromString(address.replace(/%.*$/, ""))
  if (Result.isFailure(parsed)) return Option.some("unreadable")
  const ip = meant(parsed.success)
  if (policy.allowedNetworks.some((network) => IpNetwork.contains(network, ip))) return Option.none()
  const found = networks.find(([, network]) => IpNetwork.contains(network, ip))
  return found === undefined || policy.allowedRanges.has(found[0]) ? Option.none() : Option.some(found[0])
}
