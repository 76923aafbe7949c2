import type { AuthorizationServerMetadata } from "../../../metadata/AuthorizationServerMetadata.ts"
import type { ServerType } from "../../ServerConfig.ts"

/** The MCP revisions with an authorization specification. */
export type Revision = "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28"

/**
 * What a rule judges: the type of a document and its metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subject {
  readonly type: ServerType
  readonly metadata: AuthorizationServerMetadata
}

/** `holds`, `not-applicable`, or what is the matter, in words. */
type Verdict = "holds" | "not-applicable" | (string & {})

/**
 * A rule.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  /** Stable, so that reports can be compared and rules be dropped by it. */
  readonly code: string
  readonly severity: "error" | "warning"
  /** The MCP revision that introduced the rule. */
  readonly since: Revision
  /** Where the rule stands, for all revisions or by revision. */
  readonly reference: string | ((revision: Revision) => string)
  /** What is true when the rule holds. */
  readonly holds: string
  /** What to do when it does not. */
  readonly advice: string
  readonly check: (subject: Subject, revision: Revision) => Verdict
}

/** The MCP specification's page on authorization, as of the revision that is judged by. */
export const mcp = (anchor: string) => (revision: Revision): string =>
  `https://modelcontextprotocol.io/specification/${revision}/basic/authorization#${anchor}`

/** An RFC's section. */
export const rfc = (number: number, section: string): string =>
  `https://datatracker.ietf.org/doc/html/rfc${number}#section-${section}`

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
