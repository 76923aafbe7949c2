import type * as Schema from "effect/Schema"
import type { ClaimPath } from "./model.ts"

const isObject = (value: Schema.Json | undefined): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The value at a path among claims. */
export const claimAt = (claims: Schema.JsonObject, path: ClaimPath): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    // Own members only: a claim must not be found in what every object has.
    (value, name) => isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined,
    claims
  )
