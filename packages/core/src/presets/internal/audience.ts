import type * as Schema from "effect/Schema"
import * as AudiencePolicy from "../../token/AudiencePolicy.ts"

/** Accepts what one of two policies accepts. */
export const either = (
  one: AudiencePolicy.AudiencePolicy,
  other: AudiencePolicy.AudiencePolicy
): AudiencePolicy.AudiencePolicy =>
  AudiencePolicy.make({
    name: `${one.name} or ${other.name}`,
    expects: (resource) => `${one.expects(resource)}; or ${other.expects(resource)}`,
    accepts: (check) => one.accepts(check) || other.accepts(check)
  })

/** A demand on the claims of a token, besides its audience. */
export interface Demand {
  /** The demand in words, for error messages: it follows "in a token with". */
  readonly expected: string
  readonly holds: (claims: Schema.JsonObject) => boolean
}

/** Accepts what a policy accepts, if the claims of the token satisfy a demand. */
export const demanding = (
  policy: AudiencePolicy.AudiencePolicy,
  { expected, holds }: Demand
): AudiencePolicy.AudiencePolicy =>
  AudiencePolicy.make({
    name: policy.name,
    expects: (resource) => `${policy.expects(resource)}, in a token with ${expected}`,
    accepts: (check) => policy.accepts(check) && holds(check.claims)
  })

/** An audience that all tokens of a provider have, for listed clients only. */
export const sharedAudience = (
  audience: string,
  clients: readonly [string, ...ReadonlyArray<string>]
): AudiencePolicy.AudiencePolicy =>
  demanding(AudiencePolicy.anyOf(audience), {
    expected: `the claim client_id ${clients.map((id) => JSON.stringify(id)).join(" or ")}`,
    holds: ({ client_id }) => clients.some((client) => client === client_id)
  })

/** Whether a claim is a string that is not empty. */
export const hasName = (claims: Schema.JsonObject, claim: string): boolean =>
  typeof claims[claim] === "string" && claims[claim] !== ""
