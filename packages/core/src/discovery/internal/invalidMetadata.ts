import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { wireName } from "../../metadata/internal/wire.ts"
import { InvalidMetadata } from "../DiscoveryError.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What the schema says about a document, member by member, by the names of the wire. */
export const invalidMetadata = (location: string, error: Schema.SchemaError): InvalidMetadata =>
  new InvalidMetadata({
    location,
    issues: format(error.issue).issues.map(({ message, path = [] }) => ({
      member: path.map((segment) => wireName(String(typeof segment === "object" ? segment.key : segment))).join("."),
      problem: message
    }))
  })
