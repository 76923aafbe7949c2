// Controls (C0 and C1), format characters such as those that change the writing direction, and line separators.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu

const shortened = (text: string, longest: number): string => text.length > longest ? `${text.slice(0, longest)}…` : text

const escaped = (text: string): string =>
  text.replaceAll(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

/** Escapes characters that could forge log lines or control a terminal. Valid URLs are unchanged. */
export const printable = (text: string, longest = 500): string => escaped(shortened(text, longest))

/** Untrusted text, escaped and in quotation marks. */
export const quoted = (text: string): string => escaped(JSON.stringify(shortened(text, 200)))

/**
 * An untrusted value as text. Objects are named by their kind: converting an object to text would run its own code,
 * which could throw or never return.
 */
export const wordOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  return Array.isArray(value) ? "a list" : "an object"
}
