// Controls (C0 and C1), format characters such as those that turn the direction of writing, and separators of lines.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu

const shortened = (text: string, longest: number): string => text.length > longest ? `${text.slice(0, longest)}…` : text

const escaped = (text: string): string =>
  text.replaceAll(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

/** A text in which nothing can forge a line of a log or command a terminal. Good URLs stay as they are. */
export const printable = (text: string, longest = 500): string => escaped(shortened(text, longest))

/** A stranger's word, in quotation marks. */
export const quoted = (text: string): string => escaped(JSON.stringify(shortened(text, 200)))

/**
 * A stranger's value where a word belongs. What is no word is named by its kind: turning an object into text is code of
 * whoever made the object, and may throw, or not end.
 */
export const wordOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  return Array.isArray(value) ? "a list" : "an object"
}
