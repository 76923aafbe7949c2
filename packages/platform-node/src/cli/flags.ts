import * as Flag from "effect/cli/Flag"

/** How to print a report. */
export const format = Flag.Literals("format", ["pretty", "json"]).pipe(
  Flag.withDescription("How to print the report"),
  Flag.withDefault("pretty")
)

/** What may be connected to besides globally reachable addresses. */
export const allow = Flag.String("allow").pipe(
  Flag.withDescription("An address range (private, loopback, …) or network to allow; may be given more than once"),
  Flag.atLeast(0)
)

/** For a provider on this machine. */
export const allowInsecureLoopback = Flag.Boolean("allow-insecure-loopback").pipe(
  Flag.withDescription("Allow http and the loopback addresses, for a provider on this machine"),
  Flag.withDefault(false)
)
