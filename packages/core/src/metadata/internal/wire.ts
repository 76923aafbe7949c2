import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Str from "effect/String"
import type * as Struct from "effect/Struct"
import { parse } from "./httpUri.ts"

/** Members that no schema names, kept as they came. */
const additionalParameters = Schema.optionalKey(Schema.JsonObject)

type Extended<Fields extends Schema.Struct.Fields> = Struct.Simplify<
  Fields & { readonly additionalParameters: typeof additionalParameters }
>

/** The JSON form of a struct with `additionalParameters`. */
interface Members {
  readonly additionalParameters?: Schema.JsonObject
  readonly [member: string]: Schema.Json
}

/** A metadata document: a JSON object on the wire, a struct with camelCase members in code. */
export type Wire<Fields extends Schema.Struct.Fields> = Schema.decodeTo<
  Schema.Struct<Extended<Fields>>,
  typeof Schema.JsonObject
>

/** The member's name on the wire. Every registered name is regular, so one rule serves for all. */
export const wireName = (member: string): string => Str.camelToSnake(member)

/**
 * The codec of a metadata document: snake_case on the wire, camelCase in code, and every member that `fields` does not
 * name kept, under its own name, in `additionalParameters`.
 */
export const wire = <const Fields extends Schema.Struct.Fields>(fields: Fields): Wire<Fields> => {
  const codeNames = new Map(Object.keys(fields).map((member) => [wireName(member), member]))
  const decode = (document: Schema.JsonObject): Schema.JsonObject => {
    const entries = Object.entries(document)
    const additional = entries.filter(([name]) => !codeNames.has(name))
    const known = entries.flatMap(([name, value]) => {
      const member = codeNames.get(name)
      return member === undefined ? [] : [[member, value] as const]
    })
    // `fromEntries` defines members, it never assigns: a member called `__proto__` stays a member.
    return Object.fromEntries(
      additional.length === 0 ? known : [...known, ["additionalParameters", Object.fromEntries(additional)]]
    )
  }
  const encode = ({ additionalParameters, ...known }: Members): Schema.JsonObject =>
    Object.fromEntries([
      // A member of the schema wins over an extension of the same name.
      ...Object.entries(additionalParameters ?? {}).filter(([name]) => !codeNames.has(name)),
      ...Object.entries(known).map(([member, value]) => [wireName(member), value] as const)
    ])
  // The struct decodes what the renaming made: both sides are JSON objects, but TypeScript cannot follow the names.
  const rename = SchemaTransformation.transform({ decode, encode }) as unknown as SchemaTransformation.Transformation<
    Schema.Struct<Extended<Fields>>["Encoded"],
    Schema.JsonObject
  >
  const struct: Schema.Struct<Extended<Fields>> = Schema.Struct({ ...fields, additionalParameters })
  return Schema.JsonObject.pipe(Schema.decodeTo(struct, rename))
}

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
