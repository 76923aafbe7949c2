import { styleText } from "node:util"

/** The text styles. */
export type Style = "bold" | "cyan" | "dim" | "green" | "red" | "yellow"

/** Applies a style to text, if the output is a terminal. */
export type Paint = (style: Style | ReadonlyArray<Style>, text: string) => string

/** Creates a function that applies styles, or one that returns the text unchanged. */
export const painter = (color: boolean): Paint => (style, text) =>
  color ? styleText([style].flat(), text, { validateStream: false }) : text

/** A UTF-16 code unit as a JSON escape. */
const unit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Escapes characters that control a terminal or change the writing direction. */
export const harmless = (text: string): string =>
  text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => character.split("").map(unit).join(""))

/** The same in indented JSON: its own line feeds stay, because strings of JSON contain none. */
export const harmlessJson = (text: string): string => text.split("\n").map(harmless).join("\n")
