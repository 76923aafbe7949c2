import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Str from "effect/String"
import type * as Struct from "effect/Struct"

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
