import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Str from "effect/String"
import type * as Struct from "effect/Struct"
import { parse } from "./httpUri.ts"

/** Unknown members, unchanged. */
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

/** The JSON name of a member. One conversion rule covers all registered names. */
export const wireName = (member: string): string => Str.camelToSnake(member)

/**
 * The codec of a metadata document: snake_case in JSON, camelCase in code. Members that `fields` does not name are kept
 * in `additionalParameters`, under their own names.
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
    // `fromEntries` defines members and never assigns, so a member called `__proto__` stays an ordinary member.
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
  // The struct decodes the renamed members. Both sides are JSON objects, but TypeScript cannot derive the names.
  const rename = SchemaTransformation.transform({ decode, encode }) as unknown as SchemaTransformation.Transformation<
    Schema.Struct<Extended<Fields>>["Encoded"],
    Schema.JsonObject
  >
  const struct: Schema.Struct<Extended<Fields>> = Schema.Struct({ ...fields, additionalParameters })
  return Schema.JsonObject.pipe(Schema.decodeTo(struct, rename))
}

/**
 * Endpoints are requested, so all parsers must find the same host in the URL: the grammar of identifiers, with a query.
 * `Validation` checks that it is https. Endpoints have no fragment (RFC 6749, sections 3.1 and 3.2).
 */
const isEndpoint = (url: string): boolean =>
  Result.isSuccess(parse(url, { query: "allowed", insecureLoopback: true, insecure: true }))

const endpointUrl = Schema.String.check(
  Schema.makeFilter<string>(isEndpoint, {
    expected: "an absolute http or https URL that all URL parsers read in the same way"
  })
)

const pageUrl = Schema.String.check(
  Schema.makeFilter<string>(
    (url) => /^https?:\/\/[^/?#\s\\@]+(?:[/?#][^\s\\]*)?$/i.test(url) && URL.canParse(url),
    { expected: "an absolute http or https URL" }
  )
)

/** The URL of an endpoint or of a key set: checked, and kept as a string. */
export const url: Schema.optionalKey<Schema.String> = Schema.optionalKey(endpointUrl)

/** The URL of a web page. */
export const page: Schema.optionalKey<Schema.String> = Schema.optionalKey(pageUrl)

/** URLs of endpoints, by names from an open set. */
export const urls: Schema.optionalKey<Schema.$Record<Schema.String, Schema.String>> = Schema.optionalKey(
  Schema.Record(Schema.String, endpointUrl)
)

/** A text member. */
export const text: Schema.optionalKey<Schema.String> = Schema.optionalKey(Schema.String)

/** A flag. Its default, when absent, is that of the RFC. */
export const flag: Schema.optionalKey<Schema.Boolean> = Schema.optionalKey(Schema.Boolean)

/** A list of names from a registry. Unknown names are valid. */
export const names: Schema.optionalKey<Schema.$Array<Schema.String>> = Schema.optionalKey(Schema.Array(Schema.String))
