/**
 * A stranger's value where a word belongs. What is no word is named by its kind: turning an object into text is code of
 * whoever made the object, and may throw, or not end.
 */
export const wordOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  return Array.isArray(value) ? "a list" : "an object"
}
