import type { AttemptError, Outcome } from "../DiscoveryError.ts"
import { IncompleteMetadata, InvalidMetadata, NoDocument } from "../DiscoveryError.ts"
import { IssuerMismatch } from "../IssuerPolicy.ts"
import { MetadataFetchError, type Reason } from "../MetadataFetchError.ts"
import { TranspileError } from "../Transpiler.ts"
import { InvalidServerConfig } from "../Validation.ts"
import { isTransientStatus } from "./status.ts"

type Failure = Exclude<Outcome, "Found">

const ofReason: { readonly [Tag in Reason["_tag"]]: (reason: Extract<Reason, { readonly _tag: Tag }>) => Failure } = {
  Transport: () => "Transient",
  Timeout: () => "Transient",
  Status: ({ status }) => isTransientStatus(status) ? "Transient" : "Miss",
  BodyTooLarge: () => "Refused",
  NotMetadata: () => "Miss",
  Redirect: ({ why }) => why === "unusable-location" ? "Miss" : "Refused",
  RefusedAddress: () => "Refused",
  RefusedUrl: () => "Refused"
}

/** How an attempt ended, by its error. What a custom strategy fails with is taken for a passing trouble. */
export const outcomeOf = (error: AttemptError<unknown>): Failure => {
  if (error instanceof MetadataFetchError) {
    // The table is total over the tags, but TypeScript cannot correlate an indexed function with its argument.
    return (ofReason[error.reason._tag] as (reason: Reason) => Failure)(error.reason)
  }
  if (error instanceof NoDocument) return error.found === "nothing" ? "Miss" : "Incomplete"
  if (error instanceof IssuerMismatch) return "Refused"
  return error instanceof TranspileError || error instanceof InvalidMetadata || error instanceof IncompleteMetadata ||
      error instanceof InvalidServerConfig
    ? "Incomplete"
    : "Transient"
}

const strength: ReadonlyArray<Failure> = ["Refused", "Incomplete", "Transient", "Miss"]

/** The strongest outcome names the failure of a search. One that asked nobody missed. */
export const strongest = (outcomes: ReadonlyArray<Outcome>): Failure =>
  strength.find((outcome) => outcomes.includes(outcome)) ?? "Miss"
