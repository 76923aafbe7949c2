import type * as Schema from "effect/Schema"
import { isDecodedObject } from "../../discovery/internal/json.ts"
import type { ClaimPath } from "./model.ts"

/** The value at a path among claims. */
export const claimAt = (claims: Schema.JsonObject, path: ClaimPath): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    // Own members only: a claim must not be found in what every object has.
    (value, name) => isDecodedObject(value) && Object.hasOwn(value, name) ? value[name] : undefined,
    claims
  )
