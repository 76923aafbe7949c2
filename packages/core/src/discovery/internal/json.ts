import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

const isJsonObject = Schema.is(Schema.JsonObject)

/** Whether a value that was decoded from JSON is an object: then it is a JSON object, and its members need no look. */
export const isDecodedObject = (value: unknown): value is Schema.JsonObject => Predicate.isObject(value)

/** Dates, maps and promises are objects too, and a promise would pass for an empty document. */
const isPlain = (value: unknown): value is object => Object.prototype.toString.call(value) === "[object Object]"

/** A value as JSON would carry it: members that are `undefined` are not there, which spreads leave behind. */
const carried = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(carried)
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => member === undefined ? [] : [[name, carried(member)]])
  )
}

/** The JSON object that somebody's own code answers with, or nothing when that is something else. */
export const jsonObjectOf = (value: unknown): Schema.JsonObject | undefined => {
  const json = isPlain(value) ? carried(value) : undefined
  return isJsonObject(json) ? json : undefined
}
