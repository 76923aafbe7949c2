import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Signed } from "../Jws.ts"
import { InvalidToken } from "../TokenError.ts"

/** A JWT (RFC 7519) before anything in it is believed. */
export interface UnverifiedJwt {
  readonly header: Schema.JsonObject
  readonly claims: Schema.JsonObject
  readonly signed: Signed
}

const malformed = new InvalidToken({ reason: "malformed" })

/** Whether a token looks like a JWT. Says nothing about whether it is one. */
export const looksLikeJwt = (token: string): boolean => /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Base64url without padding, in its only form: a decoder that ignores the bits that are left over reads many texts as one
 * signature (RFC 4648, section 3.5).
 */
const isStrict = (text: string): boolean => {
  const over = text.length % 4
  if (over === 1 || !/^[A-Za-z0-9_-]*$/.test(text)) return false
  const leftOver = over === 0 ? 0 : over === 2 ? 0b1111 : 0b11
  return (alphabet.indexOf(text.charAt(text.length - 1)) & leftOver) === 0
}

/** The bytes, each as a character. */
const binaryOf = (text: string): string | undefined =>
  isStrict(text) ? atob(text.replaceAll("-", "+").replaceAll("_", "/")) : undefined

const bytesOf = (binary: string): Uint8Array => {
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** RFC 7519, section 7.2: UTF-8. What is not UTF-8 is no JSON. Most of it is ASCII, which needs no decoding. */
const textOf = (binary: string): string =>
  // eslint-disable-next-line no-control-regex
  /^[\x00-\x7f]*$/.test(binary) ? binary : utf8.decode(bytesOf(binary))

const isObject = (value: unknown): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parse = (binary: string) => Result.try((): unknown => JSON.parse(textOf(binary)))

const objectOf = (text: string): Schema.JsonObject | undefined => {
  const binary = binaryOf(text)
  if (binary === undefined) return undefined
  const parsed = parse(binary)
  return Result.isSuccess(parsed) && isObject(parsed.success) ? parsed.success : undefined
}

/** Takes a JWT apart. */
export const parseJwt = (compact: string): Result.Result<UnverifiedJwt, InvalidToken> => {
  const [protectedHeader, payload, signature, ...others] = compact.split(".")
  if (protectedHeader === undefined || payload === undefined || !signature || others.length > 0) {
    return Result.fail(malformed)
  }
  const header = objectOf(protectedHeader)
  const claims = objectOf(payload)
  const binary = binaryOf(signature)
  if (header === undefined || claims === undefined || binary === undefined) return Result.fail(malformed)
  const signed = { compact, signingInput: `${protectedHeader}.${payload}`, signature: bytesOf(binary) }
  return Result.succeed({ header, claims, signed })
}
