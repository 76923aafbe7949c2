// Controls (C0 and C1), format characters such as those that turn the direction of writing, and separators of lines.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu

const shortened = (text: string, longest: number): string => text.length > longest ? `${text.slice(0, longest)}…` : text

const escaped = (text: string): string =>
  text.replaceAll(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

/** A text in which nothing can forge a line of a log or command a terminal. Good URLs stay as they are. */
export const printable = (text: string, longest = 500): string => escaped(shortened(text, longest))

/** A stranger's word, in quotation marks. */
export const quoted = (text: string): string => escaped(JSON.stringify(shortened(text, 200)))
