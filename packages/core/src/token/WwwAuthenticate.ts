/**
 * Reading of the `WWW-Authenticate` header (RFC 9110, sections 11.2 to 11.6.1): the challenges of a response with status
 * 401 or 403.
 *
 * One header can hold several challenges, and the quoted text of one can look like another. So the header is read by its
 * grammar, not searched for a name. Reading never fails: a part that does not match the grammar is skipped up to the next
 * comma, and its challenge is marked.
 *
 * **Example** (Two challenges, and a decoy in a quoted string)
 *
 * ```ts import.meta.vitest
 * import * as WwwAuthenticate from "@effect-mcp-auth/core/WwwAuthenticate"
 *
 * const challenges = WwwAuthenticate.parse(
 *   `Basic realm="a, Bearer scope=\\"decoy\\"", Bearer scope="notes:read", error=invalid_token`
 * )
 *
 * challenges.map(({ scheme }) => scheme) // => ["basic", "bearer"]
 * const challenge = WwwAuthenticate.forTokens(challenges)
 * challenge?.parameters.get("error") // => "invalid_token"
 * challenge && WwwAuthenticate.scopes(challenge) // => ["notes:read"]
 * ```
 *
 * @since 0.2.0
 */
import { scopeToken } from "./internal/claims.ts"

/**
 * One challenge.
 *
 * @category models
 * @since 0.2.0
 */
export interface Challenge {
  /** The authentication scheme in lower case, because it is case-insensitive (RFC 9110, section 11.1). */
  readonly scheme: string
  /** The parameters by their names in lower case, without quotation marks. If a name is repeated, the first one counts. */
  readonly parameters: ReadonlyMap<string, string>
  /** The single value of schemes such as Negotiate that have no parameters (RFC 9110, section 11.2). */
  readonly token68: string | undefined
  /** `false` if a part was skipped because it does not match the grammar, or if a parameter is repeated. */
  readonly isWellFormed: boolean
}

/** In characters. Real headers have a few hundred; the rest of a longer one is not read. */
const maxLength = 16 * 1024

// RFC 9110, section 5.6.2 and 5.6.4. Each pattern is matched at a position, and in linear time.
const blanks = /[ \t]*/y
const separators = /[ \t,]*/y
const tokens = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const quotedStrings = /"((?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*)"/y
const singleValue = /([A-Za-z0-9._~+/-]+=*)[ \t]*(?=,|$)/y
const parameterStart = /[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=/y
// The rest of a part that cannot be read. A comma inside a quoted string does not end it, even if the string is invalid.
const unreadable = /(?:[^",]|"(?:[^"\\]|\\[^])*(?:"|\\?$))*/y

interface Building {
  readonly scheme: string
  readonly parameters: Map<string, string>
  token68: string | undefined
  isWellFormed: boolean
}

/** A position in a header. */
class Cursor {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Moves behind a match at this position. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = this.looksAt(pattern)
    if (match !== undefined) this.at += match[0].length
    return match
  }

  looksAt(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    return pattern.exec(this.text) ?? undefined
  }

  /** Moves behind one character. */
  takeCharacter(character: string): boolean {
    const matches = this.text[this.at] === character
    if (matches) this.at++
    return matches
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  get isAtComma(): boolean {
    return this.isAtEnd || this.text[this.at] === ","
  }
}

const readValue = (cursor: Cursor): string | undefined => {
  const quoted = cursor.take(quotedStrings)?.[1]
  return quoted === undefined ? cursor.take(tokens)?.[0] : quoted.replaceAll(/\\([^])/g, "$1")
}

/** Reads the value of a parameter whose name and equals sign have been read. */
const readParameter = (cursor: Cursor, name: string, challenge: Building): void => {
  cursor.take(blanks)
  const value = readValue(cursor)
  const isSeparated = cursor.take(blanks)?.[0] !== ""
  const isComplete = cursor.isAtComma
  // A token that goes on with other characters, such as a URL without quotation marks, is no value.
  const isUsable = value !== undefined && (isComplete || isSeparated)
  if (!isComplete || !isUsable || challenge.parameters.has(name)) challenge.isWellFormed = false
  if (isUsable && !challenge.parameters.has(name)) challenge.parameters.set(name, value)
  // Some servers separate parameters by a space alone.
  if (!isComplete && !(isSeparated && cursor.looksAt(parameterStart) !== undefined)) cursor.take(unreadable)
}

/** Reads what follows a scheme: a single value, or parameters, which the next rounds read. */
const readScheme = (cursor: Cursor, scheme: string, isSeparated: boolean): Building => {
  const challenge: Building = { scheme, parameters: new Map(), token68: undefined, isWellFormed: true }
  const value = isSeparated ? cursor.take(singleValue)?.[1] : undefined
  if (value !== undefined) challenge.token68 = value
  else if (!cursor.isAtComma && cursor.looksAt(parameterStart) === undefined) {
    challenge.isWellFormed = false
    cursor.take(unreadable)
  }
  return challenge
}

/**
 * Reads all challenges of a header, in order. Several headers of this name are one value with commas (RFC 9110, section
 * 5.3), as HTTP clients report them.
 *
 * @category reading
 * @since 0.2.0
 */
export const parse = (header: string): ReadonlyArray<Challenge> => {
  const cursor = new Cursor(header.slice(0, maxLength))
  const challenges: Array<Building> = []
  for (cursor.take(separators); !cursor.isAtEnd; cursor.take(separators)) {
    const current = challenges.at(-1)
    const name = cursor.take(tokens)?.[0].toLowerCase()
    const isSeparated = cursor.take(blanks)?.[0] !== ""
    const isParameter = name !== undefined && cursor.takeCharacter("=")
    if (name !== undefined && !isParameter) challenges.push(readScheme(cursor, name, isSeparated))
    else if (name !== undefined && current !== undefined) readParameter(cursor, name, current)
    else {
      if (current !== undefined) current.isWellFormed = false
      cursor.take(unreadable)
    }
  }
  return challenges
}

/**
 * The challenge that a client with access tokens answers: Bearer (RFC 6750, section 3) or DPoP (RFC 9449, section 7.1). A
 * challenge of the preferred scheme comes first, and one with parameters before one without.
 *
 * @category reading
 * @since 0.2.0
 */
export const forTokens = (
  challenges: ReadonlyArray<Challenge>,
  preferred: "bearer" | "dpop" = "bearer"
): Challenge | undefined => {
  const first = challenges.filter(({ scheme }) => scheme === preferred)
  const second = challenges.filter(({ scheme }) => scheme === (preferred === "bearer" ? "dpop" : "bearer"))
  const usable = [...first, ...second]
  return usable.find(({ parameters }) => parameters.size > 0) ?? usable[0]
}

/**
 * The scopes of a challenge (RFC 6750, section 3), without duplicates. Texts that are no scope tokens are left out.
 * `undefined` if the challenge names none.
 *
 * @category reading
 * @since 0.2.0
 */
export const scopes = ({ parameters }: Challenge): ReadonlyArray<string> | undefined => {
  const named = parameters.get("scope")?.split(" ").filter((scope) => scopeToken.test(scope)) ?? []
  return named.length === 0 ? undefined : [...new Set(named)]
}
