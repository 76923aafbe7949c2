import type * as Schema from "effect/Schema"

/** The words of a list. Other values grant nothing. */
export const wordsOf = (value: Schema.Json | undefined): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : []

/** The number of a claim that providers write as a number or as a string. */
export const numberOf = (value: Schema.Json | undefined): number | undefined => {
  const number = typeof value === "string" && value !== "" ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number) ? number : undefined
}

/** The claims that have a value. */
export const present = (claims: { readonly [claim: string]: Schema.Json | undefined }): Schema.JsonObject =>
  Object.fromEntries(
    Object.entries(claims).flatMap(([claim, value]) => value === undefined || value === null ? [] : [[claim, value]])
  )
