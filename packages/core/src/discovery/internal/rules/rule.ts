import type { AuthorizationServerMetadata } from "../../../metadata/AuthorizationServerMetadata.ts"
import type { ServerType } from "../../ServerConfig.ts"

/** The MCP revisions with an authorization specification. */
export type Revision = "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28"

/**
 * The input of a rule: the type of a document and its metadata.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subject {
  readonly type: ServerType
  readonly metadata: AuthorizationServerMetadata
}

/** `holds`, `not-applicable` (the document has nothing to judge), or a description of the problem. */
type Verdict = "holds" | "not-applicable" | (string & {})

/**
 * A rule.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  /** Stable: it identifies the rule in reports and in `except`. */
  readonly code: string
  readonly severity: "error" | "warning"
  /** The MCP revision that introduced the rule. */
  readonly since: Revision
  /** The source of the rule, for all revisions or by revision. */
  readonly reference: string | ((revision: Revision) => string)
  /** The statement that is true if the rule holds. It claims no more than the document shows. */
  readonly holds: string
  /** What to do if it does not hold. */
  readonly advice: string
  readonly check: (subject: Subject, revision: Revision) => Verdict
}

/** The MCP specification's page on authorization, in the revision of the validation. */
export const mcp = (anchor: string) => (revision: Revision): string =>
  `https://modelcontextprotocol.io/specification/${revision}/basic/authorization#${anchor}`

/** An RFC's section. */
export const rfc = (number: number, section: string): string =>
  `https://datatracker.ietf.org/doc/html/rfc${number}#section-${section}`

/** A member of the metadata. */
export type Member = keyof Subject["metadata"]

/** The members with the URLs that clients and resource servers call. */
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

/** The URL of a member, if it is a valid URL. */
export const urlOf = ({ metadata }: Subject, member: Member): URL | undefined => {
  const value = metadata[member]
  return typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined
}
