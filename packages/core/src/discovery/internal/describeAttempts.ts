import * as Predicate from "effect/Predicate"
import { printable, quoted } from "../../metadata/internal/printable.ts"
import type { Attempt, DiscoveryFailed } from "../DiscoveryError.ts"

const summary: { readonly [O in DiscoveryFailed<unknown>["outcome"]]: string } = {
  Refused: "an answer was refused",
  Incomplete: "a document was found, but cannot be used as it is",
  Transient: "the provider cannot be asked now; it is worth trying again",
  Miss: "there is no metadata at any place that was asked"
}

/** What a stranger's error says. Custom strategies may fail with anything. */
const said = (error: unknown): string => {
  if (Predicate.hasProperty(error, "message") && typeof error.message === "string" && error.message !== "") {
    // Each line of a stranger's message stays a line, and only that. An invalid document has much to say in one.
    return error.message.split("\n").map((line) => printable(line, 4000)).join("\n")
  }
  return Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? printable(error._tag) : "failed"
}

const describe = ({ error, kind, location, outcome }: Attempt<unknown>, index: number): string => {
  // An error's own message already names the place; a stranger's may not.
  const message = error === undefined ? "found" : said(error)
  const place = printable(location)
  return `  ${index + 1}. ${outcome} (${printable(kind)}) ${message.includes(place) ? "" : `${place}: `}${message}`
}

/** Every attempt on a line of its own, so that a person sees which URL answered what. */
export const describeAttempts = (
  { attempts, issuer, outcome }: Pick<DiscoveryFailed<unknown>, "attempts" | "issuer" | "outcome">
): string => [`No usable metadata for ${quoted(issuer)}: ${summary[outcome]}`, ...attempts.map(describe)].join("\n")

/** An issuer that is itself a metadata URL is valid, but hardly ever meant. */
export const discoveryHint = (issuer: string): string =>
  issuer.includes("/.well-known/")
    ? "\nThis looks like a discovery URL: pass the issuer, which is the value of \"issuer\" in the document it leads " +
      "to, or ask for the document by its URL"
    : ""
