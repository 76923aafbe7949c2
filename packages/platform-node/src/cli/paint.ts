import { styleText } from "node:util"

/** What text can look like. */
export type Style = "bold" | "cyan" | "dim" | "green" | "red" | "yellow"

/** Gives text a look, if it goes to a terminal. */
export type Paint = (style: Style | ReadonlyArray<Style>, text: string) => string

/** Paints, or leaves everything as it is. */
export const painter = (color: boolean): Paint => (style, text) =>
  color ? styleText([style].flat(), text, { validateStream: false }) : text

/** A unit of UTF-16, as JSON escapes it. */
const unit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Text in which nothing commands a terminal or turns the direction of writing. */
export const harmless = (text: string): string =>
  text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => character.split("").map(unit).join(""))
