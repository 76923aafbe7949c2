import * as Flag from "effect/cli/Flag"

/** The output format of a report. */
export const format = Flag.Literals("format", ["pretty", "json"]).pipe(
  Flag.withDescription("The output format of the report"),
  Flag.withDefault("pretty")
)

/** Addresses that are allowed in addition to globally reachable ones. */
export const allow = Flag.String("allow").pipe(
  Flag.withDescription("An address range (private, loopback, …) or a network (CIDR) to allow; repeatable"),
  Flag.atLeast(0)
)

/** For a provider on this machine. */
export const allowInsecureLoopback = Flag.Boolean("allow-insecure-loopback").pipe(
  Flag.withDescription("Allow http and the loopback addresses, for a provider on this machine"),
  Flag.withDefault(false)
)
