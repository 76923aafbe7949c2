import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { isDecodedObject } from "../../fetch/internal/documentBody.ts"
import type { Signed } from "../Jws.ts"
import { InvalidToken } from "../TokenError.ts"
import { makeBoundedCache } from "./boundedCache.ts"

/** A JWT (RFC 7519) that is not verified. */
export interface UnverifiedJwt {
  readonly header: Schema.JsonObject
  readonly claims: Schema.JsonObject
  readonly signed: Signed
}

const malformed = new InvalidToken({ reason: "malformed" })

const encrypted = new InvalidToken({
  reason: "encrypted",
  expected:
    "a signed JWT: request this resource in the client, turn off encryption at the provider, or use TokenVerifier.introspection"
})

/** Whether a token has the syntax of a JWT. It may still be invalid. */
export const looksLikeJwt = (token: string): boolean => /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Whether a text is canonical base64url without padding. A decoder that ignores the unused bits accepts several texts for
 * one signature (RFC 4648, section 3.5).
 */
const isCanonicalBase64Url = (text: string): boolean => {
  const remainder = text.length % 4
  if (remainder === 1 || !/^[A-Za-z0-9_-]+$/.test(text)) return false
  const unusedBits = remainder === 0 ? 0 : remainder === 2 ? 0b1111 : 0b11
  return (alphabet.indexOf(text.charAt(text.length - 1)) & unusedBits) === 0
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** RFC 7519, section 7.2: UTF-8. `binary` has one byte in each character. ASCII, the usual case, needs no decoding. */
const textOf = (binary: string): string =>
  // oxlint-disable-next-line no-control-regex -- the ASCII range starts with control characters
  /^[\x00-\x7f]*$/.test(binary) ? binary : utf8.decode(Uint8Array.from(binary, (byte) => byte.charCodeAt(0)))

// Invalid UTF-8 throws as well.
const parse = (binary: string) => Result.try((): unknown => JSON.parse(textOf(binary)))

const objectOf = (text: string): Schema.JsonObject | undefined => {
  if (!isCanonicalBase64Url(text)) return undefined
  const parsed = parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")))
  return Result.isSuccess(parsed) && isDecodedObject(parsed.success) ? parsed.success : undefined
}

/** All tokens of a key have the same header, so headers are parsed once. */
const headerCache = makeBoundedCache<Schema.JsonObject>(64)

/** A substring can keep the whole string in memory, and no cache may keep a token. */
const copyOf = (text: string): string => utf8.decode(new TextEncoder().encode(text))

const headerOf = (text: string): Schema.JsonObject | undefined => {
  const known = headerCache.get(text)
  if (known !== undefined) return known
  const header = objectOf(text)
  // Longer headers are not real, and would only use memory.
  if (header !== undefined && text.length < 512) headerCache.set(copyOf(text), header)
  return header
}

/** Whether a token is a JWE in compact form: five parts, and a header with two algorithms (RFC 7516, section 4). */
const isJwe = (token: string): boolean => {
  if (!/^[\w-]+(?:\.[\w-]*){4}$/.test(token)) return false
  const header = objectOf(token.slice(0, token.indexOf(".")))
  return typeof header?.["alg"] === "string" && typeof header["enc"] === "string"
}

/** The error for a token that is not a JWT. */
export const notJwt = (token: string): InvalidToken => isJwe(token) ? encrypted : malformed

/** Parses a JWT without verifying it. */
export const parseJwt = (compact: string): Result.Result<UnverifiedJwt, InvalidToken> => {
  const firstDot = compact.indexOf(".")
  const secondDot = compact.indexOf(".", firstDot + 1)
  // A further dot would be in the signature, where base64url forbids it.
  const signature = compact.slice(secondDot + 1)
  // Without a first dot there is no second one.
  if (secondDot < 0 || !isCanonicalBase64Url(signature)) return Result.fail(notJwt(compact))
  const [header, claims] = [headerOf(compact.slice(0, firstDot)), objectOf(compact.slice(firstDot + 1, secondDot))]
  if (header === undefined || claims === undefined) return Result.fail(notJwt(compact))
  return Result.succeed({ header, claims, signed: { compact, signingInput: compact.slice(0, secondDot), signature } })
}
