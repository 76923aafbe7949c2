import * as Schema from "effect/Schema"
import { isDecodedObject, memberOf } from "../../fetch/internal/documentBody.ts"

/**
 * The path of a claim: the names of nested members, outermost first.
 *
 * @category models
 * @since 0.1.0
 */
export type ClaimPath = readonly [string, ...ReadonlyArray<string>]

/**
 * A claim with scopes or roles in a form of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClaimForm {
  /** The claim, and the members below it. */
  readonly path: ClaimPath
  /** What separates the words in a string. Default for scopes: a space (RFC 6749, section 3.3). For roles: nothing. */
  readonly separator?: string | undefined
  /** Whether the value is an object whose keys are the scopes or roles (ZITADEL). Default: `false`. */
  readonly keys?: boolean | undefined
  /** The member that has the scope or role, if the value is a list of objects (Kinde: `key`). Default: a list of strings. */
  readonly member?: string | undefined
  /** Another claim: this one is ignored in tokens that have it. Default: none. */
  readonly unless?: string | undefined
}

/**
 * A claim with roles: its path, or a path with the form of its value.
 *
 * @category models
 * @since 0.1.0
 */
export type RoleClaim = ClaimPath | ClaimForm

/** Schema of a path in JSON. */
export const Path: Schema.Codec<ClaimPath> = Schema.NonEmptyArray(Schema.NonEmptyString)

/** Schema of a form in JSON. Decode it with `onExcessProperty: "error"`. */
export const Form = Schema.Struct({
  path: Path,
  separator: Schema.optionalKey(Schema.NonEmptyString),
  keys: Schema.optionalKey(Schema.Boolean),
  member: Schema.optionalKey(Schema.NonEmptyString),
  unless: Schema.optionalKey(Schema.NonEmptyString)
})

/** The path of a claim at the top, or a path. */
export const pathOf = (claim: string | ClaimPath): ClaimPath => typeof claim === "string" ? [claim] : claim

/** The value at a path of the claims. Only own members are read: inherited ones are no claims. */
export const valueAt = (claims: Schema.JsonObject, path: ClaimPath): Schema.Json | undefined => {
  let value: Schema.Json | undefined = claims
  for (const name of path) value = memberOf(value, name)
  return value
}

const split = (text: string, separator: string): ReadonlyArray<string> =>
  separator === " " ? text.split(separator) : text.split(separator).map((word) => word.trim())

/**
 * The words at a path of the claims: separated in a string (RFC 8693, section 4.2), the strings of a list, a member of the
 * objects of a list, or the keys of an object. A key whose value is `null` or `false` does not count.
 */
export const wordsAt = (
  claims: Schema.JsonObject,
  { keys = false, member, path, separator, unless }: ClaimForm
): ReadonlyArray<string> => {
  if (unless !== undefined && Object.hasOwn(claims, unless)) return []
  const value = valueAt(claims, path)
  if (typeof value === "string") return separator === undefined ? [value] : split(value, separator)
  if (Array.isArray(value)) {
    const items: ReadonlyArray<unknown> = member === undefined ? value : value.map((item) => memberOf(item, member))
    return items.filter((item): item is string => typeof item === "string")
  }
  if (!keys || !isDecodedObject(value)) return []
  return Object.entries(value).flatMap(([key, held]) => held === null || held === false ? [] : [key])
}

/** The form of a claim with roles. */
export const roleForm = (claim: RoleClaim): ClaimForm => "path" in claim ? claim : { path: claim }
