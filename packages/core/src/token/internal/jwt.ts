import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import type { Signed } from "../Jws.ts"
import { InvalidToken } from "../TokenError.ts"
import { makeBoundedCache } from "./boundedCache.ts"

/** A JWT (RFC 7519) before anything in it is believed. */
export interface UnverifiedJwt {
  readonly header: Schema.JsonObject
  readonly claims: Schema.JsonObject
  readonly signed: Signed
}

const malformed = new InvalidToken({ reason: "malformed" })

const encrypted = new InvalidToken({
  reason: "encrypted",
  expected:
    "a signed JWT: have the client ask for this resource, turn encryption off, or use TokenVerifier.introspection"
})

/** Whether a token looks like a JWT. Says nothing about whether it is one. */
export const looksLikeJwt = (token: string): boolean => /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Base64url without padding, in its only form: a decoder that ignores the bits that are left over reads many texts as one
 * signature (RFC 4648, section 3.5).
 */
const isCanonicalBase64Url = (text: string): boolean => {
  const remainder = text.length % 4
  if (remainder === 1 || !/^[A-Za-z0-9_-]+$/.test(text)) return false
  const unusedBits = remainder === 0 ? 0 : remainder === 2 ? 0b1111 : 0b11
  return unusedBits === 0 || (alphabet.indexOf(text.charAt(text.length - 1)) & unusedBits) === 0
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** RFC 7519, section 7.2: UTF-8, here each byte as a character. Most of it is ASCII, which needs no decoding. */
const textOf = (binary: string): string =>
  // oxlint-disable-next-line no-control-regex -- the ASCII range starts with control characters
  /^[\x00-\x7f]*$/.test(binary) ? binary : utf8.decode(Uint8Array.from(binary, (byte) => byte.charCodeAt(0)))

// What is not UTF-8 is no JSON.
const parse = (binary: string) => Result.try((): unknown => JSON.parse(textOf(binary)))

const objectOf = (text: string): Schema.JsonObject | undefined => {
  if (!isCanonicalBase64Url(text)) return undefined
  const parsed = parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")))
  return Result.isSuccess(parsed) && isDecodedObject(parsed.success) ? parsed.success : undefined
}

/** All tokens of a key have the same header, so that it need not be read for each of them. */
const headerCache = makeBoundedCache<Schema.JsonObject>(64)

/** A part of a string may keep all of it in memory, and nothing may keep a token. */
const copyOf = (text: string): string => utf8.decode(new TextEncoder().encode(text))

const headerOf = (text: string): Schema.JsonObject | undefined => {
  const known = headerCache.get(text)
  if (known !== undefined) return known
  const header = objectOf(text)
  // What is longer than any that is real would only take up room.
  if (header !== undefined && text.length < 512) headerCache.set(copyOf(text), header)
  return header
}

/** Whether a token is a JWE in the compact form: five parts, and a header that names two algorithms (RFC 7516, section 4). */
const isJwe = (token: string): boolean => {
  if (!/^[\w-]+(?:\.[\w-]*){4}$/.test(token)) return false
  const header = objectOf(token.slice(0, token.indexOf(".")))
  return typeof header?.["alg"] === "string" && typeof header["enc"] === "string"
}

/** The refusal of a token that is no JWT. */
export const notJwt = (token: string): InvalidToken => isJwe(token) ? encrypted : malformed

/** Takes a JWT apart. */
export const parseJwt = (compact: string): Result.Result<UnverifiedJwt, InvalidToken> => {
  const firstDot = compact.indexOf(".")
  const lastDot = compact.lastIndexOf(".")
  const signature = compact.slice(lastDot + 1)
  // Where there are more dots, one is among the claims, which is no base64url.
  if (firstDot === lastDot || !isCanonicalBase64Url(signature)) return Result.fail(notJwt(compact))
  const [header, claims] = [headerOf(compact.slice(0, firstDot)), objectOf(compact.slice(firstDot + 1, lastDot))]
  if (header === undefined || claims === undefined) return Result.fail(notJwt(compact))
  return Result.succeed({ header, claims, signed: { compact, signingInput: compact.slice(0, lastDot), signature } })
}
