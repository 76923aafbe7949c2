import { AddressPolicy } from "@effect-mcp-auth/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"

const rows: ReadonlyArray<readonly [address: string, range: string | undefined]> = [
  ["126.255.255.255", undefined],
  ["127.0.0.0", "loopback"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.255", "loopback"],
  ["128.0.0.0", undefined],
  ["0.0.0.0", "unspecified"],
  ["0.255.255.255", "unspecified"],
  ["1.0.0.0", undefined],
  ["9.255.255.255", undefined],
  ["10.0.0.0", "private"],
  ["10.255.255.255", "private"],
  ["11.0.0.0", undefined],
  ["172.15.255.255", undefined],
  ["172.16.0.0", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.0", undefined],
  ["192.167.255.255", undefined],
  ["192.168.0.0", "private"],
  ["192.168.255.255", "private"],
  ["192.169.0.0", undefined],
  ["100.63.255.255", undefined],
  ["100.64.0.0", "shared"],
  ["100.127.255.255", "shared"],
  ["100.128.0.0", undefined],
  ["168.63.129.15", undefined],
  ["168.63.129.16", "cloud-host"],
  ["168.63.129.17", undefined],
  ["::ffff:168.63.129.16", "cloud-host"],
  ["64:ff9b::168.63.129.16", "cloud-host"],
  ["169.253.255.255", undefined],
  ["169.254.0.0", "link-local"],
  ["169.254.169.254", "link-local"],
  ["169.254.255.255", "link-local"],
  ["169.255.0.0", undefined],
  ["192.0.0.0", "protocol-assignments"],
  ["192.0.0.255", "protocol-assignments"],
  ["192.0.1.0", undefined],
  ["192.0.2.1", "documentation"],
  ["192.0.3.0", undefined],
  ["192.88.99.1", "protocol-assignments"],
  ["198.17.255.255", undefined],
  ["198.18.0.0", "benchmarking"],
  ["198.19.255.255", "benchmarking"],
  ["198.20.0.0", undefined],
  ["198.51.100.7", "documentation"],
  ["203.0.113.7", "documentation"],
  ["223.255.255.255", undefined],
  ["224.0.0.0", "multicast"],
  ["239.255.255.255", "multicast"],
  ["240.0.0.0", "reserved"],
  ["255.255.255.255", "reserved"],
  ["8.8.8.8", undefined],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::2", "transition"],
  ["::127.0.0.1", "transition"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:10.0.0.1", "private"],
  ["::ffff:169.254.169.254", "link-local"],
  ["::ffff:8.8.8.8", undefined],
  ["64:ff9b::8.8.8.8", undefined],
  ["64:ff9b::10.0.0.1", "private"],
  ["64:ff9b::7f00:1", "loopback"],
  ["64:ff9b:1::1", "transition"],
  ["100::1", "discard"],
  ["1fff::1", "reserved"],
  ["2000::1", undefined],
  ["2001::1", "protocol-assignments"],
  ["2001:1ff:ffff::", "protocol-assignments"],
  ["2001:200::", undefined],
  ["2001:db8::1", "documentation"],
  ["2002:7f00:1::", "transition"],
  ["2606:4700::1", undefined],
  ["3fff::1", "documentation"],
  ["3fff:1000::1", undefined],
  ["4000::1", "reserved"],
  ["5f00::1", "reserved"],
  ["fbff::1", "reserved"],
  ["fc00::", "unique-local"],
  ["fdff:ffff::1", "unique-local"],
  ["fe00::1", "reserved"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["febf::1", "link-local"],
  ["fec0::1", "site-local"],
  ["ff02::1", "multicast"],
  ["localhost", "unreadable"],
  ["127.1", "unreadable"],
  ["0177.0.0.1", "unreadable"],
  ["", "unreadable"]
]

describe("AddressPolicy", () => {
  for (const [address, range] of rows) {
    it(`${JSON.stringify(address)} is ${range ?? "public"}`, () => {
      assert.deepStrictEqual(
        AddressPolicy.refusedRange(AddressPolicy.publicOnly, address),
        Option.fromUndefinedOr(range)
      )
    })
  }

  it.effect("a range is allowed by its name, and no other range", () =>
    Effect.gen(function*() {
      const policy = yield* AddressPolicy.allow("loopback")
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "127.0.0.1")))
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "::1")))
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "::ffff:127.0.0.1")))
      assert.isTrue(Option.isSome(AddressPolicy.refusedRange(policy, "10.0.0.1")))
      assert.isTrue(Option.isSome(AddressPolicy.refusedRange(policy, "169.254.169.254")))
    }))

  it.effect("a network is allowed by its CIDR, and no other network", () =>
    Effect.gen(function*() {
      const policy = yield* AddressPolicy.allow("10.1.0.0/16", "fd00::/64")
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "10.1.255.255")))
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "64:ff9b::10.1.0.1")))
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "fd00::1")))
      assert.isTrue(Option.isSome(AddressPolicy.refusedRange(policy, "10.2.0.0")))
      assert.isTrue(Option.isSome(AddressPolicy.refusedRange(policy, "fd00:0:0:1::1")))
    }))

  for (const entry of ["loopbak", "10.0.0.0/33", "10.0.0.0", "", "toString", "__proto__"]) {
    it.effect(`${JSON.stringify(entry)} is neither a range nor a network`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(AddressPolicy.allow(entry))
        assert.strictEqual(error._tag, "InvalidAddressPolicy")
      }))
  }

  // An address in these ranges is judged as the IPv4 address that it contains, so they would allow nothing.
  for (
    const entry of [
      "64:ff9b::/96",
      "64:ff9b::a00:0/104",
      "64:ff9b::10.1.2.3/128",
      "::ffff:0:0/96",
      "::ffff:10.0.0.0/104",
      "::ffff:10.1.2.3/128"
    ]
  ) {
    it.effect(`${entry} is refused: an IPv4 network must be written in IPv4 form`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(AddressPolicy.allow("loopback", entry))
        assert.strictEqual(error._tag, "InvalidAddressPolicy")
        assert.strictEqual(error.entry, entry)
        assert.include(error.message, "Write IPv4 networks in IPv4 form")
      }))
  }

  it.effect("a network that contains these ranges is allowed, and applies to addresses as they are judged", () =>
    Effect.gen(function*() {
      const policy = yield* AddressPolicy.allow("64:ff9b::/32", "64:ff9b:1::/48")
      assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "64:ff9b:1::1")))
      assert.deepStrictEqual(AddressPolicy.refusedRange(policy, "64:ff9b::10.0.0.1"), Option.some("private"))
    }))

  it.effect("the metadata service of a cloud is allowed only by its own name or address", () =>
    Effect.gen(function*() {
      const others = yield* AddressPolicy.allow("loopback", "private", "link-local", "shared", "168.63.129.17/32")
      assert.deepStrictEqual(AddressPolicy.refusedRange(others, "168.63.129.16"), Option.some("cloud-host"))
      for (const entry of ["cloud-host", "168.63.129.16/32"]) {
        const policy = yield* AddressPolicy.allow(entry)
        assert.isTrue(Option.isNone(AddressPolicy.refusedRange(policy, "168.63.129.16")))
      }
    }))
})
