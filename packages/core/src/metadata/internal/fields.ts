import * as Schema from "effect/Schema"

const absoluteUrl = Schema.makeFilter<string>(
  (url) => /^https?:\/\/[^/?#\s]/i.test(url) && URL.canParse(url),
  { expected: "an absolute http or https URL" }
)

/** A URL member: checked, and kept as the string it is. Whether it must be https is a matter of `Validation`. */
export const url: Schema.optionalKey<Schema.String> = Schema.optionalKey(Schema.String.check(absoluteUrl))

/** URL members, by names that are nobody's to close. */
export const urls: Schema.optionalKey<Schema.$Record<Schema.String, Schema.String>> = Schema.optionalKey(
  Schema.Record(Schema.String, Schema.String.check(absoluteUrl))
)

/** A text member. */
export const text: Schema.optionalKey<Schema.String> = Schema.optionalKey(Schema.String)

/** A flag. Its default, when absent, is that of the RFC. */
export const flag: Schema.optionalKey<Schema.Boolean> = Schema.optionalKey(Schema.Boolean)

/** A list of names from a registry that keeps growing: unknown names are valid. */
export const names: Schema.optionalKey<Schema.$Array<Schema.String>> = Schema.optionalKey(Schema.Array(Schema.String))
