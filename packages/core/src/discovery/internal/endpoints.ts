import type { Subject } from "./rule.ts"

/** A member of the metadata. */
export type Member = keyof Subject["metadata"]

/** The members that name what clients and resources call. */
export const endpoints: ReadonlyArray<Member> = [
  "authorizationEndpoint",
  "tokenEndpoint",
  "jwksUri",
  "registrationEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "userinfoEndpoint",
  "endSessionEndpoint",
  "deviceAuthorizationEndpoint",
  "pushedAuthorizationRequestEndpoint"
]

/** The URL of a member, if that is one. */
export const urlOf = ({ metadata }: Subject, member: Member): URL | undefined => {
  const value = metadata[member]
  return typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined
}
