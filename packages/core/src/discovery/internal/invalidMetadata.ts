import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { wireName } from "../../metadata/internal/wire.ts"
import { InvalidMetadata } from "../DiscoveryError.ts"

/** A document with more than these is nobody's mistake, and its error should not be as long as it is. */
const most = 100

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What the schema says about a document, member by member, by the names of the wire. */
export const invalidMetadata = (location: string, error: Schema.SchemaError): InvalidMetadata =>
  new InvalidMetadata({
    location,
    issues: format(error.issue).issues.slice(0, most).map(({ message, path = [] }) => ({
      member: path.map((segment, depth) => {
        const name = String(typeof segment === "object" ? segment.key : segment)
        // Only the members of the document are renamed: what is inside of them is as it came.
        return depth === 0 ? wireName(name) : name
      }).join("."),
      problem: message
    }))
  })
