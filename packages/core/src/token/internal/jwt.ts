import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
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

/**
 * Base64url without padding, in its only form: a decoder that ignores the bits that are left over reads many texts as one
 * signature (RFC 4648, section 3.5).
 */
const decodeStrict = (text: string): Result.Result<Uint8Array, InvalidToken> => {
  const decoded = Base64Url.decode(text)
  return Result.isSuccess(decoded) && Base64Url.encode(decoded.success) === text
    ? Result.succeed(decoded.success)
    : Result.fail(malformed)
}

const decodeObject = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.JsonObject))

const objectOf = (text: string): Result.Result<Schema.JsonObject, InvalidToken> =>
  Result.flatMap(decodeStrict(text), (bytes) =>
    // RFC 7519, section 7.2: UTF-8. What is not UTF-8 is no JSON.
    Result.try(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).pipe(
      Result.flatMap(decodeObject),
      Result.mapError(() => malformed)
    ))

/** Takes a JWT apart. */
export const parseJwt = (compact: string): Result.Result<UnverifiedJwt, InvalidToken> => {
  const [protectedHeader, payload, signature, ...others] = compact.split(".")
  if (protectedHeader === undefined || payload === undefined || !signature || others.length > 0) {
    return Result.fail(malformed)
  }
  return Result.gen(function*() {
    const header = yield* objectOf(protectedHeader)
    const claims = yield* objectOf(payload)
    const signed = {
      compact,
      signingInput: `${protectedHeader}.${payload}`,
      signature: yield* decodeStrict(signature)
    }
    return { header, claims, signed }
  })
}
