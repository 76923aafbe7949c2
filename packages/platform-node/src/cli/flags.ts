import * as Flag from "effect/cli/Flag"

/** The output format of a report. */
export const format = Flag.Literals("format", ["pretty", "json"]).pipe(
  Flag.withDescription("The output format of the report"),
  Flag.withDefault("pretty")
)

/** Addresses that are allowed in addition to globally reachable ones. */
const allow = Flag.String("allow").pipe(
  Flag.withDescription("An address range (private, loopback, …) or a network (CIDR) to allow; repeatable"),
  Flag.atLeast(0)
)

/** For a provider on this machine. */
const allowInsecureLoopback = Flag.Boolean("allow-insecure-loopback").pipe(
  Flag.withDescription("Allow http and the loopback addresses, for a provider on this machine"),
  Flag.withDefault(false)
)

/** Certification authorities that are trusted in addition to those of Node. */
const ca = Flag.FileText("ca-file").pipe(
  Flag.withDescription("A PEM file with certification authorities to trust in addition to those of Node; repeatable"),
  Flag.atLeast(0)
)

/** The client certificate for the provider. */
const cert = Flag.FileText("cert-file").pipe(
  Flag.withDescription("A PEM file with the client certificate for the provider"),
  Flag.optional
)

/** The private key of the client certificate. */
const key = Flag.FileText("key-file").pipe(
  Flag.withDescription("A PEM file with the private key of the client certificate"),
  Flag.optional
)

/** How to reach the provider. */
export const network = { allow, allowInsecureLoopback, ca, cert, key }
