/** How much of a stranger's word is repeated. */
const longest = 200

/** A stranger's word, so that it can neither forge a log line nor flood it. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > longest ? `${text.slice(0, longest)}…` : text)

/**
 * A stranger's value where a word belongs. What is no word is named by its kind: turning an object into text is code of
 * whoever made the object, and may throw, or not end.
 */
export const wordOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  return Array.isArray(value) ? "a list" : "an object"
}
