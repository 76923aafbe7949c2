import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { parse } from "./httpUri.ts"

/**
 * An endpoint is called, so everybody has to read the same host in it: the grammar of identifiers, with a query. Whether it
 * must be https is a matter of `Validation`. A fragment is never sent (RFC 6749, sections 3.1 and 3.2).
 */
const isEndpoint = (url: string): boolean =>
  Result.isSuccess(parse(url, { query: "allowed", insecureLoopback: true, insecure: true }))

const endpointUrl = Schema.String.check(
  Schema.makeFilter<string>(isEndpoint, { expected: "an absolute http or https URL that every parser reads alike" })
)

const pageUrl = Schema.String.check(
  Schema.makeFilter<string>(
    (url) => /^https?:\/\/[^/?#\s\\@]+(?:[/?#][^\s\\]*)?$/i.test(url) && URL.canParse(url),
    { expected: "an absolute http or https URL" }
  )
)

/** The URL of an endpoint or of a key set: checked, and kept as the string it is. */
export const url: Schema.optionalKey<Schema.String> = Schema.optionalKey(endpointUrl)

/** The URL of a page for people. */
export const page: Schema.optionalKey<Schema.String> = Schema.optionalKey(pageUrl)

/** URLs of endpoints, by names that are nobody's to close. */
export const urls: Schema.optionalKey<Schema.$Record<Schema.String, Schema.String>> = Schema.optionalKey(
  Schema.Record(Schema.String, endpointUrl)
)

/** A text member. */
export const text: Schema.optionalKey<Schema.String> = Schema.optionalKey(Schema.String)

/** A flag. Its default, when absent, is that of the RFC. */
export const flag: Schema.optionalKey<Schema.Boolean> = Schema.optionalKey(Schema.Boolean)

/** A list of names from a registry that keeps growing: unknown names are valid. */
export const names: Schema.optionalKey<Schema.$Array<Schema.String>> = Schema.optionalKey(Schema.Array(Schema.String))
